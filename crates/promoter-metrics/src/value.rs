//! The numbers that metrics take.

use crate::error::{Error, Side};

/// `f32` or `f64`.
///
/// Sealed: ranks use the bits of the two.
pub trait Value: Copy + PartialOrd + Into<f64> + Send + Sync + sealed::Rank {}

impl Value for f32 {}
impl Value for f64 {}

/// What a rank correlation needs of a number: an integer key in the same order, and pairs that radix sort can move.
pub(crate) mod sealed {
    pub trait Rank: Copy {
        /// A key above and 32 or 64 bits of anything below, in one integer.
        type Pair: Copy + Ord + Default + Send;
        /// Bits of the key: the pair is sorted by these.
        const KEY_BITS: u32;
        /// Integer in the order of the numbers, 0 and -0 alike.
        fn key(self) -> u64;
        fn pair(key: u64, below: u64) -> Self::Pair;
        fn above(pair: Self::Pair) -> u64;
        fn below(pair: Self::Pair) -> u64;
    }

    impl Rank for f32 {
        type Pair = u64;
        const KEY_BITS: u32 = 32;
        #[inline]
        fn key(self) -> u64 {
            // Adding 0 turns -0 into 0; negative numbers are in reverse order below the positive ones.
            let bits = (self + 0.0).to_bits();
            u64::from(if bits >> 31 == 0 { bits | 1 << 31 } else { !bits })
        }
        #[inline]
        fn pair(key: u64, below: u64) -> u64 {
            key << 32 | below
        }
        #[inline]
        fn above(pair: u64) -> u64 {
            pair >> 32
        }
        #[inline]
        fn below(pair: u64) -> u64 {
            pair & 0xffff_ffff
        }
    }

    impl Rank for f64 {
        type Pair = (u64, u64);
        const KEY_BITS: u32 = 64;
        #[inline]
        fn key(self) -> u64 {
            let bits = (self + 0.0).to_bits();
            if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
        }
        #[inline]
        fn pair(key: u64, below: u64) -> (u64, u64) {
            (key, below)
        }
        #[inline]
        fn above(pair: (u64, u64)) -> u64 {
            pair.0
        }
        #[inline]
        fn below(pair: (u64, u64)) -> u64 {
            pair.1
        }
    }
}

/// The two columns are of one length, and not empty.
pub(crate) fn check_lengths<T>(truth: &[T], prediction: &[T]) -> Result<(), Error> {
    if truth.len() != prediction.len() {
        return Err(Error::Length { truth: truth.len(), prediction: prediction.len() });
    }
    if truth.is_empty() { Err(Error::Empty) } else { Ok(()) }
}

/// The first value that is not finite, as an error; `before` rows were given earlier.
pub(crate) fn check_finite<T: Value>(truth: &[T], prediction: &[T], before: u64) -> Result<(), Error> {
    for (row, (&t, &p)) in truth.iter().zip(prediction).enumerate() {
        for (side, value) in [(Side::Truth, t.into()), (Side::Prediction, p.into())] {
            if !value.is_finite() {
                return Err(Error::NotFinite { side, row: before + row as u64, value });
            }
        }
    }
    Ok(())
}
