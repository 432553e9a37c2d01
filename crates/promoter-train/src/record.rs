//! What an epoch is remembered by.

use promoter_metrics::Metric;
use promoter_metrics::regression::Regression;
use promoter_metrics::spearman;
use serde::{Deserialize, Serialize};

use crate::Error;

/// Agreement of predictions with labels. A correlation that does not exist, because one side is constant, is NaN here
/// and null in files.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Rows.
    pub n: u64,
    /// Pearson's r.
    #[serde(with = "nan_as_null")]
    pub pearson: f64,
    /// Spearman's rho.
    #[serde(with = "nan_as_null")]
    pub spearman: f64,
    /// Coefficient of determination.
    #[serde(with = "nan_as_null")]
    pub r2: f64,
    /// Mean squared error.
    #[serde(with = "nan_as_null")]
    pub mse: f64,
    /// Mean absolute error.
    #[serde(with = "nan_as_null")]
    pub mae: f64,
}

impl Scores {
    /// Scores of rows whose expression is not predicted: none exists.
    pub(crate) fn none(n: u64) -> Self {
        Self { n, pearson: f64::NAN, spearman: f64::NAN, r2: f64::NAN, mse: f64::NAN, mae: f64::NAN }
    }

    /// The means of the scores by several labels, and the rows of all of them; one comes back as it is.
    pub(crate) fn mean(scores: &[Self]) -> Self {
        if let [scores] = scores {
            return *scores;
        }
        let mean = |of: fn(&Self) -> f64| scores.iter().map(of).sum::<f64>() / scores.len() as f64;
        Self {
            n: scores.iter().map(|scores| scores.n).sum(),
            pearson: mean(|scores| scores.pearson),
            spearman: mean(|scores| scores.spearman),
            r2: mean(|scores| scores.r2),
            mse: mean(|scores| scores.mse),
            mae: mean(|scores| scores.mae),
        }
    }

    /// Scores over all rows.
    ///
    /// # Errors
    /// [`Error::Metric`] for values that are not finite.
    pub fn of(truth: &[f32], prediction: &[f32]) -> Result<Self, Error> {
        let metric = |source| Error::Metric { what: "scores of the predictions", source };
        let Regression { n, pearson, r2, mse, mae } = Regression::of(truth, prediction).map_err(metric)?;
        let spearman = spearman(truth, prediction).map_err(metric)?;
        Ok(Self { n, pearson, spearman, r2, mse, mae })
    }
}

/// One line of `metrics.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Epoch, from 0.
    pub epoch: u64,
    /// Learning rate of its last step.
    pub lr: f64,
    /// Mean loss of the training steps, with dropout and augmentation as in training, and with the L2 penalty.
    #[serde(with = "nan_as_null")]
    pub train_loss: f64,
    /// Pearson's r of the outputs of the training steps, likewise.
    #[serde(with = "nan_as_null")]
    pub train_pearson: f64,
    /// Mean squared error of the training steps, likewise, in units of the transformed label.
    #[serde(with = "nan_as_null")]
    pub train_mse: f64,
    /// Mean length of the steps' gradients, before clipping.
    #[serde(with = "nan_as_null")]
    pub gradient_norm: f64,
    /// Largest length of them.
    pub largest_gradient_norm: f64,
    /// Steps of the run so far that were left out because a gradient overflowed in f16.
    pub skipped_steps: u64,
    /// Mean loss of the validation rows.
    pub validation_loss: f64,
    /// Scores of the validation rows, in units of the transformed label; none exists for masked k-mers.
    pub validation: Scores,
    /// Value of the metric by which the best epoch is chosen.
    #[serde(with = "nan_as_null")]
    pub chosen_by: f64,
    /// Whether this epoch is the best so far.
    pub best: bool,
    /// Seconds that its training steps took; since the resume, when it was resumed in the middle.
    pub seconds: f64,
    /// Training rows per second.
    pub rows_per_second: f64,
    /// Most memory so far, in bytes: of the process on a CPU, of LibTorch's tensors on a GPU; none where the system
    /// does not say.
    pub peak_memory: Option<u64>,
}

/// Whether `value` is better than the best before it; a value that does not exist never is.
pub(crate) fn is_better(metric: Metric, value: f64, before: Option<f64>) -> bool {
    match before {
        _ if value.is_nan() => false,
        None => true,
        Some(before) if metric.higher_is_better() => value > before,
        Some(before) => value < before,
    }
}

/// JSON has no NaN.
mod nan_as_null {
    use serde::{Deserialize, Deserializer, Serializer};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    pub(super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(*value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NAN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correlation_that_does_not_exist_survives_the_file() {
        let scores = Scores::of(&[1.0, 2.0, 3.0], &[5.0, 5.0, 5.0]).unwrap();
        assert!(scores.pearson.is_nan());
        let text = serde_json::to_string(&scores).unwrap();
        assert!(text.contains("\"pearson\":null"), "{text}");
        assert!(serde_json::from_str::<Scores>(&text).unwrap().pearson.is_nan());
    }

    #[test]
    fn better_follows_the_metrics_direction() {
        assert!(is_better(Metric::Pearson, 0.5, Some(0.4)) && !is_better(Metric::Mse, 0.5, Some(0.4)));
        assert!(is_better(Metric::Mse, 0.5, None) && !is_better(Metric::Pearson, f64::NAN, None));
    }
}
