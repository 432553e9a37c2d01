//! Pearson's r, R2, mean squared and mean absolute error, all in one pass.

use multiversion::multiversion;
use rayon::prelude::*;

use crate::error::Error;
use crate::value::{Value, check_finite, check_lengths};

/// Rows whose sums are taken around one value. See [`Sums::of`] for why it is bounded.
const BLOCK: usize = 1024;

/// Rows that one task sums. A constant, so that the sums do not depend on the number of threads.
const TASK: usize = 128 * BLOCK;

/// Partial sums that are kept side by side, so that the compiler can hold each in one vector register.
const LANES: usize = 8;

/// Agreement of predicted with measured values.
///
/// `pearson` is NaN when either side is constant, `r2` when the truth is: they do not exist then. Units are those of
/// the values (sorting bins 0..17 for the challenge's training files, MAUDE units for its test set).
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Regression {
    /// Number of rows.
    pub n: u64,
    /// Pearson's correlation, -1..1.
    pub pearson: f64,
    /// Coefficient of determination, `1 - SSres / SStot`; below 0 when the mean of the truth predicts better.
    pub r2: f64,
    /// Mean squared error.
    pub mse: f64,
    /// Mean absolute error.
    pub mae: f64,
}

impl Regression {
    /// Metrics of all rows, on the threads of the current rayon pool; the number of threads does not change a bit of
    /// the result.
    ///
    /// # Shapes
    /// `truth` and `prediction` have one value per row.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Length`], [`Error::NotFinite`], [`Error::Overflow`].
    pub fn of<T: Value>(truth: &[T], prediction: &[T]) -> Result<Self, Error> {
        check_lengths(truth, prediction)?;
        let mut sums = Accumulator::default();
        sums.update(truth, prediction)?;
        sums.finish()
    }
}

/// The same metrics of rows that come in pieces.
///
/// Equal to [`Regression::of`] up to rounding (about 1e-13), whatever the pieces.
///
/// ```
/// use promoter_metrics::regression::{Accumulator, Regression};
/// let (truth, prediction) = ([1.0_f32, 5.0, 9.0, 2.0], [2.0_f32, 4.0, 9.0, 1.0]);
/// let mut pieces = Accumulator::default();
/// pieces.update(&truth[..3], &prediction[..3])?;
/// pieces.update(&truth[3..], &prediction[3..])?;
/// assert!((pieces.finish()?.pearson - Regression::of(&truth, &prediction)?.pearson).abs() < 1e-13);
/// # Ok::<(), promoter_metrics::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Accumulator {
    sums: Sums,
}

impl Accumulator {
    /// Adds rows; none is fine.
    ///
    /// # Errors
    /// [`Error::Length`], [`Error::NotFinite`], [`Error::Overflow`]; the accumulator is then as it was before.
    pub fn update<T: Value>(&mut self, truth: &[T], prediction: &[T]) -> Result<(), Error> {
        if truth.len() != prediction.len() {
            return Err(Error::Length { truth: truth.len(), prediction: prediction.len() });
        }
        let mut sums = self.sums;
        if truth.len() <= TASK {
            sums = sums.merge(&task(truth, prediction));
        } else {
            let tasks: Vec<Sums> =
                truth.par_chunks(TASK).zip(prediction.par_chunks(TASK)).map(|(t, p)| task(t, p)).collect();
            sums = tasks.iter().fold(sums, |all, task| all.merge(task));
        }
        if !sums.is_finite() {
            check_finite(truth, prediction, self.sums.n as u64)?;
            return Err(Error::Overflow);
        }
        self.sums = sums;
        Ok(())
    }

    /// Adds the rows of another accumulator, as if they followed.
    pub fn merge(&mut self, other: &Self) {
        self.sums = self.sums.merge(&other.sums);
    }

    /// Number of rows so far.
    pub fn rows(&self) -> u64 {
        self.sums.n as u64
    }

    /// Metrics of the rows so far.
    ///
    /// # Errors
    /// [`Error::Empty`] without a row; [`Error::Overflow`].
    pub fn finish(&self) -> Result<Regression, Error> {
        let s = &self.sums;
        if s.n == 0.0 {
            return Err(Error::Empty);
        }
        let spread = (s.tt * s.pp).sqrt();
        if !s.is_finite() || !spread.is_finite() {
            return Err(Error::Overflow);
        }
        let pearson = if spread == 0.0 { f64::NAN } else { (s.tp / spread).clamp(-1.0, 1.0) };
        let r2 = if s.tt == 0.0 { f64::NAN } else { 1.0 - s.squared / s.tt };
        Ok(Regression { n: s.n as u64, pearson, r2, mse: s.squared / s.n, mae: s.absolute / s.n })
    }
}

