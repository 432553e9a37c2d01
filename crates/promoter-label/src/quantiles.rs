//! Labels as quantiles of a normal distribution.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

use crate::error::{Error, spread};

/// Labels at which a [`Quantiles`] knows the score, at most.
const KNOTS: usize = 1001;

/// Maps labels to the scores that a standard normal distribution has at their ranks, along straight lines between known
/// labels and along the outermost of these lines beyond them, so that it can be inverted everywhere.
///
/// ```
/// use promoter_label::quantiles::Quantiles;
/// let labels = [0.0, 1.0, 10.0, 100.0, 1000.0];
/// let quantiles = Quantiles::fit(&labels)?;
/// assert_eq!(quantiles.score(10.0), 0.0);
/// assert!((quantiles.score(1000.0) - 1.2816).abs() < 1e-4); // the normal's quantile of 0.9
/// assert!((quantiles.label(quantiles.score(55.0)) - 55.0).abs() < 1e-9);
/// # Ok::<(), promoter_label::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Knots", into = "Knots"))]
pub struct Quantiles {
    knots: Knots,
}

/// Known labels and their scores, both strictly increasing.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
struct Knots {
    labels: Vec<f64>,
    scores: Vec<f64>,
}

impl Quantiles {
    /// Fits to training labels: of n labels the one of mean rank r (from 0) has the quantile of (r + 0.5) / n.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`]; [`Error::Constant`] for equal labels.
    pub fn fit(labels: &[f32]) -> Result<Self, Error> {
        spread("quantile", labels)?;
        let mut sorted: Vec<f64> = labels.iter().map(|&y| f64::from(y) + 0.0).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let n = sorted.len() as f64;
        let mut distinct = Vec::new();
        let mut before = 0;
        for equal in sorted.chunk_by(|a, b| a == b) {
            let rank = before as f64 + (equal.len() as f64 - 1.0) / 2.0;
            distinct.push((equal[0], normal_quantile((rank + 0.5) / n)));
            before += equal.len();
        }
        let knots = distinct.len().min(KNOTS);
        let chosen = (0..knots).map(|knot| distinct[knot * (distinct.len() - 1) / (knots - 1)]);
        let (labels, scores) = chosen.unzip();
        Ok(Self { knots: Knots { labels, scores } })
    }

    /// Score of a label.
    pub fn score(&self, label: f64) -> f64 {
        interpolate(&self.knots.labels, &self.knots.scores, label)
    }

    /// Label of a score.
    pub fn label(&self, score: f64) -> f64 {
        interpolate(&self.knots.scores, &self.knots.labels, score)
    }
}

impl TryFrom<Knots> for Quantiles {
    type Error = Error;

    fn try_from(knots: Knots) -> Result<Self, Error> {
        let rises = |values: &[f64]| {
            values.iter().all(|value| value.is_finite()) && values.windows(2).all(|pair| pair[0] < pair[1])
        };
        let (labels, scores) = (knots.labels.len(), knots.scores.len());
        if labels == scores && labels > 1 && rises(&knots.labels) && rises(&knots.scores) {
            Ok(Self { knots })
        } else {
            Err(Error::Knots { labels, scores })
        }
    }
}

impl From<Quantiles> for Knots {
    fn from(quantiles: Quantiles) -> Self {
        quantiles.knots
    }
}

/// The value at `x` of the line through the two points around it, or through the two outermost ones.
fn interpolate(xs: &[f64], ys: &[f64], x: f64) -> f64 {
    let right = xs.partition_point(|&known| known <= x).clamp(1, xs.len() - 1);
    let (x0, x1, y0, y1) = (xs[right - 1], xs[right], ys[right - 1], ys[right]);
    y0 + (x - x0) / (x1 - x0) * (y1 - y0)
}

/// The number below which a standard normal variable lies with probability `p`, in (0, 1).
///
/// # Source
/// Acklam's rational approximation, good to 1.15e-9, and one step of Halley's method, which makes it exact.
fn normal_quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -39.69683028665376,
        220.9460984245205,
        -275.9285104469687,
        138.357751867269,
        -30.66479806614716,
        2.506628277459239,
    ];
    const B: [f64; 6] =
        [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1.0];
    const C: [f64; 6] = [
        -0.007784894002430293,
        -0.3223964580411365,
        -2.400758277161838,
        -2.549732539343734,
        4.374664141464968,
        2.938163982698783,
    ];
    const D: [f64; 5] = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1.0];
    let polynomial = |factors: &[f64], x: f64| factors.iter().fold(0.0, |sum, factor| sum * x + factor);
    if p > 0.5 {
        return -normal_quantile(1.0 - p);
    }
    let z = if p < 0.02425 {
        let q = (-2.0 * libm::log(p)).sqrt();
        polynomial(&C, q) / polynomial(&D, q)
    } else {
        let q = p - 0.5;
        q * polynomial(&A, q * q) / polynomial(&B, q * q)
    };
    let excess = (0.5 * libm::erfc(-z * FRAC_1_SQRT_2) - p) * TAU.sqrt() * libm::exp(z * z / 2.0);
    z - excess / (1.0 + z * excess / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_undo_the_distribution_function() {
        assert_eq!(normal_quantile(0.5), 0.0);
        assert!((normal_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-14);
        for p in (1..1000).map(|i| f64::from(i) / 1000.0).chain([1e-12, 1e-7, 1.0 - 1e-7]) {
            let back = 0.5 * libm::erfc(-normal_quantile(p) * FRAC_1_SQRT_2);
            assert!((back / p - 1.0).abs() < 1e-9, "{p}: {back}");
        }
    }
}
