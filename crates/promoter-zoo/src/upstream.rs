//! Upstream, this project's own network: small convolution-and-LSTM networks side by side, whose mean is predicted.
//!
//! Members differ in their initial weights and their dropout only. On a few thousand sequences the mean of several
//! small networks errs less than one network of their size, and their spread says how sure they are.
//!
//! # Source
//! This project; deep ensembles: Lakshminarayanan et al. 2017, <https://arxiv.org/abs/1612.01474>. Each member has the
//! order of layers of team Noisy Chardonnay's network.

use promoter_torch::{Init, Params, Scope};
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::architecture::Preset;
use crate::check;
use crate::error::InLayer;
use crate::layers::conv::Shape;
use crate::layers::lstm::CellActivation;
use crate::layers::{BatchNorm, BiLstm, Conv1d, DenseHead, dropout, pool, secant};
use crate::network::check_input;
use crate::{Architecture, Error, Input, Mode, Network};

/// Neighbours that are pooled ([`pool::max_and_mean_of_pairs`]).
const POOL: i64 = 2;

/// Sizes and dropout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// Positions of the input.
    pub length: i64,
    /// Numbers per position: 4 of one-hot, one more for each flag.
    pub input_channels: i64,
    /// Networks whose mean is predicted.
    pub members: i64,
    /// Labels that are predicted, as many as `label.columns` of the experiment; 1 if omitted.
    #[serde(skip_serializing_if = "crate::network::is_one")]
    #[cfg_attr(feature = "schema", schemars(!skip_serializing_if))]
    pub labels: i64,
    /// Filters of the three convolutions of each member.
    pub filters: [i64; 3],
    /// Positions that the three convolutions see.
    pub widths: [i64; 3],
    /// Units of each direction of the LSTM.
    pub lstm_units: i64,
    /// Dropout after the LSTM.
    pub lstm_dropout: f64,
    /// Units of each of the two dense layers.
    pub dense_units: i64,
    /// Dropout after each of the two dense layers.
    pub dense_dropout: f64,
}

impl Config {
    /// For fewer than 4,000 sequences.
    pub fn small() -> Self {
        Self {
            length: 110,
            input_channels: 4,
            members: 5,
            labels: 1,
            filters: [32, 32, 16],
            widths: [15, 9, 5],
            lstm_units: 16,
            lstm_dropout: 0.1,
            dense_units: 64,
            dense_dropout: 0.2,
        }
    }

    /// For fewer than 50,000 sequences.
    pub fn medium() -> Self {
        Self { members: 3, filters: [64, 64, 32], lstm_units: 32, ..Self::small() }
    }

    /// For more sequences.
    pub fn large() -> Self {
        Self { members: 3, filters: [192, 128, 64], lstm_units: 96, ..Self::small() }
    }
}

impl Architecture for Config {
    type Network = Upstream;

    const NAME: &'static str = "upstream";
    const SOURCE: &'static str = "this project, after Lakshminarayanan et al. 2017, https://arxiv.org/abs/1612.01474";
    const PRESETS: &'static [Preset<Self>] =
        &[("upstream", Self::medium), ("upstream-small", Self::small), ("upstream-large", Self::large)];

    fn input(&self) -> Input {
        Input { length: self.length, channels: self.input_channels }
    }

    fn resized(self, input: Input) -> Self {
        Self { length: input.length, input_channels: input.channels, ..self }
    }

    fn check(&self) -> Result<(), Error> {
        check::size("length", self.length)?;
        check::require(self.length >= POOL, "length", self.length, "at least 2: pairs of positions are pooled")?;
        check::size("input_channels", self.input_channels)?;
        check::require(self.members >= 1, "members", self.members, "at least 1")?;
        check::blocks("members", self.members)?;
        check::require(self.labels >= 1, "labels", self.labels, "at least 1")?;
        check::blocks("labels", self.labels)?;
        check::sizes("filters", &self.filters)?;
        check::sizes("widths", &self.widths)?;
        check::size("lstm_units", self.lstm_units)?;
        check::size("dense_units", self.dense_units)?;
        check::rate("lstm_dropout", self.lstm_dropout)?;
        check::rate("dense_dropout", self.dense_dropout)
    }

    fn make(&self, params: &mut Params) -> Result<Upstream, Error> {
        Upstream::new(self, &mut params.root())
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::medium()
    }
}

/// Convolution, batch norm, ReLU.
#[derive(Debug)]
struct Block {
    conv: Conv1d,
    norm: BatchNorm,
}

