//! Log-odds of a motif against its background.

use promoter_encode::base;

use crate::{Background, Error, Motif, Result};

/// What is added to a motif's frequencies, so that a base that was never seen is unlikely and not impossible. Tools
/// differ in it, and weak sites move with it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Pseudocount {
    /// This much is added to the sites of each column and shared among the bases as the background says; 0.1 in FIMO
    /// and TOMTOM of the MEME suite.
    Sites(f64),
    /// The square root of the sites, shared as the background says.
    ///
    /// # Source
    /// Wasserman and Sandelin, Nature Reviews Genetics 2004.
    SquareRoot,
    /// This much is added to each frequency, and the column is scaled to a sum of 1; 0.0001 in memesuite-lite, which
    /// does not scale.
    Frequency(f64),
}

impl Default for Pseudocount {
    /// That of FIMO and TOMTOM: a tenth of a site.
    fn default() -> Self {
        Self::Sites(0.1)
    }
}

impl Pseudocount {
    fn check(self) -> Result<()> {
        match self {
            Self::Sites(value) | Self::Frequency(value) => crate::error::check(
                "pseudocount",
                value,
                value.is_finite() && value >= 0.0,
                "a finite number of at least 0",
            ),
            Self::SquareRoot => Ok(()),
        }
    }

    /// A column's frequencies with this added.
    fn add(self, counts: [f64; 4], background: [f64; 4]) -> [f64; 4] {
        let sites: f64 = counts.iter().sum();
        let added = match self {
            Self::Sites(value) => background.map(|frequency| value * frequency),
            Self::SquareRoot => background.map(|frequency| sites.sqrt() * frequency),
            Self::Frequency(value) => [value * sites; 4],
        };
        let total = sites + added.iter().sum::<f64>();
        std::array::from_fn(|base| (counts[base] + added[base]) / total)
    }
}

/// A position weight matrix: log2 of each base's frequency in the motif over its frequency in the background.
///
/// ```
/// use promoter_motif::{Motif, Pseudocount, Pwm};
/// let pwm = Pwm::of(&Motif::from_consensus("GCN4", "TGASTCA")?, Pseudocount::default())?;
/// let site = [3, 2, 0, 1, 3, 1, 0]; // base codes of TGACTCA
/// assert_eq!(pwm.score(&site), pwm.score(&[3, 2, 0, 2, 3, 1, 0]));
/// assert!(pwm.score(&site) > 12.0 && pwm.score(&[0; 7]) < 0.0);
/// # Ok::<(), promoter_motif::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Pwm {
    weights: Vec<[f64; 4]>,
    background: Background,
}

impl Pwm {
    /// The matrix of a motif against the motif's own background.
    ///
    /// # Errors
    /// [`Error::Setting`] for a pseudo-count that is negative or not finite; [`Error::Motif`] when a frequency is 0 and
    /// the pseudo-count too: its logarithm would be infinite.
    pub fn of(motif: &Motif, pseudocount: Pseudocount) -> Result<Self> {
        pseudocount.check()?;
        let background = motif.background();
        let frequencies = background.frequencies();
        let mut weights = Vec::with_capacity(motif.width());
        for (position, &counts) in motif.counts().iter().enumerate() {
            let column = pseudocount.add(counts, frequencies);
            if column.contains(&0.0) {
                return Err(Error::Motif {
                    motif: motif.name().to_owned(),
                    expected: "frequencies above 0, or a pseudo-count",
                    found: format!("a frequency of 0 in column {position}"),
                });
            }
            weights.push(std::array::from_fn(|base| (column[base] / frequencies[base]).log2()));
        }
        Ok(Self { weights, background })
    }

    /// Weights in bits.
    ///
    /// # Shapes
    /// `(width, 4)`: A, C, G, T.
    pub fn weights(&self) -> &[[f64; 4]] {
        &self.weights
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.weights.len()
    }

    /// What the weights are relative to.
    pub fn background(&self) -> Background {
        self.background
    }

    /// The highest score of any site, in bits.
    pub fn highest(&self) -> f64 {
        self.weights.iter().map(|column| column.iter().copied().fold(f64::NEG_INFINITY, f64::max)).sum()
    }

    /// The sum of the weights of one site's bases, in bits. Codes of other letters than A, C, G and T add 0, as do
    /// bases beyond the width.
    pub fn score(&self, codes: &[u8]) -> f64 {
        let bases = self.weights.iter().zip(codes).filter(|&(_, &code)| code < base::N);
        bases.map(|(column, &code)| column[usize::from(code)]).sum()
    }

    /// The matrix as it reads on the other strand: its score of a site is this one's of the site's reverse complement.
    pub fn reverse_complement(&self) -> Self {
        let weights = self.weights.iter().rev().map(|&[a, c, g, t]| [t, g, c, a]).collect();
        Self { weights, background: self.background.complement() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pseudocounts_are_those_of_their_tools() {
        let motif = Motif::from_counts("m", vec![[10.0, 0.0, 0.0, 0.0]]).unwrap();
        let weights = |pseudocount| Pwm::of(&motif, pseudocount).unwrap().weights[0];
        let expected = [(10.025_f64 / 10.1 / 0.25).log2(), (0.025_f64 / 10.1 / 0.25).log2()];
        assert_eq!(weights(Pseudocount::default())[..2], expected);
        let root = 10.0_f64.sqrt();
        assert_eq!(weights(Pseudocount::SquareRoot)[1], (root * 0.25 / (10.0 + root) / 0.25).log2());
        assert!((weights(Pseudocount::Frequency(1e-4))[1] - (1e-4_f64 / 1.0004 / 0.25).log2()).abs() < 1e-12);
        assert!(matches!(Pwm::of(&motif, Pseudocount::Sites(0.0)), Err(Error::Motif { .. })));
        for wrong in [Pseudocount::Sites(-1.0), Pseudocount::Frequency(f64::NAN)] {
            assert!(matches!(Pwm::of(&motif, wrong), Err(Error::Setting { setting: "pseudocount", .. })));
        }
    }

    proptest! {
        #[test]
        fn a_site_scores_on_one_strand_what_its_reverse_complement_scores_on_the_other(
            counts in prop::collection::vec(prop::array::uniform4(0.1..9.0f64), 1..9),
            codes in prop::collection::vec(0u8..5, 8),
        ) {
            let motif = Motif::from_counts("m", counts).unwrap();
            let motif = motif.with_background(Background::new([0.1, 0.2, 0.3, 0.4]).unwrap());
            let pwm = Pwm::of(&motif, Pseudocount::default()).unwrap();
            let site = &codes[..pwm.width()];
            let turned: Vec<u8> = site.iter().rev().map(|&code| base::COMPLEMENT[usize::from(code)]).collect();
            prop_assert!((pwm.score(site) - pwm.reverse_complement().score(&turned)).abs() < 1e-9);
            prop_assert_eq!(pwm.reverse_complement().reverse_complement(), pwm);
        }
    }
}
