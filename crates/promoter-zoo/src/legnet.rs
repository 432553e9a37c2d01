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

use crate::architecture::Preset;
use crate::check;
use crate::error::InLayer;
use crate::layers::bins::expectation;
use crate::layers::conv::Shape;
use crate::layers::inverted_residual::{Form, Inner, WIDTH};
use crate::layers::squeeze_excite::SqueezeExciteKind;
use crate::layers::{BinHead, ConvBlock, InvertedResiduals};
use crate::network::check_input;
use crate::{Architecture, Error, Input, Mode, Network};

/// Sizes, and in what LegNet's versions differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// Positions: the construct behind plasmid, 150.
    pub length: i64,
    /// Numbers per position: 6 with strand and singleton channels, 4 for bases only.
    pub input_channels: i64,
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

/// Names of the tensors in weight files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
            input_channels: 6,
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
}

impl Architecture for Config {
    type Network = LegNet;

    const NAME: &'static str = "legnet";
    const SOURCE: &'static str =
        "Penzar et al. 2023, https://doi.org/10.1093/bioinformatics/btad457; code of team autosome.org";
    const PRESETS: &'static [Preset<Self>] = &[
        ("legnet", Self::submitted),
        ("legnet-simple-squeeze-excite", Self::simple_squeeze_excite),
        ("legnet-optimised", Self::optimised),
    ];
    const RENAMED: &'static [(&'static str, &'static str)] = &[("channels", "input_channels")];

    fn input(&self) -> Input {
        Input { length: self.length, channels: self.input_channels }
    }

    fn resized(self, input: Input) -> Self {
        Self { length: input.length, input_channels: input.channels, ..self }
    }

    fn check(&self) -> Result<(), Error> {
        check::size("length", self.length)?;
        check::size("input_channels", self.input_channels)?;
        check::blocks("stages", self.stages.len() as i64)?;
        check::sizes("stages", &self.stages)?;
        let least = self.stages.iter().copied().min().unwrap_or(0);
        check::require(least >= 8, "stages", least, "one number or more, at least 8 each")?;
        // Every width in a block is a multiple of 4 or four times one of these.
        let uneven = self.stages.iter().copied().find(|n| n % 4 != 0).unwrap_or(4);
        check::require(uneven == 4, "stages", uneven, "multiples of 4")?;
        check::require([1, 2, 4].contains(&self.group), "group", self.group, "1, 2 or 4")
    }

    fn make(&self, params: &mut Params) -> Result<LegNet, Error> {
        LegNet::new(self, &mut params.root())
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::submitted()
    }
}

/// LegNet: 150 positions to 18 logits, one per sorting bin; expression is the mean bin.
///
/// ```
/// use promoter_torch::Params;
/// use promoter_zoo::{Architecture, Mode, Network, legnet};
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
    stages: InvertedResiduals,
    head: BinHead,
}

impl LegNet {
    fn new(config: &Config, scope: &mut Scope<'_>) -> Result<Self, Error> {
        let (stem, stages, head) = match config.tensor_names {
            TensorNames::Submission => ("net.seqextractor.blc0", "net.seqextractor", "net.mapper.0"),
            TensorNames::PrixFixe => ("first.block", "core.seqextractor", "final.mapper.0"),
        };
        let (first, last) = (config.stages[0], config.stages[config.stages.len() - 1]);
        let Config { inner, group, squeeze_excite, block_first, .. } = *config;
        let form = Form { inner, group, squeeze_excite, block_first };
        Ok(Self {
            input: config.input(),
            stem: ConvBlock::new(&mut scope.sub(stem), 0, Shape::same(config.input_channels, first, WIDTH))?,
            stages: InvertedResiduals::new(scope.sub(stages), &config.stages, form)?,
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
