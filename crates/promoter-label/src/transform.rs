//! Label transforms: a choice, and what it becomes once it is fitted.

use crate::error::{Error, finite, spread};
use crate::quantiles::Quantiles;
use crate::rank::rank;

/// How labels are shaped before training.
///
/// In a file it is one of the names `identity`, `z_score`, `nad`, `rank`, `log1p`, `quantile`.
///
/// # Source
/// `ZScore`: challenge reports of Noisy Chardonnay and MadLab (scikit-learn's `StandardScaler`). `Nad` and `Rank`:
/// challenge report of NAD. `Identity`: auth and Peppa.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Transform {
    /// Labels as they are.
    #[default]
    Identity,
    /// (y - mean) / sd, with the population standard deviation (division by n).
    ZScore,
    /// y <= 8 becomes 5 + 3 y / 8, then everything (y - 5) / 12: 0 -> 0, 8 -> 0.25, 17 -> 1. Values outside 0..17
    /// follow the line they lie on.
    Nad,
    /// The rank among the values that are transformed together ([`rank`]). It has no inverse.
    Rank,
    /// ln(1 + y), for labels of at least 0 such as counts and intensities.
    Log1p,
    /// The score of a standard normal distribution at the rank of y among the training labels ([`Quantiles`]).
    Quantile,
}

impl Transform {
    /// Name in configurations.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::ZScore => "z_score",
            Self::Nad => "nad",
            Self::Rank => "rank",
            Self::Log1p => "log1p",
            Self::Quantile => "quantile",
        }
    }

    /// Whether its inverse is a curve: the mean of labels is then not the label of their transformed mean.
    pub const fn is_curved(self) -> bool {
        matches!(self, Self::Nad | Self::Log1p | Self::Quantile)
    }

    /// Fits the transform to the training labels, in sorting bins.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`]; [`Error::Constant`] for z-score, rank and quantile of equal labels;
    /// [`Error::Negative`] for the logarithm of labels below 0.
    ///
    /// ```
    /// use promoter_label::{Error, Transform};
    /// let fitted = Transform::ZScore.fit(&[10.0, 12.0])?;
    /// assert_eq!(fitted.apply(&[10.0, 11.0, 13.0])?, [-1.0, 0.0, 2.0]);
    /// assert_eq!(Transform::ZScore.fit(&[]), Err(Error::Empty));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn fit(self, labels: &[f32]) -> Result<Fitted, Error> {
        if finite(labels)?.is_empty() {
            return Err(Error::Empty);
        }
        Ok(match self {
            Self::Identity => Fitted::Identity,
            Self::Nad => Fitted::Nad,
            Self::Rank => {
                spread(self.name(), labels)?;
                Fitted::Rank
            }
            Self::ZScore => Fitted::ZScore(Scale::fit(labels)?),
            Self::Log1p => {
                not_negative(labels)?;
                Fitted::Log1p
            }
            Self::Quantile => Fitted::Quantile(Quantiles::fit(labels)?),
        })
    }
}

/// A transform that knows its training labels; it is saved with the model.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Fitted {
    /// [`Transform::Identity`].
    Identity,
    /// [`Transform::ZScore`].
    ZScore(Scale),
    /// [`Transform::Nad`].
    Nad,
    /// [`Transform::Rank`].
    Rank,
    /// [`Transform::Log1p`].
    Log1p,
    /// [`Transform::Quantile`].
    Quantile(Quantiles),
}

impl Fitted {
    /// The choice this was fitted from.
    pub const fn transform(&self) -> Transform {
        match self {
            Self::Identity => Transform::Identity,
            Self::ZScore(_) => Transform::ZScore,
            Self::Nad => Transform::Nad,
            Self::Rank => Transform::Rank,
            Self::Log1p => Transform::Log1p,
            Self::Quantile(_) => Transform::Quantile,
        }
    }

