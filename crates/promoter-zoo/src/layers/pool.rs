//! Pooling along the sequence.

use tch::{TchError, Tensor};

use crate::layers::{concatenate, secant};

/// Largest of two neighbours, one output per position: the last position has itself only.
///
/// # Shapes
/// (B, C, L) to the same.
///
/// # Errors
/// LibTorch's.
pub fn max_of_neighbours(x: &Tensor) -> Result<Tensor, TchError> {
    let x = x.f_unsqueeze(2)?;
    let last = x.f_narrow(3, x.size()[3] - 1, 1)?;
    secant::max_pool(&Tensor::f_cat(&[&x, &last], 3)?, 2, 1, false)?.f_squeeze_dim(2)
}

/// Largest of each pair of positions; a single last position stands for itself (TensorFlow's SAME).
///
/// # Shapes
/// (B, C, L) to (B, C, ceil(L / 2)).
///
/// # Errors
/// LibTorch's.
pub fn max_of_pairs(x: &Tensor) -> Result<Tensor, TchError> {
    max(x, 2, true)
}

/// Largest of each `width` positions, lying in memory as `x` does; with `partial` also of the fewer at the end.
///
/// # Shapes
/// (B, C, L) to (B, C, L / width).
///
/// # Errors
/// LibTorch's.
pub fn max(x: &Tensor, width: i64, partial: bool) -> Result<Tensor, TchError> {
    secant::max_pool(&x.f_unsqueeze(2)?, width, width, partial)?.f_squeeze_dim(2)
}

/// The largest and the mean of each pair of positions, side by side as channels; a single last position is left out.
///
/// # Shapes
/// (B, C, L) to (B, 2 C, L / 2).
///
/// # Errors
/// LibTorch's.
pub fn max_and_mean_of_pairs(x: &Tensor) -> Result<Tensor, TchError> {
    concatenate(&[&max(x, 2, false)?, &x.f_avg_pool1d(2, 2, 0, false, true)?])
}
