//! Seqlets of one width.

use super::{LONGEST_FLANK, Seqlet, check, sum};
use crate::significance::q_values;
use crate::{Result, error, parallel};

/// Quantiles from which the null's scale is taken.
const QUANTILES: usize = 19;

/// Finds windows of one width whose sum stands out, in the manner of TF-MoDISco.
///
/// The sums of all windows above their median have an exponential null distribution, and so have those below (a
/// Laplace distribution with two scales). As in TF-MoDISco, each scale is the smallest that any of 19 quantiles, from
/// 0 to 90 %, asks for. Windows pass up to a false discovery rate, but at least and at most a share of all windows
/// does. From each track the window of the greatest |sum| is taken first, and windows too near to a taken one are
/// not.
///
/// # Source
/// TF-MoDISco (Shrikumar et al., arXiv 1811.00416). Here p-values come from the null itself and the false discovery
/// rate from Benjamini and Hochberg, not from samples and isotonic regression; widths suit promoters of about 100
/// bases.
///
/// ```
/// use promoter_motif::seqlet::Windowed;
/// let mut track: Vec<f32> = (0..90).map(|i| ((i * 37) % 11) as f32 / 100.0 - 0.05).collect();
/// track[40..47].fill(0.5);
/// let seqlets = Windowed { flank: 0, ..Windowed::default() }.find(&[track])?;
/// assert!(seqlets.iter().any(|seqlet| seqlet.start <= 40 && seqlet.end >= 47));
/// # Ok::<(), promoter_motif::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct Windowed {
    /// Bases of a window.
    pub window: usize,
    /// Bases that are added at both ends, as far as the sequence reaches.
    pub flank: usize,
    /// False discovery rate up to which windows pass.
    pub fdr: f64,
    /// Share of windows that pass at least.
    pub least_passing: f64,
    /// Share of windows that pass at most.
    pub most_passing: f64,
}

impl Default for Windowed {
    /// Windows of 9 bases with 3 on either side (TF-MoDISco has 21 and 10, for sequences of 400 bases and more); its
    /// false discovery rate and shares.
    fn default() -> Self {
        Self { window: 9, flank: 3, fdr: 0.2, least_passing: 0.03, most_passing: 0.2 }
    }
}

impl Windowed {
    /// The seqlets of both signs in tracks of attributions, by sequence and start. None in tracks that are shorter than
    /// a window, or whose windows are all alike.
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) for a window that is not from 1 to 1000 bases, a flank above 1000, or
    /// shares and rates that are not from 0 to 1, or not in order; [`Error::NotFinite`](crate::Error::NotFinite).
    pub fn find<T: AsRef<[f32]> + Sync>(&self, tracks: &[T]) -> Result<Vec<Seqlet>> {
        error::check("window", self.window, (1..=1000).contains(&self.window), "from 1 to 1000")?;
        error::check("flank", self.flank, self.flank <= LONGEST_FLANK, "at most 1000")?;
        error::check("fdr", self.fdr, (0.0..=1.0).contains(&self.fdr), "from 0 to 1")?;
        let shares = 0.0 <= self.least_passing && self.least_passing <= self.most_passing && self.most_passing <= 1.0;
        error::check("least_passing", self.least_passing, shares, "from 0 to most_passing, which is at most 1")?;
        check(tracks)?;
        let windows = |track: &T| -> Vec<f64> { track.as_ref().windows(self.window).map(sum).collect() };
        let sums: Vec<Vec<f64>> = parallel::map(tracks, windows);
        let Some(null) = Laplace::fit(sums.iter().flatten().copied().collect()) else { return Ok(Vec::new()) };
        let threshold = self.threshold(&null, &sums);
        let indices: Vec<usize> = (0..tracks.len()).collect();
        let of_track =
            |&sequence: &usize| self.take(sequence, tracks[sequence].as_ref(), &sums[sequence], &null, threshold);
        Ok(parallel::map(&indices, of_track).into_iter().flatten().collect())
    }

    /// The p-value up to which windows pass.
    fn threshold(&self, null: &Laplace, sums: &[Vec<f64>]) -> f64 {
        let mut p_values: Vec<f64> = sums.iter().flatten().map(|&sum| null.p_value(sum)).collect();
        p_values.sort_unstable_by(f64::total_cmp);
        let passing = q_values(&p_values, p_values.len()).iter().filter(|&&q_value| q_value <= self.fdr).count();
        let share = |share: f64| (share * p_values.len() as f64) as usize;
        let passing = passing.clamp(share(self.least_passing), share(self.most_passing));
        passing.checked_sub(1).map_or(-1.0, |last| p_values[last])
    }

    /// The seqlets of one track.
    fn take(&self, sequence: usize, track: &[f32], sums: &[f64], null: &Laplace, threshold: f64) -> Vec<Seqlet> {
        let mut passing: Vec<usize> = (0..sums.len()).filter(|&start| null.p_value(sums[start]) <= threshold).collect();
        passing.sort_by(|&a, &b| sums[b].abs().total_cmp(&sums[a].abs())); // stable
        let apart = self.window / 2 + self.flank;
        let mut starts: Vec<usize> = Vec::new();
        for start in passing {
            if starts.iter().all(|&taken| taken.abs_diff(start) > apart) {
                starts.push(start);
            }
        }
        starts.sort_unstable();
        let seqlet = |start: usize| Seqlet {
            sequence,
            start: start.saturating_sub(self.flank),
            end: track.len().min(start + self.window + self.flank),
            score: sums[start],
            p_value: null.p_value(sums[start]),
        };
        starts.into_iter().map(seqlet).collect()
    }
}

