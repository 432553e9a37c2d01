//! Squeeze and excite: a gate per channel, computed from the channels' means.
//!
//! # Source
//! Hu et al. 2018, <https://arxiv.org/abs/1709.01507>; report and code of team autosome.org (LegNet) for the bilinear
//! form, a low-rank tensor regression layer as tensorly-torch 0.5.0 has it.

use promoter_torch::{Init, Scope};
use serde::{Deserialize, Serialize};
use tch::{Kind, TchError, Tensor};

use crate::Error;
use crate::error::InLayer;
use crate::layers::{Linear, secant};
use crate::trace::record;

/// LegNet's start of linear weights.
const LINEAR: Init = Init::Normal { sd: 0.001 };

/// How the gate is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum SqueezeExciteKind {
    /// Linear, SiLU, linear, sigmoid.
    Simple,
    /// Products of pairs of the squeezed channels join them before the last linear map.
    Bilinear,
}

/// A gate per channel, (B, C, L) to the same.
#[derive(Debug)]
pub struct SqueezeExcite {
    layer: String,
    squeeze: Linear,
    pairs: Option<(Linear, Bilinear)>,
    excite: Linear,
}

impl SqueezeExcite {
    /// For `channels` channels squeezed into `inner`. Layers are numbered as in the source's list, activations counted.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn new(mut scope: Scope<'_>, kind: SqueezeExciteKind, channels: i64, inner: i64) -> Result<Self, Error> {
        let mut linear = |index: i64, from: i64, to: i64| {
            Linear::torch(scope.sub(format_args!("fc.{index}")), from, to, LINEAR, Some(Init::ZEROS))
        };
        let squeeze = linear(0, channels, inner)?;
        let (pairs, excite) = match kind {
            SqueezeExciteKind::Simple => (None, linear(2, inner, channels)?),
            SqueezeExciteKind::Bilinear => {
                let (mixed, excite) = (linear(2, inner, inner)?, linear(5, inner + inner / 2, channels)?);
                (Some((mixed, Bilinear::new(scope.sub("fc.3.mod.trl"), inner)?)), excite)
            }
        };
        Ok(Self { layer: scope.layer().to_owned(), squeeze, pairs, excite })
    }

    /// # Shapes
    /// (B, C, L) to the same.
    ///
    /// # Errors
    /// [`Error::Layer`].
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, Error> {
        let silu = |x: Tensor| secant::silu(&x).in_layer(&self.layer);
        let mean = x.f_mean_dim(2, false, None::<Kind>).in_layer(&self.layer)?;
        let mut inner = silu(self.squeeze.forward(&mean)?)?;
        if let Some((mixed, bilinear)) = &self.pairs {
            let a = mixed.forward(&inner)?;
            inner = silu(Tensor::f_cat(&[&a, &bilinear.forward(&a)?], 1).in_layer(&self.layer)?)?;
        }
        let gate = self.excite.forward(&inner)?;
        secant::sigmoid(&gate).and_then(|gate| secant::multiply(x, &gate.f_unsqueeze(2)?)).in_layer(&self.layer)
    }
}

/// Products of pairs of m numbers, weighted by an (m, m, m/2) tensor of low rank:
/// `y[o] = b[o] + sum_r lambda[r] (a . F0[r]) (a . F1[r]) F2[o, r]`.
#[derive(Debug)]
struct Bilinear {
    layer: String,
    bias: Tensor,
    weights: Tensor,
    factors: [Tensor; 3],
}

impl Bilinear {
    fn new(mut scope: Scope<'_>, inner: i64) -> Result<Self, Error> {
        // Half as many numbers as the full tensor has: m m m/2 / 2 = rank (m + m + m/2).
        let rank = ((inner * inner) as f64 / 10.0).round().max(1.0) as i64;
        let outputs = inner / 2;
        let bias = scope.parameter("bias", &[outputs], Init::Uniform { bound: 1.0 })?;
        let weights = scope.parameter("weight.weights", &[rank], Init::ONES)?;
        // The sum over the rank of the products of three normal numbers shall have the deviation 0.00075.
        let sd = (0.00075 / (rank as f64).sqrt()).cbrt();
        let mut factor =
            |i: i64, n: i64| scope.parameter(&format!("weight.factors.factor_{i}"), &[n, rank], Init::Normal { sd });
        let factors = [factor(0, inner)?, factor(1, inner)?, factor(2, outputs)?];
        Ok(Self { layer: scope.layer().to_owned(), bias, weights, factors })
    }

    fn forward(&self, a: &Tensor) -> Result<Tensor, Error> {
        let y = self.products(a).in_layer(&self.layer)?;
        record(&self.layer, "bilinear", &y, || {
            a.size()[0] * self.factors.iter().map(|f| f.numel() as i64).sum::<i64>()
        });
        Ok(y)
    }

    fn products(&self, a: &Tensor) -> Result<Tensor, TchError> {
        let [first, second, out] = &self.factors;
        let pairs = secant::multiply(&a.f_matmul(first)?, &a.f_matmul(second)?)?.f_mul(&self.weights)?;
        pairs.f_linear(out, Some(&self.bias))
    }
}
