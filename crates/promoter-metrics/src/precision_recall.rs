//! How well scores find the few rows that matter.

use crate::error::{Error, Side};
use crate::value::Value;

/// Area under the precision-recall curve, beside what chance reaches.
///
/// The area is the average precision: the precision at each rank where recall rises, weighted by how far it rises,
/// without interpolation between ranks. Rows with the same score are taken together.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PrecisionRecall {
    /// Rows.
    pub n: u64,
    /// Those that are positive.
    pub positives: u64,
    /// Average precision; NaN without a positive row, as recall does not exist then.
    pub area: f64,
    /// What scores that know nothing reach on average: the share of positive rows.
    pub chance: f64,
}

impl PrecisionRecall {
    /// The area for scores that should be highest where `positive`.
    ///
    /// # Shapes
    /// `positive` and `scores` have one value per row.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Length`], [`Error::NotFinite`].
    ///
    /// ```
    /// use promoter_metrics::PrecisionRecall;
    /// // Found first and third: half of the recall at precision 1, the other half at 2/3.
    /// let found = PrecisionRecall::of(&[true, false, true, false], &[0.9, 0.8, 0.5, 0.1])?;
    /// assert!((found.area - (0.5 * 1.0 + 0.5 * 2.0 / 3.0)).abs() < 1e-15);
    /// assert_eq!(found.chance, 0.5);
    /// # Ok::<(), promoter_metrics::Error>(())
    /// ```
    pub fn of<T: Value>(positive: &[bool], scores: &[T]) -> Result<Self, Error> {
        if positive.len() != scores.len() {
            return Err(Error::Length { truth: positive.len(), prediction: scores.len() });
        }
        if positive.is_empty() {
            return Err(Error::Empty);
        }
        if let Some(row) = scores.iter().position(|&score| !score.into().is_finite()) {
            return Err(Error::NotFinite { side: Side::Prediction, row: row as u64, value: scores[row].into() });
        }
        let mut order: Vec<(u64, bool)> =
            scores.iter().map(|score| score.key()).zip(positive.iter().copied()).collect();
        order.sort_unstable_by(|a, b| b.cmp(a));
        let positives = order.iter().filter(|row| row.1).count();
        let (mut area, mut taken, mut found) = (0.0, 0usize, 0usize);
        for ties in order.chunk_by(|a, b| a.0 == b.0) {
            let rise = ties.iter().filter(|row| row.1).count();
            taken += ties.len();
            found += rise;
            area += rise as f64 * (found as f64 / taken as f64);
        }
        Ok(Self {
            n: order.len() as u64,
            positives: positives as u64,
            area: area / positives as f64,
            chance: positives as f64 / order.len() as f64,
        })
    }
}
