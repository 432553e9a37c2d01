//! Layers that several networks share.
//!
//! Activations lie as (B, C, L), channels before positions, unless a function says otherwise.

pub mod attention;
pub mod attention_pool;
pub mod bins;
pub mod conformer;
pub mod conv;
pub mod conv_block;
pub mod conv_transpose;
pub mod dense;
pub mod dot_product;
pub mod inverted_residual;
pub mod layer_norm;
pub mod linear;
pub mod lstm;
pub mod norm;
pub mod parallel_conv;
pub mod pool;
pub mod position_bias;
pub mod sandwich;
pub mod secant;
pub mod squeeze_excite;

use promoter_torch::{backend, random};
use tch::{Device, TchError, Tensor};

use crate::error::InLayer;
use crate::{Error, Mode};

pub use attention_pool::AttentionPool;
pub use bins::BinHead;
pub use conformer::Conformer;
pub use conv::{Conv1d, Padding};
pub use conv_block::ConvBlock;
pub use conv_transpose::ConvTranspose1d;
pub use dense::DenseHead;
pub use inverted_residual::InvertedResiduals;
pub use layer_norm::LayerNorm;
pub use linear::Linear;
pub use lstm::BiLstm;
pub use norm::BatchNorm;
pub use parallel_conv::ParallelConv;
pub use position_bias::PositionBias;
pub use sandwich::Sandwich;
pub use squeeze_excite::SqueezeExcite;

/// `x` with numbers set to zero with probability `p` and the others divided by 1 - p, in training; draws as
/// [`random::dropout`] does.
///
/// # Shapes
/// Any to the same.
///
/// # Errors
/// LibTorch's, for a `p` outside 0 to 1.
pub fn dropout(x: &Tensor, p: f64, mode: Mode) -> Result<Tensor, TchError> {
    random::dropout(x, p, mode.is_train())
}

/// Runs `f` in the precision of its tensors.
pub(crate) fn without_autocast<T>(device: Device, f: impl FnOnce() -> Result<T, TchError>) -> Result<T, TchError> {
    backend::autocast(device, None, f).map_err(|error| match error {
        promoter_torch::Error::Torch(source) => source,
        other => TchError::Torch(other.to_string()),
    })?
}

/// Channels of several (B, .., L) as one, lying in memory as theirs do.
pub(crate) fn concatenate(parts: &[&Tensor]) -> Result<Tensor, TchError> {
    // LibTorch knows two layouts of an image, one of a sequence.
    let parts = parts.iter().map(|part| part.f_unsqueeze(2)).collect::<Result<Vec<_>, _>>()?;
    Tensor::f_cat(&parts, 1)?.f_squeeze_dim(2)
}

/// A block's input added to what the block made of it.
pub(crate) fn residual(x: &Tensor, branch: &Tensor) -> Result<Tensor, Error> {
    x.f_add(branch).in_layer("residual")
}
