//! Results over a few seeds: intervals, paired differences, and what they decide.

use std::fmt;

use statrs::distribution::{ContinuousCDF as _, StudentsT};

use crate::error::Error;

/// Mean of a few values, with the half width of its 95 % confidence interval by Student's t distribution.
///
/// ```
/// use promoter_metrics::seeds::Interval;
/// let interval = Interval::of(&[1.0, 2.0, 3.0])?;
/// assert_eq!(interval.mean, 2.0);
/// assert!((interval.half_width - 2.484).abs() < 1e-3); // 4.303 standard errors of 0.577
/// # Ok::<(), promoter_metrics::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Interval {
    /// Number of values.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// Half width at 95 %: the interval reaches from `mean - half_width` to `mean + half_width`. NaN for one value, of
    /// which nothing is known about the spread.
    pub half_width: f64,
}

impl Interval {
    /// The interval of values that were drawn independently, such as one metric of runs that differ in their seed.
    ///
    /// # Errors
    /// [`Error::Empty`]; [`Error::NotFiniteSeed`] for NaN or an infinite value.
    pub fn of(values: &[f64]) -> Result<Self, Error> {
        let Moments { n, mean, standard_error } = Moments::of(values)?;
        let half_width = if n < 2 { f64::NAN } else { student(n)?.inverse_cdf(0.975) * standard_error };
        Ok(Self { n, mean, half_width })
    }

    /// The interval of the differences `ours - theirs` of two lists that stand in the order of the same seeds: what the
    /// seeds have in common cancels.
    ///
    /// # Errors
    /// [`Error::Unpaired`] for lists of different lengths; as [`of`](Self::of).
    pub fn of_differences(ours: &[f64], theirs: &[f64]) -> Result<Self, Error> {
        Self::of(&differences(ours, theirs)?)
    }

    /// Lowest and highest value of the interval.
    pub fn bounds(&self) -> (f64, f64) {
        (self.mean - self.half_width, self.mean + self.half_width)
    }
}

/// `0.512 ± 0.013 (3)`: mean, half width at 95 %, number of values; the mean alone for one value.
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.n {
            1 => write!(f, "{:.3} (1)", self.mean),
            n => write!(f, "{:.3} ± {:.3} ({n})", self.mean, self.half_width),
        }
    }
}

/// What paired results of two systems say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Verdict {
    /// The difference is above 0 on the better side, and not shown to be within the margin.
    Better,
    /// The difference is on the worse side, and not shown to be within the margin.
    Worse,
    /// The difference is within the margin on both sides, whatever its sign.
    NoDifference,
    /// Neither is shown: more seeds would decide.
    Undecided,
}

/// Compares two lists that stand in the order of the same seeds, at the level of 5 %.
///
/// Equivalence by two one-sided t tests comes first: both must refute that the difference reaches the margin on their
/// side, which is that the 90 % interval lies within the margin. Else a two-sided t test decides whether there is a
/// difference. With one seed nothing is decided.
///
/// # Errors
/// [`Error::Unpaired`], [`Error::Empty`], [`Error::NotFiniteSeed`]; [`Error::Margin`] unless `margin` is finite and
/// above 0.
///
/// # Source
/// Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 1987.
///
/// ```
/// use promoter_metrics::Metric;
/// use promoter_metrics::seeds::{Verdict, compare};
/// let (ours, theirs) = ([0.72, 0.73, 0.71], [0.65, 0.67, 0.63]);
/// assert_eq!(compare(&ours, &theirs, 0.01, Metric::Pearson.higher_is_better())?, Verdict::Better);
/// assert_eq!(compare(&ours, &theirs, 0.01, Metric::Mse.higher_is_better())?, Verdict::Worse);
/// assert_eq!(compare(&ours, &theirs, 0.2, true)?, Verdict::NoDifference);
/// # Ok::<(), promoter_metrics::Error>(())
/// ```
pub fn compare(ours: &[f64], theirs: &[f64], margin: f64, higher_is_better: bool) -> Result<Verdict, Error> {
    if !(margin.is_finite() && margin > 0.0) {
        return Err(Error::Margin { margin });
    }
    let Moments { n, mean, standard_error } = Moments::of(&differences(ours, theirs)?)?;
    if n < 2 {
        return Ok(Verdict::Undecided);
    }
    let t = student(n)?;
    if mean.abs() + t.inverse_cdf(0.95) * standard_error < margin {
        return Ok(Verdict::NoDifference);
    }
    Ok(if mean.abs() <= t.inverse_cdf(0.975) * standard_error {
        Verdict::Undecided
    } else if (mean > 0.0) == higher_is_better {
        Verdict::Better
    } else {
        Verdict::Worse
    })
}

/// Mean of some values, and the standard error of it; 0 for one value.
struct Moments {
    n: usize,
    mean: f64,
    standard_error: f64,
}

impl Moments {
    fn of(values: &[f64]) -> Result<Self, Error> {
        if let Some(place) = values.iter().position(|value| !value.is_finite()) {
            return Err(Error::NotFiniteSeed { place, value: values[place] });
        }
        if values.is_empty() {
            return Err(Error::Empty);
        }
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        Ok(Self { n: values.len(), mean, standard_error: (squares / (n - 1.0).max(1.0) / n).sqrt() })
    }
}

/// Student's distribution for the mean of `n` values.
fn student(n: usize) -> Result<StudentsT, Error> {
    StudentsT::new(0.0, 1.0, n as f64 - 1.0).map_err(|_| Error::Empty)
}

fn differences(ours: &[f64], theirs: &[f64]) -> Result<Vec<f64>, Error> {
    if ours.len() != theirs.len() {
        return Err(Error::Unpaired { ours: ours.len(), theirs: theirs.len() });
    }
    Ok(ours.iter().zip(theirs).map(|(ours, theirs)| ours - theirs).collect())
}
