//! Random numbers that are made on the device.
//!
//! A draw is a function of a key, the item and the place alone - SplitMix64's output function over a counter - and so
//! the same for any batch size, thread count, device and place of resume.
//!
//! # Source
//! Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.

use tch::{Kind, TchError, Tensor};

const STEP: i64 = 0x9e37_79b9_7f4a_7c15_u64 as i64;
const FIRST: i64 = 0xbf58_476d_1ce4_e5b9_u64 as i64;
const SECOND: i64 = 0x94d0_49bb_1331_11eb_u64 as i64;

/// 64 random bits for each of `n` places of each item.
///
/// # Shapes
/// (B,) i64 to (B, n) i64.
pub(super) fn bits(items: &Tensor, n: i64, key: i64) -> Result<Tensor, TchError> {
    let places = Tensor::f_arange(n, (Kind::Int64, items.device()))?;
    let places = items.f_mul_scalar(n)?.f_unsqueeze(1)?.f_add(&places)?;
    let mut bits = places.f_mul_scalar(STEP)?.f_add_scalar(key)?;
    for (shift, factor) in [(30, FIRST), (27, SECOND)] {
        bits = bits.f_bitwise_xor_tensor(&shift_right(&bits, shift)?)?.f_mul_scalar(factor)?;
    }
    bits.f_bitwise_xor_tensor(&shift_right(&bits, 31)?)
}

/// Uniform numbers in 0..1, of 24 bits.
///
/// # Shapes
/// (B,) i64 to (B, n) f32.
pub(crate) fn uniform(items: &Tensor, n: i64, key: i64) -> Result<Tensor, TchError> {
    shift_right(&bits(items, n, key)?, 40)?.f_to_kind(Kind::Float)?.f_mul_scalar(1.0 / f64::from(1 << 24))
}

/// Shift of the bits without the sign.
pub(super) fn shift_right(bits: &Tensor, by: i64) -> Result<Tensor, TchError> {
    bits.f_bitwise_right_shift_tensor_scalar(by)?.f_bitwise_and((1i64 << (64 - by)) - 1)
}
