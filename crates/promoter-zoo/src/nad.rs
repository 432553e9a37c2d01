//! NAD: feature pyramid and transformers over embedded 5-mers, 14,176,716 parameters.
//!
//! Convolutions bring 80 embedded 5-mers down to 10 positions; a pyramid brings them up again to 20, 40 and 80; a
//! transformer at each of the four levels gives one output, and expression is their mean. The embedding is frozen and
//! not part of the network. Tensors have the names of the source's weight file.
//!
//! # Source
//! Report and code of team NAD, Random Promoter DREAM Challenge 2022.

use promoter_torch::{Init, Params, Scope};
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::architecture::Preset;
use crate::check;
use crate::error::InLayer;
use crate::layers::conv::Shape;
use crate::layers::{BatchNorm, Conv1d, ConvTranspose1d, LayerNorm, Linear, Padding, Sandwich, residual, secant};
use crate::network::check_input;
use crate::{Architecture, Error, Input, Mode, Network};

/// Sizes, and what the team's report leaves open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// Positions: one 5-mer for each base of the insert. A multiple of 8.
    pub length: i64,
    /// Numbers per position: the size of the embedding, 4 for one-hot.
    pub input_channels: i64,
    /// Channels of the five convolution blocks; the pyramid and the transformers have the last.
    pub block_channels: [i64; 5],
    /// Transformer blocks at the four levels, from the shortest to the longest; a level of 0 has its norm and unit
    /// only.
    pub depths: [i64; 4],
    /// Whether each of the three longer levels passes a convolution along its *channels*, with one kernel per position
    /// ("anti-aliasing" in the team's code).
    pub position_channels: bool,
}

impl Config {
    /// The network of the team's code.
    pub fn submitted() -> Self {
        Self {
            length: 80,
            input_channels: 128,
            block_channels: [128, 160, 192, 224, 256],
            depths: [3, 3, 2, 2],
            position_channels: true,
        }
    }
}

impl Architecture for Config {
    type Network = Nad;

    const NAME: &'static str = "nad";
    const SOURCE: &'static str = "report and code of team NAD, Random Promoter DREAM Challenge 2022";
    const PRESETS: &'static [Preset<Self>] = &[("nad", Self::submitted)];
    const RENAMED: &'static [(&'static str, &'static str)] =
        &[("embedding", "input_channels"), ("channels", "block_channels")];

    fn input(&self) -> Input {
        Input { length: self.length, channels: self.input_channels }
    }

    fn resized(self, input: Input) -> Self {
        Self { length: input.length, input_channels: input.channels, ..self }
    }

    fn check(&self) -> Result<(), Error> {
        check::require(self.length >= 8 && self.length % 8 == 0, "length", self.length, "a multiple of 8")?;
        check::size("length", self.length)?;
        check::size("input_channels", self.input_channels)?;
        check::sizes("block_channels", &self.block_channels)?;
        self.depths.iter().try_for_each(|&depth| check::blocks("depths", depth))
    }

    fn make(&self, params: &mut Params) -> Result<Nad, Error> {
        Nad::new(self, &mut params.root())
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::submitted()
    }
}

/// Convolution of width 3, batch norm, ELU; then two residual pairs of the same.
#[derive(Debug)]
struct Block {
    conv: Conv1d,
    norm: BatchNorm,
    pairs: [Pair; 2],
}

/// Two convolutions of width 3 whose result is added to their input.
#[derive(Debug)]
struct Pair {
    conv1: Conv1d,
    norm1: BatchNorm,
    conv2: Conv1d,
    norm2: BatchNorm,
}

fn conv3(scope: Scope<'_>, input: i64, output: i64, stride: i64) -> Result<Conv1d, Error> {
    let shape = Shape { stride, padding: Padding::Both(1), ..Shape::same(input, output, 3) };
    Conv1d::torch(scope, shape, Init::torch(shape.fan_in()), None)
}

