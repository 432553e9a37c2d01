//! The exact distribution of a matrix's scores over random sites.

use crate::{Pwm, Result, error};

/// Bins that a distribution may have.
const MOST_BINS: f64 = 5e6;

/// Every score that a matrix can give, rounded to a grid, with the probability that a random site scores as much or
/// more: the p-value.
///
/// Each weight is divided by `step` and rounded, so that scores are whole numbers; for these the probabilities are
/// exact, column by column, over all sites at once. A score on the grid lies within `width * step / 2` of the score in
/// bits.
///
/// # Source
/// Staden, Computer Applications in the Biosciences 1989; FIMO (Grant, Bailey and Noble, Bioinformatics 2011) and MOODS
/// (Korhonen et al., Bioinformatics 2009) do the same with steps of their own.
///
/// ```
/// use promoter_motif::{Distribution, Motif, Pseudocount, Pwm};
/// let pwm = Pwm::of(&Motif::from_consensus("GCN4", "TGACTCA")?, Pseudocount::default())?;
/// let scores = Distribution::of(&pwm, 0.01)?;
/// let best = scores.threshold(1e-4).unwrap();
/// assert!((scores.p_value(best) / 0.25_f64.powi(7) - 1.0).abs() < 1e-12); // one site of all there are
/// # Ok::<(), promoter_motif::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    step: f64,
    columns: Vec<[i32; 4]>,
    lowest: i32,
    /// Probability of a score of at least `lowest + index`.
    survival: Vec<f64>,
}

impl Distribution {
    /// The distribution of a matrix's scores over sites whose bases are drawn from the matrix's background. `step` is
    /// in bits; 0.01 is fine enough for most uses.
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) when the step is not above 0, or so small that there would be more
    /// than five million bins.
    pub fn of(pwm: &Pwm, step: f64) -> Result<Self> {
        error::check("step", step, step > 0.0 && step.is_finite(), "a finite number of bits above 0")?;
        let range = |column: &[f64; 4]| column.iter().fold(0.0_f64, |most, weight| most.max(weight.abs())) * 2.0;
        let bins = pwm.weights().iter().map(range).sum::<f64>() / step;
        error::check("step", step, bins <= MOST_BINS, "a step that leaves at most five million bins")?;
        let columns: Vec<[i32; 4]> =
            pwm.weights().iter().map(|column| column.map(|weight| (weight / step).round() as i32)).collect();
        let (lowest, survival) = survival(&columns, pwm.background().frequencies());
        Ok(Self { step, columns, lowest, survival })
    }

    /// The grid's step in bits.
    pub fn step(&self) -> f64 {
        self.step
    }

    /// Weights on the grid.
    ///
    /// # Shapes
    /// `(width, 4)`: A, C, G, T.
    pub fn columns(&self) -> &[[i32; 4]] {
        &self.columns
    }

    /// Probability that a random site scores at least `score`, which is on the grid.
    pub fn p_value(&self, score: i32) -> f64 {
        let index = i64::from(score) - i64::from(self.lowest);
        if index <= 0 {
            return 1.0;
        }
        self.survival.get(index as usize).copied().unwrap_or(0.0)
    }

    /// The lowest score, on the grid, whose p-value is at most `p_value`; `None` when not even the best site has so
    /// small a p-value, which is the case for short motifs.
    pub fn threshold(&self, p_value: f64) -> Option<i32> {
        let index = self.survival.partition_point(|&survival| survival > p_value);
        (index < self.survival.len()).then(|| self.lowest + index as i32)
    }
}

/// The lowest score, and the probability of at least each score from there up.
fn survival(columns: &[[i32; 4]], background: [f64; 4]) -> (i32, Vec<f64>) {
    let mut lowest = 0;
    let mut probability = vec![1.0];
    for column in columns {
        let least = column.iter().copied().fold(i32::MAX, i32::min);
        let most = column.iter().copied().fold(i32::MIN, i32::max);
        let mut next = vec![0.0; probability.len() + (most - least) as usize];
        for (&weight, frequency) in column.iter().zip(background) {
            let shifted = &mut next[(weight - least) as usize..];
            shifted.iter_mut().zip(&probability).for_each(|(sum, p)| *sum += p * frequency);
        }
        probability = next;
        lowest += least;
    }
    // From the top down, so that small tails are sums of small terms.
    let mut tail = 0.0;
    for p in probability.iter_mut().rev() {
        tail += *p;
        *p = tail.min(1.0);
    }
    (lowest, probability)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Background, Motif, Pseudocount};
    use proptest::prelude::*;

    /// Scores of all sites with their probabilities.
    fn enumerated(columns: &[[i32; 4]], background: [f64; 4]) -> Vec<(i32, f64)> {
        let mut sites = vec![(0, 1.0)];
        for column in columns {
            sites = sites
                .iter()
                .flat_map(|&(score, p)| (0..4).map(move |base| (score + column[base], p * background[base])))
                .collect();
        }
        sites
    }

    proptest! {
        #[test]
        fn p_values_are_those_of_all_sites_counted(
            counts in prop::collection::vec(prop::array::uniform4(0.0..9.0f64), 1..6),
            background in prop::array::uniform4(0.1..1.0f64),
            step in 0.01..2.0f64,
        ) {
            let counts = counts.into_iter().map(|column| column.map(|count| count + 0.01)).collect();
            let background = Background::new(background).unwrap();
            let motif = Motif::from_counts("m", counts).unwrap().with_background(background);
            let scores = Distribution::of(&Pwm::of(&motif, Pseudocount::default()).unwrap(), step).unwrap();
            let sites = enumerated(scores.columns(), background.frequencies());
            for &(score, _) in &sites {
                let expected: f64 = sites.iter().filter(|site| site.0 >= score).map(|site| site.1).sum();
                prop_assert!((scores.p_value(score) / expected - 1.0).abs() < 1e-9);
            }
            let best = sites.iter().map(|site| site.0).max().unwrap();
            prop_assert_eq!(scores.p_value(best + 1), 0.0);
            prop_assert_eq!(scores.p_value(i32::MIN), 1.0);
            for p_value in [1e-9, 0.01, 0.3] {
                let expected = sites.iter().map(|site| site.0).filter(|&score| scores.p_value(score) <= p_value).min();
                let found = scores.threshold(p_value);
                prop_assert_eq!(found.is_some(), expected.is_some());
                // Scores that no site has may be the threshold; the sites above it are the same.
                let above = |threshold: Option<i32>| sites.iter().filter(|site| Some(site.0) >= threshold).count();
                prop_assert!(found.is_none() || above(found) == above(expected));
            }
        }
    }

    #[test]
    fn steps_that_are_not_a_size_are_refused() {
        let pwm = Pwm::of(&Motif::from_consensus("m", "TATAAA").unwrap(), Pseudocount::default()).unwrap();
        for step in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-9] {
            assert!(matches!(Distribution::of(&pwm, step), Err(crate::Error::Setting { setting: "step", .. })));
        }
    }
}
