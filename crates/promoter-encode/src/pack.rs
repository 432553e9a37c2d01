//! Packed sequences: [`two_bit`] for A, C, G and T, [`four_bit`] for every letter.
//!
//! The first base lies in the lowest bits of the first byte. A packed sequence does not know its length; the bits after
//! the last base are 0.

pub mod four_bit;
pub mod two_bit;
