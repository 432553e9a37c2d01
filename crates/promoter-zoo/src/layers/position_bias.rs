//! T5's position bias: one number per head and bucket of distances.
//!
//! # Source
//! Raffel et al. 2020, <https://arxiv.org/abs/1910.10683>, as x-transformers 0.28.4 computes it.

use promoter_torch::{Init, Scope};
use tch::Tensor;

use crate::Error;
use crate::error::InLayer;
use crate::trace::record;

/// Buckets: half for keys before the query, half for keys after it.
const BUCKETS: i64 = 32;
/// Distances from here on share the last bucket of their side.
const LONGEST: f64 = 128.0;

/// Bias of the attention logits, learned per head and bucket of distances.
#[derive(Debug)]
pub struct PositionBias {
    layer: String,
    /// (buckets, heads).
    table: Tensor,
    /// Bucket of each (query, key).
    buckets: Tensor,
    scale: f64,
}

impl PositionBias {
    /// For `length` positions; the table starts at N(0, 1) and is multiplied by `scale`.
    ///
    /// # Errors
    /// [`Error::Params`], [`Error::Layer`].
    pub fn new(mut scope: Scope<'_>, length: i64, heads: i64, scale: f64) -> Result<Self, Error> {
        let table = scope.parameter("weight", &[BUCKETS, heads], Init::Normal { sd: 1.0 })?;
        let of_pairs = || (0..length).flat_map(|i| (0..length).map(move |j| bucket(j - i))).collect();
        let buckets = scope.constant("buckets", &[length, length], of_pairs)?;
        Ok(Self { layer: scope.layer().to_owned(), table, buckets, scale })
    }

    /// What is added to the logits, query by key.
    ///
    /// # Shapes
    /// (1, heads, L, L).
    ///
    /// # Errors
    /// [`Error::Layer`].
    pub fn forward(&self) -> Result<Tensor, Error> {
        let bias = Tensor::f_embedding(&self.table, &self.buckets, -1, false, false)
            .and_then(|bias| bias.f_permute([2, 0, 1])?.f_unsqueeze(0)?.f_mul_scalar(self.scale))
            .in_layer(&self.layer)?;
        record(&self.layer, "position bias", &bias, || 0);
        Ok(bias)
    }
}

/// Bucket of a distance, key minus query: each of the first 8 has its own, then they widen with the logarithm up to
/// 128; keys after the query have the upper half of the buckets.
///
/// ```
/// use promoter_zoo::layers::position_bias::bucket;
/// assert_eq!([-79, -8, -1, 0, 1, 79].map(bucket), [14, 8, 1, 0, 17, 30]);
/// ```
pub fn bucket(distance: i64) -> i64 {
    let side = BUCKETS / 2;
    let exact = side / 2;
    let after = if distance > 0 { side } else { 0 };
    let far = distance.abs();
    if far < exact {
        return after + far;
    }
    let steps = (far as f64 / exact as f64).ln() / (LONGEST / exact as f64).ln();
    after + (exact + (steps * (side - exact) as f64) as i64).min(side - 1)
}
