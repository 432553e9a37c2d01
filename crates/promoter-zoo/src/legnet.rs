//! LegNet, the challenge's winner: 1,852,846 parameters as submitted.
//!
//! A convolution, then six stages that each append what an inverted residual block with squeeze-excite made of their
//! input and convolve it to fewer channels; a head gives one logit for each of the 18 sorting bins.
//!
//! # Source
//! Report and code of team autosome.org, Random Promoter DREAM Challenge 2022; Penzar et al. 2023,
//! <https://doi.org/10.1093/bioinformatics/btad457>, for the later form.

use promoter_torch::{Params, Scope};
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::error::InLayer;
use crate::layers::bins::{expectation, legnet_init};
use crate::layers::conv::Shape;
use crate::layers::squeeze_excite::SqueezeExciteKind;
use crate::layers::{BatchNorm, BinHead, Conv1d, SqueezeExcite, concatenate};
use crate::network::check_input;
use crate::{Error, Input, Mode, Network};

/// Positions that the convolutions see, except those of width 1.
const WIDTH: i64 = 7;

/// Sizes, and in what LegNet's versions differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Positions: the construct behind plasmid, 150.
    pub length: i64,
    /// Numbers per position: 6 with strand and singleton channels, 4 for bases only.
    pub channels: i64,
    /// Channels after the first convolution and after each stage.
    pub stages: Vec<i64>,
    /// Which of a stage's channels the inverted residual block has four times.
    pub inner: Inner,
    /// Channels of a group in the grouped convolution of each block; 1 is a depthwise convolution.
    pub group: i64,
    /// How the gates of the blocks are computed.
    pub squeeze_excite: SqueezeExciteKind,
    /// Whether a stage appends its input to the block's output, rather than the output to the input.
    pub block_first: bool,
    /// Whether SiLU follows the last convolution.
    pub final_activation: bool,
    /// Whose weight files fit.
    pub tensor_names: TensorNames,
}

/// Which of a stage's channels the inverted residual block has four times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inner {
    /// Those before the stage.
    Input,
    /// Those after it.
    Output,
}

/// Names of the tensors in weight files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TensorNames {
    /// `net.seqextractor.blc0.0.weight`, as submitted.
    Submission,
    /// `first.block.0.weight`, as in the Prix Fixe framework.
    PrixFixe,
}

impl Config {
    /// As submitted: bilinear squeeze-excite, SiLU at the end; 1,852,846 parameters.
    pub fn submitted() -> Self {
        Self {
            length: 150,
            channels: 6,
            stages: vec![256, 128, 128, 64, 64, 64, 64],
            inner: Inner::Output,
            group: 2,
            squeeze_excite: SqueezeExciteKind::Bilinear,
            block_first: false,
            final_activation: true,
            tensor_names: TensorNames::Submission,
        }
    }

    /// As in the Prix Fixe framework: simple squeeze-excite, no SiLU at the end; 1,725,122 parameters.
    pub fn simple_squeeze_excite() -> Self {
        Self {
            squeeze_excite: SqueezeExciteKind::Simple,
            final_activation: false,
            tensor_names: TensorNames::PrixFixe,
            ..Self::submitted()
        }
    }

    /// As the later paper simplified it: depthwise, blocks as wide as their input asks; 2,129,602 parameters.
    pub fn optimised() -> Self {
        Self { inner: Inner::Input, group: 1, block_first: true, ..Self::simple_squeeze_excite() }
    }

    /// Makes the network's tensors in `params`.
    ///
    /// # Errors
    /// [`Error::Config`] for sizes that do not fit each other, [`Error::Params`].
    pub fn build(&self, params: &mut Params) -> Result<LegNet, Error> {
        let config = |field, value: i64, expected| Err(Error::Config { field, value: value.to_string(), expected });
        let least = self.stages.iter().copied().min().unwrap_or(0);
        // Every width in a block is a multiple of 4 or four times one of these.
        let uneven = self.stages.iter().copied().find(|n| n % 4 != 0).unwrap_or(4);
        match self {
            c if c.length < 1 => config("length", c.length, "at least 1"),
            c if c.channels < 1 => config("channels", c.channels, "at least 1"),
            _ if least < 8 => config("stages", least, "one number or more, at least 8 each"),
            _ if uneven != 4 => config("stages", uneven, "multiples of 4"),
            c if ![1, 2, 4].contains(&c.group) => config("group", c.group, "1, 2 or 4"),
            _ => LegNet::new(self, &mut params.root()),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::submitted()
    }
}

/// Convolution without bias, batch norm, SiLU.
#[derive(Debug)]
pub(crate) struct ConvBlock {
    conv: Conv1d,
    norm: BatchNorm,
}

impl ConvBlock {
    /// Layers `index` and `index + 1` of a list.
    fn new(scope: &mut Scope<'_>, index: i64, shape: Shape) -> Result<Self, Error> {
        Ok(Self {
            conv: Conv1d::torch(scope.sub(index), shape, legnet_init(shape), None)?,
            norm: BatchNorm::torch(scope.sub(index + 1), shape.output)?,
        })
    }

