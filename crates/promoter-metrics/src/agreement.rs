//! How well predictions agree with any measured values: five metrics, their bootstrap intervals, paired differences.

use promoter_encode::random::Stream;
use rayon::prelude::*;

use crate::{Error, Regression, spearman};

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

/// Percentile bootstrap over rows: in every round as many rows as there are, drawn with replacement.
///
/// A draw of one value only has no correlation and is drawn again. The seed decides every draw; the number of threads
/// does not.
///
/// ```
/// use promoter_metrics::agreement::{Agreement, Resampling};
/// let measured: Vec<f64> = (0..200).map(f64::from).collect();
/// let predicted: Vec<f64> = measured.iter().map(|x| x + 30.0 * (x * 0.7).sin()).collect();
/// let (low, high) = Resampling::default().intervals(&measured, &predicted)?.pearson;
/// let all = Agreement::of(&measured, &predicted)?.pearson;
/// assert!(low < all && all < high && high - low < 0.1);
/// # Ok::<(), promoter_metrics::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resampling {
    /// Number of rounds.
    pub rounds: u32,
    /// Share of the rounds within an interval, 0..1.
    pub level: f64,
    /// Seed of the draws.
    pub seed: u64,
}

impl Default for Resampling {
    /// 2,000 rounds, 95 %.
    fn default() -> Self {
        Self { rounds: 2000, level: 0.95, seed: 0 }
    }
}

impl Resampling {
    /// Intervals of the metrics of one set of predictions.
    ///
    /// # Errors
    /// [`Error::Resampling`], [`Error::Constant`]; as [`Agreement::of`].
    pub fn intervals(&self, truth: &[f64], prediction: &[f64]) -> Result<Agreement<Range>, Error> {
        let rounds = self.rounds(truth, &[prediction])?;
        Ok(self.spread(rounds.iter().map(|round| round[0])))
    }

    /// First less second, both over the same draws: much narrower than the difference of two intervals.
    ///
    /// # Errors
    /// As [`intervals`](Self::intervals).
    pub fn differences(&self, truth: &[f64], first: &[f64], second: &[f64]) -> Result<Agreement<Difference>, Error> {
        let less = |a: Agreement, b: Agreement| a.zip(b).map(|(a, b)| a - b);
        let rounds = self.rounds(truth, &[first, second])?;
        let intervals = self.spread(rounds.iter().map(|round| less(round[0], round[1])));
        let value = less(Agreement::of(truth, first)?, Agreement::of(truth, second)?);
        Ok(value.zip(intervals).map(|(value, interval)| Difference { value, interval }))
    }

    /// The metrics of every round, for each set of predictions.
    fn rounds(&self, truth: &[f64], predictions: &[&[f64]]) -> Result<Vec<Vec<Agreement>>, Error> {
        if self.rounds < 2 || !(self.level > 0.0 && self.level < 1.0) {
            return Err(Error::Resampling { rounds: self.rounds, level: self.level });
        }
        for prediction in predictions {
            // Otherwise no draw ever has a correlation.
            if Agreement::of(truth, prediction)?.pearson.is_nan() {
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

    /// The middle of the values, ends interpolated between neighbours.
    fn interval(&self, mut values: Vec<f64>) -> Range {
        values.sort_unstable_by(f64::total_cmp);
        let quantile = |q: f64| {
            let place = q * (values.len() - 1) as f64;
            let (below, above) = (values[place.floor() as usize], values[place.ceil() as usize]);
            below + (above - below) * place.fract()
        };
        (quantile((1.0 - self.level) / 2.0), quantile((1.0 + self.level) / 2.0))
    }
}
