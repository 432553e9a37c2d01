//! DREAM-CNN of the Prix Fixe framework: 1,933,970 parameters.
//!
//! BHI's two parallel convolutions, LegNet's stages with the simple squeeze-excite, one logit per sorting bin.
//!
//! # Source
//! Rafi et al. 2024, <https://doi.org/10.1038/s41587-024-02414-w>.

use promoter_torch::{Params, Scope};
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::architecture::Preset;
use crate::check;
use crate::error::InLayer;
use crate::layers::bins::{BINS, expectation};
use crate::layers::inverted_residual::Form;
use crate::layers::{BinHead, InvertedResiduals, ParallelConv};
use crate::network::check_input;
use crate::{Architecture, Error, Input, Mode, Network};

/// Channels after the first convolutions and after each stage.
const STAGES: [i64; 7] = [320, 128, 128, 64, 64, 64, 64];

/// Sizes and dropout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// Positions: the construct behind plasmid, 150.
    pub length: i64,
    /// Numbers per position: 6 with strand and singleton channels, 4 for bases only.
    pub input_channels: i64,
    /// Dropout after the first convolutions.
    pub dropout: f64,
}

impl Config {
    /// The published network.
    pub fn published() -> Self {
        Self { length: 150, input_channels: 6, dropout: 0.2 }
    }
}

impl Architecture for Config {
    type Network = DreamCnn;

    const NAME: &'static str = "dream-cnn";
    const SOURCE: &'static str = "Rafi et al. 2024, https://doi.org/10.1038/s41587-024-02414-w";
    const PRESETS: &'static [Preset<Self>] = &[("dream-cnn", Self::published)];
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
        check::rate("dropout", self.dropout)
    }

    fn make(&self, params: &mut Params) -> Result<DreamCnn, Error> {
        DreamCnn::new(self, &mut params.root())
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::published()
    }
}

/// DREAM-CNN: 150 positions to 18 logits; expression is the mean bin.
///
/// ```
/// use promoter_torch::Params;
/// use promoter_zoo::{Architecture, dream_cnn};
///
/// let mut params = Params::new(tch::Device::Cpu, 1);
/// dream_cnn::Config::published().build(&mut params)?;
/// assert_eq!(params.parameter_count(), 1_933_970);
/// # Ok::<(), promoter_zoo::Error>(())
/// ```
#[derive(Debug)]
pub struct DreamCnn {
    input: Input,
    first: ParallelConv,
    core: InvertedResiduals,
    head: BinHead,
}

impl DreamCnn {
    fn new(config: &Config, scope: &mut Scope<'_>) -> Result<Self, Error> {
        Ok(Self {
            input: config.input(),
            first: ParallelConv::new(scope.sub("first"), config.input_channels, STAGES[0], config.dropout)?,
            core: InvertedResiduals::new(scope.sub("core.seqextractor"), &STAGES, Form::PRIX_FIXE)?,
            head: BinHead::new(scope.sub("final.mapper.0"), STAGES[STAGES.len() - 1], false)?,
        })
    }
}

impl Network for DreamCnn {
    fn input(&self) -> Input {
        self.input
    }

    fn outputs(&self) -> i64 {
        BINS
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        check_input(x, self.input())?;
        let x = self.first.forward(&x.f_transpose(1, 2).in_layer("input")?, mode)?;
        self.head.forward(&self.core.forward(&x, mode)?)
    }

    fn expression(&self, output: &Tensor) -> Result<Tensor, Error> {
        expectation(output)
    }
}
