//! Normalisation of each position by itself.

use promoter_torch::Scope;
use tch::Tensor;

use super::norm::scale_and_offset;
use super::secant;
use crate::Error;
use crate::error::InLayer;
use crate::trace::record;

/// Normalises the last axis of (.., C).
#[derive(Debug)]
pub struct LayerNorm {
    layer: String,
    weight: Tensor,
    bias: Tensor,
    eps: f64,
}

impl LayerNorm {
    /// `eps` is 1e-5 in Sonnet and PyTorch, 1e-3 in Keras.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn new(mut scope: Scope<'_>, channels: i64, eps: f64) -> Result<Self, Error> {
        let (weight, bias) = scale_and_offset(&mut scope, channels)?;
        Ok(Self { layer: scope.layer().to_owned(), weight, bias, eps })
    }

    /// # Shapes
    /// (.., C) to the same.
    ///
    /// # Errors
    /// [`Error::Layer`].
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, Error> {
        let y = secant::layer_norm(x, &self.weight, &self.bias, self.eps).in_layer(&self.layer)?;
        record(&self.layer, "layer norm", &y, || 0);
        Ok(y)
    }
}
