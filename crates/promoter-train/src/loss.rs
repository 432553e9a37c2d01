//! What training minimises.

use promoter_label::soft_bins::BINS;
use serde::{Deserialize, Serialize};
use tch::{Kind, Reduction, TchError, Tensor};

use crate::Error;
use crate::error::{Doing, experiment};

/// A class that does not count, as PyTorch has it.
const IGNORED: i64 = -100;

/// A loss, averaged over the rows of a batch and over the network's outputs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Loss {
    /// Squared error.
    Mse,
    /// Poisson deviance without its constant, `p - y ln(p + eps)`.
    ///
    /// # Source
    /// Challenge report of Peppa, 2022: eps 1e-7.
    Poisson {
        /// Keeps the logarithm finite.
        eps: f64,
    },
    /// `d^2 / (2 beta)` for a difference d below beta, `|d| - beta / 2` above.
    ///
    /// # Source
    /// Challenge report of NAD, 2022: beta 0.1, on each of four levels.
    SmoothL1 {
        /// Where the parabola ends.
        beta: f64,
    },
    /// `d^2 / 2` for a difference d below delta, `delta (|d| - delta / 2)` above.
    Huber {
        /// Where the parabola ends.
        delta: f64,
    },
    /// Kullback-Leibler divergence of the predicted from the labels' distribution over 18 bins, summed over the bins;
    /// labels are in sorting bins, outputs are logits. See [`promoter_label::soft_bins`].
    ///
    /// # Source
    /// Challenge report of autosome.org, 2022.
    SoftBins,
    /// Cross-entropy of the k-mers that were masked; labels are not used. The network is a `bert` whose objective is
    /// `masked_kmers`, and `training.best` is `accuracy`, the share of masked k-mers of the validation rows that are
    /// found.
    ///
    /// # Source
    /// Ji et al. 2021 (DNABERT), <https://doi.org/10.1093/bioinformatics/btab083>.
    MaskedKmers {
        /// Share of a row's k-mers that is masked on average, in runs of k.
        #[serde(default = "share")]
        share: f64,
    },
}

/// DNABERT's.
fn share() -> f64 {
    0.15
}

impl Loss {
    /// # Shapes
    /// `output` (B, K), `target` (B,) to a number; classes as `target` have kind i64, and -100 does not count. Of
    /// several labels `target` is (B, columns), with NaN for those that are missing, and `output` has K / columns
    /// outputs for each, side by side. A missing label adds 0: the mean is over all rows and columns, whichever labels
    /// a batch has.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn forward(&self, output: &Tensor, target: &Tensor) -> Result<Tensor, Error> {
        match target.dim() {
            2 => self.mean_of_columns(output, target),
            _ => self.mean(output, target),
        }
        .doing("loss")
    }

    /// Outputs that the loss is defined on; `None`: any number.
    pub(crate) fn outputs(&self) -> Option<i64> {
        matches!(self, Self::SoftBins).then_some(BINS as i64)
    }

    /// Whether it is defined on labels; else the network predicts no expression.
    pub fn uses_labels(&self) -> bool {
        !matches!(self, Self::MaskedKmers { .. })
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        match *self {
            Self::MaskedKmers { share } if !(share > 0.0 && share < 1.0) => {
                Err(experiment("loss.share", share, "more than 0 and less than 1"))
            }
            _ => Ok(()),
        }
    }

    /// The mean over the outputs of all columns, those of missing labels and their labels set to 0.
    fn mean_of_columns(&self, output: &Tensor, target: &Tensor) -> Result<Tensor, TchError> {
        let (rows, columns) = target.size2()?;
        let output = output.f_to_kind(Kind::Float)?.f_reshape([rows, columns, -1])?;
        let missing = target.f_isnan()?.f_unsqueeze(2)?.f_expand_as(&output)?;
        let levels = target.f_unsqueeze(2)?.f_expand_as(&output)?.f_masked_fill(&missing, 0.0)?;
        let output = output.f_masked_fill(&missing, 0.0)?;
        self.mean(&output.f_view([-1, 1])?, &levels.f_reshape([-1])?)
    }

    fn mean(&self, output: &Tensor, target: &Tensor) -> Result<Tensor, TchError> {
        let output = output.f_to_kind(Kind::Float)?;
        let column = target.f_unsqueeze(1)?;
        let levels = || column.f_expand_as(&output);
        match *self {
            Self::Mse => output.f_mse_loss(&levels()?, Reduction::Mean),
            Self::Poisson { eps } => {
                let logarithm = output.f_add_scalar(eps)?.f_log()?;
                output.f_sub(&column.f_mul(&logarithm)?)?.f_mean(Kind::Float)
            }
            Self::SmoothL1 { beta } => output.f_smooth_l1_loss(&levels()?, Reduction::Mean, beta),
            Self::Huber { delta } => output.f_huber_loss(&levels()?, Reduction::Mean, delta),
            Self::SoftBins => {
                let target = soft_bins(&column)?;
                let logarithm = output.f_log_softmax(-1, Kind::Float)?;
                let terms = target.f_xlogy(&target)?.f_sub(&target.f_mul(&logarithm)?)?;
                terms.f_sum(Kind::Float)?.f_div_scalar(target.size()[0] as f64)
            }
            Self::MaskedKmers { .. } => {
                output.f_cross_entropy_loss(target, None::<&Tensor>, Reduction::Mean, IGNORED, 0.0)
            }
        }
    }
}

