//! DNA encodings with stated policies.
//!
// The README's examples run as tests, and need what they show.
#![cfg_attr(feature = "embed", doc = include_str!("../README.md"))]

pub mod base;
#[cfg(feature = "embed")]
pub mod embed;
mod error;
pub mod file;
pub mod fit;
pub mod kmer;
mod letters;
#[cfg(feature = "random")]
pub mod mutate;
pub mod one_hot;
pub mod pack;
mod preset;
#[cfg(feature = "random")]
pub mod random;
pub mod reverse_complement;
mod sequence;
pub mod shift;
#[cfg(feature = "random")]
pub mod shuffle;

pub use error::{Error, Result};
pub use sequence::{Codes, Letters, Sequence};
