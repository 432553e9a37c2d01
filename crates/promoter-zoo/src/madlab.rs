//! MadLab: convolutions of four widths, two transformer blocks and a small bidirectional LSTM, 319,657 parameters.
//!
//! Keras saw 152,617 of them: the transformers' 167,040 Sonnet weights were never trained, and as the output projection
//! of their attention starts at zero, the attention gave nothing. The report describes a trained transformer: the
//! default here; [`Config::as_run`] is what was submitted.
//!
//! # Source
//! Report and code of team MadLab, Random Promoter DREAM Challenge 2022.

use promoter_torch::{Init, Params, Scope};
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::architecture::Preset;
use crate::check;
use crate::error::InLayer;
use crate::layers::attention::{self, RelativeAttention, Shape as AttentionShape};
use crate::layers::conv::Shape;
use crate::layers::lstm::CellActivation;
use crate::layers::{BatchNorm, BiLstm, Conv1d, LayerNorm, Linear, residual, secant};
use crate::network::check_input;
use crate::{Architecture, Error, Input, Mode, Network};

/// Keras' epsilon of layer norms.
const LAYER_NORM_EPS: f64 = 1e-3;

/// Sizes, and what is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// Positions of the input.
    pub length: i64,
    /// Positions that the parallel convolutions see.
    pub widths: [i64; 4],
    /// Filters of each parallel convolution.
    pub filters: i64,
    /// Channels after them, and of the transformer.
    pub channels: i64,
    /// Transformer blocks.
    pub blocks: i64,
    /// Attention heads.
    pub heads: i64,
    /// Key size of a head.
    pub key: i64,
    /// Value size of a head.
    pub value: i64,
    /// Positional features.
    pub features: i64,
    /// Units of each direction of the LSTM.
    pub lstm_units: i64,
    /// Function on the LSTM's candidate and output.
    pub lstm_activation: CellActivation,
    /// Whether the attention and the linear layers of the transformer blocks are trained; their layer norms always are.
    pub train_transformer: bool,
}

impl Config {
    /// The network of the report, all of it trained: 317,353 numbers.
    pub fn described() -> Self {
        Self {
            length: 110,
            widths: [15, 20, 25, 30],
            filters: 192,
            channels: 96,
            blocks: 2,
            heads: 1,
            key: 96,
            value: 96,
            features: 96,
            lstm_units: 4,
            lstm_activation: CellActivation::Swish,
            train_transformer: true,
        }
    }

    /// The network as it was run: attention and linear layers of the transformer blocks stay at their random start,
    /// the attention's output projection at zero; 150,313 numbers are trained.
    pub fn as_run() -> Self {
        Self { train_transformer: false, ..Self::described() }
    }
}

impl Architecture for Config {
    type Network = MadLab;

    const NAME: &'static str = "madlab";
    const SOURCE: &'static str = "report and code of team MadLab, Random Promoter DREAM Challenge 2022";
    const PRESETS: &'static [Preset<Self>] = &[("madlab", Self::described), ("madlab-as-run", Self::as_run)];

    fn input(&self) -> Input {
        Input { length: self.length, channels: 4 }
    }

    fn resized(self, input: Input) -> Self {
        Self { length: input.length, ..self }
    }

    fn check(&self) -> Result<(), Error> {
        check::sizes("widths", &self.widths)?;
        check::size("length", self.length)?;
        check::size("filters", self.filters)?;
        check::size("channels", self.channels)?;
        check::size("heads", self.heads)?;
        check::size("key", self.key)?;
        check::size("value", self.value)?;
        check::size("lstm_units", self.lstm_units)?;
        check::blocks("blocks", self.blocks)?;
        // Nobody reads the positions without blocks.
        if self.blocks > 0 { attention::check_positions(self.length, self.features) } else { Ok(()) }
    }

    fn make(&self, params: &mut Params) -> Result<MadLab, Error> {
        let network = MadLab::new(self.clone(), &mut params.root())?;
        if !self.train_transformer {
            params.freeze(|name| name.starts_with("transformer.") && !name.contains("_norm."));
        }
        Ok(network)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::described()
    }
}

/// One width's convolution and a pointwise one, each with batch norm and swish.
#[derive(Debug)]
struct Branch {
    conv: Conv1d,
    norm: BatchNorm,
    pointwise: Conv1d,
    pointwise_norm: BatchNorm,
}

impl Branch {
    fn new(mut scope: Scope<'_>, config: &Config, width: i64) -> Result<Self, Error> {
        let wide = Shape::same(4, config.filters, width);
        let pointwise = Shape::same(config.filters, config.channels, 1);
        let he = |shape: Shape| Init::he_normal(shape.fan_in());
        Ok(Self {
            conv: Conv1d::keras(scope.sub("conv"), wide, he(wide))?,
            norm: BatchNorm::keras(scope.sub("norm"), config.filters)?,
            pointwise: Conv1d::keras(scope.sub("pointwise"), pointwise, he(pointwise))?,
            pointwise_norm: BatchNorm::keras(scope.sub("pointwise_norm"), config.channels)?,
        })
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let x = swish(&self.norm.forward(&self.conv.forward(x)?, mode)?)?;
        swish(&self.pointwise_norm.forward(&self.pointwise.forward(&x)?, mode)?)
    }
}