impl Block {
    fn new(mut scope: Scope<'_>, input: i64, output: i64, stride: i64) -> Result<Self, Error> {
        // Entry 2 of the source's list is the activation.
        Ok(Self {
            conv: conv3(scope.sub(0), input, output, stride)?,
            norm: BatchNorm::torch(scope.sub(1), output)?,
            pairs: [Pair::new(scope.sub(3), output)?, Pair::new(scope.sub(4), output)?],
        })
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let x = elu(&self.norm.forward(&self.conv.forward(x)?, mode)?)?;
        self.pairs[1].forward(&self.pairs[0].forward(&x, mode)?, mode)
    }
}

impl Pair {
    fn new(mut scope: Scope<'_>, channels: i64) -> Result<Self, Error> {
        Ok(Self {
            conv1: conv3(scope.sub("conv1"), channels, channels, 1)?,
            norm1: BatchNorm::torch(scope.sub("bn1"), channels)?,
            conv2: conv3(scope.sub("conv2"), channels, channels, 1)?,
            norm2: BatchNorm::torch(scope.sub("bn2"), channels)?,
        })
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let y = elu(&self.norm1.forward(&self.conv1.forward(x)?, mode)?)?;
        let y = self.norm2.forward(&self.conv2.forward(&y)?, mode)?;
        elu(&residual(x, &y)?)
    }
}

/// Convolution along the channels, each position with its own kernel; batch norm per position; ELU.
#[derive(Debug)]
struct PositionChannels {
    conv: Conv1d,
    norm: BatchNorm,
}

impl PositionChannels {
    fn new(mut scope: Scope<'_>, length: i64) -> Result<Self, Error> {
        let shape = Shape { groups: length, ..Shape::same(length, length, 3) };
        let init = Init::torch(shape.fan_in());
        Ok(Self {
            conv: Conv1d::torch(scope.sub(0), shape, init, Some(init))?,
            norm: BatchNorm::torch(scope.sub(1), length)?,
        })
    }

    /// (B, L, C) to the same.
    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        elu(&self.norm.forward(&self.conv.forward(x)?, mode)?)
    }
}

/// One level of the pyramid: transformer, layer norm, mean over positions, one linear unit.
#[derive(Debug)]
struct Level {
    mixing: Option<PositionChannels>,
    transformer: Sandwich,
    norm: LayerNorm,
    head: Linear,
}

impl Level {
    /// Level `i` of 0 to 3, which the source counts from 1.
    fn new(scope: &mut Scope<'_>, config: &Config, i: usize) -> Result<Self, Error> {
        let (length, width, n) = ((config.length / 8) << i, config.block_channels[4], i + 1);
        let mixing = (config.position_channels && i > 0)
            .then(|| PositionChannels::new(scope.sub(format_args!("d{n}")), length))
            .transpose()?;
        let mut transformer = scope.sub(format_args!("t{n}"));
        let (transformer, norm) = (
            Sandwich::new(transformer.sub("transformer"), length, width, config.depths[i])?,
            LayerNorm::new(transformer.sub("norm"), width, 1e-5)?,
        );
        let init = Init::torch(width);
        let head = Linear::torch(scope.sub(format_args!("r{n}.0")), width, 1, init, Some(init))?;
        Ok(Self { mixing, transformer, norm, head })
    }

    /// (B, C, L) to (B, 1).
    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let mut x = x.f_transpose(1, 2).in_layer("transformer")?;
        if let Some(mixing) = &self.mixing {
            x = mixing.forward(&x, mode)?;
        }
        let x = self.norm.forward(&self.transformer.forward(&x)?)?;
        self.head.forward(&x.f_mean_dim(1, false, None::<Kind>).in_layer("mean")?)
    }
}

