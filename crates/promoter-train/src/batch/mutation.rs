//! Mutation on the device.
//!
//! A draw is a function of the epoch's key, the item and the base alone - SplitMix64's output function over a counter -
//! and so the same for any batch size, thread count, device and place of resume.
//!
//! # Source
//! Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.

use tch::{Kind, TchError, Tensor};

const STEP: i64 = 0x9e37_79b9_7f4a_7c15_u64 as i64;
const FIRST: i64 = 0xbf58_476d_1ce4_e5b9_u64 as i64;
const SECOND: i64 = 0x94d0_49bb_1331_11eb_u64 as i64;

/// Replaces each base, with probability `rate`, by one of the three others. Other codes stay.
///
/// # Shapes
/// (B, L) u8 codes and (B,) i64 items to (B, L) u8.
pub(super) fn mutate(codes: &Tensor, items: &Tensor, key: i64, rate: f64) -> Result<Tensor, TchError> {
    let length = codes.size()[1];
    let places = Tensor::f_arange(length, (Kind::Int64, codes.device()))?;
    let places = items.f_mul_scalar(length)?.f_unsqueeze(1)?.f_add(&places)?;
    let draws = draws(places, key)?;
    // The upper half says whether, the lower half to which.
    let threshold = (rate * (1u64 << 32) as f64) as i64;
    let is_base = codes.f_lt(4)?;
    let mutated = shift_right(&draws, 32)?.f_lt(threshold)?.f_logical_and(&is_base)?;
    let further = shift_right(&draws.f_bitwise_and(0xffff_ffff)?.f_mul_scalar(3)?, 32)?.f_add_scalar(1)?;
    let other = codes.f_add(&further.f_to_kind(Kind::Uint8)?)?.f_bitwise_and(3)?;
    other.f_where_self(&mutated, codes)
}

/// 64 random bits for each place.
fn draws(places: Tensor, key: i64) -> Result<Tensor, TchError> {
    let mut bits = places.f_mul_scalar(STEP)?.f_add_scalar(key)?;
    for (shift, factor) in [(30, FIRST), (27, SECOND)] {
        bits = bits.f_bitwise_xor_tensor(&shift_right(&bits, shift)?)?.f_mul_scalar(factor)?;
    }
    bits.f_bitwise_xor_tensor(&shift_right(&bits, 31)?)
}

/// Shift of the bits without the sign.
fn shift_right(bits: &Tensor, by: i64) -> Result<Tensor, TchError> {
    bits.f_bitwise_right_shift_tensor_scalar(by)?.f_bitwise_and((1i64 << (64 - by)) - 1)
}
