//! DREAM-CNN of the Prix Fixe framework: 1,933,970 parameters.
//!
//! BHI's two parallel convolutions, LegNet's stages with the simple squeeze-excite, one logit per sorting bin.
//!
//! # Source
//! Rafi et al. 2024, <https://doi.org/10.1038/s41587-024-02414-w>.

use promoter_torch::{Params, Scope};
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::error::{InLayer, at_least_one, rate};
use crate::layers::bins::{BINS, expectation};
use crate::layers::{BinHead, ParallelConv};
use crate::legnet::{self, Stages};
use crate::network::check_input;
use crate::{Error, Input, Mode, Network};

/// Sizes and dropout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Positions: the construct behind plasmid, 150.
    pub length: i64,
    /// Numbers per position: 6 with strand and singleton channels, 4 for bases only.
    pub channels: i64,
    /// Dropout after the first convolutions.
    pub dropout: f64,
}

impl Config {
    /// The published network.
    pub fn published() -> Self {
        Self { length: 150, channels: 6, dropout: 0.2 }
    }

    /// Makes the network's tensors in `params`.
    ///
    /// # Errors
    /// [`Error::Config`], [`Error::Params`].
    pub fn build(&self, params: &mut Params) -> Result<DreamCnn, Error> {
        at_least_one("length", self.length)?;
        at_least_one("channels", self.channels)?;
        rate("dropout", self.dropout)?;
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
/// use promoter_zoo::dream_cnn;
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
    core: Stages,
    head: BinHead,
}

impl DreamCnn {
    fn new(config: &Config, scope: &mut Scope<'_>) -> Result<Self, Error> {
        let stages =
            legnet::Config { stages: vec![320, 128, 128, 64, 64, 64, 64], ..legnet::Config::simple_squeeze_excite() };
        Ok(Self {
            input: Input { length: config.length, channels: config.channels },
            first: ParallelConv::new(scope.sub("first"), config.channels, 320, config.dropout)?,
            core: Stages::new(scope.sub("core.seqextractor"), &stages)?,
            head: BinHead::new(scope.sub("final.mapper.0"), 64, false)?,
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
