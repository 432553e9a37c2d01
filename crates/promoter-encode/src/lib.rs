#![doc = include_str!("../README.md")]

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
