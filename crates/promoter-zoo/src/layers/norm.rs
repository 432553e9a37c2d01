//! Normalisation, as Keras, Sonnet and PyTorch each do it.

use promoter_torch::distributed::{Group, synchronised};
use promoter_torch::params::Role;
use promoter_torch::{Init, Params, Scope};
use tch::{Kind, Tensor};

use crate::error::InLayer;
use crate::trace::record;
use crate::{Error, Mode};

/// Normalises each channel of (B, C, ..) over the batch and the positions.
#[derive(Debug)]
pub struct BatchNorm {
    layer: String,
    weight: Tensor,
    bias: Tensor,
    eps: f64,
    averages: Averages,
}

/// Averages of the batches' means and variances, for prediction.
#[derive(Debug)]
enum Averages {
    /// PyTorch and Keras: they start at mean 0, variance 1 and move by `momentum` of the way.
    Moving {
        mean: Tensor,
        variance: Tensor,
        momentum: f64,
        /// PyTorch corrects the variance by n / (n - 1); Keras does not.
        corrected: bool,
        /// PyTorch counts the batches, and keeps the count in its weight files.
        batches: Option<Tensor>,
    },
    /// Sonnet: they start at 0 and are divided by the weight that the batches have had so far.
    Debiased { steps: Tensor, hidden_mean: Tensor, hidden_variance: Tensor, mean: Tensor, variance: Tensor },
}

/// PyTorch's name of the variance that prediction uses, here Keras' too.
const MOVING_VARIANCE: &str = "running_var";
/// Sonnet's.
const DEBIASED_VARIANCE: &str = "variance";

/// Decay of Sonnet's averages in the slim Enformer.
const DECAY: f64 = 0.9;

