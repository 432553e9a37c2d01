//! DREAM-RNN of the Prix Fixe framework: 4,130,578 parameters.
//!
//! BHI's two parallel convolutions, a bidirectional LSTM, two parallel convolutions again, one logit per sorting bin.
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
use crate::layers::{BiLstm, BinHead, ParallelConv, dropout};
use crate::network::check_input;
use crate::{Architecture, Error, Input, Mode, Network};

/// Channels of the convolutions, units of each direction of the LSTM.
const WIDTH: i64 = 320;

/// Sizes and dropout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// Positions: the construct behind plasmid, 150.
    pub length: i64,
    /// Numbers per position: 6 with strand and singleton channels, 4 for bases only.
    pub input_channels: i64,
    /// Dropout after the convolutions.
    pub dropout: f64,
    /// Dropout before the head.
    pub final_dropout: f64,
}

impl Config {
    /// The published network.
    pub fn published() -> Self {
        Self { length: 150, input_channels: 6, dropout: 0.2, final_dropout: 0.5 }
    }
}

impl Architecture for Config {
    type Network = DreamRnn;

    const NAME: &'static str = "dream-rnn";
    const SOURCE: &'static str = "Rafi et al. 2024, https://doi.org/10.1038/s41587-024-02414-w";
    const PRESETS: &'static [Preset<Self>] = &[("dream-rnn", Self::published)];
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
        check::rate("dropout", self.dropout)?;
        check::rate("final_dropout", self.final_dropout)
    }

    fn make(&self, params: &mut Params) -> Result<DreamRnn, Error> {
        DreamRnn::new(self, &mut params.root())
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::published()
    }
}

/// DREAM-RNN: 150 positions to 18 logits; expression is the mean bin.
///
/// ```
/// use promoter_torch::Params;
/// use promoter_zoo::{Architecture, dream_rnn};
///
/// let mut params = Params::new(tch::Device::Cpu, 1);
/// dream_rnn::Config::published().build(&mut params)?;
/// assert_eq!(params.parameter_count(), 4_130_578);
/// # Ok::<(), promoter_zoo::Error>(())
/// ```
#[derive(Debug)]
pub struct DreamRnn {
    input: Input,
    first: ParallelConv,
    lstm: BiLstm,
    second: ParallelConv,
    final_dropout: f64,
    head: BinHead,
}

impl DreamRnn {
    fn new(config: &Config, scope: &mut Scope<'_>) -> Result<Self, Error> {
        let mut core = scope.sub("core");
        let (lstm, second) = (
            BiLstm::torch(core.sub("lstm"), WIDTH, WIDTH)?,
            ParallelConv::new(core, 2 * WIDTH, WIDTH, config.dropout)?,
        );
        Ok(Self {
            input: config.input(),
            first: ParallelConv::new(scope.sub("first"), config.input_channels, WIDTH, config.dropout)?,
            lstm,
            second,
            final_dropout: config.final_dropout,
            head: BinHead::new(scope.sub("final.mapper.0"), WIDTH, false)?,
        })
    }
}

impl Network for DreamRnn {
    fn input(&self) -> Input {
        self.input
    }

    fn outputs(&self) -> i64 {
        BINS
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        check_input(x, self.input())?;
        let flip = |x: &Tensor| x.f_transpose(1, 2).in_layer("core");
        let x = self.first.forward(&flip(x)?, mode)?;
        let x = self.second.forward(&flip(&self.lstm.all_steps(&flip(&x)?, mode)?)?, mode)?;
        self.head.forward(&dropout(&x, self.final_dropout, mode).in_layer("core")?)
    }

    fn expression(&self, output: &Tensor) -> Result<Tensor, Error> {
        expectation(output)
    }
}