/// NAD's network: 80 embedded 5-mers to four estimates of expression on the team's label scale, 0 to 1.
///
/// ```
/// use promoter_torch::Params;
/// use promoter_zoo::{Architecture, Mode, Network, nad};
/// use tch::{Device, Kind, Tensor};
///
/// let mut params = Params::new(Device::Cpu, 1);
/// let network = nad::Config::submitted().build(&mut params)?;
/// assert_eq!(params.parameter_count(), 14_176_716);
/// let output = network.forward(&Tensor::zeros([2, 80, 128], (Kind::Float, Device::Cpu)), Mode::Evaluate)?;
/// assert_eq!(output.size(), [2, 4]);
/// assert_eq!(network.expression(&output)?.size(), [2]);
/// # Ok::<(), promoter_zoo::Error>(())
/// ```
#[derive(Debug)]
pub struct Nad {
    input: Input,
    /// c1 to c5: 80, 80, 40, 20 and 10 positions.
    blocks: Vec<Block>,
    /// l1 to l4: from the blocks c5, c4, c3, c2 to the width of the pyramid.
    laterals: Vec<Conv1d>,
    /// u2 to u4: from 10 to 20, 40, 80 positions.
    ups: Vec<ConvTranspose1d>,
    /// t1 to t4: 10, 20, 40, 80 positions.
    levels: Vec<Level>,
}

impl Nad {
    fn new(config: &Config, scope: &mut Scope<'_>) -> Result<Self, Error> {
        let Config { input_channels, block_channels: channels, .. } = *config;
        let inputs = [input_channels, channels[0], channels[1], channels[2], channels[3]];
        let blocks = (0..5)
            .map(|i| {
                let stride = if i < 2 { 1 } else { 2 };
                Block::new(scope.sub(format_args!("c{}", i + 1)), inputs[i], channels[i], stride)
            })
            .collect::<Result<_, _>>()?;

        let width = channels[4];
        let laterals = (0..4)
            .map(|i| {
                let input = channels[4 - i];
                let init = Init::torch(input);
                Conv1d::torch(scope.sub(format_args!("l{}", i + 1)), Shape::same(input, width, 1), init, Some(init))
            })
            .collect::<Result<_, _>>()?;
        let ups = (2..5)
            .map(|i| ConvTranspose1d::doubling(scope.sub(format_args!("u{i}")), width, width))
            .collect::<Result<_, _>>()?;

        let levels = (0..4).map(|i| Level::new(scope, config, i)).collect::<Result<_, _>>()?;
        Ok(Self { input: config.input(), blocks, laterals, ups, levels })
    }
}

impl Network for Nad {
    fn input(&self) -> Input {
        self.input
    }

    /// One column per level: 10, 20, 40, 80 positions.
    fn outputs(&self) -> i64 {
        4
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        check_input(x, self.input())?;
        let mut x = x.f_transpose(1, 2).in_layer("input")?;
        let mut maps = Vec::with_capacity(5);
        for block in &self.blocks {
            x = block.forward(&x, mode)?;
            maps.push(x.shallow_clone());
        }
        // From the shortest map on; the first block's feeds the second only.
        let mut maps = maps.iter().rev();
        let mut outputs = Vec::with_capacity(4);
        let mut pyramid: Option<Tensor> = None;
        for (i, ((lateral, level), map)) in self.laterals.iter().zip(&self.levels).zip(&mut maps).enumerate() {
            let sideways = lateral.forward(map)?;
            let features = match &pyramid {
                None => sideways,
                Some(shorter) => residual(&self.ups[i - 1].forward(shorter)?, &sideways)?,
            };
            outputs.push(level.forward(&features, mode)?);
            pyramid = Some(features);
        }
        Tensor::f_cat(&outputs, 1).in_layer("output")
    }

    fn expression(&self, output: &Tensor) -> Result<Tensor, Error> {
        output.f_mean_dim(1, false, None::<Kind>).in_layer("output")
    }
}

fn elu(x: &Tensor) -> Result<Tensor, Error> {
    secant::elu(x).in_layer("elu")
}