/// A Laplace distribution with a scale for each side.
#[derive(Debug)]
struct Laplace {
    median: f64,
    /// Scales below and above the median.
    scales: [f64; 2],
}

impl Laplace {
    /// `None` if all values are alike.
    fn fit(mut values: Vec<f64>) -> Option<Self> {
        values.sort_unstable_by(f64::total_cmp);
        let median = *values.get(values.len() / 2)?;
        if values.first() == values.last() {
            return None;
        }
        let mut below: Vec<f64> =
            values.iter().take_while(|&&value| value <= median).map(|value| median - value).collect();
        below.reverse();
        let above: Vec<f64> = values.iter().map(|value| value - median).filter(|&distance| distance >= 0.0).collect();
        Some(Self { median, scales: [scale(&below), scale(&above)] })
    }

    /// The probability of a value so far from the median, to its side.
    fn p_value(&self, value: f64) -> f64 {
        let distance = value - self.median;
        let scale = self.scales[usize::from(distance > 0.0)];
        if distance == 0.0 || scale == 0.0 { 1.0 } else { 0.5 * (-distance.abs() / scale).exp() }
    }
}

/// The smallest scale of an exponential distribution that a quantile of the sorted distances asks for.
fn scale(distances: &[f64]) -> f64 {
    let quantile = |i: usize| {
        let share = i as f64 * 0.05;
        let distance = distances[((distances.len() - 1) as f64 * share) as usize];
        -distance / (1.0 - share).ln()
    };
    let least = (1..QUANTILES).map(quantile).filter(|&scale| scale > 0.0).fold(f64::INFINITY, f64::min);
    if least.is_finite() { least } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_of_an_exponential_distribution_is_found() {
        let distances: Vec<f64> = (0..10_000).map(|i| -2.0 * (1.0 - (f64::from(i) + 0.5) / 1e4).ln()).collect();
        assert!((scale(&distances) - 2.0).abs() < 0.05, "{}", scale(&distances));
        assert_eq!(scale(&[0.0, 0.0]), 0.0);
    }

    #[test]
    fn p_values_fall_to_both_sides() {
        let null = Laplace { median: 1.0, scales: [0.5, 2.0] };
        assert_eq!((null.p_value(1.0), null.p_value(3.0)), (1.0, 0.5 * (-1.0_f64).exp()));
        assert_eq!(null.p_value(0.5), 0.5 * (-1.0_f64).exp());
    }
}
