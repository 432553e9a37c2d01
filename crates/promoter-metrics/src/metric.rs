//! Metrics by name, as configurations ask for them.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;
use crate::regression::{Regression, task};
use crate::spearman::spearman;
use crate::value::{Value, check_finite, check_lengths};

/// A metric that a configuration can name.
///
/// The first six are over all rows. The last two are what two teams watched while training: a mean over batches, kept
/// so that their reported numbers can be compared like with like. They depend on the batch size and on the order of the
/// rows; never choose a model by them for another purpose.
///
/// ```
/// use promoter_metrics::Metric;
/// let metric: Metric = "pearson".parse()?;
/// assert!(metric.higher_is_better());
/// assert_eq!(metric.of(&[1.0, 2.0, 3.0], &[10.0, 20.0, 30.0], 1024)?, 1.0);
/// # Ok::<(), promoter_metrics::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Metric {
    /// Pearson's correlation.
    Pearson,
    /// Spearman's rank correlation.
    Spearman,
    /// Coefficient of determination, `1 - SSres / SStot`.
    R2,
    /// Mean squared error.
    Mse,
    /// Mean absolute error.
    Mae,
    /// Share of predictions that are equal to the truth, for classes.
    Accuracy,
    /// Mean over batches of `1 - SSres / (SStot + 1e-7)`.
    ///
    /// # Source
    /// Challenge report of Noisy Chardonnay: its early stopping watched this.
    MeanBatchR2,
    /// Mean over batches of the square of Pearson's correlation; NaN when a batch is constant.
    ///
    /// # Source
    /// Challenge report of MadLab: its `correlation` that chose the checkpoint. The team's batches were the 128 rows of
    /// one accelerator core.
    RSquaredCorrelation,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 8] = [
        Self::Pearson,
        Self::Spearman,
        Self::R2,
        Self::Mse,
        Self::Mae,
        Self::Accuracy,
        Self::MeanBatchR2,
        Self::RSquaredCorrelation,
    ];

    /// The name in configurations and tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pearson => "pearson",
            Self::Spearman => "spearman",
            Self::R2 => "r2",
            Self::Mse => "mse",
            Self::Mae => "mae",
            Self::Accuracy => "accuracy",
            Self::MeanBatchR2 => "mean_batch_r2",
            Self::RSquaredCorrelation => "r_squared_correlation",
        }
    }

    /// Whether a larger value is better.
    pub const fn higher_is_better(self) -> bool {
        !matches!(self, Self::Mse | Self::Mae)
    }

    /// Unit of the value; empty when it has none.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Mse => "label units squared",
            Self::Mae => "label units",
            _ => "",
        }
    }

    /// Whether the value depends on the batch size.
    pub const fn is_per_batch(self) -> bool {
        matches!(self, Self::MeanBatchR2 | Self::RSquaredCorrelation)
    }

    /// The metric of `prediction`. Only metrics per batch look at `batch`, the number of rows of one; a last batch that
    /// is shorter counts as much as the others, as in Keras.
    ///
    /// # Shapes
    /// `truth` and `prediction` have one value per row.
    ///
    /// # Errors
    /// As [`Regression::of`] and [`spearman`]; [`Error::NoBatch`] for a metric per batch and a batch of 0.
    pub fn of<T: Value>(self, truth: &[T], prediction: &[T], batch: usize) -> Result<f64, Error> {
        Ok(match self {
            Self::Pearson => Regression::of(truth, prediction)?.pearson,
            Self::Spearman => spearman(truth, prediction)?,
            Self::R2 => Regression::of(truth, prediction)?.r2,
            Self::Mse => Regression::of(truth, prediction)?.mse,
            Self::Mae => Regression::of(truth, prediction)?.mae,
            Self::Accuracy => {
                check_lengths(truth, prediction)?;
                check_finite(truth, prediction, 0)?;
                let equal = truth.iter().zip(prediction).filter(|(t, p)| t == p).count();
                equal as f64 / truth.len() as f64
            }
            Self::MeanBatchR2 => self.mean_over_batches(truth, prediction, batch, |t, p| {
                let sums = task(t, p);
                Ok(1.0 - sums.squared / (sums.tt + 1e-7))
            })?,
            Self::RSquaredCorrelation => {
                self.mean_over_batches(truth, prediction, batch, |t, p| Ok(Regression::of(t, p)?.pearson.powi(2)))?
            }
        })
    }

    fn mean_over_batches<T: Value>(
        self,
        truth: &[T],
        prediction: &[T],
        batch: usize,
        one: impl Fn(&[T], &[T]) -> Result<f64, Error>,
    ) -> Result<f64, Error> {
        check_lengths(truth, prediction)?;
        check_finite(truth, prediction, 0)?;
        if batch == 0 {
            return Err(Error::NoBatch { metric: self.name() });
        }
        let mut sum = 0.0;
        for (t, p) in truth.chunks(batch).zip(prediction.chunks(batch)) {
            sum += one(t, p)?;
        }
        Ok(sum / truth.len().div_ceil(batch) as f64)
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Metric {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|metric| metric.name() == name)
            .ok_or_else(|| Error::UnknownMetric { name: name.to_owned(), known: Self::ALL.map(Self::name).join(", ") })
    }
}
