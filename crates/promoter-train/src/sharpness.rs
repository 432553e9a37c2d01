//! Sharpness-aware minimisation: the gradient is taken where the loss is worst nearby.
//!
//! # Source
//! SAM: Foret et al. 2021, <https://arxiv.org/abs/2010.01412>. GSAM: Zhuang et al. 2022,
//! <https://arxiv.org/abs/2203.08065>. Challenge report of NAD, 2022: rho 0.1, alpha 0.05.

use promoter_torch::group;
use serde::{Deserialize, Serialize};
use tch::{Kind, TchError, Tensor};

use crate::Error;
use crate::error::{Doing, experiment};

/// SAM, or GSAM when `alpha` is above 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sharpness {
    /// Length of the step to where the loss is worse.
    pub rho: f64,
    /// Share of the first gradient's part across the second that is taken away from the second.
    #[serde(default)]
    pub alpha: f64,
}

/// Keeps divisions finite.
const EPS: f64 = 1e-12;

impl Sharpness {
    pub(crate) fn check(&self) -> Result<(), Error> {
        let at_least_zero = |key, value: f64| match value {
            v if v >= 0.0 && v.is_finite() => Ok(()),
            v => Err(experiment(key, v, "0 or more")),
        };
        at_least_zero("sharpness.rho", self.rho)?;
        at_least_zero("sharpness.alpha", self.alpha)
    }

    /// The gradient to step along: `second` is asked for the gradients where the weights have gone `rho` up the first
    /// gradient. Afterwards the weights are as before, to the last bit, also when `second` fails.
    ///
    /// # Errors
    /// [`Error::Params`], [`Error::Torch`], and what `second` returns.
    pub fn gradients(
        &self,
        weights: &[Tensor],
        first: Vec<Tensor>,
        second: impl FnOnce() -> Result<Vec<Tensor>, Error>,
    ) -> Result<Vec<Tensor>, Error> {
        let before = copies(weights).doing("SAM")?;
        let length = group::norm(&first)?.f_add_scalar(EPS).doing("SAM")?;
        let scale = length.f_reciprocal().and_then(|s| s.f_mul_scalar(self.rho)).doing("SAM")?;
        let ascent = copies(&first).doing("SAM")?;
        group::mul_tensor_(&ascent, &scale)?;
        group::add_(weights, &ascent, 1.0)?;
        let second = second();
        group::copy_(weights, &before)?;
        let second = second?;
        if self.alpha > 0.0 {
            // g' - alpha (g - c g'), with c = <g, g'> / |g'|^2.
            let c = along(&first, &second).doing("GSAM")?;
            let share = c.f_mul_scalar(self.alpha).and_then(|c| c.f_add_scalar(1.0)).doing("GSAM")?;
            group::mul_tensor_(&second, &share)?;
            group::add_(&second, &first, -self.alpha)?;
        }
        Ok(second)
    }
}

fn copies(tensors: &[Tensor]) -> Result<Vec<Tensor>, TchError> {
    let _guard = tch::no_grad_guard();
    tensors
        .iter()
        .map(|tensor| {
            let mut copy = tensor.f_empty_like()?;
            copy.f_copy_(tensor)?;
            Ok(copy)
        })
        .collect()
}

/// `<g, g'> / (|g'|^2 + eps)` over all tensors, a number on their device.
fn along(first: &[Tensor], second: &[Tensor]) -> Result<Tensor, TchError> {
    let _guard = tch::no_grad_guard();
    let sum = |pairs: &mut dyn Iterator<Item = (&Tensor, &Tensor)>| {
        let parts = pairs.map(|(a, b)| a.f_mul(b)?.f_sum(Kind::Float)).collect::<Result<Vec<_>, _>>()?;
        Tensor::f_stack(&parts, 0)?.f_sum(Kind::Float)
    };
    let product = sum(&mut first.iter().zip(second))?;
    product.f_div(&sum(&mut second.iter().zip(second))?.f_add_scalar(EPS)?)
}
