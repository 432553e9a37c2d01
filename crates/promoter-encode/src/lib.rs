//! DNA encodings with stated policies.
//!
//! The crate takes slices and returns slices. Every choice that published models silently differ in - channel order,
//! layout, what `N` and lower case mean, which side is padded - is a value with a name.

pub mod base;
mod error;
pub mod fit;
pub mod kmer;
mod letters;
pub mod one_hot;
pub mod random;

pub use error::{Error, Result};