    /// LegNet's first convolution.
    pub(crate) fn stem(mut scope: Scope<'_>, input: i64, output: i64) -> Result<Self, Error> {
        Self::new(&mut scope, 0, Shape::same(input, output, WIDTH))
    }

    pub(crate) fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        self.norm.forward(&self.conv.forward(x)?, mode)?.f_silu().in_layer("silu")
    }
}

/// An inverted residual block whose output joins its input, then a convolution to the stage's channels.
#[derive(Debug)]
struct Stage {
    expand: ConvBlock,
    grouped: ConvBlock,
    gate: SqueezeExcite,
    contract: ConvBlock,
    resize: ConvBlock,
    block_first: bool,
}

impl Stage {
    fn new(scope: &mut Scope<'_>, i: usize, config: &Config, input: i64, output: i64) -> Result<Self, Error> {
        let inner = 4 * match config.inner {
            Inner::Input => input,
            Inner::Output => output,
        };
        let mut block = scope.sub(format_args!("inv_res_blc{i}"));
        let grouped = Shape { groups: inner / config.group, ..Shape::same(inner, inner, WIDTH) };
        Ok(Self {
            expand: ConvBlock::new(&mut block, 0, Shape::same(input, inner, 1))?,
            grouped: ConvBlock::new(&mut block, 3, grouped)?,
            gate: SqueezeExcite::new(block.sub(6), config.squeeze_excite, inner, input / 4)?,
            contract: ConvBlock::new(&mut block, 7, Shape::same(inner, input, 1))?,
            resize: ConvBlock::new(
                &mut scope.sub(format_args!("resize_blc{i}")),
                0,
                Shape::same(2 * input, output, WIDTH),
            )?,
            block_first: config.block_first,
        })
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let block = self.grouped.forward(&self.expand.forward(x, mode)?, mode)?;
        let block = self.contract.forward(&self.gate.forward(&block)?, mode)?;
        let joined = if self.block_first { [&block, x] } else { [x, &block] };
        self.resize.forward(&concatenate(&joined).in_layer("concatenation")?, mode)
    }
}

/// The stages behind the first convolution, (B, first, L) to (B, last, L).
#[derive(Debug)]
pub(crate) struct Stages(Vec<Stage>);

impl Stages {
    pub(crate) fn new(mut scope: Scope<'_>, config: &Config) -> Result<Self, Error> {
        let pairs = config.stages.windows(2).enumerate();
        Ok(Self(pairs.map(|(i, pair)| Stage::new(&mut scope, i, config, pair[0], pair[1])).collect::<Result<_, _>>()?))
    }

    pub(crate) fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let mut x = x.shallow_clone();
        for stage in &self.0 {
            x = stage.forward(&x, mode)?;
        }
        Ok(x)
    }
}

/// LegNet: 150 positions to 18 logits, one per sorting bin; expression is the mean bin.
///
/// ```
/// use promoter_torch::Params;
/// use promoter_zoo::{Mode, Network, legnet};
/// use tch::{Device, Kind, Tensor};
///
/// let mut params = Params::new(Device::Cpu, 1);
/// let network = legnet::Config::submitted().build(&mut params)?;
/// assert_eq!(params.parameter_count(), 1_852_846);
/// let output = network.forward(&Tensor::zeros([2, 150, 6], (Kind::Float, Device::Cpu)), Mode::Evaluate)?;
/// assert_eq!(output.size(), [2, 18]);
/// assert_eq!(network.expression(&output)?.size(), [2]);
/// # Ok::<(), promoter_zoo::Error>(())
/// ```
#[derive(Debug)]
pub struct LegNet {
    input: Input,
    stem: ConvBlock,
    stages: Stages,
    head: BinHead,
}

impl LegNet {
    fn new(config: &Config, scope: &mut Scope<'_>) -> Result<Self, Error> {
        let (stem, stages, head) = match config.tensor_names {
            TensorNames::Submission => ("net.seqextractor.blc0", "net.seqextractor", "net.mapper.0"),
            TensorNames::PrixFixe => ("first.block", "core.seqextractor", "final.mapper.0"),
        };
        let (first, last) = (config.stages[0], config.stages[config.stages.len() - 1]);
        Ok(Self {
            input: Input { length: config.length, channels: config.channels },
            stem: ConvBlock::stem(scope.sub(stem), config.channels, first)?,
            stages: Stages::new(scope.sub(stages), config)?,
            head: BinHead::new(scope.sub(head), last, config.final_activation)?,
        })
    }
}

impl Network for LegNet {
    fn input(&self) -> Input {
        self.input
    }

    fn outputs(&self) -> i64 {
        crate::layers::bins::BINS
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        check_input(x, self.input())?;
        let x = self.stem.forward(&x.f_transpose(1, 2).in_layer("input")?, mode)?;
        self.head.forward(&self.stages.forward(&x, mode)?)
    }

    fn expression(&self, output: &Tensor) -> Result<Tensor, Error> {
        expectation(output)
    }
}
