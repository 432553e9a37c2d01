//! The two official scores.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Comparison, Difference, Error, Interval, Intervals, Rows, Selection, Subset};
use crate::error::Side;
use crate::{Regression, spearman};

/// The official scores with the correlations that they are made of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    /// Which rows were scored.
    pub rows: Rows,
    /// Weighted mean of r squared over the subsets, 0..1.
    pub pearson_score: f64,
    /// Weighted mean of rho (not squared) over the subsets, -1..1.
    pub spearman_score: f64,
    /// Correlations of each subset.
    pub subsets: BTreeMap<Subset, Correlation>,
    /// Predictions of rows that were not scored.
    pub unused: usize,
}

/// Agreement within one subset.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Correlation {
    /// Pearson's r.
    pub pearson: f64,
    /// Spearman's rho.
    pub spearman: f64,
    /// Rows, or pairs.
    pub n: usize,
}

impl Selection {
    /// The official scores of the selection.
    ///
    /// # Errors
    /// [`Error::Constant`] when the truth or the prediction of a subset is constant; [`Error::Metric`] when a subset
    /// has no row.
    pub fn score(&self) -> Result<Score, Error> {
        let mut subsets = BTreeMap::new();
        for (&subset, columns) in &self.columns {
            let (truth, prediction) = (&columns.truth, &columns.prediction);
            let n = truth.len();
            for (side, column) in [(Side::Truth, truth), (Side::Prediction, prediction)] {
                if n > 0 && column.iter().all(|value| *value == column[0]) {
                    return Err(Error::Constant { subset, side, n });
                }
            }
            let pearson = Regression::of(truth, prediction)?.pearson;
            subsets.insert(subset, Correlation { pearson, spearman: spearman(truth, prediction)?, n });
        }
        let [pearson_score, spearman_score] = scores(subsets.iter().map(|(&s, c)| (s, c.pearson, c.spearman)));
        Ok(Score { rows: self.rows, pearson_score, spearman_score, subsets, unused: self.unused })
    }
}

/// Pearson score and Spearman score of the subsets' r and rho.
pub(super) fn scores(correlations: impl Iterator<Item = (Subset, f64, f64)>) -> [f64; 2] {
    let sums = correlations
        .fold([0.0; 2], |[p, s], (subset, r, rho)| [p + subset.weight() * r * r, s + subset.weight() * rho]);
    sums.map(|sum| sum / Subset::TOTAL_WEIGHT)
}

impl Score {
    /// The scores as a text table, with their intervals where given.
    pub fn table(&self, intervals: Option<&Intervals>) -> String {
        let of = |value, interval: Option<Interval>| format!("{value:7.4}{}", interval.map_or(String::new(), range));
        let width = if intervals.is_some() { WIDE } else { 7 };
        let mut text = format!("{:<20}{:>7}{:>8}  {:<width$}  rho\n", "subset", "n", "weight", "r");
        for (subset, c) in &self.subsets {
            let interval = intervals.and_then(|intervals| intervals.subsets.get(subset));
            let (r, rho) = (of(c.pearson, interval.map(|i| i.pearson)), of(c.spearman, interval.map(|i| i.spearman)));
            text += &format!("{subset:<20}{:>7}{:>8}  {r:<width$}  {rho}\n", c.n, subset.weight());
        }
        text += &format!("Pearson score       {}\n", of(self.pearson_score, intervals.map(|i| i.pearson_score)));
        text += &format!("Spearman score      {}\n", of(self.spearman_score, intervals.map(|i| i.spearman_score)));
        text
    }
}

impl Comparison {
    /// The differences as a text table: value, interval, and the share of rounds in which the first set of predictions
    /// is better.
    pub fn table(&self) -> String {
        let of = |d: &Difference| format!("{:7.4}{} {:6.1} %", d.value, range(d.interval), 100.0 * d.larger);
        let width = WIDE + 9;
        let mut text = format!("{:<20}{:<width$}  difference of rho\n", "first less second", "difference of r");
        for (subset, d) in &self.subsets {
            text += &format!("{subset:<20}{:<width$}  {}\n", of(&d.pearson), of(&d.spearman));
        }
        text += &format!("Pearson score       {}\n", of(&self.pearson_score));
        text += &format!("Spearman score      {}\n", of(&self.spearman_score));
        text
    }
}

/// Width of a value with its interval.
const WIDE: usize = 25;

fn range(interval: Interval) -> String {
    format!(" [{:7.4},{:7.4}]", interval.low, interval.high)
}
