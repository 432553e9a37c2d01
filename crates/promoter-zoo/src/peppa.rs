//! Peppa: a slim Enformer, 1,995,617 parameters.
//!
//! A convolution tower brings 85 positions down to 6, four transformer blocks with relative positions mix them, and one
//! linear unit with softplus gives the expression.
//!
//! # Source
//! Report and code of team Peppa, Random Promoter DREAM Challenge 2022; Avsec et al. 2021 for the Enformer.

use promoter_torch::{Init, Params, Scope};
use serde::{Deserialize, Serialize};
use tch::{TchError, Tensor};

use crate::architecture::Preset;
use crate::check;
use crate::error::InLayer;
use crate::layers::attention::{self, RelativeAttention, Shape as AttentionShape};
use crate::layers::conv::Shape;
use crate::layers::{self, AttentionPool, BatchNorm, Conv1d, LayerNorm, Linear, pool, residual, secant};
use crate::network::check_input;
use crate::{Architecture, Error, Input, Mode, Network};

/// How the stages of the tower and the end make one position of two. The stem's pool keeps all positions and is the
/// largest of neighbours in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Pooling {
    /// The larger one.
    Max,
    /// The Enformer's [`AttentionPool`], which the team did not keep.
    Attention,
}

/// What follows the last pool and its dropout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Activation {
    /// The Enformer's GELU.
    Gelu,
    /// ReLU, which the team did not keep.
    Relu,
}

/// What makes expression of the last activations; softplus follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Head {
    /// One linear unit.
    Linear,
    /// So many hidden units with ReLU, then one linear unit. The team tried 100 and did not keep them; the activation
    /// between the layers is ours.
    Hidden(i64),
}

/// Sizes, dropout rates and the choices that the team tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// Positions of the input: 2 bases of the left flank, the insert, 3 of the right flank.
    pub length: i64,
    /// Channels of the transformer, a multiple of 32; the stem has a quarter.
    pub channels: i64,
    /// Positions that the first convolution sees.
    pub stem_width: i64,
    /// Positions that the convolutions of the tower see.
    pub tower_width: i64,
    /// Transformer blocks.
    pub blocks: i64,
    /// Attention heads.
    pub heads: i64,
    /// Key size of a head.
    pub key: i64,
    /// Positional features.
    pub features: i64,
    /// Dropout after attention and in the MLP of each block.
    pub dropout: f64,
    /// Dropout of the attention weights.
    pub attention_dropout: f64,
    /// Dropout of the positional features.
    pub position_dropout: f64,
    /// Dropout before the head.
    pub final_dropout: f64,
    /// How positions are halved.
    pub pooling: Pooling,
    /// What follows the last pool.
    pub last_activation: Activation,
    /// What ends the network.
    pub head: Head,
}

impl Config {
    /// The network of the report.
    pub fn slim() -> Self {
        Self {
            length: 85,
            channels: 192,
            stem_width: 5,
            tower_width: 4,
            blocks: 4,
            heads: 8,
            key: 64,
            features: 24,
            dropout: 0.4,
            attention_dropout: 0.05,
            position_dropout: 0.01,
            final_dropout: 0.05,
            pooling: Pooling::Max,
            last_activation: Activation::Gelu,
            head: Head::Linear,
        }
    }

    /// The same without dropout, for comparisons of numbers.
    pub fn without_dropout(self) -> Self {
        Self { dropout: 0.0, attention_dropout: 0.0, position_dropout: 0.0, final_dropout: 0.0, ..self }
    }

    /// Channels after each stage of the tower: four steps from `channels / 4` to `channels`, equal in ratio, rounded to
    /// multiples of 32.
    fn tower(&self) -> Vec<i64> {
        let stem = (self.channels / 4) as f64;
        let step = |i: i32| stem * 4f64.powf(f64::from(i) / 3.0);
        // Halves round up: 48 becomes 64.
        (0..4).map(|i| ((step(i) / 32.0 + 0.5).floor() as i64 * 32).max(32)).collect()
    }
}

impl Architecture for Config {
    type Network = EnformerSlim;

    const NAME: &'static str = "peppa";
    const SOURCE: &'static str = "report and code of team Peppa, Random Promoter DREAM Challenge 2022";
    const PRESETS: &'static [Preset<Self>] = &[("peppa", Self::slim)];

    fn input(&self) -> Input {
        Input { length: self.length, channels: 4 }
    }

    fn resized(self, input: Input) -> Self {
        Self { length: input.length, ..self }
    }

