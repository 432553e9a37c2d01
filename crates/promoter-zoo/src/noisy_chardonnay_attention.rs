//! Noisy Chardonnay's network with self-attention after the LSTM, 1,381,889 parameters.
//!
//! The team's later sweep names a family "cnn-bilstm-attention" with 8 or 12 heads and inputs of up to 231 bases; it
//! gives no more. Here Keras' multi-head attention follows the LSTM of the drawn network and is added to its output.
//!
//! # Source
//! Code of team Noisy Chardonnay, Random Promoter DREAM Challenge 2022: its sweep file.

use promoter_torch::{Init, Params, Scope};
use serde::{Deserialize, Serialize};
use tch::{TchError, Tensor};

use crate::architecture::Preset;
use crate::check;
use crate::error::InLayer;
use crate::layers::conv::Shape;
use crate::layers::lstm::CellActivation;
use crate::layers::{self, BiLstm, DenseHead, Linear, dot_product, residual};
use crate::network::check_input;
use crate::noisy_chardonnay::{Activation, ConvBlock};
use crate::trace::record;
use crate::{Architecture, Error, Input, Mode, Network};

/// Sizes and dropout rates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// Positions of the input: 110, or 231 with the plasmid on both sides.
    pub length: i64,
    /// Filters of the three convolutions.
    pub filters: [i64; 3],
    /// Positions that the three convolutions see.
    pub widths: [i64; 3],
    /// Units of each direction of the LSTM.
    pub lstm_units: i64,
    /// Dropout after the LSTM.
    pub lstm_dropout: f64,
    /// Attention heads.
    pub heads: i64,
    /// Size of a head's keys, queries and values.
    pub key: i64,
    /// Units of each of the two dense layers.
    pub dense_units: i64,
    /// Dropout after each of the two dense layers.
    pub dense_dropout: f64,
}

impl Config {
    /// The drawn network's sizes, with 8 heads that share the LSTM's channels.
    pub fn drawn() -> Self {
        Self {
            length: 110,
            filters: [256, 256, 64],
            widths: [30, 12, 4],
            lstm_units: 32,
            lstm_dropout: 0.1,
            heads: 8,
            key: 8,
            dense_units: 64,
            dense_dropout: 0.2,
        }
    }

    /// The same without dropout, for comparisons of numbers.
    pub fn without_dropout(self) -> Self {
        Self { lstm_dropout: 0.0, dense_dropout: 0.0, ..self }
    }
}

impl Architecture for Config {
    type Network = NoisyChardonnayAttention;

    const NAME: &'static str = "noisy-chardonnay-attention";
    const SOURCE: &'static str =
        "sweep file of team Noisy Chardonnay, Random Promoter DREAM Challenge 2022; layers not given";
    const PRESETS: &'static [Preset<Self>] = &[("noisy-chardonnay-attention", Self::drawn)];

    fn input(&self) -> Input {
        Input { length: self.length, channels: 4 }
    }

    fn resized(self, input: Input) -> Self {
        Self { length: input.length, ..self }
    }

    fn check(&self) -> Result<(), Error> {
        check::size("length", self.length)?;
        check::sizes("filters", &self.filters)?;
        check::sizes("widths", &self.widths)?;
        check::size("lstm_units", self.lstm_units)?;
        check::size("heads", self.heads)?;
        check::size("key", self.key)?;
        check::size("dense_units", self.dense_units)?;
        check::rate("lstm_dropout", self.lstm_dropout)?;
        check::rate("dense_dropout", self.dense_dropout)
    }

    fn make(&self, params: &mut Params) -> Result<NoisyChardonnayAttention, Error> {
        NoisyChardonnayAttention::new(self.clone(), &mut params.root())
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::drawn()
    }
}

/// Keras' multi-head attention of a sequence to itself: Glorot uniform weights, biases zero.
#[derive(Debug)]
pub(crate) struct Attention {
    layer: String,
    heads: i64,
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
}

impl Attention {
    pub(crate) fn new(mut scope: Scope<'_>, channels: i64, heads: i64, key: i64) -> Result<Self, Error> {
        let layer = scope.layer().to_owned();
        let mut project = |name, from, to| {
            let glorot = Init::glorot_uniform(from, to);
            Linear::keras(scope.sub(name), from, to, glorot, true)
        };
        Ok(Self {
            layer,
            heads,
            query: project("query", channels, heads * key)?,
            key: project("key", channels, heads * key)?,
            value: project("value", channels, heads * key)?,
            output: project("output", heads * key, channels)?,
        })
    }

    /// (B, L, C) to the same.
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor, Error> {
        let (query, key, value) = (self.query.forward(x)?, self.key.forward(x)?, self.value.forward(x)?);
        let mixed = self.mix(&query, &key, &value).in_layer(&self.layer)?;
        record(&self.layer, "attention", &mixed, || 2 * mixed.numel() as i64 * mixed.size()[1]);
        self.output.forward(&mixed)
    }

    fn mix(&self, query: &Tensor, key: &Tensor, value: &Tensor) -> Result<Tensor, TchError> {
        let split = |x: &Tensor| x.f_unflatten(2, [self.heads, -1])?.f_transpose(1, 2);
        let (query, key, value) = (split(query)?, split(key)?, split(value)?);
        dot_product::plain(&query, &key, &value, None)?.f_transpose(1, 2)?.f_flatten(2, 3)
    }
}

/// The network: 110 bases, one-hot, to standardised expression.
#[derive(Debug)]
pub struct NoisyChardonnayAttention {
    config: Config,
    blocks: [ConvBlock; 3],
    lstm: BiLstm,
    attention: Attention,
    head: DenseHead,
}

impl NoisyChardonnayAttention {
    fn new(config: Config, scope: &mut Scope<'_>) -> Result<Self, Error> {
        let ([a, b, c], [wide, middle, narrow]) = (config.filters, config.widths);
        let mut block = |name, shape| ConvBlock::new(scope.sub(name), shape, Init::glorot_uniform, Activation::Relu);
        let blocks = [
            block("blocks.0", Shape::same(4, a, wide))?,
            block("blocks.1", Shape::same(a, b, middle))?,
            block("blocks.2", Shape::same(b, c, narrow))?,
        ];
        let units = config.lstm_units;
        let glorot = Init::glorot_uniform(c, 4 * units);
        let lstm = BiLstm::keras(scope.sub("lstm"), c, units, glorot, CellActivation::Tanh)?;
        let attention = Attention::new(scope.sub("attention"), 2 * units, config.heads, config.key)?;
        let flat = config.length * 2 * units;
        let head =
            DenseHead::new(scope.sub("head"), flat, config.dense_units, Init::glorot_uniform, config.dense_dropout)?;
        Ok(Self { config, blocks, lstm, attention, head })
    }
}

impl Network for NoisyChardonnayAttention {
    fn input(&self) -> Input {
        self.config.input()
    }

    fn counts_buffers(&self) -> bool {
        true
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        check_input(x, self.input())?;
        let mut x = x.f_transpose(1, 2).in_layer("input")?;
        for block in &self.blocks {
            x = block.forward(&x, mode)?;
        }
        let x = self.lstm.all_steps(&x.f_transpose(1, 2).in_layer("lstm")?, mode)?;
        let x = layers::dropout(&x, self.config.lstm_dropout, mode).in_layer("lstm")?;
        let x = residual(&x, &self.attention.forward(&x)?)?;
        self.head.forward(&x.f_flatten(1, 2).in_layer("flatten")?, mode)
    }
}
