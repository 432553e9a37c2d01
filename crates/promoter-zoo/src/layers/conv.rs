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
        let beyond = [left - padding, right - padding];
        let padded = |x: Tensor, sides: &[i64]| if beyond == [0, 0] { Ok(x) } else { x.f_constant_pad_nd(sides) };
        if !channels_side_by_side(x) {
            let x = padded(x.shallow_clone(), &beyond)?;
            return x.f_conv1d(&self.weight, bias, self.stride, padding, 1, self.groups);
        }
        let x = padded(x.f_transpose(1, 2)?, &[0, 0, beyond[0], beyond[1]])?;
        let image = x.f_contiguous()?.f_transpose(1, 2)?.f_unsqueeze(2)?;
        let weight = self.weight.f_unsqueeze(2)?;
        image.f_conv2d(&weight, bias, [1, self.stride], [0, padding], [1, 1], self.groups)?.f_squeeze_dim(2)
    }
}

/// Whether a convolution takes (B, C, L) as an image of height 1 with the channels of a position side by side in
/// memory.
///
/// A network's input, (B, L, C) with its axes exchanged, lies so, and what comes out of the convolution again. oneDNN
/// takes it as it is, and copies sequences in the other order to a layout of its own and back: up to four times faster
/// with groups, a quarter faster where there are none. CUDA has no such layout for sequences.
pub(crate) fn channels_side_by_side(x: &Tensor) -> bool {
    x.device() == Device::Cpu && !x.is_contiguous()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{BatchNorm, ConvTranspose1d, concatenate, pool};
    use crate::{Error, Mode};
    use promoter_torch::Params;
    use tch::Kind;

    type Layer = dyn Fn(&Tensor) -> Result<Tensor, Error>;

    /// Values and gradients are those of LibTorch's layers of sequences, however the input lies in memory.
    #[test]
    fn the_layout_in_memory_does_not_matter() {
        let shape = Shape::same(6, 8, 7);
        let shapes = [
            shape,
            Shape { width: 4, ..shape },
            Shape { padding: Padding::Valid, ..shape },
            Shape { padding: Padding::Both(2), stride: 2, ..shape },
            Shape { groups: 2, width: 3, ..shape },
            Shape { output: 6, groups: 6, width: 15, ..shape },
        ];
        let mut params = Params::new(Device::Cpu, 1);
        let mut root = params.root();
        let mut layers: Vec<Box<Layer>> = Vec::new();
        for (i, shape) in shapes.into_iter().enumerate() {
            let init = Init::glorot_uniform(shape.fan_in(), shape.fan_out());
            let conv = Conv1d::torch(root.sub(format!("conv{i}")), shape, init, Some(Init::ONES)).unwrap();
            layers.push(Box::new(move |x| conv.forward(x)));
        }
        let up = ConvTranspose1d::doubling(root.sub("up"), 6, 8).unwrap();
        let norm = BatchNorm::torch(root.sub("norm"), 6).unwrap();
        let frozen = BatchNorm::keras(root.sub("frozen"), 6).unwrap();
        let _ = frozen.forward(&Tensor::randn([9, 6, 5], (Kind::Float, Device::Cpu)), Mode::Train).unwrap();
        layers.push(Box::new(move |x| up.forward(x)));
        layers.push(Box::new(move |x| norm.forward(x, Mode::TrainKeepAverages)));
        layers.push(Box::new(move |x| frozen.forward(x, Mode::Evaluate)));
        layers.push(Box::new(|x| pool::max(x, 3, true).in_layer("max")));
        layers.push(Box::new(|x| pool::max_of_neighbours(x).in_layer("neighbours")));
        layers.push(Box::new(|x| concatenate(&[x, &x.neg()]).in_layer("concatenate")));
        for (i, layer) in layers.iter().enumerate() {
            let values = Tensor::randn([3, 23, 6], (Kind::Float, Device::Cpu));
            let plain = values.transpose(1, 2).contiguous().set_requires_grad(true);
            let side_by_side = values.set_requires_grad(true);
            assert!(!channels_side_by_side(&plain) && channels_side_by_side(&side_by_side.transpose(1, 2)));
            let (y, other) = (layer(&plain).unwrap(), layer(&side_by_side.transpose(1, 2)).unwrap());
            y.square().sum(Kind::Float).backward();
            other.square().sum(Kind::Float).backward();
            assert_eq!(y.size(), other.size(), "layer {i}");
            assert!(y.allclose(&other, 1e-4, 1e-5, false), "layer {i}");
            assert!(plain.grad().allclose(&side_by_side.grad().transpose(1, 2), 1e-4, 1e-4, false), "layer {i}");
        }
    }
}