impl BatchNorm {
    /// PyTorch's: eps 1e-5, momentum 0.1, corrected variance.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn torch(scope: Scope<'_>, channels: i64) -> Result<Self, Error> {
        Self::moving(scope, channels, 1e-5, 0.1, true)
    }

    /// Keras': eps 1e-3, momentum 0.99 (0.01 in PyTorch's sense), variance not corrected.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn keras(scope: Scope<'_>, channels: i64) -> Result<Self, Error> {
        Self::moving(scope, channels, 1e-3, 0.01, false)
    }

    fn moving(mut scope: Scope<'_>, channels: i64, eps: f64, momentum: f64, corrected: bool) -> Result<Self, Error> {
        let (weight, bias) = scale_and_offset(&mut scope, channels)?;
        let averages = Averages::Moving {
            mean: scope.buffer("running_mean", &[channels], 0.0)?,
            variance: scope.buffer(MOVING_VARIANCE, &[channels], 1.0)?,
            momentum,
            corrected,
            batches: corrected.then(|| scope.counter("num_batches_tracked")).transpose()?,
        };
        Ok(Self { layer: scope.layer().to_owned(), weight, bias, eps, averages })
    }

    /// Sonnet's, as the slim Enformer uses it: eps 1e-5, averages with decay 0.9 and without bias towards zero.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn sonnet(mut scope: Scope<'_>, channels: i64) -> Result<Self, Error> {
        let (weight, bias) = scale_and_offset(&mut scope, channels)?;
        let averages = Averages::Debiased {
            steps: scope.counter("steps")?,
            hidden_mean: scope.buffer("hidden_mean", &[channels], 0.0)?,
            hidden_variance: scope.buffer("hidden_variance", &[channels], 0.0)?,
            mean: scope.buffer("mean", &[channels], 0.0)?,
            variance: scope.buffer(DEBIASED_VARIANCE, &[channels], 0.0)?,
        };
        Ok(Self { layer: scope.layer().to_owned(), weight, bias, eps: 1e-5, averages })
    }

    /// # Shapes
    /// (B, C, ..) to the same.
    ///
    /// # Errors
    /// [`Error::Layer`].
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let y = match synchronised() {
            Some(group) if mode.is_train() => self.normalise_over(&group, x, mode)?,
            _ => self.normalise(x, mode).in_layer(&self.layer)?,
        };
        record(&self.layer, "batch norm", &y, || 0);
        Ok(y)
    }

    fn normalise(&self, x: &Tensor, mode: Mode) -> Result<Tensor, tch::TchError> {
        // As an image of height 1 it may lie with its channels side by side, as a convolution on the CPU leaves it.
        if x.dim() == 3 {
            return self.normalise(&x.f_unsqueeze(2)?, mode)?.f_squeeze_dim(2);
        }
        let norm = |mean: Option<&Tensor>, variance: Option<&Tensor>, train, momentum| {
            x.f_batch_norm(Some(&self.weight), Some(&self.bias), mean, variance, train, momentum, self.eps, true)
        };
        match (&self.averages, mode) {
            (_, Mode::TrainKeepAverages) => norm(None, None, true, 0.0),
            (Averages::Moving { mean, variance, .. } | Averages::Debiased { mean, variance, .. }, Mode::Evaluate) => {
                norm(Some(mean), Some(variance), false, 0.0)
            }
            (Averages::Moving { mean, variance, momentum, corrected: true, batches }, Mode::Train) => {
                if let Some(batches) = batches {
                    let _ = batches.shallow_clone().f_add_scalar_(1)?;
                }
                norm(Some(mean), Some(variance), true, *momentum)
            }
            (averages, Mode::Train | Mode::Estimate { .. }) => {
                // With momentum 1 LibTorch leaves this batch's mean and corrected variance in these two.
                let (mean, variance) = (self.bias.f_zeros_like()?, self.bias.f_zeros_like()?);
                let y = norm(Some(&mean), Some(&variance), true, 1.0)?;
                let n = x.numel() as f64 / x.size()[1] as f64;
                let _guard = tch::no_grad_guard();
                let variance = variance.f_mul_scalar((n - 1.0) / n)?;
                match mode {
                    Mode::Estimate { batch } => averages.pool(&mean, &variance, batch as f64, n)?,
                    _ => averages.update(&mean, &variance)?,
                }
                Ok(y)
            }
        }
    }

    /// Normalises by mean and variance over the rows of all ranks, as one process with all rows would.
    fn normalise_over(&self, group: &Group, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let sums = group.total(&sums(x).in_layer(&self.layer)?)?;
        self.normalise_by(&sums, x, mode).in_layer(&self.layer)
    }

    /// Normalises by what [`sums`] gives, here or over all ranks.
    fn normalise_by(&self, sums: &Tensor, x: &Tensor, mode: Mode) -> Result<Tensor, tch::TchError> {
        let (sum, squares, n) = (sums.f_select(0, 0)?, sums.f_select(0, 1)?, sums.f_select(0, 2)?);
        let mean = sum.f_div(&n)?;
        let variance = squares.f_div(&n)?.f_sub(&mean.f_square()?)?;
        let scale = variance.f_add_scalar(self.eps)?.f_rsqrt()?.f_mul(&self.weight)?;
        let offset = self.bias.f_sub(&mean.f_mul(&scale)?)?;
        if mode == Mode::Train {
            let _guard = tch::no_grad_guard();
            let [mean, variance] = [mean, variance].map(|t| t.detach().f_to_kind(Kind::Float));
            self.averages.train(&mean?, &variance?, n.f_double_value(&[0])?)?;
        }
        let mut shape = vec![1; x.dim()];
        shape[1] = -1;
        let [scale, offset] = [scale, offset].map(|t| t.f_to_kind(Kind::Float)?.f_view(shape.as_slice()));
        x.f_mul(&scale?)?.f_add(&offset?)?.f_to_kind(x.kind())
    }

    /// Whether a network has batch norms: whether [`Mode::Estimate`] changes anything.
    ///
    /// ```
    /// use promoter_torch::Params;
    /// use promoter_zoo::layers::BatchNorm;
    /// let mut params = Params::planned();
    /// assert!(!BatchNorm::is_in(&params));
    /// BatchNorm::keras(params.root().sub("norm"), 8)?;
    /// assert!(BatchNorm::is_in(&params));
    /// # Ok::<(), promoter_zoo::Error>(())
    /// ```
    pub fn is_in(params: &Params) -> bool {
        params.entries().iter().filter(|entry| entry.role == Role::Buffer).any(|entry| {
            let name = entry.name.rsplit('.').next();
            name.is_some_and(|name| [MOVING_VARIANCE, DEBIASED_VARIANCE].contains(&name))
        })
    }
}

