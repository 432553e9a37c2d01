//! Convolution, batch norm, SiLU.
//!
//! # Source
//! Report and code of team autosome.org (LegNet), Random Promoter DREAM Challenge 2022.

use promoter_torch::Scope;
use tch::Tensor;

use crate::error::InLayer;
use crate::layers::bins::legnet_init;
use crate::layers::conv::Shape;
use crate::layers::{BatchNorm, Conv1d, secant};
use crate::{Error, Mode};

/// Convolution without bias, batch norm, SiLU; (B, C, L) to (B, out, L).
#[derive(Debug)]
pub struct ConvBlock {
    conv: Conv1d,
    norm: BatchNorm,
}

impl ConvBlock {
    /// Layers `index` and `index + 1` of a list, with LegNet's start.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn new(scope: &mut Scope<'_>, index: i64, shape: Shape) -> Result<Self, Error> {
        Ok(Self {
            conv: Conv1d::torch(scope.sub(index), shape, legnet_init(shape), None)?,
            norm: BatchNorm::torch(scope.sub(index + 1), shape.output)?,
        })
    }

    /// # Shapes
    /// (B, C, L) to (B, out, L).
    ///
    /// # Errors
    /// [`Error::Layer`].
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        secant::silu(&self.norm.forward(&self.conv.forward(x)?, mode)?).in_layer("silu")
    }
}