    fn check(&self) -> Result<(), Error> {
        // Four poolings leave at least two positions to the transformer from 17 on.
        check::require(self.length >= 17, "length", self.length, "at least 17 positions")?;
        check::size("length", self.length)?;
        let even = self.channels >= 32 && self.channels % 32 == 0;
        check::require(even, "channels", self.channels, "a multiple of 32")?;
        check::size("channels", self.channels)?;
        let divides = self.heads >= 1 && self.channels % self.heads == 0;
        check::require(divides, "heads", self.heads, "a divisor of `channels`")?;
        check::size("stem_width", self.stem_width)?;
        check::size("tower_width", self.tower_width)?;
        check::blocks("blocks", self.blocks)?;
        check::size("key", self.key)?;
        check::rate("dropout", self.dropout)?;
        check::rate("attention_dropout", self.attention_dropout)?;
        check::rate("position_dropout", self.position_dropout)?;
        check::rate("final_dropout", self.final_dropout)?;
        if let Head::Hidden(units) = self.head {
            check::size("head.hidden", units)?;
        }
        // Nobody reads the positions without blocks.
        if self.blocks > 0 { attention::check_positions(self.length, self.features) } else { Ok(()) }
    }

    fn make(&self, params: &mut Params) -> Result<EnformerSlim, Error> {
        EnformerSlim::new(self.clone(), &mut params.root())
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::slim()
    }
}

/// Batch norm, GELU, convolution.
#[derive(Debug)]
struct ConvBlock {
    norm: BatchNorm,
    conv: Conv1d,
}

impl ConvBlock {
    fn new(mut scope: Scope<'_>, shape: Shape) -> Result<Self, Error> {
        let glorot = Init::glorot_uniform(shape.fan_in(), shape.fan_out());
        Ok(Self {
            norm: BatchNorm::sonnet(scope.sub("norm"), shape.input)?,
            conv: Conv1d::keras(scope.sub("conv"), shape, glorot)?,
        })
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        self.conv.forward(&gelu(&self.norm.forward(x, mode)?)?)
    }
}

/// One position of two.
#[derive(Debug)]
enum Pool {
    Max,
    Attention(AttentionPool),
}