/// Sum, sum of squares and number of the values of each channel, in f64: squares of f32 would lose digits of a small
/// variance.
///
/// # Shapes
/// (B, C, ..) to (3, C) f64.
fn sums(x: &Tensor) -> Result<Tensor, tch::TchError> {
    let values = x.f_to_kind(Kind::Float)?.f_transpose(0, 1)?.f_flatten(1, -1)?;
    let (variance, mean) = values.f_var_mean_dim(1, false, false)?;
    let (variance, mean) = (variance.f_to_kind(Kind::Double)?, mean.f_to_kind(Kind::Double)?);
    let squares = variance.f_add(&mean.f_square()?)?;
    Tensor::f_stack(&[&mean, &squares, &mean.f_ones_like()?], 0)?.f_mul_scalar(values.size()[1] as f64)
}

impl Averages {
    /// Mean and variance over the `before` batches so far and this one, `n` numbers each.
    fn pool(&self, batch_mean: &Tensor, batch_variance: &Tensor, before: f64, n: f64) -> Result<(), tch::TchError> {
        let (Self::Moving { mean, variance, .. } | Self::Debiased { mean, variance, .. }) = self;
        let corrected = matches!(self, Self::Moving { corrected: true, .. });
        let correction = |batches: f64| if corrected { batches * n / (batches * n - 1.0) } else { 1.0 };
        let batches = before + 1.0;
        if before == 0.0 {
            mean.shallow_clone().f_copy_(batch_mean)?;
            return variance.shallow_clone().f_copy_(&batch_variance.f_mul_scalar(correction(batches))?);
        }
        let difference = batch_mean.f_sub(mean)?;
        let within =
            variance.f_mul_scalar(before / correction(before))?.f_add(batch_variance)?.f_div_scalar(batches)?;
        let between = difference.f_square()?.f_mul_scalar(before / (batches * batches))?;
        let pooled = within.f_add(&between)?.f_mul_scalar(correction(batches))?;
        variance.shallow_clone().f_copy_(&pooled)?;
        let _ = mean.shallow_clone().f_add_(&difference.f_div_scalar(batches)?)?;
        Ok(())
    }

    /// Moves on after a batch of `n` numbers per channel, whose variance is not corrected.
    fn train(&self, mean: &Tensor, variance: &Tensor, n: f64) -> Result<(), tch::TchError> {
        let Self::Moving { corrected: true, batches, .. } = self else { return self.update(mean, variance) };
        if let Some(batches) = batches {
            let _ = batches.shallow_clone().f_add_scalar_(1)?;
        }
        self.update(mean, &variance.f_mul_scalar(n / (n - 1.0))?)
    }

    fn update(&self, batch_mean: &Tensor, batch_variance: &Tensor) -> Result<(), tch::TchError> {
        match self {
            Self::Moving { mean, variance, momentum, .. } => {
                let _ = mean.shallow_clone().f_lerp_(batch_mean, *momentum)?;
                let _ = variance.shallow_clone().f_lerp_(batch_variance, *momentum)?;
            }
            Self::Debiased { steps, hidden_mean, hidden_variance, mean, variance } => {
                let _ = steps.shallow_clone().f_add_scalar_(1)?;
                // All on the device: a step must not wait for the host.
                let decayed = Tensor::f_pow_scalar(DECAY, &steps.f_to_kind(Kind::Float)?)?;
                let weight = decayed.f_neg()?.f_add_scalar(1.0)?;
                for (hidden, average, batch) in
                    [(hidden_mean, mean, batch_mean), (hidden_variance, variance, batch_variance)]
                {
                    let _ = hidden.shallow_clone().f_lerp_(batch, 1.0 - DECAY)?;
                    average.shallow_clone().f_copy_(&hidden.f_div(&weight)?)?;
                }
            }
        }
        Ok(())
    }
}

