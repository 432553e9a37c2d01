//! auth: a convolution, a bidirectional LSTM and dense layers, 4,203,369 parameters.
//!
//! One wide convolution finds motifs in the 80-base insert, the LSTM reads their order from both sides, and dense
//! layers give the expression. No normalisation anywhere.
//!
//! # Source
//! Report and code of team auth, Random Promoter DREAM Challenge 2022.

use promoter_torch::{Init, Params, Scope};
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::architecture::Preset;
use crate::check;
use crate::error::InLayer;
use crate::layers::conv::Shape;
use crate::layers::lstm::CellActivation;
use crate::layers::{self, BiLstm, Conv1d, DenseHead, Padding, pool, secant};
use crate::network::check_input;
use crate::{Architecture, Error, Input, Mode, Network};

/// What follows the output unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Output {
    /// Nothing, as in the code.
    Linear,
    /// ReLU, as in the report; the unit can die at the start.
    Relu,
}

/// Sizes, dropout rate and output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// Positions of the input: the insert.
    pub length: i64,
    /// Channels of the input: 4 of one-hot, more of k-mer vectors, which the team tried.
    pub input_channels: i64,
    /// Filters of the convolution.
    pub filters: i64,
    /// Positions that the convolution sees.
    pub width: i64,
    /// Positions of which the largest is kept.
    pub pool: i64,
    /// Units of each direction of the LSTM.
    pub lstm_units: i64,
    /// Units of each of the two dense layers.
    pub dense_units: i64,
    /// Dropout after the pooling and after the LSTM.
    pub dropout: f64,
    /// What follows the output unit.
    pub output: Output,
}

impl Config {
    /// The network of the code.
    pub fn submitted() -> Self {
        Self {
            length: 80,
            input_channels: 4,
            filters: 1000,
            width: 30,
            pool: 3,
            lstm_units: 320,
            dense_units: 64,
            dropout: 0.2,
            output: Output::Linear,
        }
    }

    /// The same without dropout, for comparisons of numbers.
    pub fn without_dropout(self) -> Self {
        Self { dropout: 0.0, ..self }
    }

    /// Positions after the convolution, which has no padding, and the pooling.
    fn pooled(&self) -> i64 {
        (self.length - self.width + 1) / self.pool
    }
}

impl Architecture for Config {
    type Network = Auth;

    const NAME: &'static str = "auth";
    const SOURCE: &'static str = "report and code of team auth, Random Promoter DREAM Challenge 2022";
    const PRESETS: &'static [Preset<Self>] = &[("auth", Self::submitted)];

    fn input(&self) -> Input {
        Input { length: self.length, channels: self.input_channels }
    }

    fn resized(self, input: Input) -> Self {
        Self { length: input.length, input_channels: input.channels, ..self }
    }

    fn check(&self) -> Result<(), Error> {
        check::size("length", self.length)?;
        check::size("input_channels", self.input_channels)?;
        check::size("filters", self.filters)?;
        check::size("width", self.width)?;
        check::size("pool", self.pool)?;
        check::size("lstm_units", self.lstm_units)?;
        check::size("dense_units", self.dense_units)?;
        check::rate("dropout", self.dropout)?;
        check::require(self.pooled() >= 1, "length", self.length, "at least `width` + `pool` - 1 positions")
    }

    fn make(&self, params: &mut Params) -> Result<Auth, Error> {
        Auth::new(self.clone(), &mut params.root())
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::submitted()
    }
}

/// auth's network: 80 bases, one-hot, to expression in sorting bins.
///
/// ```
/// use promoter_torch::Params;
/// use promoter_zoo::{Architecture, Mode, Network, auth};
/// use tch::{Device, Kind, Tensor};
///
/// let mut params = Params::new(Device::Cpu, 1);
/// let network = auth::Config::submitted().build(&mut params)?;
/// assert_eq!(params.parameter_count(), 4_203_369);
/// let x = Tensor::zeros([2, 80, 4], (Kind::Float, Device::Cpu));
/// let output = network.forward(&x, Mode::Evaluate)?;
/// assert_eq!(network.expression(&output)?.size(), [2]);
/// # Ok::<(), promoter_zoo::Error>(())
/// ```
#[derive(Debug)]
pub struct Auth {
    config: Config,
    conv: Conv1d,
    lstm: BiLstm,
    head: DenseHead,
}

impl Auth {
    fn new(config: Config, scope: &mut Scope<'_>) -> Result<Self, Error> {
        let Config { input_channels, filters, width, lstm_units, dense_units, .. } = config;
        let shape = Shape { padding: Padding::Valid, ..Shape::same(input_channels, filters, width) };
        let glorot = Init::glorot_uniform(shape.fan_in(), shape.fan_out());
        let conv = Conv1d::keras(scope.sub("conv"), shape, glorot)?;
        let he = Init::he_normal(filters);
        let lstm = BiLstm::keras(scope.sub("lstm"), filters, lstm_units, he, CellActivation::Tanh)?;
        let flat = config.pooled() * 2 * lstm_units;
        let head = DenseHead::new(scope.sub("head"), flat, dense_units, Init::glorot_uniform, 0.0)?;
        Ok(Self { config, conv, lstm, head })
    }
}

impl Network for Auth {
    fn input(&self) -> Input {
        self.config.input()
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        check_input(x, self.input())?;
        let Config { pool, dropout, output, .. } = self.config;
        let x = self.conv.forward(&x.f_transpose(1, 2).in_layer("input")?)?;
        // The largest of ReLUs is the ReLU of the largest: in this order there is a third to do.
        let x = pool::max(&x, pool, false).and_then(|x| secant::relu(&x)).in_layer("pool")?;
        let x = layers::dropout(&x, dropout, mode).and_then(|x| x.f_transpose(1, 2)).in_layer("pool")?;
        let x = self.lstm.all_steps(&x, mode)?;
        let x = layers::dropout(&x, dropout, mode).and_then(|x| x.f_flatten(1, 2)).in_layer("flatten")?;
        let y = self.head.forward(&x, mode)?;
        match output {
            Output::Linear => Ok(y),
            Output::Relu => secant::relu(&y).in_layer("output"),
        }
    }
}
