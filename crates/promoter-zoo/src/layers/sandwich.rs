//! A transformer with a layer norm before and after each branch ("sandwich"), and T5 position bias.
//!
//! # Source
//! The `Encoder` of x-transformers 0.28.4 with `sandwich_norm` and `rel_pos_bias`, whose names the tensors have.

use promoter_torch::{Init, Scope};
use tch::{TchError, Tensor};

use crate::Error;
use crate::error::InLayer;
use crate::layers::{LayerNorm, Linear, PositionBias, dot_product, residual, secant};
use crate::trace::record;

/// Attention heads.
const HEADS: i64 = 8;
/// Key and value size of a head.
const HEAD: i64 = 64;
/// PyTorch's default epsilon.
const EPS: f64 = 1e-5;

/// `depth` blocks of attention and MLP, (B, L, C) to the same; none leave x as it is.
#[derive(Debug)]
pub struct Sandwich {
    blocks: Vec<Block>,
    /// Nobody would read it without blocks.
    position_bias: Option<PositionBias>,
}

#[derive(Debug)]
struct Block {
    attention_norms: [LayerNorm; 2],
    attention: Attention,
    mlp_norms: [LayerNorm; 2],
    expand: Linear,
    contract: Linear,
}

/// Multi-head attention without biases in its projections.
#[derive(Debug)]
struct Attention {
    layer: String,
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
}

impl Sandwich {
    /// For `length` positions of `channels` channels. All blocks share one position bias, multiplied by sqrt(64).
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn new(mut scope: Scope<'_>, length: i64, channels: i64, depth: i64) -> Result<Self, Error> {
        let blocks = (0..depth)
            .map(|i| {
                // Attention and MLP count as layers of their own.
                let (attention, mlp) = (format!("layers.{}", 2 * i), format!("layers.{}", 2 * i + 1));
                let mut norms = |layer: &str| -> Result<[LayerNorm; 2], Error> {
                    Ok([
                        LayerNorm::new(scope.sub(format_args!("{layer}.0.0")), channels, EPS)?,
                        LayerNorm::new(scope.sub(format_args!("{layer}.0.1")), channels, EPS)?,
                    ])
                };
                let (attention_norms, mlp_norms) = (norms(&attention)?, norms(&mlp)?);
                let hidden = 4 * channels;
                let mut linear = |name: &str, from: i64, to: i64| {
                    let init = Init::torch(from);
                    Linear::torch(scope.sub(format_args!("{mlp}.1.net.{name}")), from, to, init, Some(init))
                };
                Ok(Block {
                    attention_norms,
                    mlp_norms,
                    expand: linear("0.0", channels, hidden)?,
                    contract: linear("3", hidden, channels)?,
                    attention: Attention::new(scope.sub(format_args!("{attention}.1")), channels)?,
                })
            })
            .collect::<Result<_, Error>>()?;
        let scope = scope.sub("rel_pos.relative_attention_bias");
        let position_bias =
            (depth > 0).then(|| PositionBias::new(scope, length, HEADS, (HEAD as f64).sqrt())).transpose()?;
        Ok(Self { blocks, position_bias })
    }

    /// # Shapes
    /// (B, L, C) to the same.
    ///
    /// # Errors
    /// [`Error::Layer`].
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, Error> {
        let mut x = x.shallow_clone();
        let Some(position_bias) = &self.position_bias else { return Ok(x) };
        let bias = position_bias.forward()?;
        for Block { attention_norms, attention, mlp_norms, expand, contract } in &self.blocks {
            let branch = attention.forward(&attention_norms[0].forward(&x)?, &bias)?;
            x = residual(&x, &attention_norms[1].forward(&branch)?)?;
            let hidden = secant::gelu(&expand.forward(&mlp_norms[0].forward(&x)?)?).in_layer("gelu")?;
            x = residual(&x, &mlp_norms[1].forward(&contract.forward(&hidden)?)?)?;
        }
        Ok(x)
    }
}

impl Attention {
    fn new(mut scope: Scope<'_>, channels: i64) -> Result<Self, Error> {
        let inner = HEADS * HEAD;
        let mut linear =
            |name: &str, from: i64, to: i64| Linear::torch(scope.sub(name), from, to, Init::torch(from), None);
        Ok(Self {
            query: linear("to_q", channels, inner)?,
            key: linear("to_k", channels, inner)?,
            value: linear("to_v", channels, inner)?,
            output: linear("to_out", inner, channels)?,
            layer: scope.layer().to_owned(),
        })
    }

    fn forward(&self, x: &Tensor, bias: &Tensor) -> Result<Tensor, Error> {
        let (query, key, value) = (self.query.forward(x)?, self.key.forward(x)?, self.value.forward(x)?);
        let mixed = attend(&query, &key, &value, bias).in_layer(&self.layer)?;
        record(&self.layer, "attention", &mixed, || 2 * x.size()[1] * mixed.numel() as i64);
        self.output.forward(&mixed)
    }
}

/// softmax(query . key / sqrt(64) + bias) value, per head.
fn attend(query: &Tensor, key: &Tensor, value: &Tensor, bias: &Tensor) -> Result<Tensor, TchError> {
    let (batch, length, _) = query.size3()?;
    let split = |x: &Tensor| x.f_reshape([batch, length, HEADS, HEAD])?.f_transpose(1, 2);
    let (query, key, value) = (split(query)?, split(key)?, split(value)?);
    let bias = bias.f_to_kind(query.kind())?;
    dot_product::plain(&query, &key, &value, Some(&bias))?.f_transpose(1, 2)?.f_reshape([batch, length, HEADS * HEAD])
}
