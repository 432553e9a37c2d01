//! Seqlets all of whose parts are seqlets.

use super::{LONGEST_FLANK, Seqlet, check, sum};
use crate::{Result, error, parallel};

/// Finds stretches of any length all of whose parts stand out.
///
/// The values of all tracks are put into bins; the sum of a stretch of k bases has, under the null, the distribution
/// of the sum of k values drawn from all, independently. A stretch is a seqlet if its own p-value and those of all
/// stretches within it, from `shortest` on, are below `threshold`. Longer ones are called before shorter ones,
/// smaller p-values before greater ones, and none overlaps another of its track. Negative seqlets are those of the
/// tracks with the sign changed; where a positive and a negative one overlap, the one of the greater p-value is
/// dropped.
///
/// # Source
/// The recursive seqlets of tangermeme (Schreiber), which finds positive ones and which this is checked against.
///
/// ```
/// use promoter_motif::seqlet::Recursive;
/// let mut track: Vec<f32> = (0..90).map(|i| ((i * 37) % 11) as f32 / 100.0 - 0.05).collect();
/// track[40..47].fill(0.5);
/// track[60..67].fill(-0.5);
/// let seqlets = Recursive::default().find(&[track])?;
/// assert_eq!(seqlets.len(), 2);
/// assert!(seqlets[0].start <= 40 && seqlets[0].end >= 47 && seqlets[0].score > 3.0 && seqlets[1].score < -3.0);
/// # Ok::<(), promoter_motif::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct Recursive {
    /// P-value below which all parts must be.
    pub threshold: f64,
    /// Bases of the shortest seqlet, and of the parts that are tested.
    pub shortest: usize,
    /// Bases of the longest.
    pub longest: usize,
    /// Bases that are added at both ends of what was called; seqlets may then overlap.
    pub flank: usize,
    /// Bins of the values.
    pub bins: usize,
}

impl Default for Recursive {
    /// As in tangermeme: 4 to 25 bases below 0.01, a thousand bins.
    fn default() -> Self {
        Self { threshold: 0.01, shortest: 4, longest: 25, flank: 0, bins: 1000 }
    }
}

impl Recursive {
    /// The seqlets of both signs in tracks of attributions, by sequence and start; the same for any number of threads.
    /// None in tracks whose values are all alike.
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) for a threshold that is not from 0 to 1, lengths that are not in order
    /// from 1 to 100, bins that are not from 2 to 2000, or a flank above 1000;
    /// [`Error::NotFinite`](crate::Error::NotFinite).
    pub fn find<T: AsRef<[f32]> + Sync>(&self, tracks: &[T]) -> Result<Vec<Seqlet>> {
        error::check("threshold", self.threshold, (0.0..=1.0).contains(&self.threshold), "from 0 to 1")?;
        error::check("shortest", self.shortest, self.shortest > 0, "at least 1")?;
        error::check("longest", self.longest, (self.shortest..=100).contains(&self.longest), "from shortest to 100")?;
        error::check("bins", self.bins, (2..=2000).contains(&self.bins), "from 2 to 2000")?;
        error::check("flank", self.flank, self.flank <= LONGEST_FLANK, "at most 1000")?;
        check(tracks)?;
        let signs = [1.0, -1.0].map(|sign| Null::new(tracks, sign, self.longest, self.bins));
        let [Some(positive), Some(negative)] = &signs else { return Ok(Vec::new()) };
        let indices: Vec<usize> = (0..tracks.len()).collect();
        let of_track = |&sequence: &usize| {
            let track = tracks[sequence].as_ref();
            let (up, down) = (self.call(positive, track), self.call(negative, track));
            self.seqlets(sequence, track, up, down)
        };
        Ok(parallel::map(&indices, of_track).into_iter().flatten().collect())
    }

    /// The stretches of one sign.
    fn call(&self, null: &Null, track: &[f32]) -> Vec<Call> {
        let (length, sums) = (track.len(), null.sums(track));
        let p_value = |start: usize, bases: usize| null.p_value(bases, sums[start + bases] - sums[start]);
        // The greatest p-value over a stretch and its beginnings, by length and start; then over all its parts.
        let mut beginnings: Vec<Vec<f64>> = Vec::new();
        let mut parts: Vec<Vec<f64>> = Vec::new();
        for bases in self.shortest..=self.longest.min(length) {
            let starts = 0..=length - bases;
            let row: Vec<f64> = match beginnings.last() {
                None => starts.clone().map(|start| p_value(start, bases)).collect(),
                Some(shorter) => starts.clone().map(|start| p_value(start, bases).max(shorter[start])).collect(),
            };
            parts.push(match parts.last() {
                None => row.clone(),
                Some(shorter) => starts.map(|start| row[start].max(shorter[start + 1])).collect(),
            });
            beginnings.push(row);
        }
        let mut calls = Vec::new();
        let mut taken = vec![false; length];
        for (index, (beginnings, parts)) in beginnings.iter().zip(&parts).enumerate().rev() {
            let bases = self.shortest + index;
            let mut starts: Vec<usize> = (0..parts.len()).filter(|&start| parts[start] < self.threshold).collect();
            starts.sort_by(|&a, &b| beginnings[a].total_cmp(&beginnings[b])); // stable
            for start in starts {
                let range = start..start + bases;
                if !taken[range.clone()].contains(&true) {
                    taken[range].fill(true);
                    calls.push(Call { start, end: start + bases, p_value: p_value(start, bases) });
                }
            }
        }
        calls
    }

    /// Calls of both signs as seqlets.
    fn seqlets(&self, sequence: usize, track: &[f32], up: Vec<Call>, down: Vec<Call>) -> Vec<Seqlet> {
        let beaten = |call: &Call, others: &[Call], by_equal: bool| {
            let beats = |other: &Call| other.p_value < call.p_value || by_equal && other.p_value == call.p_value;
            others.iter().any(|other| other.start < call.end && call.start < other.end && beats(other))
        };
        let kept = up.iter().filter(|call| !beaten(call, &down, false));
        let mut kept: Vec<Call> = kept.chain(down.iter().filter(|call| !beaten(call, &up, true))).copied().collect();
        kept.sort_by_key(|call| call.start);
        let seqlet = |call: Call| {
            let (start, end) = (call.start.saturating_sub(self.flank), track.len().min(call.end + self.flank));
            Seqlet { sequence, start, end, score: sum(&track[start..end]), p_value: call.p_value }
        };
        kept.into_iter().map(seqlet).collect()
    }
}

