//! Pooling of pairs of positions with learnt weights.
//!
//! # Source
//! Avsec et al. 2021, <https://doi.org/10.1038/s41592-021-01252-x>: attention pooling, a weight for each channel.

use promoter_torch::{Init, Scope};
use tch::{TchError, Tensor};

use crate::Error;
use crate::error::InLayer;
use crate::layers::secant;
use crate::trace::record;

/// The weighted mean of each pair of positions, channel by channel: the weights are the softmax over the pair of a
/// linear map of the channels.
///
/// A single last position stands for itself, as under [`max_of_pairs`](super::pool::max_of_pairs); the Enformer's
/// lengths are all even.
#[derive(Debug)]
pub struct AttentionPool {
    layer: String,
    weight: Tensor,
}

impl AttentionPool {
    /// The map has no bias and starts as twice the identity: the larger of two neighbours prevails.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn new(mut scope: Scope<'_>, channels: i64) -> Result<Self, Error> {
        let weight = scope.reversed_parameter("weight", &[channels, channels], Init::Identity { scale: 2.0 })?;
        Ok(Self { layer: scope.layer().to_owned(), weight })
    }

    /// # Shapes
    /// (B, C, L) to (B, C, ceil(L / 2)).
    ///
    /// # Errors
    /// [`Error::Layer`].
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, Error> {
        let y = self.pool(x).in_layer(&self.layer)?;
        record(&self.layer, "attention pool", &y, || {
            let pairs = x.size()[2] / 2;
            x.size()[0] * pairs * self.weight.numel() as i64
        });
        Ok(y)
    }

    fn pool(&self, x: &Tensor) -> Result<Tensor, TchError> {
        let (_, _, length) = x.size3()?;
        let pairs = x.f_narrow(2, 0, length / 2 * 2)?.f_unflatten(2, [-1, 2])?;
        let (first, second) = (pairs.f_select(3, 0)?, pairs.f_select(3, 1)?);
        // The softmax of two numbers is the sigmoid of their difference, and the difference of two products with the
        // weights is the product of the difference.
        let difference = first.f_sub(&second)?;
        let logits = difference.f_transpose(1, 2)?.f_linear(&self.weight, None::<Tensor>)?.f_transpose(1, 2)?;
        let pooled = secant::add_product(&second, &secant::sigmoid(&logits)?, &difference)?;
        if length % 2 == 0 {
            return Ok(pooled);
        }
        Tensor::f_cat(&[pooled, x.f_narrow(2, length - 1, 1)?], 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use promoter_torch::Params;
    use tch::{Device, Kind};

    fn pool(channels: i64) -> (Params, AttentionPool) {
        let mut params = Params::new(Device::Cpu, 1);
        let pool = AttentionPool::new(params.root().sub("pool"), channels).unwrap();
        (params, pool)
    }

    fn random(size: [i64; 3]) -> Tensor {
        let n: i64 = size.iter().product();
        let values: Vec<f32> = (0..n).map(|i| ((i * i * 13 + i * 7) % 101) as f32 / 25.0 - 2.0).collect();
        Tensor::from_slice(&values).reshape(size)
    }

    /// As written in the paper: logits of every position, softmax over each window, weighted sum.
    fn reference(x: &Tensor, weight: &Tensor) -> Tensor {
        let (batch, channels, length) = x.size3().unwrap();
        let logits = x.transpose(1, 2).matmul(&weight.transpose(0, 1)).transpose(1, 2);
        let out = Tensor::zeros([batch, channels, (length + 1) / 2], (Kind::Float, Device::Cpu));
        for b in 0..batch {
            for c in 0..channels {
                for start in (0..length).step_by(2) {
                    let window: Vec<i64> = (start..length.min(start + 2)).collect();
                    let exp = |i: &i64| logits.double_value(&[b, c, *i]).exp();
                    let sum: f64 = window.iter().map(exp).sum();
                    let mean: f64 = window.iter().map(|i| exp(i) / sum * x.double_value(&[b, c, *i])).sum();
                    let _ = out.get(b).get(c).get(start / 2).fill_(mean);
                }
            }
        }
        out
    }

    #[test]
    fn it_is_the_weighted_mean_of_each_pair() {
        let (params, pool) = pool(3);
        let weight = params.get("pool.weight").unwrap();
        let mixed = random([1, 3, 3]).squeeze_dim(0);
        tch::no_grad(|| weight.shallow_clone().copy_(&mixed));
        for length in [1, 2, 7, 8] {
            let x = random([2, 3, length]);
            let difference = (pool.forward(&x).unwrap() - reference(&x, weight)).abs().max().double_value(&[]);
            assert!(difference < 1e-6, "{length}: {difference}");
        }
    }

    #[test]
    fn it_starts_as_each_channels_own_softmax() {
        let (params, pool) = pool(2);
        assert_eq!(params.get("pool.weight").unwrap(), &(Tensor::eye(2, tch::kind::FLOAT_CPU) * 2.0));
        let x = Tensor::from_slice(&[1.0f32, 3.0, 0.0, -1.0]).reshape([1, 2, 2]);
        let y = Vec::<f64>::try_from(pool.forward(&x).unwrap().flatten(0, -1)).unwrap();
        let mean = |a: f64, b: f64| (a * (2.0 * a).exp() + b * (2.0 * b).exp()) / ((2.0 * a).exp() + (2.0 * b).exp());
        assert!((y[0] - mean(1.0, 3.0)).abs() < 1e-6 && (y[1] - mean(0.0, -1.0)).abs() < 1e-6, "{y:?}");
    }

    #[test]
    fn another_number_of_channels_names_the_layer() {
        let (_params, pool) = pool(3);
        let error = pool.forward(&random([1, 2, 4])).unwrap_err();
        assert!(matches!(&error, Error::Layer { layer, .. } if layer == "pool"), "{error}");
    }
}
