//! How well predictions agree with any measured values: five metrics, their bootstrap intervals, paired differences.

use promoter_encode::random::Stream;
use rayon::prelude::*;

use crate::{Bootstrap, Error, Regression, spearman};

/// The five metrics of agreement, or what is known about each of them.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Agreement<T = f64> {
    /// Pearson's correlation.
    pub pearson: T,
    /// Spearman's rank correlation.
    pub spearman: T,
    /// Coefficient of determination, below 0 when the mean of the truth predicts better.
    pub r2: T,
    /// Mean squared error.
    pub mse: T,
    /// Mean absolute error.
    pub mae: T,
}

impl Agreement {
    /// The metrics of all rows.
    ///
    /// # Errors
    /// As [`Regression::of`] and [`spearman`].
    pub fn of(truth: &[f64], prediction: &[f64]) -> Result<Self, Error> {
        let Regression { pearson, r2, mse, mae, .. } = Regression::of(truth, prediction)?;
        Ok(Self { pearson, spearman: spearman(truth, prediction)?, r2, mse, mae })
    }
}

impl<T: Copy> Agreement<T> {
    /// The metrics with their names, in the order of the fields.
    pub fn named(self) -> [(&'static str, T); 5] {
        [("Pearson", self.pearson), ("Spearman", self.spearman), ("R2", self.r2), ("MSE", self.mse), ("MAE", self.mae)]
    }

    /// Another value for each metric.
    fn map<U>(self, mut f: impl FnMut(T) -> U) -> Agreement<U> {
        Agreement {
            pearson: f(self.pearson),
            spearman: f(self.spearman),
            r2: f(self.r2),
            mse: f(self.mse),
            mae: f(self.mae),
        }
    }

    /// Both values of each metric.
    fn zip<U: Copy>(self, other: Agreement<U>) -> Agreement<(T, U)> {
        Agreement {
            pearson: (self.pearson, other.pearson),
            spearman: (self.spearman, other.spearman),
            r2: (self.r2, other.r2),
            mse: (self.mse, other.mse),
            mae: (self.mae, other.mae),
        }
    }
}

/// Lower and upper end of an interval.
pub type Range = (f64, f64);

/// A difference, first less second, with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Difference {
    /// Over all rows.
    pub value: f64,
    /// Its interval over the rounds.
    pub interval: Range,
}

/// Rows of any two columns.
impl Bootstrap {
    /// Intervals of the metrics of one set of predictions.
    ///
    /// ```
    /// use promoter_metrics::{Agreement, Bootstrap};
    /// let measured: Vec<f64> = (0..200).map(f64::from).collect();
    /// let predicted: Vec<f64> = measured.iter().map(|x| x + 30.0 * (x * 0.7).sin()).collect();
    /// let bootstrap = Bootstrap { rounds: 2000, ..Bootstrap::default() };
    /// let (low, high) = bootstrap.agreement(&measured, &predicted)?.pearson;
    /// let all = Agreement::of(&measured, &predicted)?.pearson;
    /// assert!(low < all && all < high && high - low < 0.1);
    /// # Ok::<(), promoter_metrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Bootstrap`], [`Error::Constant`]; as [`Agreement::of`].
    pub fn agreement(&self, truth: &[f64], prediction: &[f64]) -> Result<Agreement<Range>, Error> {
        let rounds = self.agreements(truth, &[prediction])?;
        Ok(self.spread(rounds.iter().map(|round| round[0])))
    }

    /// First less second, both over the same draws: much narrower than the difference of two intervals.
    ///
    /// # Errors
    /// As [`agreement`](Self::agreement).
    pub fn agreement_differences(
        &self,
        truth: &[f64],
        first: &[f64],
        second: &[f64],
    ) -> Result<Agreement<Difference>, Error> {
        let less = |a: Agreement, b: Agreement| a.zip(b).map(|(a, b)| a - b);
        let rounds = self.agreements(truth, &[first, second])?;
        let intervals = self.spread(rounds.iter().map(|round| less(round[0], round[1])));
        let value = less(Agreement::of(truth, first)?, Agreement::of(truth, second)?);
        Ok(value.zip(intervals).map(|(value, interval)| Difference { value, interval }))
    }

    /// The metrics of every round, for each set of predictions.
    fn agreements(&self, truth: &[f64], predictions: &[&[f64]]) -> Result<Vec<Vec<Agreement>>, Error> {
        if !self.is_valid() {
            return Err(Error::Bootstrap { rounds: self.rounds, level: self.level });
        }
        for prediction in predictions {
            // Otherwise no draw ever has a correlation.
            if Regression::of(truth, prediction)?.pearson.is_nan() {
                return Err(Error::Constant);
            }
        }
        (0..self.rounds)
            .into_par_iter()
            .map(|round| {
                let mut stream = Stream::new(self.seed, "agreement", round.into());
                loop {
                    let rows: Vec<usize> =
                        (0..truth.len()).map(|_| stream.below(truth.len() as u64) as usize).collect();
                    let take = |values: &[f64]| rows.iter().map(|&row| values[row]).collect::<Vec<_>>();
                    let truth = take(truth);
                    let metrics = predictions.iter().map(|prediction| Agreement::of(&truth, &take(prediction)));
                    let metrics = metrics.collect::<Result<Vec<_>, _>>()?;
                    if metrics.iter().all(|metrics| !metrics.pearson.is_nan()) {
                        return Ok(metrics);
                    }
                }
            })
            .collect()
    }

    /// The interval of each metric over the rounds.
    fn spread(&self, rounds: impl Iterator<Item = Agreement>) -> Agreement<Range> {
        let rounds: Vec<Agreement> = rounds.collect();
        let of = |metric: fn(&Agreement) -> f64| self.interval(rounds.iter().map(metric).collect());
        Agreement {
            pearson: of(|round| round.pearson),
            spearman: of(|round| round.spearman),
            r2: of(|round| round.r2),
            mse: of(|round| round.mse),
            mae: of(|round| round.mae),
        }
    }
}
