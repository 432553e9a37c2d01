//! A conformer block: half a feed-forward, convolution, attention, half a feed-forward.
//!
//! # Source
//! Gulati et al. 2020, <https://arxiv.org/abs/2005.08100>, as team UnlockDNA changed it; names as in the Prix Fixe
//! framework.

use promoter_torch::{Init, Scope};
use tch::{TchError, Tensor};

use crate::error::InLayer;
use crate::layers::conv::Shape;
use crate::layers::{Conv1d, LayerNorm, Linear, dot_product, dropout, residual, secant};
use crate::trace::record;
use crate::{Error, Mode};

const EPS: f64 = 1e-6;
/// Positions that the depthwise convolution sees.
const WIDTH: i64 = 15;

/// One block, (B, L, C) to the same.
#[derive(Debug)]
pub struct Conformer {
    first: FeedForward,
    conv_norm: LayerNorm,
    depthwise: Conv1d,
    pointwise: Conv1d,
    attention_norm: LayerNorm,
    attention: Attention,
    last: FeedForward,
    dropout: f64,
}

impl Conformer {
    /// With PyTorch's default start.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn new(mut scope: Scope<'_>, channels: i64, heads: i64, dropout: f64) -> Result<Self, Error> {
        let depthwise = Shape { groups: channels, ..Shape::same(channels, channels, WIDTH) };
        let pointwise = Shape::same(channels, channels, 1);
        let bias = Init::torch(pointwise.fan_in());
        Ok(Self {
            first: FeedForward::new(scope.sub("ff1"), channels, dropout)?,
            conv_norm: LayerNorm::new(scope.sub("layernorm1"), channels, EPS)?,
            depthwise: Conv1d::torch(scope.sub("conv.0"), depthwise, Init::torch(depthwise.fan_in()), None)?,
            pointwise: Conv1d::torch(scope.sub("conv.1"), pointwise, bias, Some(bias))?,
            attention_norm: LayerNorm::new(scope.sub("layernorm2"), channels, EPS)?,
            attention: Attention::new(scope.sub("attn"), channels, heads)?,
            last: FeedForward::new(scope.sub("ff2"), channels, dropout)?,
            dropout,
        })
    }

    /// # Shapes
    /// (B, L, C) to the same.
    ///
    /// # Errors
    /// [`Error::Layer`].
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let x = residual(x, &self.first.forward(x, mode)?)?;
        // The convolution has its own residual inside the outer one.
        let u = self.conv_norm.forward(&x)?;
        let u = residual(&u, &self.convolve(&u, mode)?)?;
        let x = residual(&x, &u)?;
        // Unlike elsewhere, the stream itself is normalised.
        let x = self.attention_norm.forward(&x)?;
        let x = residual(&x, &self.attention.forward(&x)?)?;
        residual(&x, &self.last.forward(&x, mode)?)
    }

    fn convolve(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let flipped = x.f_transpose(1, 2).in_layer("conv")?;
        let y = self.pointwise.forward(&self.depthwise.forward(&flipped)?)?;
        secant::relu(&y).and_then(|y| dropout(&y, self.dropout, mode)?.f_transpose(1, 2)).in_layer("conv")
    }
}

/// Layer norm, linear to four times the channels, a SiLU(b) of its halves, linear back; half of the result.
#[derive(Debug)]
struct FeedForward {
    norm: LayerNorm,
    expand: Linear,
    contract: Linear,
    dropout: f64,
}

impl FeedForward {
    fn new(mut scope: Scope<'_>, channels: i64, dropout: f64) -> Result<Self, Error> {
        let hidden = 2 * channels;
        Ok(Self {
            norm: LayerNorm::new(scope.sub("layernorm"), channels, EPS)?,
            expand: Linear::torch(scope.sub("linear1"), channels, 2 * hidden, Init::torch(channels), None)?,
            contract: Linear::torch(scope.sub("linear2"), hidden, channels, Init::torch(hidden), None)?,
            dropout,
        })
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let gated = |x: &Tensor| -> Result<Tensor, TchError> {
            let halves = x.f_chunk(2, -1)?;
            dropout(&secant::multiply(&halves[0], &secant::silu(&halves[1])?)?, self.dropout, mode)
        };
        let hidden = gated(&self.expand.forward(&self.norm.forward(x)?)?).in_layer("gate")?;
        let y = self.contract.forward(&hidden)?;
        dropout(&y, self.dropout, mode).and_then(|y| y.f_mul_scalar(0.5)).in_layer("dropout")
    }
}

/// PyTorch's `nn.MultiheadAttention` of a sequence with itself: one matrix for query, key and value, and biases.
#[derive(Debug)]
struct Attention {
    layer: String,
    input: Linear,
    output: Linear,
    heads: i64,
}

impl Attention {
    fn new(mut scope: Scope<'_>, channels: i64, heads: i64) -> Result<Self, Error> {
        // Glorot over the joint matrix; the output projection is an ordinary linear map but for its bias.
        let glorot = Init::glorot_uniform(channels, 3 * channels);
        let weight = scope.parameter("in_proj_weight", &[3 * channels, channels], glorot)?;
        let bias = scope.parameter("in_proj_bias", &[3 * channels], Init::ZEROS)?;
        let layer = scope.layer().to_owned();
        let init = Init::torch(channels);
        Ok(Self {
            input: Linear::of(format!("{layer}.in_proj"), weight, Some(bias)),
            output: Linear::torch(scope.sub("out_proj"), channels, channels, init, Some(Init::ZEROS))?,
            layer,
            heads,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor, Error> {
        let mixed = self.attend(&self.input.forward(x)?).in_layer(&self.layer)?;
        record(&self.layer, "attention", &mixed, || 2 * x.size()[1] * mixed.numel() as i64);
        self.output.forward(&mixed)
    }

    /// (B, L, 3 C) to (B, L, C).
    fn attend(&self, joint: &Tensor) -> Result<Tensor, TchError> {
        let (batch, length, width) = joint.size3()?;
        let channels = width / 3;
        let split =
            joint.f_reshape([batch, length, 3, self.heads, channels / self.heads])?.f_permute([2, 0, 3, 1, 4])?;
        let (query, key, value) = (split.f_select(0, 0)?, split.f_select(0, 1)?, split.f_select(0, 2)?);
        dot_product::plain(&query, &key, &value, None)?.f_transpose(1, 2)?.f_reshape([batch, length, channels])
    }
}