/// Parameters that a normalised channel is scaled and moved by.
pub(super) fn scale_and_offset(scope: &mut Scope<'_>, channels: i64) -> Result<(Tensor, Tensor), Error> {
    Ok((scope.parameter("weight", &[channels], Init::ONES)?, scope.parameter("bias", &[channels], Init::ZEROS)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    /// Sonnet's exponential moving average on its own: five updates, decay 0.9.
    #[test]
    fn debiased_averages_are_sonnets() {
        let mut params = Params::new(Device::Cpu, 0);
        let norm = BatchNorm::sonnet(params.root(), 1).unwrap();
        let _guard = tch::no_grad_guard();
        for (update, expected) in [1.0, 3.0, -2.0, 0.5, 4.0].into_iter().zip([
            0.999_999_761_581_420_9,
            2.052_631_139_755_249,
            0.557_195_425_033_569_3,
            0.540_564_000_606_536_9,
            1.385_338_306_427_002,
        ]) {
            let value = Tensor::from_slice(&[update as f32]);
            norm.averages.update(&value, &value).unwrap();
            let mean = params.get("mean").unwrap().double_value(&[0]);
            assert!((mean - expected).abs() < 1e-6, "{mean} for {expected}");
        }
    }

    #[test]
    fn keras_does_not_correct_the_variance_and_torch_does() {
        let x = Tensor::from_slice(&[1.0f32, 3.0]).reshape([2, 1, 1]);
        let mut params = Params::new(Device::Cpu, 0);
        let keras = BatchNorm::keras(params.root().sub("keras"), 1).unwrap();
        let torch = BatchNorm::torch(params.root().sub("torch"), 1).unwrap();
        let _ = keras.forward(&x, Mode::Train).unwrap();
        let _ = torch.forward(&x, Mode::Train).unwrap();
        let value = |name: &str| params.get(name).unwrap().double_value(&[0]);
        assert!((value("keras.running_mean") - 0.02).abs() < 1e-7);
        assert!((value("keras.running_var") - 1.0).abs() < 1e-7);
        assert!((value("torch.running_mean") - 0.2).abs() < 1e-7);
        assert!((value("torch.running_var") - 1.1).abs() < 1e-6);
    }

    #[test]
    fn the_second_pass_of_sam_keeps_the_averages() {
        let mut params = Params::new(Device::Cpu, 0);
        let norm = BatchNorm::keras(params.root(), 2).unwrap();
        let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 5.0]).reshape([1, 2, 2]);
        let first = norm.forward(&x, Mode::TrainKeepAverages).unwrap();
        assert_eq!(params.get("running_mean").unwrap(), &Tensor::from_slice(&[0.0f32, 0.0]));
        assert!((first.mean(Kind::Double).double_value(&[])).abs() < 1e-6);
    }

    type Make = fn(Scope<'_>, i64) -> Result<BatchNorm, Error>;

    const FRAMEWORKS: [(&str, Make); 3] =
        [("torch", BatchNorm::torch), ("keras", BatchNorm::keras), ("sonnet", BatchNorm::sonnet)];

    /// Numbers far from 0, another mean and deviation in each channel and each batch of 6 rows.
    fn rows() -> Tensor {
        let values: Vec<f32> = (0..24 * 3 * 5).map(|i| ((i * i * 31 + i * 7) % 97) as f32 / 20.0).collect();
        let drift = Tensor::arange(24, (Kind::Float, Device::Cpu)).reshape([24, 1, 1]);
        let channel = Tensor::from_slice(&[1.0f32, 5.0, -3.0]).reshape([1, 3, 1]);
        Tensor::from_slice(&values).reshape([24, 3, 5]) * (&channel * 0.3) + channel + drift * 0.1
    }

    /// After all rows in equal batches, evaluation normalises by the statistics of all rows, whatever was stored
    /// before.
    #[test]
    fn estimates_are_the_statistics_of_all_rows() {
        let x = rows();
        let flat = x.to_kind(Kind::Double).transpose(0, 1).flatten(1, 2);
        for (framework, make) in FRAMEWORKS {
            for size in [24, 12, 6, 1] {
                let mut params = Params::new(Device::Cpu, 0);
                let norm = make(params.root(), 3).unwrap();
                let _guard = tch::no_grad_guard();
                let _ = norm.forward(&(&x * 7.0), Mode::Train).unwrap();
                for (batch, rows) in x.split(size, 0).iter().enumerate() {
                    let _ = norm.forward(rows, Mode::Estimate { batch: batch as u64 }).unwrap();
                }
                // PyTorch corrects the variance that it stores; none of them the one it normalises a batch by.
                let mean = flat.mean_dim(1, true, Kind::Double).unsqueeze(0);
                let variance = flat.var_dim(1, framework == "torch", true).unsqueeze(0);
                let expected = (x.to_kind(Kind::Double) - mean) / (variance + norm.eps).sqrt();
                let found = norm.forward(&x, Mode::Evaluate).unwrap();
                let difference = (found.to_kind(Kind::Double) - expected).abs().max().double_value(&[]);
                assert!(difference < 1e-5, "{framework} by {size}: {difference}");
            }
        }
    }

    /// Normalising by sums is what LibTorch's own batch norm does, in the output, its gradients and the averages.
    #[test]
    fn sums_normalise_as_the_batch_norm_of_all_rows_does() {
        for (framework, make) in FRAMEWORKS {
            let pass = |by_sums: bool| {
                let mut params = Params::new(Device::Cpu, 0);
                let norm = make(params.root(), 3).unwrap();
                let x = rows().set_requires_grad(true);
                let y = match by_sums {
                    true => norm.normalise_by(&sums(&x).unwrap(), &x, Mode::Train).unwrap(),
                    false => norm.forward(&x, Mode::Train).unwrap(),
                };
                let loss = (&y * rows().sin()).sum(Kind::Float);
                let mut found = Tensor::run_backward(&[loss], &[&x, &norm.weight, &norm.bias], false, false);
                found.push(y.detach());
                found.extend(params.entries().iter().map(|entry| entry.tensor.copy()));
                found
            };
            for (found, expected) in pass(true).iter().zip(pass(false)) {
                let difference = (found - expected).abs().max().double_value(&[]);
                assert!(difference < 2e-5, "{framework}: {difference}");
            }
        }
    }

    /// A batch is normalised by its own statistics, and what training counts and averages stays as it was.
    #[test]
    fn estimating_normalises_by_the_batch_and_replaces_mean_and_variance_only() {
        let x = rows();
        for (framework, make) in FRAMEWORKS {
            let mut params = Params::new(Device::Cpu, 0);
            let norm = make(params.root(), 3).unwrap();
            let _guard = tch::no_grad_guard();
            let _ = norm.forward(&(&x + 1.0), Mode::Train).unwrap();
            let before: Vec<Tensor> = params.entries().iter().map(|entry| entry.tensor.copy()).collect();
            let y = norm.forward(&x, Mode::Estimate { batch: 0 }).unwrap();
            assert_eq!(y, norm.forward(&x, Mode::TrainKeepAverages).unwrap(), "{framework}");
            for (entry, before) in params.entries().iter().zip(&before) {
                let replaced = ["running_mean", "running_var", "mean", "variance"].contains(&&*entry.name);
                assert_eq!(&entry.tensor != before, replaced, "{framework}: {}", entry.name);
            }
        }
    }
}
