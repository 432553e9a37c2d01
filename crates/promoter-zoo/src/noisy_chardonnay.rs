//! Noisy Chardonnay: three convolutions, a bidirectional LSTM and dense layers, 1,365,249 parameters.
//!
//! The team counts 1,007,169; that is this network with 8 instead of the drawn 32 LSTM units.
//!
//! # Source
//! Report of team Noisy Chardonnay, Random Promoter DREAM Challenge 2022: its figure of the network and its Table 1.

use promoter_torch::{Init, Params, Scope};
use serde::{Deserialize, Serialize};
use tch::{TchError, Tensor};

use crate::architecture::Preset;
use crate::check;
use crate::error::InLayer;
use crate::layers::conv::Shape;
use crate::layers::lstm::CellActivation;
use crate::layers::{self, BatchNorm, BiLstm, Conv1d, DenseHead, pool, secant};
use crate::network::check_input;
use crate::{Architecture, Error, Input, Mode, Network};

/// What follows the batch norm of the first convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Activation {
    /// ReLU, as after the other two.
    Relu,
    /// The exponential function, which the team tried without gain.
    Exponential,
}

/// What is between the convolutions and the LSTM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Pooling {
    /// Nothing.
    None,
    /// The largest and the average of each two neighbours, side by side as channels. The team tried such a pooling
    /// without gain and does not say where and how wide; here it halves the LSTM's steps.
    MaxAndAverage,
}

/// How the kernels of convolutions, LSTM (the input's) and dense layers start; biases start as Keras has them, the
/// LSTM's recurrent kernels orthogonal. The team found no difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum KernelInitialiser {
    /// [`Init::glorot_uniform`], Keras' default.
    GlorotUniform,
    /// [`Init::he_normal`].
    HeNormal,
}

impl KernelInitialiser {
    /// From the numbers of inputs and outputs of a unit.
    fn of_fans(self) -> fn(i64, i64) -> Init {
        match self {
            Self::GlorotUniform => Init::glorot_uniform,
            Self::HeNormal => |fan_in, _| Init::he_normal(fan_in),
        }
    }
}

/// Sizes, dropout rates and the choices that the team tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// Positions of the input: the insert with both flanks.
    pub length: i64,
    /// Filters of the three convolutions.
    pub filters: [i64; 3],
    /// Positions that the three convolutions see.
    pub widths: [i64; 3],
    /// What follows the first batch norm.
    pub first_activation: Activation,
    /// What is between the convolutions and the LSTM.
    pub pooling: Pooling,
    /// Units of each direction of the LSTM.
    pub lstm_units: i64,
    /// Dropout after the LSTM.
    pub lstm_dropout: f64,
    /// Units of each of the two dense layers.
    pub dense_units: i64,
    /// Dropout after each of the two dense layers.
    pub dense_dropout: f64,
    /// How the kernels start.
    pub kernel_initialiser: KernelInitialiser,
}

impl Config {
    /// The network as drawn: 1,365,249 parameters, 1,364,097 of them trained.
    pub fn drawn() -> Self {
        Self {
            length: 110,
            filters: [256, 256, 64],
            widths: [30, 12, 4],
            first_activation: Activation::Relu,
            pooling: Pooling::None,
            lstm_units: 32,
            lstm_dropout: 0.1,
            dense_units: 64,
            dense_dropout: 0.2,
            kernel_initialiser: KernelInitialiser::GlorotUniform,
        }
    }

    /// The network of the stated number of parameters: 1,007,169, of which 1,006,017 are trained.
    pub fn stated() -> Self {
        Self { lstm_units: 8, ..Self::drawn() }
    }

    /// The same without dropout, for comparisons of numbers.
    pub fn without_dropout(self) -> Self {
        Self { lstm_dropout: 0.0, dense_dropout: 0.0, ..self }
    }

    /// Positions and channels that the LSTM reads.
    fn pooled(&self) -> (i64, i64) {
        match self.pooling {
            Pooling::None => (self.length, self.filters[2]),
            Pooling::MaxAndAverage => (self.length / 2, self.filters[2].saturating_mul(2)),
        }
    }
}

impl Architecture for Config {
    type Network = NoisyChardonnay;

    const NAME: &'static str = "noisy-chardonnay";
    const SOURCE: &'static str = "report of team Noisy Chardonnay, Random Promoter DREAM Challenge 2022";
    const PRESETS: &'static [Preset<Self>] =
        &[("noisy-chardonnay", Self::drawn), ("noisy-chardonnay-stated", Self::stated)];

    fn input(&self) -> Input {
        Input { length: self.length, channels: 4 }
    }

    fn resized(self, input: Input) -> Self {
        Self { length: input.length, ..self }
    }

