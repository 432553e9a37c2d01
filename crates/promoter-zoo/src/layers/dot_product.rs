//! Attention of scaled dot products: softmax(query . key / sqrt(d)) value.
//!
//! # Source
//! Vaswani et al. 2017, <https://arxiv.org/abs/1706.03762>.

use tch::{Kind, TchError, Tensor};

use crate::Mode;
use crate::layers::{dropout, secant, without_autocast};

/// Attention with dropout `p` of its weights in training.
///
/// LibTorch's own operation draws from the process's generator. On the CPU, where several threads may train at once,
/// the same steps are written out here, so that the draws are [`dropout`]'s; numbers and gradients are LibTorch's.
///
/// # Shapes
/// (B, H, L, d) each to the same.
///
/// # Errors
/// LibTorch's.
pub fn attention(query: &Tensor, key: &Tensor, value: &Tensor, p: f64, mode: Mode) -> Result<Tensor, TchError> {
    let p = if mode.is_train() { p } else { 0.0 };
    if p > 0.0 && !query.device().is_cuda() {
        return without_autocast(query.device(), || written_out(query, key, value, p, mode));
    }
    if p == 0.0 {
        return plain(query, key, value, None);
    }
    Tensor::f_scaled_dot_product_attention(query, key, value, None::<&Tensor>, p, false, None, false)
}

/// Attention without dropout; `bias` is added to the logits.
///
/// # Shapes
/// (B, H, L, d) each to the same; the bias is (1, H, L, L).
///
/// # Errors
/// LibTorch's.
pub(crate) fn plain(query: &Tensor, key: &Tensor, value: &Tensor, bias: Option<&Tensor>) -> Result<Tensor, TchError> {
    if !secant::is_paired() {
        return Tensor::f_scaled_dot_product_attention(query, key, value, bias, 0.0, false, None, false);
    }
    let width = query.size().last().copied().unwrap_or(1);
    let query = query.f_mul_scalar(1.0 / (width as f64).sqrt())?;
    let mut logits = secant::matmul(&query, &key.f_transpose(-2, -1)?)?;
    if let Some(bias) = bias {
        logits = logits.f_add(bias)?;
    }
    secant::matmul(&secant::softmax(&logits, -1, None)?, value)
}

/// As LibTorch does it where it has no fused kernel: in f32, the scale on query and key alike.
fn written_out(query: &Tensor, key: &Tensor, value: &Tensor, p: f64, mode: Mode) -> Result<Tensor, TchError> {
    let kind = query.kind();
    let wide = |x: &Tensor| match x.kind() {
        Kind::Half | Kind::BFloat16 => x.f_to_kind(Kind::Float),
        _ => Ok(x.shallow_clone()),
    };
    let (query, key, value) = (wide(query)?, wide(key)?, wide(value)?);
    let width = query.size().last().copied().unwrap_or(1);
    let scale = (1.0 / (width as f64).sqrt()).sqrt();
    let logits = query.f_mul_scalar(scale)?.f_matmul(&key.f_transpose(-2, -1)?.f_mul_scalar(scale)?)?;
    let weights = dropout(&logits.f_softmax(-1, None)?, p, mode)?;
    weights.f_matmul(&value)?.f_to_kind(kind)
}
