//! Convolution along the sequence.

use promoter_torch::{Init, Scope};
use tch::{Device, TchError, Tensor};

use crate::Error;
use crate::error::InLayer;
use crate::trace::record;

/// What lies beyond the ends of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// Zeros, so that the length stays: (width - 1) / 2 on the left, rounded down, the rest on the right.
    Same,
    /// Nothing: the length shrinks by width - 1.
    Valid,
    /// So many zeros on either side.
    Both(i64),
}

/// Convolution along the sequence, (B, C, L) to (B, out, L').
#[derive(Debug)]
pub struct Conv1d {
    layer: String,
    weight: Tensor,
    bias: Option<Tensor>,
    stride: i64,
    padding: Padding,
    groups: i64,
}

/// Sizes of a convolution.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Channels in.
    pub input: i64,
    /// Channels out.
    pub output: i64,
    /// Positions that it sees.
    pub width: i64,
    /// Positions from one output to the next.
    pub stride: i64,
    /// Groups of channels that do not see each other.
    pub groups: i64,
    /// What lies beyond the ends.
    pub padding: Padding,
}

impl Shape {
    /// Stride 1, one group, length kept.
    pub fn same(input: i64, output: i64, width: i64) -> Self {
        Self { input, output, width, stride: 1, groups: 1, padding: Padding::Same }
    }

    /// Inputs that one output sees.
    pub fn fan_in(&self) -> i64 {
        self.input / self.groups * self.width
    }

    /// Outputs that one input reaches.
    pub fn fan_out(&self) -> i64 {
        self.output / self.groups * self.width
    }
}

impl Conv1d {
    /// A convolution as Keras and Sonnet have it: kernel stored as (width, in, out), bias starting at zero.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn keras(mut scope: Scope<'_>, shape: Shape, kernel: Init) -> Result<Self, Error> {
        let size = [shape.output, shape.input / shape.groups, shape.width];
        let weight = scope.reversed_parameter("weight", &size, kernel)?;
        let bias = Some(scope.parameter("bias", &[shape.output], Init::ZEROS)?);
        Ok(Self::of(&scope, weight, bias, shape))
    }

    /// A convolution as PyTorch has it.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn torch(mut scope: Scope<'_>, shape: Shape, weight: Init, bias: Option<Init>) -> Result<Self, Error> {
        let size = [shape.output, shape.input / shape.groups, shape.width];
        let weight = scope.parameter("weight", &size, weight)?;
        let bias = bias.map(|init| scope.parameter("bias", &[shape.output], init)).transpose()?;
        Ok(Self::of(&scope, weight, bias, shape))
    }

    fn of(scope: &Scope<'_>, weight: Tensor, bias: Option<Tensor>, shape: Shape) -> Self {
        let Shape { stride, padding, groups, .. } = shape;
        Self { layer: scope.layer().to_owned(), weight, bias, stride, padding, groups }
    }

    /// # Shapes
    /// (B, in, L) to (B, out, L').
    ///
    /// # Errors
    /// [`Error::Layer`].
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, Error> {
        let beyond = self.weight.size()[2] - 1;
        let y = match self.padding {
            Padding::Same => self.convolve(x, beyond / 2, beyond - beyond / 2),
            Padding::Valid => self.convolve(x, 0, 0),
            Padding::Both(n) => self.convolve(x, n, n),
        }
        .in_layer(&self.layer)?;
        record(&self.layer, "convolution", &y, || {
            let size = y.size();
            size[0] * size[2] * self.weight.numel() as i64
        });
        Ok(y)
    }

    /// With so many zeros on the left and on the right.
    fn convolve(&self, x: &Tensor, left: i64, right: i64) -> Result<Tensor, TchError> {
        let bias = self.bias.as_ref();
        let padding = if left == right { left } else { 0 };
        let pad = |x: Tensor| if left == right { Ok(x) } else { x.f_constant_pad_nd([0, 0, left, right]) };
        if x.device() != Device::Cpu {
            let x = pad(x.f_transpose(1, 2)?)?.f_transpose(1, 2)?;
            return x.f_conv1d(&self.weight, bias, self.stride, padding, 1, self.groups);
        }
        // On the CPU the channels of a position lie side by side in memory, and LibTorch sees an image of height 1: oneDNN
        // takes it as it is, where it would copy (B, C, L) to a layout of its own and back. Up to four times faster with
        // groups, a quarter without.
        let x = pad(x.f_transpose(1, 2)?.f_contiguous()?)?.f_transpose(1, 2)?.f_unsqueeze(2)?;
        let weight = self.weight.f_unsqueeze(2)?;
        x.f_conv2d(&weight, bias, [1, self.stride], [0, padding], [1, 1], self.groups)?.f_squeeze_dim(2)
    }
}