    fn check(&self) -> Result<(), Error> {
        check::require(self.pooled().0 >= 1, "length", self.length, "at least 1, with pooling 2")?;
        check::size("length", self.length)?;
        check::sizes("filters", &self.filters)?;
        check::sizes("widths", &self.widths)?;
        check::size("lstm_units", self.lstm_units)?;
        check::size("dense_units", self.dense_units)?;
        check::rate("lstm_dropout", self.lstm_dropout)?;
        check::rate("dense_dropout", self.dense_dropout)
    }

    fn make(&self, params: &mut Params) -> Result<NoisyChardonnay, Error> {
        NoisyChardonnay::new(self.clone(), &mut params.root())
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::drawn()
    }
}

/// Convolution, batch norm, activation.
#[derive(Debug)]
pub(crate) struct ConvBlock {
    conv: Conv1d,
    norm: BatchNorm,
    activation: Activation,
}

impl ConvBlock {
    /// `init` is the kernel's.
    pub(crate) fn new(
        mut scope: Scope<'_>,
        shape: Shape,
        init: fn(i64, i64) -> Init,
        activation: Activation,
    ) -> Result<Self, Error> {
        Ok(Self {
            conv: Conv1d::keras(scope.sub("conv"), shape, init(shape.fan_in(), shape.fan_out()))?,
            norm: BatchNorm::keras(scope.sub("norm"), shape.output)?,
            activation,
        })
    }

    pub(crate) fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let x = self.norm.forward(&self.conv.forward(x)?, mode)?;
        match self.activation {
            Activation::Relu => secant::relu(&x).in_layer("relu"),
            Activation::Exponential => secant::exp(&x).in_layer("exponential"),
        }
    }
}

/// Noisy Chardonnay's network: 110 bases, one-hot, to standardised expression.
///
/// ```
/// use promoter_torch::Params;
/// use promoter_zoo::{Architecture, Mode, Network, noisy_chardonnay};
/// use tch::{Device, Kind, Tensor};
///
/// let mut params = Params::new(Device::Cpu, 1);
/// let network = noisy_chardonnay::Config::drawn().build(&mut params)?;
/// // Keras counts the averages of the batch norms too.
/// assert_eq!(params.parameter_count() + params.buffer_count(), 1_365_249);
/// let x = Tensor::zeros([2, 110, 4], (Kind::Float, Device::Cpu));
/// let output = network.forward(&x, Mode::Evaluate)?;
/// assert_eq!(network.expression(&output)?.size(), [2]);
/// # Ok::<(), promoter_zoo::Error>(())
/// ```
#[derive(Debug)]
pub struct NoisyChardonnay {
    config: Config,
    blocks: [ConvBlock; 3],
    lstm: BiLstm,
    head: DenseHead,
}

impl NoisyChardonnay {
    fn new(config: Config, scope: &mut Scope<'_>) -> Result<Self, Error> {
        let ([a, b, c], [wide, middle, narrow]) = (config.filters, config.widths);
        let init = config.kernel_initialiser.of_fans();
        let blocks = [
            ConvBlock::new(scope.sub("blocks.0"), Shape::same(4, a, wide), init, config.first_activation)?,
            ConvBlock::new(scope.sub("blocks.1"), Shape::same(a, b, middle), init, Activation::Relu)?,
            ConvBlock::new(scope.sub("blocks.2"), Shape::same(b, c, narrow), init, Activation::Relu)?,
        ];
        let ((length, channels), units) = (config.pooled(), config.lstm_units);
        let kernel = init(channels, 4 * units);
        let lstm = BiLstm::keras(scope.sub("lstm"), channels, units, kernel, CellActivation::Tanh)?;
        let flat = length * 2 * units;
        let head = DenseHead::new(scope.sub("head"), flat, config.dense_units, init, config.dense_dropout)?;
        Ok(Self { config, blocks, lstm, head })
    }

    fn pool(&self, x: Tensor) -> Result<Tensor, TchError> {
        match self.config.pooling {
            Pooling::None => Ok(x),
            Pooling::MaxAndAverage => pool::max_and_mean_of_pairs(&x),
        }
    }
}

impl Network for NoisyChardonnay {
    fn input(&self) -> Input {
        self.config.input()
    }

    fn counts_buffers(&self) -> bool {
        true
    }

    /// The team tried several strengths on the kernels, without gain; the final network has none.
    fn is_penalised(&self, name: &str) -> bool {
        name.ends_with(".weight") && !name.contains(".norm.") && !name.starts_with("lstm.")
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        check_input(x, self.input())?;
        let mut x = x.f_transpose(1, 2).in_layer("input")?;
        for block in &self.blocks {
            x = block.forward(&x, mode)?;
        }
        let x = self.pool(x).and_then(|x| x.f_transpose(1, 2)).in_layer("pool")?;
        let x = self.lstm.all_steps(&x, mode)?;
        let dropout = self.config.lstm_dropout;
        let x = layers::dropout(&x, dropout, mode).and_then(|x| x.f_flatten(1, 2)).in_layer("flatten")?;
        self.head.forward(&x, mode)
    }
}
