//! A masked-k-mer encoder: overlapping k-mers, a small BERT, and heads for masked k-mers and for expression.
//!
//! Team auth considered DNABERT's pre-training and could not afford it. This is the same idea at 5,951,489 parameters
//! instead of 86 million, so that one GPU can pre-train and fine-tune it: [`Bert::masked`] on sequences without labels
//! first, then [`Network::forward`] on expression, with the same encoder weights.
//!
//! # Source
//! Ji et al. 2021 (DNABERT), <https://doi.org/10.1093/bioinformatics/btab083>; Devlin et al. 2019 for the encoder. The
//! sizes, and the mean over the tokens instead of a class token, are this project's.

mod masked;

use promoter_torch::{Init, Params, Scope};
use serde::{Deserialize, Serialize};
use tch::{Kind, TchError, Tensor};

use crate::architecture::Preset;
use crate::check;
use crate::error::InLayer;
use crate::layers::{self, LayerNorm, Linear, dot_product, residual, secant};
use crate::network::check_input;
use crate::trace::record;
use crate::{Architecture, Error, Input, Mode, Network};

/// BERT's start of all weights.
const START: Init = Init::Normal { sd: 0.02 };
/// BERT's epsilon.
const EPS: f64 = 1e-12;

/// Sizes and dropout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// Bases.
    pub length: i64,
    /// Bases of a token, 1 to 8; neighbouring tokens overlap by all but one.
    pub k: i64,
    /// Channels.
    pub channels: i64,
    /// Encoder blocks.
    pub blocks: i64,
    /// Attention heads, a divisor of `channels`.
    pub heads: i64,
    /// Dropout of embeddings, attention weights and branches.
    pub dropout: f64,
    /// What is learned: the other head is there too, so that weight files fit, but frozen.
    pub objective: Objective,
}

/// What the encoder is trained for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Objective {
    /// Expression ([`Network::forward`]).
    Expression,
    /// Masked k-mers, before any labels are seen ([`Bert::masked`]).
    MaskedKmers,
}

impl Config {
    /// 6-mers, 6 blocks of 256 channels.
    pub fn small() -> Self {
        Self { length: 110, k: 6, channels: 256, blocks: 6, heads: 8, dropout: 0.1, objective: Objective::Expression }
    }
}

impl Architecture for Config {
    type Network = Bert;

    const NAME: &'static str = "bert";
    const SOURCE: &'static str =
        "Ji et al. 2021 (DNABERT), https://doi.org/10.1093/bioinformatics/btab083; sizes of this project";
    const PRESETS: &'static [Preset<Self>] = &[("bert", Self::small)];

    fn input(&self) -> Input {
        Input { length: self.length, channels: 4 }
    }

    fn resized(self, input: Input) -> Self {
        Self { length: input.length, ..self }
    }

    fn check(&self) -> Result<(), Error> {
        check::size("length", self.length)?;
        check::size("channels", self.channels)?;
        check::rate("dropout", self.dropout)?;
        check::require((1..=8).contains(&self.k), "k", self.k, "1 to 8")?;
        check::require(self.length >= self.k, "length", self.length, "at least `k`")?;
        check::blocks("blocks", self.blocks)?;
        let divides = self.heads >= 1 && self.channels % self.heads == 0;
        check::require(divides, "heads", self.heads, "a divisor of `channels`")
    }

    fn make(&self, params: &mut Params) -> Result<Bert, Error> {
        let network = Bert::new(self, &mut params.root())?;
        let other: &[&str] = match self.objective {
            Objective::Expression => &["masked."],
            Objective::MaskedKmers => &["pool.", "head."],
        };
        params.freeze(|name| other.iter().any(|head| name.starts_with(head)));
        Ok(network)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::small()
    }
}

/// Attention and MLP, each added to its input and then normalised.
#[derive(Debug)]
struct Block {
    layer: String,
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    attention_norm: LayerNorm,
    expand: Linear,
    contract: Linear,
    mlp_norm: LayerNorm,
    heads: i64,
    dropout: f64,
}

