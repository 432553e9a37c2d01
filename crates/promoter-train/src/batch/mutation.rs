//! Mutation on the device.

use tch::{Kind, TchError, Tensor};

use super::draws::{bits, shift_right};

/// Replaces each base, with probability `rate`, by one of the three others. Other codes stay.
///
/// # Shapes
/// (B, L) u8 codes and (B,) i64 items to (B, L) u8.
pub(super) fn mutate(codes: &Tensor, items: &Tensor, key: i64, rate: f64) -> Result<Tensor, TchError> {
    let draws = bits(items, codes.size()[1], key)?;
    // The upper half says whether, the lower half to which.
    let threshold = (rate * (1u64 << 32) as f64) as i64;
    let is_base = codes.f_lt(4)?;
    let mutated = shift_right(&draws, 32)?.f_lt(threshold)?.f_logical_and(&is_base)?;
    let further = shift_right(&draws.f_bitwise_and(0xffff_ffff)?.f_mul_scalar(3)?, 32)?.f_add_scalar(1)?;
    let other = codes.f_add(&further.f_to_kind(Kind::Uint8)?)?.f_bitwise_and(3)?;
    other.f_where_self(&mutated, codes)
}
