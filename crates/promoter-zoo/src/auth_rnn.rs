//! auth without its convolution: a bidirectional LSTM on the bases and dense layers, 4,113,089 parameters.
//!
//! The team compared convolution only, LSTM only and both, and kept both; it gives no layers for the two others. This
//! is its network with the convolution and the pooling left out.
//!
//! # Source
//! Report of team auth, Random Promoter DREAM Challenge 2022.

use promoter_torch::{Init, Params, Scope};
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::architecture::Preset;
use crate::check;
use crate::error::InLayer;
use crate::layers::lstm::CellActivation;
use crate::layers::{self, BiLstm, DenseHead};
use crate::network::check_input;
use crate::{Architecture, Error, Input, Mode, Network};

/// Sizes and dropout rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// Positions of the input: the insert.
    pub length: i64,
    /// Units of each direction of the LSTM.
    pub lstm_units: i64,
    /// Units of each of the two dense layers.
    pub dense_units: i64,
    /// Dropout after the LSTM.
    pub dropout: f64,
}

impl Config {
    /// The sizes of [`auth`](crate::auth).
    pub fn submitted() -> Self {
        Self { length: 80, lstm_units: 320, dense_units: 64, dropout: 0.2 }
    }

    /// The same without dropout, for comparisons of numbers.
    pub fn without_dropout(self) -> Self {
        Self { dropout: 0.0, ..self }
    }
}

impl Architecture for Config {
    type Network = AuthRnn;

    const NAME: &'static str = "auth-rnn";
    const SOURCE: &'static str = "report of team auth, Random Promoter DREAM Challenge 2022; layers not given";
    const PRESETS: &'static [Preset<Self>] = &[("auth-rnn", Self::submitted)];

    fn input(&self) -> Input {
        Input { length: self.length, channels: 4 }
    }

    fn resized(self, input: Input) -> Self {
        Self { length: input.length, ..self }
    }

    fn check(&self) -> Result<(), Error> {
        check::size("length", self.length)?;
        check::size("lstm_units", self.lstm_units)?;
        check::size("dense_units", self.dense_units)?;
        check::rate("dropout", self.dropout)
    }

    fn make(&self, params: &mut Params) -> Result<AuthRnn, Error> {
        AuthRnn::new(self.clone(), &mut params.root())
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::submitted()
    }
}

/// The network: 80 bases, one-hot, to expression in sorting bins.
#[derive(Debug)]
pub struct AuthRnn {
    config: Config,
    lstm: BiLstm,
    head: DenseHead,
}

impl AuthRnn {
    fn new(config: Config, scope: &mut Scope<'_>) -> Result<Self, Error> {
        let units = config.lstm_units;
        let lstm = BiLstm::keras(scope.sub("lstm"), 4, units, Init::he_normal(4), CellActivation::Tanh)?;
        let head = DenseHead::new(
            scope.sub("head"),
            config.length * 2 * units,
            config.dense_units,
            Init::glorot_uniform,
            0.0,
        )?;
        Ok(Self { config, lstm, head })
    }
}

impl Network for AuthRnn {
    fn input(&self) -> Input {
        self.config.input()
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        check_input(x, self.input())?;
        let x = self.lstm.all_steps(x, mode)?;
        let x = layers::dropout(&x, self.config.dropout, mode);
        self.head.forward(&x.and_then(|x| x.f_flatten(1, 2)).in_layer("flatten")?, mode)
    }
}