impl Block {
    fn new(mut scope: Scope<'_>, config: &Config) -> Result<Self, Error> {
        let n = config.channels;
        let mut linear = |name: &str, from, to| Linear::torch(scope.sub(name), from, to, START, Some(Init::ZEROS));
        Ok(Self {
            query: linear("query", n, n)?,
            key: linear("key", n, n)?,
            value: linear("value", n, n)?,
            output: linear("output", n, n)?,
            expand: linear("expand", n, 4 * n)?,
            contract: linear("contract", 4 * n, n)?,
            attention_norm: LayerNorm::new(scope.sub("attention_norm"), n, EPS)?,
            mlp_norm: LayerNorm::new(scope.sub("mlp_norm"), n, EPS)?,
            layer: format!("{}.attention", scope.layer()),
            heads: config.heads,
            dropout: config.dropout,
        })
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let dropout = |x: Tensor| layers::dropout(&x, self.dropout, mode).in_layer(&self.layer);
        let (query, key, value) = (self.query.forward(x)?, self.key.forward(x)?, self.value.forward(x)?);
        let mixed = self.attend(&query, &key, &value, mode).in_layer(&self.layer)?;
        record(&self.layer, "attention", &mixed, || 2 * x.size()[1] * mixed.numel() as i64);
        let x = self.attention_norm.forward(&residual(x, &dropout(self.output.forward(&mixed)?)?)?)?;
        let hidden = secant::gelu(&self.expand.forward(&x)?).in_layer(&self.layer)?;
        self.mlp_norm.forward(&residual(&x, &dropout(self.contract.forward(&hidden)?)?)?)
    }

    fn attend(&self, query: &Tensor, key: &Tensor, value: &Tensor, mode: Mode) -> Result<Tensor, TchError> {
        let (batch, length, channels) = query.size3()?;
        let split = |x: &Tensor| x.f_reshape([batch, length, self.heads, channels / self.heads])?.f_transpose(1, 2);
        let (query, key, value) = (split(query)?, split(key)?, split(value)?);
        dot_product::attention(&query, &key, &value, self.dropout, mode)?
            .f_transpose(1, 2)?
            .f_reshape([batch, length, channels])
    }
}

/// The encoder with both heads; as a [`Network`], 110 bases to expression.
///
/// ```
/// use promoter_torch::Params;
/// use promoter_zoo::{Architecture, Mode, bert};
/// use tch::{Device, Kind, Tensor};
///
/// let mut params = Params::new(Device::Cpu, 1);
/// let config = bert::Config { objective: bert::Objective::MaskedKmers, ..bert::Config::small() };
/// let network = config.build(&mut params)?;
/// // All A; what is masked is drawn.
/// let x = Tensor::from_slice(&[1f32, 0.0, 0.0, 0.0]).expand([2, 110, 4], false);
/// let draws = Tensor::rand([2, network.draws()], (Kind::Float, Device::Cpu));
/// let (logits, kmers) = network.masked(&x, &draws, 0.15, Mode::Train)?;
/// // Three runs of six tokens at most, two at least; what is not masked counts as -100, which the loss leaves out.
/// assert_eq!((logits.size(), kmers.size()), (vec![36, 4096], vec![36]));
/// let loss = logits.cross_entropy_for_logits(&kmers);
/// assert!((loss.double_value(&[]) - 4096f64.ln()).abs() < 0.5);
/// # Ok::<(), promoter_zoo::Error>(())
/// ```
#[derive(Debug)]
pub struct Bert {
    config: Config,
    /// (4^k + 2, channels): the k-mers, the unknown token, the mask.
    tokens: Tensor,
    positions: Tensor,
    norm: LayerNorm,
    blocks: Vec<Block>,
    pool: Linear,
    head: Linear,
    transform: Linear,
    transform_norm: LayerNorm,
    vocabulary_bias: Tensor,
}

impl Bert {
    fn new(config: &Config, scope: &mut Scope<'_>) -> Result<Self, Error> {
        let (n, kmers) = (config.channels, 4i64.pow(config.k as u32));
        let mut linear = |name: &str, from, to| Linear::torch(scope.sub(name), from, to, START, Some(Init::ZEROS));
        Ok(Self {
            pool: linear("pool", n, n)?,
            head: linear("head", n, 1)?,
            transform: linear("masked.transform", n, n)?,
            tokens: scope.parameter("embedding.tokens", &[kmers + 2, n], START)?,
            positions: scope.parameter("embedding.positions", &[config.length - config.k + 1, n], START)?,
            norm: LayerNorm::new(scope.sub("embedding.norm"), n, EPS)?,
            blocks: (0..config.blocks)
                .map(|i| Block::new(scope.sub(format_args!("blocks.{i}")), config))
                .collect::<Result<_, _>>()?,
            transform_norm: LayerNorm::new(scope.sub("masked.norm"), n, EPS)?,
            vocabulary_bias: scope.parameter("masked.bias", &[kmers], Init::ZEROS)?,
            config: config.clone(),
        })
    }