    /// Labels in sorting bins to what the network learns, in the same order.
    ///
    /// # Errors
    /// [`Error::NotFinite`]; [`Error::Negative`] for a logarithm, [`Error::Empty`] and [`Error::Constant`] for ranks.
    pub fn apply(&self, labels: &[f32]) -> Result<Vec<f32>, Error> {
        match self {
            Self::Identity => map(labels, |y| y),
            Self::ZScore(Scale { mean, sd }) => map(labels, |y| (y - mean) / sd),
            Self::Nad => map(labels, |y| (if y <= 8.0 { 5.0 + 3.0 * y / 8.0 } else { y } - 5.0) / 12.0),
            Self::Rank => rank(labels),
            Self::Log1p => {
                not_negative(labels)?;
                map(labels, libm::log1p)
            }
            Self::Quantile(quantiles) => map(labels, |y| quantiles.score(y)),
        }
    }

    /// What the network predicts back to sorting bins, in the same order.
    ///
    /// # Errors
    /// [`Error::NotFinite`]; [`Error::NotInvertible`] for ranks.
    pub fn invert(&self, values: &[f32]) -> Result<Vec<f32>, Error> {
        match self {
            Self::Identity => map(values, |z| z),
            Self::ZScore(Scale { mean, sd }) => map(values, |z| z * sd + mean),
            Self::Nad => map(values, |z| {
                let y = 12.0 * z + 5.0;
                if y <= 8.0 { (y - 5.0) * 8.0 / 3.0 } else { y }
            }),
            Self::Rank => Err(Error::NotInvertible { transform: Transform::Rank.name() }),
            Self::Log1p => map(values, libm::expm1),
            Self::Quantile(quantiles) => map(values, |z| quantiles.label(z)),
        }
    }
}

fn not_negative(labels: &[f32]) -> Result<(), Error> {
    match labels.iter().position(|&label| label < 0.0) {
        Some(row) => Err(Error::Negative { transform: Transform::Log1p.name(), row, value: labels[row] }),
        None => Ok(()),
    }
}

fn map(values: &[f32], f: impl Fn(f64) -> f64) -> Result<Vec<f32>, Error> {
    Ok(finite(values)?.iter().map(|&value| f(f64::from(value)) as f32).collect())
}

/// Mean and standard deviation of a z-score, in sorting bins.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "RawScale"))]
pub struct Scale {
    mean: f64,
    sd: f64,
}

impl Scale {
    /// Mean and population standard deviation of labels.
    pub(crate) fn fit(labels: &[f32]) -> Result<Self, Error> {
        spread(Transform::ZScore.name(), labels)?;
        let n = labels.len() as f64;
        let mean = labels.iter().map(|&y| f64::from(y)).sum::<f64>() / n;
        let variance = labels.iter().map(|&y| (f64::from(y) - mean).powi(2)).sum::<f64>() / n;
        Self::new(mean, variance.sqrt())
    }

    /// A scale from known figures, for instance those of a published model.
    ///
    /// # Errors
    /// [`Error::Scale`] unless both are finite and `sd` is above 0.
    pub fn new(mean: f64, sd: f64) -> Result<Self, Error> {
        if mean.is_finite() && sd.is_finite() && sd > 0.0 {
            Ok(Self { mean, sd })
        } else {
            Err(Error::Scale { mean, sd })
        }
    }

    /// Mean of the training labels.
    pub const fn mean(&self) -> f64 {
        self.mean
    }

    /// Population standard deviation of the training labels.
    pub const fn sd(&self) -> f64 {
        self.sd
    }
}

/// A [`Scale`] as it stands in a file, not yet checked.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScale {
    mean: f64,
    sd: f64,
}

#[cfg(feature = "serde")]
impl TryFrom<RawScale> for Scale {
    type Error = Error;

    fn try_from(raw: RawScale) -> Result<Self, Error> {
        Self::new(raw.mean, raw.sd)
    }
}