/// Attention and MLP, each behind a layer norm and added to its input. The norms are Keras', the rest is Sonnet's.
#[derive(Debug)]
struct Block {
    attention_norm: LayerNorm,
    attention: RelativeAttention,
    mlp_norm: LayerNorm,
    expand: Linear,
    contract: Linear,
}

impl Block {
    fn new(mut scope: Scope<'_>, config: &Config) -> Result<Self, Error> {
        let Config { length, channels, heads, key, value, features, .. } = *config;
        let shape = AttentionShape { length, channels, heads, key, value, features };
        let hidden = 2 * channels;
        Ok(Self {
            attention_norm: LayerNorm::new(scope.sub("attention_norm"), channels, LAYER_NORM_EPS)?,
            attention: RelativeAttention::new(scope.sub("attention"), shape, 0.0, 0.0)?,
            mlp_norm: LayerNorm::new(scope.sub("mlp_norm"), channels, LAYER_NORM_EPS)?,
            expand: Linear::keras(scope.sub("expand"), channels, hidden, Init::sonnet(channels), true)?,
            contract: Linear::keras(scope.sub("contract"), hidden, channels, Init::sonnet(hidden), true)?,
        })
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let x = residual(x, &self.attention.forward(&self.attention_norm.forward(x)?, mode)?)?;
        let hidden = swish(&self.expand.forward(&self.mlp_norm.forward(&x)?)?)?;
        residual(&x, &self.contract.forward(&hidden)?)
    }
}

/// MadLab's network: 110 bases, one-hot, to standardised expression.
///
/// ```
/// use promoter_torch::Params;
/// use promoter_zoo::{Architecture, Mode, Network, madlab};
/// use tch::{Device, Kind, Tensor};
///
/// let mut params = Params::new(Device::Cpu, 1);
/// let network = madlab::Config::as_run().build(&mut params)?;
/// // Keras counts the averages of the batch norms too.
/// assert_eq!(params.parameter_count() + params.buffer_count(), 319_657);
/// assert_eq!(params.trainable_count(), 150_313);
/// let x = Tensor::zeros([2, 110, 4], (Kind::Float, Device::Cpu));
/// let output = network.forward(&x, Mode::Evaluate)?;
/// assert_eq!(network.expression(&output)?.size(), [2]);
/// # Ok::<(), promoter_zoo::Error>(())
/// ```
#[derive(Debug)]
pub struct MadLab {
    input: Input,
    branches: [Branch; 4],
    transformer: Vec<Block>,
    lstm: BiLstm,
    head: Linear,
}

impl MadLab {
    fn new(config: Config, scope: &mut Scope<'_>) -> Result<Self, Error> {
        let mut branch = |i: usize| {
            let width = config.widths[i];
            Branch::new(scope.sub(format_args!("branches.{i}")), &config, width)
        };
        let branches = [branch(0)?, branch(1)?, branch(2)?, branch(3)?];
        let transformer = (0..config.blocks)
            .map(|i| Block::new(scope.sub(format_args!("transformer.{i}")), &config))
            .collect::<Result<_, _>>()?;
        let Config { channels, lstm_units, lstm_activation, .. } = config;
        let he = Init::he_normal(channels);
        let lstm = BiLstm::keras(scope.sub("lstm"), channels, lstm_units, he, lstm_activation)?;
        let flat = 2 * lstm_units;
        let head = Linear::keras(scope.sub("head"), flat, 1, Init::he_normal(flat), true)?;
        Ok(Self { input: config.input(), branches, transformer, lstm, head })
    }
}

impl Network for MadLab {
    fn input(&self) -> Input {
        self.input
    }

    fn counts_buffers(&self) -> bool {
        true
    }

    /// The kernels of the convolutions and of the output unit.
    fn is_penalised(&self, name: &str) -> bool {
        let kernel = name.ends_with(".conv.weight") || name.ends_with(".pointwise.weight");
        kernel || name == "head.weight"
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        check_input(x, self.input())?;
        let bases = x.f_transpose(1, 2).in_layer("input")?;
        let [first, others @ ..] = &self.branches;
        let mut x = first.forward(&bases, mode)?;
        for branch in others {
            x = x.f_add(&branch.forward(&bases, mode)?).in_layer("branches")?;
        }
        x = x.f_transpose(1, 2).in_layer("transformer")?;
        for block in &self.transformer {
            x = block.forward(&x, mode)?;
        }
        self.head.forward(&self.lstm.last_states(&x, mode)?)
    }
}

fn swish(x: &Tensor) -> Result<Tensor, Error> {
    secant::silu(x).in_layer("swish")
}