    /// Number of each k-mer, A, C, G, T counting 0 to 3 and the first base most; 4^k where a base is unknown.
    ///
    /// # Shapes
    /// (B, L, 4) one-hot to (B, L - k + 1) i64.
    ///
    /// # Errors
    /// [`Error::Input`], [`Error::Layer`].
    pub fn tokens(&self, x: &Tensor) -> Result<Tensor, Error> {
        check_input(x, self.input())?;
        self.number(x).in_layer("embedding.tokens")
    }

    fn number(&self, x: &Tensor) -> Result<Tensor, TchError> {
        let (k, n) = (self.config.k, self.config.length - self.config.k + 1);
        let bases = x.f_argmax(2, false)?;
        // A row that is not one-hot: zeros, or several letters at once.
        let known = x.f_amax([2i64], false)?.f_gt(0.5)?;
        let mut tokens = bases.f_narrow(1, 0, n)?;
        let mut all_known = known.f_narrow(1, 0, n)?;
        for i in 1..k {
            tokens = tokens.f_mul_scalar(4)?.f_add(&bases.f_narrow(1, i, n)?)?;
            all_known = all_known.f_logical_and(&known.f_narrow(1, i, n)?)?;
        }
        tokens.f_masked_fill(&all_known.f_logical_not()?, 4i64.pow(k as u32))
    }

    /// The sum of all k-mers' vectors, weighted by the product of their bases: of one-hot bases the vector of the k-mer
    /// that is there, and it has gradients by the bases, which a number has not.
    ///
    /// # Shapes
    /// (B, L, 4) to (B, T, C).
    fn weighted(&self, x: &Tensor) -> Result<Tensor, TchError> {
        let (k, n) = (self.config.k, self.config.length - self.config.k + 1);
        // An unknown base has no letter, or all four alike.
        let known = x.f_amax([2i64], true)?.f_sub(&x.f_amin([2i64], true)?)?.f_gt(1e-6)?;
        let bases = x.f_mul(&known.f_detach()?)?;
        let mut kmers = bases.f_narrow(1, 0, n)?;
        for i in 1..k {
            let next = bases.f_narrow(1, i, n)?.f_unsqueeze(2)?;
            kmers = secant::multiply(&kmers.f_unsqueeze(3)?, &next)?.f_flatten(2, 3)?;
        }
        let unknown = kmers.f_sum_dim_intlist(&[2i64][..], true, None::<Kind>)?.f_neg()?.f_add_scalar(1.0)?;
        let shares = Tensor::f_cat(&[kmers, unknown], 2)?;
        shares.f_matmul(&self.tokens.f_narrow(0, 0, 4i64.pow(k as u32) + 1)?)
    }

    /// (B, T) tokens to (B, T, C).
    fn encode(&self, tokens: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let vectors = Tensor::f_embedding(&self.tokens, tokens, -1, false, false).in_layer("embedding")?;
        self.encode_vectors(&vectors, mode)
    }

    /// (B, T, C) vectors of the tokens to the same.
    fn encode_vectors(&self, vectors: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let embedded = vectors.f_add(&self.positions).in_layer("embedding")?;
        record("embedding", "embedding", &embedded, || 0);
        let normed = self.norm.forward(&embedded)?;
        let mut x = layers::dropout(&normed, self.config.dropout, mode).in_layer("embedding")?;
        for block in &self.blocks {
            x = block.forward(&x, mode)?;
        }
        Ok(x)
    }
}

impl Network for Bert {
    fn input(&self) -> Input {
        self.config.input()
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let x = match x.requires_grad() {
            false => self.encode(&self.tokens(x)?, mode)?,
            true => {
                check_input(x, self.input())?;
                self.encode_vectors(&self.weighted(x).in_layer("embedding.tokens")?, mode)?
            }
        };
        let mean = x.f_mean_dim(1, false, None::<Kind>).in_layer("pool")?;
        let pooled = self.pool.forward(&mean)?;
        let pooled = secant::tanh(&pooled).and_then(|x| layers::dropout(&x, self.config.dropout, mode));
        self.head.forward(&pooled.in_layer("pool")?)
    }
}
