//! Transposed convolution along the sequence.

use promoter_torch::{Init, Scope};
use tch::{TchError, Tensor};

use crate::Error;
use crate::error::InLayer;
use crate::layers::conv::channels_side_by_side;
use crate::trace::record;

/// Transposed convolution of width 3 that doubles the length, (B, in, L) to (B, out, 2 L).
#[derive(Debug)]
pub struct ConvTranspose1d {
    layer: String,
    weight: Tensor,
    bias: Tensor,
}

impl ConvTranspose1d {
    /// PyTorch's `ConvTranspose1d(input, output, 3, stride=2, padding=1, output_padding=1)` with its initial values:
    /// the kernel lies as (in, out, width), so the fan that PyTorch computes is out x width.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn doubling(mut scope: Scope<'_>, input: i64, output: i64) -> Result<Self, Error> {
        let init = Init::torch(output * 3);
        Ok(Self {
            weight: scope.parameter("weight", &[input, output, 3], init)?,
            bias: scope.parameter("bias", &[output], init)?,
            layer: scope.layer().to_owned(),
        })
    }

    /// # Shapes
    /// (B, in, L) to (B, out, 2 L).
    ///
    /// # Errors
    /// [`Error::Layer`].
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, Error> {
        let y = self.convolve(x).in_layer(&self.layer)?;
        record(&self.layer, "transposed convolution", &y, || {
            let size = x.size();
            size[0] * size[2] * self.weight.numel() as i64
        });
        Ok(y)
    }

    fn convolve(&self, x: &Tensor) -> Result<Tensor, TchError> {
        let bias = Some(&self.bias);
        if !channels_side_by_side(x) {
            return x.f_conv_transpose1d(&self.weight, bias, 2, 1, 1, 1, 1);
        }
        let (image, weight) = (x.f_unsqueeze(2)?, self.weight.f_unsqueeze(2)?);
        image.f_conv_transpose2d(&weight, bias, [1, 2], [0, 1], [0, 1], 1, [1, 1])?.f_squeeze_dim(2)
    }
}
