//! What regions of a sequence contribute, alone and in pairs.

use std::ops::Range;

use promoter_encode::random::Stream;
use promoter_encode::shuffle;
use promoter_metrics::seeds::Interval;

use crate::error::{check_region, check_sequences};
use crate::predict::predictions;
use crate::{Error, Predict, Result};

/// Takes regions out of a sequence: their bases become those that dinucleotide shuffles of the sequence have there.
///
/// The whole sequence is shuffled, not the region: a short site has few shuffles of its own (CACGTG has none but
/// itself), and would stay.
///
/// ```
/// use promoter_explain::{Ablation, Failure};
/// // 3 for TTACCCG, 1 for a G at the end.
/// let mut predictor = |sequences: &[Vec<u8>]| -> Result<Vec<f32>, Failure> {
///     let value = |codes: &Vec<u8>| {
///         let site = codes.windows(7).any(|bases| bases == [3, 3, 0, 1, 1, 1, 2]);
///         3.0 * f32::from(site) + f32::from(codes.last() == Some(&2))
///     };
///     Ok(sequences.iter().map(value).collect())
/// };
/// let codes = [0, 0, 3, 2, 1, 3, 3, 0, 1, 1, 1, 2, 0, 2, 1, 3, 0, 3, 0, 2];
/// let effects = Ablation::default().effects(&mut predictor, &codes, &[5..12, 0..4])?;
/// assert_eq!((effects[0].mean, effects[1].mean), (3.0, 0.0));
/// # Ok::<(), promoter_explain::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ablation {
    /// Shuffles that stand for a sequence in which nothing means anything.
    pub shuffles: usize,
    /// Seed of the shuffles.
    pub seed: u64,
}

impl Default for Ablation {
    /// 20 shuffles, seed 1.
    fn default() -> Self {
        Self { shuffles: 20, seed: 1 }
    }
}

/// What two regions of a sequence contribute.
#[derive(Debug, Clone, PartialEq)]
pub struct RegionPair {
    /// Which of the regions.
    pub first: usize,
    /// Which of the regions, after `first`.
    pub second: usize,
    /// What the first contributes: the prediction minus that without it.
    pub of_first: Interval,
    /// What the second contributes.
    pub of_second: Interval,
    /// What both contribute: the prediction minus that without both.
    pub of_both: Interval,
    /// f(both) - f(first) - f(second) + f(neither). Above 0 the two do more together than each does alone.
    pub interaction: Interval,
}

impl Ablation {
    /// What each region contributes: the prediction minus that without the region. Means over shuffles, whose 95 %
    /// intervals say whether there are enough of them.
    ///
    /// # Errors
    /// [`Error::Setting`] for no shuffles, [`Error::Code`], [`Error::Region`] for a region that is empty or not within
    /// the sequence, and what the predictor does wrong, as in [`Effects::of`](crate::Effects::of).
    pub fn effects<P: Predict + ?Sized>(
        &self,
        predictor: &mut P,
        codes: &[u8],
        regions: &[Range<usize>],
    ) -> Result<Vec<Interval>> {
        self.check(codes, regions)?;
        let shuffles = self.shuffles(codes);
        let ablated = regions
            .iter()
            .flat_map(|region| shuffles.iter().map(|shuffle| without(codes, shuffle, std::slice::from_ref(region))));
        let predicted = predictions(predictor, std::iter::once(codes.to_vec()).chain(ablated))?;
        let (as_it_is, ablated) = predicted.split_at(1);
        let effect = |values: &[f32]| -> Result<Interval> {
            let effects: Vec<f64> = values.iter().map(|&value| f64::from(as_it_is[0]) - f64::from(value)).collect();
            Ok(Interval::of(&effects)?)
        };
        ablated.chunks_exact(self.shuffles).map(effect).collect()
    }

    /// What every pair of regions contributes, one by one and together; pairs in the order of the regions. All versions
    /// of a pair use the same shuffles.
    ///
    /// # Errors
    /// As [`effects`](Self::effects); [`Error::Overlap`] for two regions with common bases.
    pub fn pairs<P: Predict + ?Sized>(
        &self,
        predictor: &mut P,
        codes: &[u8],
        regions: &[Range<usize>],
    ) -> Result<Vec<RegionPair>> {
        self.check(codes, regions)?;
        let pairs: Vec<(usize, usize)> =
            (0..regions.len()).flat_map(|a| (a + 1..regions.len()).map(move |b| (a, b))).collect();
        for (first, second) in pairs.iter().map(|&(a, b)| (&regions[a], &regions[b])) {
            if first.start < second.end && second.start < first.end {
                return Err(Error::Overlap { first: first.clone(), second: second.clone() });
            }
        }
        let shuffles = self.shuffles(codes);
        let single = regions.iter().map(|region| vec![region.clone()]);
        let double = pairs.iter().map(|&(a, b)| vec![regions[a].clone(), regions[b].clone()]);
        let ablated = single
            .chain(double)
            .flat_map(|taken| shuffles.iter().map(|shuffle| without(codes, shuffle, &taken)).collect::<Vec<_>>());
        let predicted = predictions(predictor, std::iter::once(codes.to_vec()).chain(ablated))?;
        let as_it_is = f64::from(predicted[0]);
        let losses: Vec<f64> = predicted[1..].iter().map(|&value| as_it_is - f64::from(value)).collect();
        let losses: Vec<&[f64]> = losses.chunks_exact(self.shuffles).collect();
        let pair = |(index, &(first, second)): (usize, &(usize, usize))| {
            let [a, b, both] = [losses[first], losses[second], losses[regions.len() + index]];
            let beyond: Vec<f64> = a.iter().zip(b).zip(both).map(|((a, b), both)| a + b - both).collect();
            Ok(RegionPair {
                first,
                second,
                of_first: Interval::of(a)?,
                of_second: Interval::of(b)?,
                of_both: Interval::of(both)?,
                interaction: Interval::of(&beyond)?,
            })
        };
        pairs.iter().enumerate().map(pair).collect()
    }

    fn check(&self, codes: &[u8], regions: &[Range<usize>]) -> Result<()> {
        if self.shuffles == 0 {
            return Err(Error::Setting { setting: "shuffles", value: "0".to_owned(), expected: "at least 1" });
        }
        check_sequences("sequences", &[codes])?;
        regions.iter().try_for_each(|region| check_region(0, codes.len(), region))
    }

    fn shuffles(&self, codes: &[u8]) -> Vec<Vec<u8>> {
        let shuffle = |index| shuffle::dinucleotide(codes, &mut Stream::new(self.seed, "explain ablation", index));
        (0..self.shuffles as u64).map(shuffle).collect()
    }
}

/// The sequence with the bases of a shuffle in some regions.
fn without(codes: &[u8], shuffle: &[u8], regions: &[Range<usize>]) -> Vec<u8> {
    let mut ablated = codes.to_vec();
    for region in regions {
        ablated[region.clone()].copy_from_slice(&shuffle[region.clone()]);
    }
    ablated
}