/// Mass of N(y + 0.5, 0.5) in the bins up to 1, 1..2, .., 17 and above.
///
/// # Shapes
/// (B, 1) to (B, 18) f32.
fn soft_bins(label: &Tensor) -> Result<Tensor, TchError> {
    const SD: f64 = 0.5;
    let device = label.device();
    let edges = Tensor::f_arange_start(1, BINS as i64, (Kind::Double, device))?;
    let centred = edges.f_sub(&label.f_to_kind(Kind::Double)?.f_add_scalar(0.5)?)?;
    let below = centred.f_div_scalar(SD * std::f64::consts::SQRT_2)?.f_erf()?.f_add_scalar(1.0)?.f_div_scalar(2.0)?;
    let rows = label.size()[0];
    let (zeros, ones) =
        (Tensor::f_zeros([rows, 1], (Kind::Double, device))?, Tensor::f_ones([rows, 1], (Kind::Double, device))?);
    let upper = Tensor::f_cat(&[&below, &ones], 1)?;
    upper.f_sub(&Tensor::f_cat(&[&zeros, &below], 1)?)?.f_to_kind(Kind::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(loss: Loss, output: &Tensor, target: &[f32]) -> f64 {
        loss.forward(output, &Tensor::from_slice(target)).unwrap().double_value(&[])
    }

    #[test]
    fn levels_are_averaged_and_huber_is_smooth_l1_in_another_unit() {
        let levels = Tensor::from_slice(&[1.0f32, 3.0]).reshape([1, 2]);
        assert_eq!(value(Loss::Mse, &levels, &[1.0]), 2.0);
        let output = Tensor::from_slice(&[0.1f32, 0.2, 0.55, 0.9, 0.31, 0.29, 0.3, 0.02]).reshape([2, 4]);
        let smooth = value(Loss::SmoothL1 { beta: 0.1 }, &output, &[0.25, 0.3]);
        let huber = value(Loss::Huber { delta: 0.1 }, &output, &[0.25, 0.3]);
        assert!((huber - 0.1 * smooth).abs() < 1e-7, "{huber}");
    }

    #[test]
    fn a_missing_label_adds_nothing_to_loss_and_gradient() {
        let output =
            Tensor::from_slice(&[0.1f32, 0.2, 0.6, 0.9, 0.3, 0.4, 0.5, 0.7]).view([2, 4]).set_requires_grad(true);
        let target = Tensor::from_slice(&[0.5f32, f32::NAN, 0.25, 1.0]).view([2, 2]);
        for loss in [Loss::Mse, Loss::Poisson { eps: 1e-7 }, Loss::SmoothL1 { beta: 0.1 }, Loss::Huber { delta: 0.1 }] {
            let found = loss.forward(&output, &target).unwrap();
            let of = |row: i64, column: i64, label: f32| {
                value(loss, &output.narrow(0, row, 1).narrow(1, 2 * column, 2), &[label])
            };
            let expected = (of(0, 0, 0.5) + of(1, 0, 0.25) + of(1, 1, 1.0)) / 4.0;
            assert!((found.double_value(&[]) - expected).abs() < 1e-6, "{loss:?}");
            let gradient = Tensor::run_backward(&[found], &[&output], false, false).remove(0);
            let gradient: Vec<f32> = gradient.view([-1]).try_into().unwrap();
            let is_zero: Vec<bool> = gradient.iter().map(|&value| value == 0.0).collect();
            assert_eq!(is_zero, [false, false, true, true, false, false, false, false], "{loss:?} {gradient:?}");
        }
    }

    #[test]
    fn soft_bins_are_those_of_promoter_label_and_the_divergence_of_themselves_is_zero() {
        let labels = [0.0f32, 2.9, 6.0, 11.34, 17.0];
        let found = soft_bins(&Tensor::from_slice(&labels).unsqueeze(1)).unwrap();
        let expected = Tensor::from_slice(&promoter_label::soft_bins::mass(&labels).unwrap()).view([5, 18]);
        assert!((&found - &expected).abs().max().double_value(&[]) < 1e-6);
        let logits = (expected + 1e-30).log();
        assert!(value(Loss::SoftBins, &logits, &labels).abs() < 1e-5);
        let uniform = Tensor::zeros([5, 18], tch::kind::FLOAT_CPU);
        assert!(value(Loss::SoftBins, &uniform, &labels) > 1.0);
    }
}
