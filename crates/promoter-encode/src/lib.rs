//! DNA encodings with stated policies.
//!
//! The crate takes slices and returns slices. Every choice that published models silently differ in - channel order,
//! layout, what `N` and lower case mean, which side is padded - is a value with a name.

pub mod base;
pub mod embed;
mod error;
pub mod fit;
pub mod kmer;
mod letters;
pub mod mutate;
pub mod one_hot;
pub mod pack;
pub mod random;
pub mod reverse_complement;
pub mod shift;
pub mod shuffle;

pub use error::{Error, Result};
