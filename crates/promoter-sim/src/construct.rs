//! The DNA of the assay: a random insert between two fixed flanks.

use promoter_encode::base;
use promoter_encode::random::Stream;

use crate::error::{Error, probability, range};

/// Flanks, and the length and composition of the random insert.
///
/// # Source
/// The construct of the Random Promoter DREAM Challenge 2022; the composition is that of its training inserts.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Construct {
    /// Bases before the insert, in A, C, G, T. Default: the challenge's 17.
    pub left: String,
    /// Length of the insert, in bp. Default: 80.
    pub insert: usize,
    /// Bases after the insert. Default: the challenge's 13.
    pub right: String,
    /// Probabilities of A, C, G, T in the insert; they sum to 1. Default: 0.224, 0.193, 0.286, 0.297.
    pub composition: [f64; 4],
}

impl Default for Construct {
    fn default() -> Self {
        Self {
            left: "TGCATTTTTTTCACATC".to_owned(),
            insert: 80,
            right: "GGTTACGGCTGTT".to_owned(),
            composition: [0.224, 0.193, 0.286, 0.297],
        }
    }
}

impl Construct {
    /// Length of flanks and insert together, in bp.
    pub fn len(&self) -> usize {
        // Of settings that were not checked, too.
        self.insert.saturating_add(self.left.len() + self.right.len())
    }

    /// Whether there is no base at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        const MOST: usize = 10_000;
        range("construct.insert", self.insert as f64, (1..=MOST).contains(&self.insert), "1 to 10000 bp")?;
        for (name, flank) in [("construct.left", &self.left), ("construct.right", &self.right)] {
            if let Some((position, letter)) = flank.chars().enumerate().find(|(_, letter)| !"ACGT".contains(*letter)) {
                return Err(Error::Letter { name: name.to_owned(), letter, position, expected: "A, C, G or T" });
            }
            range(name, flank.len() as f64, flank.len() <= MOST, "at most 10000 bp")?;
        }
        for share in self.composition {
            probability("construct.composition", share)?;
        }
        let sum = self.composition.iter().sum::<f64>();
        range("construct.composition", sum, (sum - 1.0).abs() < 1e-6, "shares that sum to 1")
    }

    /// Flanks and a fresh random insert, as base codes.
    pub(crate) fn draw(&self, stream: &mut Stream) -> Vec<u8> {
        let [a, c, g, _] = self.composition;
        let mut codes = Vec::with_capacity(self.len());
        codes.extend(self.left.bytes().map(base::from_ascii));
        for _ in 0..self.insert {
            let draw = stream.uniform();
            codes.push(u8::from(draw >= a) + u8::from(draw >= a + c) + u8::from(draw >= a + c + g));
        }
        codes.extend(self.right.bytes().map(base::from_ascii));
        codes
    }
}
