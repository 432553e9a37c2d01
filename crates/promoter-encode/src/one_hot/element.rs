//! The numbers that a one-hot encoding may be made of.

use super::kernel;
#[cfg(feature = "half")]
use half::{bf16, f16};

mod sealed {
    pub trait Sealed {}
}

/// Element of a one-hot encoding: `f32`, `u8`, `bool` or, with the feature `half`, `f16` and `bf16`.
pub trait Element: sealed::Sealed + Copy + PartialEq + std::fmt::Debug + Send + Sync + 'static {
    /// Zero, or false.
    const ZERO: Self;
    /// One, or true.
    const ONE: Self;
    /// Name of the type.
    const NAME: &'static str;
    /// Whether it holds fractions such as 0.25.
    const FRACTIONS: bool;
    /// The nearest element to a value from 0 to 1.
    fn from_f32(value: f32) -> Self;
    /// The value as `f32`.
    fn to_f32(self) -> f32;
    /// Encodes symbols as rows of four channels; whether each was one of the four.
    #[doc(hidden)]
    #[inline(always)]
    fn encode_rows(symbols: &[u8], mask: u8, order: [u8; 4], rows: &mut [[Self; 4]]) -> bool {
        kernel::encode_rows(symbols, mask, order, rows)
    }
}

macro_rules! element {
    (
        $type:ty, $name:literal, $zero:expr, $one:expr, $fractions:literal, $from:expr, $to:expr
        $(, $encode_rows:item)?
    ) => {
        impl sealed::Sealed for $type {}
        impl Element for $type {
            const ZERO: Self = $zero;
            const ONE: Self = $one;
            const NAME: &'static str = $name;
            const FRACTIONS: bool = $fractions;
            #[inline]
            fn from_f32(value: f32) -> Self {
                $from(value)
            }
            #[inline]
            fn to_f32(self) -> f32 {
                $to(self)
            }
            $($encode_rows)?
        }
    };
}

element!(f32, "f32", 0.0, 1.0, true, |x| x, |x| x);
#[cfg(feature = "half")]
element!(f16, "f16", f16::ZERO, f16::ONE, true, f16::from_f32, f16::to_f32);
#[cfg(feature = "half")]
element!(bf16, "bf16", bf16::ZERO, bf16::ONE, true, bf16::from_f32, bf16::to_f32);
element!(
    u8,
    "u8",
    0,
    1,
    false,
    |x: f32| (x + 0.5) as u8,
    f32::from,
    #[inline(always)]
    fn encode_rows(symbols: &[u8], mask: u8, order: [u8; 4], rows: &mut [[u8; 4]]) -> bool {
        kernel::encode_bytes(symbols, mask, order, rows)
    }
);
element!(bool, "bool", false, true, false, |x: f32| x >= 0.5, |x| if x { 1.0 } else { 0.0 });
