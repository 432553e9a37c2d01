//! The integers that tokens may be.

mod sealed {
    pub trait Sealed {}
}

/// Integer type of a token: `u16`, which holds k-mers up to k = 8, or `u32`.
pub trait Token: sealed::Sealed + Copy + Default + Into<u32> + std::fmt::Debug + Send + Sync + 'static {
    /// The greatest token that fits.
    const MAX: u32;
    /// Name of the type.
    const NAME: &'static str;
    /// The token with two more bits for each of `bases` bases.
    #[doc(hidden)]
    fn push(self, bases: u32, codes: u8) -> Self;
    /// The token of a number that is at most [`MAX`](Self::MAX).
    #[doc(hidden)]
    fn from_u32(number: u32) -> Self;
}

macro_rules! token {
    ($type:ident) => {
        impl sealed::Sealed for $type {}
        impl Token for $type {
            const MAX: u32 = $type::MAX as u32;
            const NAME: &'static str = stringify!($type);
            #[inline(always)]
            fn push(self, bases: u32, codes: u8) -> Self {
                self << (2 * bases) | $type::from(codes)
            }
            #[inline(always)]
            fn from_u32(number: u32) -> Self {
                number as $type
            }
        }
    };
}

token!(u16);
token!(u32);