/// Sums over rows: deviations from the means, and errors.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sums {
    n: f64,
    truth_mean: f64,
    prediction_mean: f64,
    /// Squared deviations of the truth.
    pub(crate) tt: f64,
    /// Squared deviations of the prediction.
    pp: f64,
    /// Products of deviations.
    tp: f64,
    /// Squared errors.
    pub(crate) squared: f64,
    absolute: f64,
}

impl Sums {
    /// Sums of one block.
    ///
    /// Deviations are first taken from the block's first row: `sum(d^2) - sum(d)^2 / n` then loses at most a factor of
    /// 1 + n of the precision, because the first row itself is one of the n deviations. Any offset is harmless, and
    /// constant columns give exactly 0.
    #[inline(always)]
    fn of<T: Value>(truth: &[T], prediction: &[T]) -> Self {
        let (Some(&t0), Some(&p0)) = (truth.first(), prediction.first()) else { return Self::default() };
        let (t0, p0): (f64, f64) = (t0.into(), p0.into());
        let mut lanes = [[0.0_f64; LANES]; 7];
        let mut add = |lane: usize, t: f64, p: f64| {
            let (dt, dp, error) = (t - t0, p - p0, t - p);
            lanes[0][lane] += dt;
            lanes[1][lane] += dp;
            lanes[2][lane] += dt * dt;
            lanes[3][lane] += dp * dp;
            lanes[4][lane] += dt * dp;
            lanes[5][lane] += error * error;
            lanes[6][lane] += error.abs();
        };
        let (truths, predictions) = (truth.chunks_exact(LANES), prediction.chunks_exact(LANES));
        let (last_truths, last_predictions) = (truths.remainder(), predictions.remainder());
        for (ts, ps) in truths.zip(predictions) {
            for lane in 0..LANES {
                add(lane, ts[lane].into(), ps[lane].into());
            }
        }
        for (lane, (&t, &p)) in last_truths.iter().zip(last_predictions).enumerate() {
            add(lane, t.into(), p.into());
        }
        let [t, p, tt, pp, tp, squared, absolute] = lanes.map(|lane| lane.iter().sum::<f64>());
        let n = truth.len() as f64;
        Self {
            n,
            truth_mean: t0 + t / n,
            prediction_mean: p0 + p / n,
            tt: tt - t * t / n,
            pp: pp - p * p / n,
            tp: tp - t * p / n,
            squared,
            absolute,
        }
    }

    /// Sums of both sets of rows (Chan, Golub and LeVeque 1979).
    #[inline]
    fn merge(&self, other: &Self) -> Self {
        if self.n == 0.0 {
            return *other;
        }
        if other.n == 0.0 {
            return *self;
        }
        let n = self.n + other.n;
        let (t, p) = (other.truth_mean - self.truth_mean, other.prediction_mean - self.prediction_mean);
        let (share, weight) = (other.n / n, self.n * (other.n / n));
        Self {
            n,
            truth_mean: self.truth_mean + t * share,
            prediction_mean: self.prediction_mean + p * share,
            tt: self.tt + other.tt + t * t * weight,
            pp: self.pp + other.pp + p * p * weight,
            tp: self.tp + other.tp + t * p * weight,
            squared: self.squared + other.squared,
            absolute: self.absolute + other.absolute,
        }
    }

    fn is_finite(&self) -> bool {
        [self.truth_mean, self.prediction_mean, self.tt, self.pp, self.tp, self.squared].iter().all(|x| x.is_finite())
    }
}

/// Sums of the rows of one task, block by block, compiled for several instruction sets; no fused multiply-add, so that
/// all give the same bits.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq", "x86_64+avx2", "aarch64+neon"))]
pub(crate) fn task<T: Value>(truth: &[T], prediction: &[T]) -> Sums {
    let mut sums = Sums::default();
    for (t, p) in truth.chunks(BLOCK).zip(prediction.chunks(BLOCK)) {
        sums = sums.merge(&Sums::of(t, p));
    }
    sums
}
