//! What training minimises.

use serde::{Deserialize, Serialize};
use tch::{Kind, TchError, Tensor};

use crate::Error;
use crate::error::Doing;

/// A loss, averaged over the rows of a batch and over the network's outputs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Loss {
    /// Squared error.
    Mse,
    /// Poisson deviance without its constant, `p - y ln(p + eps)`.
    ///
    /// # Source
    /// Challenge report of Peppa, 2022: eps 1e-7.
    Poisson {
        /// Keeps the logarithm finite.
        eps: f64,
    },
}

impl Loss {
    /// # Shapes
    /// `output` (B, K), `target` (B,) to a number.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn forward(&self, output: &Tensor, target: &Tensor) -> Result<Tensor, Error> {
        self.mean(output, target).doing("loss")
    }

    fn mean(&self, output: &Tensor, target: &Tensor) -> Result<Tensor, TchError> {
        let output = output.f_to_kind(Kind::Float)?;
        let target = target.f_unsqueeze(1)?;
        match *self {
            Self::Mse => output.f_sub(&target)?.f_square()?.f_mean(Kind::Float),
            Self::Poisson { eps } => {
                let logarithm = output.f_add_scalar(eps)?.f_log()?;
                output.f_sub(&target.f_mul(&logarithm)?)?.f_mean(Kind::Float)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poisson_is_sonnets_and_mse_averages_over_levels() {
        let output = Tensor::from_slice(&[0.001f32, 5.0, 11.0, 12.5]).reshape([4, 1]);
        let target = Tensor::from_slice(&[0.0f32, 5.5, 11.0, 16.2]);
        let loss = Loss::Poisson { eps: 1e-7 }.forward(&output, &target).unwrap().double_value(&[]);
        assert!((loss + 11.911_140_441_894_531).abs() < 1e-5, "{loss}");
        let levels = Tensor::from_slice(&[1.0f32, 3.0]).reshape([1, 2]);
        let loss = Loss::Mse.forward(&levels, &Tensor::from_slice(&[1.0f32])).unwrap().double_value(&[]);
        assert_eq!(loss, 2.0);
    }
}
