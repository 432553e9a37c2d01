//! Calibration of predictions along a line.

use crate::error::{Error, finite};

/// A line from predictions to labels: `slope * prediction + intercept`.
///
/// A network may rank promoters well and still be off in scale; two parameters, fitted to rows that were not trained
/// on, mend that and change no correlation's size.
///
/// ```
/// use promoter_label::Affine;
/// let affine = Affine::fit(&[0.0, 0.5, 1.0], &[5.0, 11.0, 17.0])?;
/// assert_eq!((affine.slope(), affine.intercept()), (12.0, 5.0));
/// assert_eq!(affine.apply(&[0.25])?, [8.0]);
/// # Ok::<(), promoter_label::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "RawAffine"))]
pub struct Affine {
    slope: f64,
    intercept: f64,
}

impl Affine {
    /// Predictions as they are.
    pub const IDENTITY: Self = Self { slope: 1.0, intercept: 0.0 };

    /// A line of known figures.
    ///
    /// # Errors
    /// [`Error::Affine`] unless both are finite.
    pub fn new(slope: f64, intercept: f64) -> Result<Self, Error> {
        if slope.is_finite() && intercept.is_finite() {
            Ok(Self { slope, intercept })
        } else {
            Err(Error::Affine { slope, intercept })
        }
    }

    /// The line with the least squared error of the labels; [`IDENTITY`](Self::IDENTITY) where all predictions are
    /// equal, of which no line can be told.
    ///
    /// # Shapes
    /// `predictions` and `labels`: the same length.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Length`]; [`Error::NotFinite`] for either.
    pub fn fit(predictions: &[f32], labels: &[f32]) -> Result<Self, Error> {
        if predictions.len() != labels.len() {
            return Err(Error::Length { what: "predictions", expected: labels.len(), found: predictions.len() });
        }
        let Some(&first) = finite(predictions)?.first() else { return Err(Error::Empty) };
        finite(labels)?;
        if predictions.iter().all(|&prediction| prediction == first) {
            return Ok(Self::IDENTITY);
        }
        let n = labels.len() as f64;
        let mean = |values: &[f32]| values.iter().map(|&value| f64::from(value)).sum::<f64>() / n;
        let (x_mean, y_mean) = (mean(predictions), mean(labels));
        let (mut xx, mut xy) = (0.0, 0.0);
        for (&x, &y) in predictions.iter().zip(labels) {
            let x = f64::from(x) - x_mean;
            xx += x * x;
            xy += x * (f64::from(y) - y_mean);
        }
        Self::new(xy / xx, y_mean - xy / xx * x_mean)
    }

    /// Calibrated predictions, in the same order.
    ///
    /// # Errors
    /// [`Error::NotFinite`].
    pub fn apply(&self, predictions: &[f32]) -> Result<Vec<f32>, Error> {
        let line = |&x: &f32| (self.slope * f64::from(x) + self.intercept) as f32;
        Ok(finite(predictions)?.iter().map(line).collect())
    }

    /// Labels per unit of prediction.
    pub const fn slope(&self) -> f64 {
        self.slope
    }

    /// The label of a prediction of 0.
    pub const fn intercept(&self) -> f64 {
        self.intercept
    }
}

/// An [`Affine`] as it stands in a file, not yet checked.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAffine {
    slope: f64,
    intercept: f64,
}

#[cfg(feature = "serde")]
impl TryFrom<RawAffine> for Affine {
    type Error = Error;

    fn try_from(raw: RawAffine) -> Result<Self, Error> {
        Self::new(raw.slope, raw.intercept)
    }
}