/// A stretch that was called, before flanks.
#[derive(Debug, Clone, Copy)]
struct Call {
    start: usize,
    end: usize,
    p_value: f64,
}

/// The distribution of sums of values drawn from all tracks.
#[derive(Debug)]
struct Null {
    sign: f64,
    least: f64,
    bin: f64,
    bins: usize,
    /// For each number of values from 1, the probability of each sum of bins or more.
    tails: Vec<Vec<f64>>,
}

impl Null {
    /// `None` if all values are alike.
    fn new<T: AsRef<[f32]>>(tracks: &[T], sign: f64, longest: usize, bins: usize) -> Option<Self> {
        let values = || tracks.iter().flat_map(|track| track.as_ref()).map(|&value| sign * f64::from(value));
        let (least, most) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, m), x| (l.min(x), m.max(x)));
        if most <= least || most.is_infinite() {
            return None;
        }
        let mut null = Self { sign, least, bin: (most - least) / (bins - 1) as f64, bins, tails: Vec::new() };
        let mut counts = vec![0_u64; bins];
        values().for_each(|value| counts[null.bin_of(value)] += 1);
        let total = counts.iter().sum::<u64>() as f64;
        let one: Vec<(usize, f64)> =
            (0..).zip(&counts).filter(|&(_, &n)| n > 0).map(|(i, &n)| (i, n as f64 / total)).collect();
        let mut probability = vec![1.0];
        for _ in 0..longest {
            let mut next = vec![0.0; probability.len() + bins - 1];
            for &(shift, weight) in &one {
                next[shift..].iter_mut().zip(&probability).for_each(|(sum, p)| *sum += weight * p);
            }
            probability = next;
            let mut tail = probability.clone();
            let mut above = 0.0;
            for p in tail.iter_mut().rev() {
                above += *p;
                *p = f64::min(above, 1.0);
            }
            null.tails.push(tail);
        }
        Some(null)
    }

    fn bin_of(&self, value: f64) -> usize {
        (((value - self.least) / self.bin).floor().max(0.0) as usize).min(self.bins - 1)
    }

    /// Sums of the bins of all values before each position.
    fn sums(&self, track: &[f32]) -> Vec<usize> {
        let mut sums = vec![0];
        let mut sum = 0;
        for &value in track {
            sum += self.bin_of(self.sign * f64::from(value));
            sums.push(sum);
        }
        sums
    }

    fn p_value(&self, bases: usize, sum: usize) -> f64 {
        self.tails[bases - 1][sum]
    }
}
