//! The network of Noisy Chardonnay's later sweep: one small convolution in four families.
//!
//! The team's sweep file names the families "cnn", "cnn-bilstm", "bilstm-cnn" and "cnn-bilstm-attention", and gives
//! one network for trying it out: a convolution of 32 filters and width 3, batch norm, ReLU, a dense layer with
//! dropout, the output unit. Here the LSTM stands before or after that convolution, and Keras' multi-head attention
//! follows the LSTM and is added to its output.
//!
//! # Source
//! Code of team Noisy Chardonnay, Random Promoter DREAM Challenge 2022: its sweep file.

use promoter_torch::{Init, Params, Scope};
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::architecture::Preset;
use crate::check;
use crate::error::InLayer;
use crate::layers::conv::Shape;
use crate::layers::lstm::CellActivation;
use crate::layers::{self, BiLstm, Linear, residual, secant};
use crate::network::check_input;
use crate::noisy_chardonnay::{Activation, ConvBlock};
use crate::noisy_chardonnay_attention::Attention;
use crate::{Architecture, Error, Input, Mode, Network};

/// What stands between input and dense layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Family {
    /// The convolution.
    Cnn,
    /// The convolution, then the LSTM.
    CnnBilstm,
    /// The LSTM, then the convolution.
    BilstmCnn,
    /// The convolution, the LSTM, attention.
    CnnBilstmAttention,
}

/// Family and sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// Positions of the input: the insert with the plasmid on both sides.
    pub length: i64,
    /// What stands between input and dense layer.
    pub family: Family,
    /// Filters of the convolution.
    pub filters: i64,
    /// Positions that the convolution sees.
    pub width: i64,
    /// Units of each direction of the LSTM, where the family has one.
    pub lstm_units: i64,
    /// Attention heads, where the family has attention.
    pub heads: i64,
    /// Size of a head's keys, queries and values.
    pub key: i64,
    /// Units of the dense layer.
    pub dense_units: i64,
    /// Dropout after the dense layer.
    pub dense_dropout: f64,
}

impl Config {
    /// The smallest sizes of the sweep's lists, convolution only.
    pub fn smallest() -> Self {
        Self {
            length: 231,
            family: Family::Cnn,
            filters: 32,
            width: 3,
            lstm_units: 8,
            heads: 8,
            key: 8,
            dense_units: 64,
            dense_dropout: 0.2,
        }
    }
}

impl Architecture for Config {
    type Network = NoisyChardonnaySweep;

    const NAME: &'static str = "noisy-chardonnay-sweep";
    const SOURCE: &'static str = "sweep file of team Noisy Chardonnay, Random Promoter DREAM Challenge 2022";
    const PRESETS: &'static [Preset<Self>] = &[("noisy-chardonnay-sweep", Self::smallest)];

    fn input(&self) -> Input {
        Input { length: self.length, channels: 4 }
    }

    fn resized(self, input: Input) -> Self {
        Self { length: input.length, ..self }
    }

    fn check(&self) -> Result<(), Error> {
        check::size("length", self.length)?;
        check::size("filters", self.filters)?;
        check::size("width", self.width)?;
        check::size("lstm_units", self.lstm_units)?;
        check::size("heads", self.heads)?;
        check::size("key", self.key)?;
        check::size("dense_units", self.dense_units)?;
        check::rate("dense_dropout", self.dense_dropout)
    }

    fn make(&self, params: &mut Params) -> Result<NoisyChardonnaySweep, Error> {
        NoisyChardonnaySweep::new(self.clone(), &mut params.root())
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::smallest()
    }
}

/// The network: 231 bases, one-hot, to standardised expression.
///
/// ```
/// use promoter_torch::Params;
/// use promoter_zoo::Architecture;
/// use promoter_zoo::noisy_chardonnay_sweep::{Config, Family};
/// use tch::Device;
///
/// let mut params = Params::new(Device::Cpu, 1);
/// Config { family: Family::CnnBilstm, ..Config::smallest() }.build(&mut params)?;
/// // Convolution 416, norm 64, LSTM 2 x 1,312, dense 236,608, output 65.
/// assert_eq!(params.parameter_count(), 239_777);
/// # Ok::<(), promoter_zoo::Error>(())
/// ```
#[derive(Debug)]
pub struct NoisyChardonnaySweep {
    config: Config,
    conv: ConvBlock,
    lstm: Option<BiLstm>,
    attention: Option<Attention>,
    dense: Linear,
    output: Linear,
}

impl NoisyChardonnaySweep {
    fn new(config: Config, scope: &mut Scope<'_>) -> Result<Self, Error> {
        let Config { family, filters, width, lstm_units: units, .. } = config;
        let is_first = family == Family::BilstmCnn;
        let (read, seen) = if is_first { (4, 2 * units) } else { (filters, 4) };
        let shape = Shape::same(seen, filters, width);
        let conv = ConvBlock::new(scope.sub("conv"), shape, Init::glorot_uniform, Activation::Relu)?;
        let lstm = (family != Family::Cnn)
            .then(|| {
                let glorot = Init::glorot_uniform(read, 4 * units);
                BiLstm::keras(scope.sub("lstm"), read, units, glorot, CellActivation::Tanh)
            })
            .transpose()?;
        let attention = (family == Family::CnnBilstmAttention)
            .then(|| Attention::new(scope.sub("attention"), 2 * units, config.heads, config.key))
            .transpose()?;
        let channels = if matches!(family, Family::Cnn | Family::BilstmCnn) { filters } else { 2 * units };
        let (flat, dense) = (config.length * channels, config.dense_units);
        let mut linear = |name, from, to| {
            let glorot = Init::glorot_uniform(from, to);
            Linear::keras(scope.sub(name), from, to, glorot, true)
        };
        let (dense, output) = (linear("dense", flat, dense)?, linear("output", dense, 1)?);
        Ok(Self { config, conv, lstm, attention, dense, output })
    }

    /// (B, L, C) through the convolution.
    fn convolve(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let x = self.conv.forward(&x.f_transpose(1, 2).in_layer("conv")?, mode)?;
        x.f_transpose(1, 2).in_layer("conv")
    }
}

impl Network for NoisyChardonnaySweep {
    fn input(&self) -> Input {
        self.config.input()
    }

    fn counts_buffers(&self) -> bool {
        true
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        check_input(x, self.input())?;
        let mut x = x.shallow_clone();
        if self.config.family != Family::BilstmCnn {
            x = self.convolve(&x, mode)?;
        }
        if let Some(lstm) = &self.lstm {
            x = lstm.all_steps(&x, mode)?;
        }
        if self.config.family == Family::BilstmCnn {
            x = self.convolve(&x, mode)?;
        }
        if let Some(attention) = &self.attention {
            x = residual(&x, &attention.forward(&x)?)?;
        }
        let x = self.dense.forward(&x.f_flatten(1, 2).in_layer("flatten")?)?;
        let x = secant::relu(&x).in_layer("dense")?;
        let x = layers::dropout(&x, self.config.dense_dropout, mode).in_layer("dense")?;
        self.output.forward(&x)
    }
}
