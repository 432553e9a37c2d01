//! Linear map of the last axis.

use promoter_torch::{Init, Scope};
use tch::Tensor;

use crate::Error;
use crate::error::InLayer;
use crate::trace::record;

/// Linear map of the last axis, (.., in) to (.., out).
#[derive(Debug)]
pub struct Linear {
    layer: String,
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    /// A linear map as Keras and Sonnet have it: weight stored as (in, out), bias, if any, starting at zero.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn keras(mut scope: Scope<'_>, input: i64, output: i64, weight: Init, bias: bool) -> Result<Self, Error> {
        let weight = scope.reversed_parameter("weight", &[output, input], weight)?;
        let bias = bias.then(|| scope.parameter("bias", &[output], Init::ZEROS)).transpose()?;
        Ok(Self { layer: scope.layer().to_owned(), weight, bias })
    }

    /// A linear map as PyTorch has it.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn torch(
        mut scope: Scope<'_>,
        input: i64,
        output: i64,
        weight: Init,
        bias: Option<Init>,
    ) -> Result<Self, Error> {
        let weight = scope.parameter("weight", &[output, input], weight)?;
        let bias = bias.map(|init| scope.parameter("bias", &[output], init)).transpose()?;
        Ok(Self { layer: scope.layer().to_owned(), weight, bias })
    }

    /// A linear map of tensors that its owner has made.
    pub(crate) fn of(layer: String, weight: Tensor, bias: Option<Tensor>) -> Self {
        Self { layer, weight, bias }
    }

    /// # Shapes
    /// (.., in) to (.., out).
    ///
    /// # Errors
    /// [`Error::Layer`].
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, Error> {
        let y = x.f_linear(&self.weight, self.bias.as_ref()).in_layer(&self.layer)?;
        record(&self.layer, "linear", &y, || y.numel() as i64 * self.weight.size()[1]);
        Ok(y)
    }
}
