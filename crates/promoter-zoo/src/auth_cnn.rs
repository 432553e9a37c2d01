//! auth without its LSTM: a convolution and dense layers, 1,213,289 parameters.
//!
//! The team compared convolution only, LSTM only and both, and kept both; it gives no layers for the two others. This
//! is its network with the LSTM left out.
//!
//! # Source
//! Report of team auth, Random Promoter DREAM Challenge 2022.

use promoter_torch::{Init, Params, Scope};
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::architecture::Preset;
use crate::check;
use crate::error::InLayer;
use crate::layers::conv::Shape;
use crate::layers::{self, Conv1d, DenseHead, Padding, pool, secant};
use crate::network::check_input;
use crate::{Architecture, Error, Input, Mode, Network};

/// Sizes and dropout rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// Positions of the input: the insert.
    pub length: i64,
    /// Filters of the convolution.
    pub filters: i64,
    /// Positions that the convolution sees.
    pub width: i64,
    /// Positions of which the largest is kept.
    pub pool: i64,
    /// Units of each of the two dense layers.
    pub dense_units: i64,
    /// Dropout after the pooling.
    pub dropout: f64,
}

impl Config {
    /// The sizes of [`auth`](crate::auth).
    pub fn submitted() -> Self {
        Self { length: 80, filters: 1000, width: 30, pool: 3, dense_units: 64, dropout: 0.2 }
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
    type Network = AuthCnn;

    const NAME: &'static str = "auth-cnn";
    const SOURCE: &'static str = "report of team auth, Random Promoter DREAM Challenge 2022; layers not given";
    const PRESETS: &'static [Preset<Self>] = &[("auth-cnn", Self::submitted)];

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
        check::size("pool", self.pool)?;
        check::size("dense_units", self.dense_units)?;
        check::rate("dropout", self.dropout)?;
        check::require(self.pooled() >= 1, "length", self.length, "at least `width` + `pool` - 1 positions")
    }

    fn make(&self, params: &mut Params) -> Result<AuthCnn, Error> {
        AuthCnn::new(self.clone(), &mut params.root())
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::submitted()
    }
}

/// The network: 80 bases, one-hot, to expression in sorting bins.
#[derive(Debug)]
pub struct AuthCnn {
    config: Config,
    conv: Conv1d,
    head: DenseHead,
}

impl AuthCnn {
    fn new(config: Config, scope: &mut Scope<'_>) -> Result<Self, Error> {
        let shape = Shape { padding: Padding::Valid, ..Shape::same(4, config.filters, config.width) };
        let glorot = Init::glorot_uniform(shape.fan_in(), shape.fan_out());
        let conv = Conv1d::keras(scope.sub("conv"), shape, glorot)?;
        let flat = config.pooled() * config.filters;
        let head = DenseHead::new(scope.sub("head"), flat, config.dense_units, Init::glorot_uniform, 0.0)?;
        Ok(Self { config, conv, head })
    }
}

impl Network for AuthCnn {
    fn input(&self) -> Input {
        self.config.input()
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        check_input(x, self.input())?;
        let Config { pool, dropout, .. } = self.config;
        let x = self.conv.forward(&x.f_transpose(1, 2).in_layer("input")?)?;
        let x = pool::max(&x, pool, false).and_then(|x| secant::relu(&x)).in_layer("pool")?;
        // Position-major, as Keras flattens.
        let x = layers::dropout(&x, dropout, mode).and_then(|x| x.f_transpose(1, 2)).in_layer("pool")?;
        self.head.forward(&x.f_flatten(1, 2).in_layer("flatten")?, mode)
    }
}
