//! A head with one logit per sorting bin, and expression as the mean of the bins.
//!
//! # Source
//! Report and code of team autosome.org, Random Promoter DREAM Challenge 2022; Rafi et al. 2024 for the Prix Fixe
//! framework.

use promoter_torch::{Init, Scope};
use tch::{Kind, Tensor};

use crate::Error;
use crate::error::InLayer;
use crate::layers::conv::Shape;
use crate::layers::{Conv1d, secant};

/// Sorting bins, 0 to 17.
pub const BINS: i64 = 18;

/// Convolution of width 1 to one channel per bin, mean over the positions: (B, C, L) to (B, 18) logits.
#[derive(Debug)]
pub struct BinHead {
    conv: Conv1d,
    activation: bool,
}

impl BinHead {
    /// With LegNet's start; with `activation`, SiLU before the mean.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn new(scope: Scope<'_>, channels: i64, activation: bool) -> Result<Self, Error> {
        let shape = Shape::same(channels, BINS, 1);
        Ok(Self { conv: Conv1d::torch(scope, shape, legnet_init(shape), Some(Init::ZEROS))?, activation })
    }

    /// # Shapes
    /// (B, C, L) to (B, 18).
    ///
    /// # Errors
    /// [`Error::Layer`].
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, Error> {
        let mut logits = self.conv.forward(x)?;
        if self.activation {
            logits = secant::silu(&logits).in_layer("head")?;
        }
        logits.f_mean_dim(2, false, None::<Kind>).in_layer("head")
    }
}

/// Mean of the bins under the softmax of their logits ("soft-argmax").
///
/// # Shapes
/// (B, 18) to (B,).
///
/// # Errors
/// [`Error::Layer`].
pub fn expectation(logits: &Tensor) -> Result<Tensor, Error> {
    let mean = |logits: &Tensor| {
        // Half kinds would round bins above 16.
        let weights = secant::softmax(logits, 1, Some(Kind::Float))?;
        weights.f_matmul(&Tensor::f_arange(BINS, (Kind::Float, logits.device()))?)
    };
    mean(logits).in_layer("output")
}

/// LegNet's start of convolutions: normal with variance 2 / (width x channels out).
pub(crate) fn legnet_init(shape: Shape) -> Init {
    Init::Normal { sd: (2.0 / (shape.width * shape.output) as f64).sqrt() }
}
