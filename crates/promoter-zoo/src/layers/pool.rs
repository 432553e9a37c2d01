//! Pooling along the sequence.

use tch::{TchError, Tensor};

/// Largest of two neighbours, one output per position: the last position has itself only.
///
/// # Shapes
/// (B, C, L) to the same.
///
/// # Errors
/// LibTorch's.
pub fn max_of_neighbours(x: &Tensor) -> Result<Tensor, TchError> {
    let last = x.f_narrow(2, x.size()[2] - 1, 1)?;
    Tensor::f_cat(&[x, &last], 2)?.f_max_pool1d(2, 1, 0, 1, false)
}

/// Largest of each pair of positions; a single last position stands for itself (TensorFlow's SAME).
///
/// # Shapes
/// (B, C, L) to (B, C, ceil(L / 2)).
///
/// # Errors
/// LibTorch's.
pub fn max_of_pairs(x: &Tensor) -> Result<Tensor, TchError> {
    x.f_max_pool1d(2, 2, 0, 1, true)
}
