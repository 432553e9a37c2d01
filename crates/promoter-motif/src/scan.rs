//! Sites of motifs in sequences, with exact p-values.

mod block;
mod hit;
mod scanner;

pub use hit::Hit;
pub use scanner::Scanner;

use crate::{Motif, Pseudocount, Result, Strands, error};

/// What becomes of sites that hold a letter other than A, C, G and T.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Ambiguous {
    /// They are not looked at, as in FIMO.
    #[default]
    Skip,
    /// The letter adds 0, as if it were as likely in the motif as outside; as in memesuite-lite.
    Neutral,
    /// The sequence is refused.
    Error,
}

/// How sequences are scanned.
///
/// ```
/// use promoter_encode::base;
/// use promoter_motif::{Motif, Strand, scan::Scan};
/// let motif = Motif::from_consensus("GCN4", "TGACTCA")?;
/// let row: Vec<u8> = b"CCATGAGTCATTTN".iter().map(|&letter| base::from_ascii(letter)).collect();
/// let hits = Scan::default().scanner(&[motif])?.hits(&[row])?;
/// assert_eq!(hits.len(), 1);
/// assert_eq!((hits[0].start, hits[0].end, hits[0].strand), (3, 10, Strand::Reverse));
/// assert!((hits[0].p_value / 0.25_f64.powi(7) - 1.0).abs() < 1e-9);
/// # Ok::<(), promoter_motif::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct Scan {
    /// Sites of at most this p-value are hits.
    pub p_value: f64,
    /// Which strands are scanned. With both, the motif's background is made symmetric, as the MEME suite does, so
    /// that a site means the same on either strand.
    pub strands: Strands,
    /// What becomes of sites with other letters.
    pub ambiguous: Ambiguous,
    /// What is added to the motifs' frequencies.
    pub pseudocount: Pseudocount,
    /// The grid of scores, in bits.
    pub step: f64,
}

impl Default for Scan {
    /// FIMO's threshold and pseudo-count: p-values of at most 0.0001 on both strands; scores to a hundredth of a bit.
    fn default() -> Self {
        Self {
            p_value: 1e-4,
            strands: Strands::Both,
            ambiguous: Ambiguous::Skip,
            pseudocount: Pseudocount::default(),
            step: 0.01,
        }
    }
}

impl Scan {
    /// Makes the motifs ready to be looked for.
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) for a p-value that is not from 0 to 1, and what
    /// [`Pwm::of`](crate::Pwm::of) and [`Distribution::of`](crate::Distribution::of) refuse.
    pub fn scanner(&self, motifs: &[Motif]) -> Result<Scanner> {
        error::check("p_value", self.p_value, (0.0..=1.0).contains(&self.p_value), "from 0 to 1")?;
        Scanner::new(*self, motifs)
    }
}