impl Pool {
    fn new(scope: Scope<'_>, pooling: Pooling, channels: i64) -> Result<Self, Error> {
        Ok(match pooling {
            Pooling::Max => Self::Max,
            Pooling::Attention => Self::Attention(AttentionPool::new(scope, channels)?),
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor, Error> {
        match self {
            Self::Max => pool::max_of_pairs(x).in_layer("pool"),
            Self::Attention(pool) => pool.forward(x),
        }
    }
}

/// One stage of the tower: a convolution block, a residual one of width 1, half the positions.
#[derive(Debug)]
struct Stage {
    conv: ConvBlock,
    pointwise: ConvBlock,
    pool: Pool,
}

impl Stage {
    fn new(mut scope: Scope<'_>, config: &Config, input: i64, output: i64) -> Result<Self, Error> {
        Ok(Self {
            conv: ConvBlock::new(scope.sub("conv_block"), Shape::same(input, output, config.tower_width))?,
            pointwise: ConvBlock::new(scope.sub("pointwise"), Shape::same(output, output, 1))?,
            pool: Pool::new(scope.sub("pool"), config.pooling, output)?,
        })
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let x = self.conv.forward(x, mode)?;
        self.pool.forward(&residual(&x, &self.pointwise.forward(&x, mode)?)?)
    }
}

/// Attention and MLP, each behind a layer norm and added to its input.
#[derive(Debug)]
struct Block {
    attention_norm: LayerNorm,
    attention: RelativeAttention,
    mlp_norm: LayerNorm,
    expand: Linear,
    contract: Linear,
    dropout: f64,
}

impl Block {
    fn new(mut scope: Scope<'_>, config: &Config, length: i64) -> Result<Self, Error> {
        let Config { channels, heads, key, features, .. } = *config;
        let shape = AttentionShape { length, channels, heads, key, value: channels / heads, features };
        let (attention_dropout, position_dropout) = (config.attention_dropout, config.position_dropout);
        let hidden = 2 * channels;
        Ok(Self {
            attention_norm: LayerNorm::new(scope.sub("attention_norm"), channels, 1e-5)?,
            attention: RelativeAttention::new(scope.sub("attention"), shape, attention_dropout, position_dropout)?,
            mlp_norm: LayerNorm::new(scope.sub("mlp_norm"), channels, 1e-5)?,
            expand: Linear::keras(scope.sub("expand"), channels, hidden, Init::sonnet(channels), true)?,
            contract: Linear::keras(scope.sub("contract"), hidden, channels, Init::sonnet(hidden), true)?,
            dropout: config.dropout,
        })
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let dropout = |x: Tensor| layers::dropout(&x, self.dropout, mode).in_layer("dropout");
        let x = residual(x, &dropout(self.attention.forward(&self.attention_norm.forward(x)?, mode)?)?)?;
        let hidden = dropout(self.expand.forward(&self.mlp_norm.forward(&x)?)?)?;
        let hidden = secant::relu(&hidden).in_layer("relu")?;
        residual(&x, &dropout(self.contract.forward(&hidden)?)?)
    }
}

/// Peppa's network: 85 bases, one-hot, to expression in sorting bins.
///
/// ```
/// use promoter_torch::Params;
/// use promoter_zoo::{Architecture, Mode, Network, peppa};
/// use tch::{Device, Kind, Tensor};
///
/// let mut params = Params::new(Device::Cpu, 1);
/// let network = peppa::Config::slim().build(&mut params)?;
/// assert_eq!(params.parameter_count(), 1_995_617);
/// let x = Tensor::zeros([2, 85, 4], (Kind::Float, Device::Cpu));
/// let output = network.forward(&x, Mode::Evaluate)?;
/// assert_eq!(network.expression(&output)?.size(), [2]);
/// # Ok::<(), promoter_zoo::Error>(())
/// ```
#[derive(Debug)]
pub struct EnformerSlim {
    config: Config,
    stem: Conv1d,
    stem_pointwise: ConvBlock,
    tower: Vec<Stage>,
    transformer: Vec<Block>,
    last: ConvBlock,
    pool: Pool,
    hidden: Option<Linear>,
    head: Linear,
}

impl EnformerSlim {
    fn new(config: Config, scope: &mut Scope<'_>) -> Result<Self, Error> {
        let stem = config.channels / 4;
        let shape = Shape::same(4, stem, config.stem_width);
        let first = Conv1d::keras(scope.sub("stem.conv"), shape, Init::sonnet(shape.fan_in()))?;
        let stem_pointwise = ConvBlock::new(scope.sub("stem.pointwise"), Shape::same(stem, stem, 1))?;

        let (mut channels, mut length) = (stem, config.length);
        let mut tower = Vec::new();
        for (i, output) in config.tower().into_iter().enumerate() {
            tower.push(Stage::new(scope.sub(format_args!("tower.{i}")), &config, channels, output)?);
            (channels, length) = (output, (length + 1) / 2);
        }

        let transformer = (0..config.blocks)
            .map(|i| Block::new(scope.sub(format_args!("transformer.{i}")), &config, length))
            .collect::<Result<_, _>>()?;
        let last = ConvBlock::new(scope.sub("last"), Shape::same(channels, channels, 1))?;
        let pool = Pool::new(scope.sub("pool"), config.pooling, channels)?;
        let mut linear = |name, from, to| Linear::keras(scope.sub(name), from, to, Init::sonnet(from), true);
        let flat = (length + 1) / 2 * channels;
        let (hidden, head) = match config.head {
            Head::Linear => (None, linear("head", flat, 1)?),
            Head::Hidden(units) => (Some(linear("hidden", flat, units)?), linear("head", units, 1)?),
        };
        Ok(Self { config, stem: first, stem_pointwise, tower, transformer, last, pool, hidden, head })
    }
}

impl Network for EnformerSlim {
    fn input(&self) -> Input {
        self.config.input()
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        check_input(x, self.input())?;
        let x = x.f_transpose(1, 2).in_layer("input")?;
        let x = self.stem.forward(&x)?;
        let x = residual(&x, &self.stem_pointwise.forward(&x, mode)?)?;
        // The stem's pool has stride 1: it keeps all positions.
        let mut x = pool::max_of_neighbours(&x).in_layer("stem.pool")?;
        for stage in &self.tower {
            x = stage.forward(&x, mode)?;
        }
        x = x.f_transpose(1, 2).in_layer("transformer")?;
        for block in &self.transformer {
            x = block.forward(&x, mode)?;
        }
        let x = self.last.forward(&x.f_transpose(1, 2).in_layer("last")?, mode)?;
        let x = layers::dropout(&self.pool.forward(&x)?, self.config.final_dropout, mode).in_layer("last")?;
        let x = match self.config.last_activation {
            Activation::Gelu => gelu(&x)?,
            Activation::Relu => secant::relu(&x).in_layer("last")?,
        };
        let mut x = x.f_transpose(1, 2).and_then(|x| x.f_flatten(1, 2)).in_layer("head")?;
        if let Some(hidden) = &self.hidden {
            x = secant::relu(&hidden.forward(&x)?).in_layer("hidden")?;
        }
        secant::softplus(&self.head.forward(&x)?).in_layer("head")
    }
}

/// Enformer's GELU, x sigmoid(1.702 x), written with LibTorch's fused x sigmoid(x).
///
/// # Shapes
/// Any to the same.
///
/// # Errors
/// [`Error::Layer`].
pub fn gelu(x: &Tensor) -> Result<Tensor, Error> {
    let approximate =
        |x: &Tensor| -> Result<Tensor, TchError> { secant::silu(&x.f_mul_scalar(1.702)?)?.f_div_scalar(1.702) };
    approximate(x).in_layer("gelu")
}