impl Block {
    fn new(mut scope: Scope<'_>, shape: Shape) -> Result<Self, Error> {
        let init = Init::glorot_uniform(shape.fan_in(), shape.fan_out());
        Ok(Self {
            conv: Conv1d::torch(scope.sub("conv"), shape, init, None)?,
            norm: BatchNorm::torch(scope.sub("norm"), shape.output)?,
        })
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        secant::relu(&self.norm.forward(&self.conv.forward(x)?, mode)?).in_layer("relu")
    }
}

/// One of the networks: three blocks, pooling of pairs, LSTM, two dense layers.
#[derive(Debug)]
struct Member {
    blocks: [Block; 3],
    lstm: BiLstm,
    lstm_dropout: f64,
    head: DenseHead,
}

impl Member {
    fn new(config: &Config, mut scope: Scope<'_>) -> Result<Self, Error> {
        let ([a, b, c], [wide, middle, narrow]) = (config.filters, config.widths);
        let blocks = [
            Block::new(scope.sub("blocks.0"), Shape::same(config.input_channels, a, wide))?,
            Block::new(scope.sub("blocks.1"), Shape::same(a, b, middle))?,
            Block::new(scope.sub("blocks.2"), Shape::same(b, c, narrow))?,
        ];
        // The maximum and the mean of each pair are channels of their own.
        let (channels, units) = (2 * c, config.lstm_units);
        let kernel = Init::glorot_uniform(channels, 4 * units);
        let lstm = BiLstm::keras(scope.sub("lstm"), channels, units, kernel, CellActivation::Tanh)?;
        let flat = config.length / POOL * 2 * units;
        let head = DenseHead::with_outputs(
            scope.sub("head"),
            flat,
            config.dense_units,
            config.labels,
            Init::glorot_uniform,
            config.dense_dropout,
        )?;
        Ok(Self { blocks, lstm, lstm_dropout: config.lstm_dropout, head })
    }

    /// (B, C, L) to (B, labels).
    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let mut x = x.shallow_clone();
        for block in &self.blocks {
            x = block.forward(&x, mode)?;
        }
        let pairs = pool::max_and_mean_of_pairs(&x).and_then(|x| x.f_transpose(1, 2)).in_layer("pool")?;
        let steps = self.lstm.all_steps(&pairs, mode)?;
        let flat = dropout(&steps, self.lstm_dropout, mode).and_then(|x| x.f_flatten(1, 2)).in_layer("flatten")?;
        self.head.forward(&flat, mode)
    }
}

/// Upstream: one-hot sequences to one output per member, whose mean is the expression; of several labels side by side.
///
/// ```
/// use promoter_torch::Params;
/// use promoter_zoo::{Architecture, Mode, Network, upstream};
/// use tch::{Device, Kind, Tensor};
///
/// let mut params = Params::new(Device::Cpu, 1);
/// let network = upstream::Config::small().build(&mut params)?;
/// let output = network.forward(&Tensor::zeros([2, 110, 4], (Kind::Float, Device::Cpu)), Mode::Evaluate)?;
/// assert_eq!(output.size(), [2, 5]);
/// assert_eq!(network.expression(&output)?.size(), [2]);
/// # Ok::<(), promoter_zoo::Error>(())
/// ```
#[derive(Debug)]
pub struct Upstream {
    input: Input,
    labels: i64,
    members: Vec<Member>,
}

impl Upstream {
    fn new(config: &Config, scope: &mut Scope<'_>) -> Result<Self, Error> {
        let member = |i: i64| Member::new(config, scope.sub(format_args!("members.{i}")));
        let members = (0..config.members).map(member).collect::<Result<_, _>>()?;
        Ok(Self { input: config.input(), labels: config.labels, members })
    }
}

impl Network for Upstream {
    fn input(&self) -> Input {
        self.input
    }

    fn outputs(&self) -> i64 {
        self.labels * self.members.len() as i64
    }

    fn labels(&self) -> i64 {
        self.labels
    }

    /// (B, L, C) to (B, labels * members): the loss is the mean over the members, each of which learns by itself.
    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        check_input(x, self.input())?;
        let x = x.f_transpose(1, 2).in_layer("input")?;
        let outputs = self.members.iter().map(|member| member.forward(&x, mode)).collect::<Result<Vec<_>, _>>()?;
        match self.labels {
            1 => Tensor::f_cat(&outputs, 1),
            _ => Tensor::f_stack(&outputs, 2).and_then(|outputs| outputs.f_flatten(1, 2)),
        }
        .in_layer("members")
    }

    fn expression(&self, output: &Tensor) -> Result<Tensor, Error> {
        output.f_mean_dim(1, false, None::<Kind>).in_layer("output")
    }

    fn members(&self, output: &Tensor) -> Option<Tensor> {
        Some(output.shallow_clone())
    }
}
