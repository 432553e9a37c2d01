//! Motifs beside motifs: which known one is a new one.
//!
//! The algorithm is TOMTOM's with complete scores. Each pair of a query's and a target's column has a similarity;
//! from it the median over all columns of all targets is taken away, so that a column that resembles everything says
//! little and a column that is not aligned counts as an average one. The sum over the aligned columns is the score.
//! Its distribution under chance is exact, up to rounding to a grid: a chance target's columns are drawn from all
//! columns of the targets, independently, and the p-value is that of the best of all alignments, over both strands.
//!
//! # Source
//! Gupta et al., Genome Biology 2007; Tanaka et al., Bioinformatics 2011 (complete scores); memesuite-lite is checked
//! against (`tests/compare.rs`).

mod column;
mod null;
mod targets;

pub use targets::{Match, Targets};

use crate::{Error, Motif, Result, Strands, error};

/// Columns that a query may have; longer ones should be [trimmed](Motif::trimmed) first.
pub const WIDEST_QUERY: usize = 100;

/// How alike two columns are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Similarity {
    /// Pearson's correlation of the four frequencies; 0 for a column of equal frequencies.
    ///
    /// It is what the MEME suite's web server asks TOMTOM for, and it does not change when a column is diluted with the
    /// background: motifs of seqlets, which hold misaligned and chance sites, stay similar to sharp ones.
    #[default]
    Pearson,
    /// The Euclidean distance of the frequencies, negative; as in memesuite-lite.
    Euclidean,
}

/// How motifs are compared.
///
/// ```
/// use promoter_motif::{Motif, Strand, compare::Comparison};
/// let known = ["TGACTCA", "CACGTG", "TTACCCG", "CCGCCGA"];
/// let known: Vec<Motif> = known.iter().map(|site| Motif::from_consensus(*site, site)).collect::<Result<_, _>>()?;
/// let targets = Comparison::default().targets(&known)?;
/// let matches = targets.matches(&Motif::from_consensus("new", "NCGGGTAA")?)?; // reverse complement of TTACCCG
/// assert_eq!((known[matches[0].target].name(), matches[0].strand), ("TTACCCG", Strand::Reverse));
/// # Ok::<(), promoter_motif::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct Comparison {
    /// How alike two columns are.
    pub similarity: Similarity,
    /// Columns that must be aligned; all columns of the shorter motif if it has fewer.
    pub min_overlap: usize,
    /// Whether targets are turned around too.
    pub strands: Strands,
    /// Steps of the grid between the least and the greatest score of a column.
    pub bins: usize,
}

impl Default for Comparison {
    /// TOMTOM as the MEME suite's web server calls it: Pearson, five columns, both strands; a hundred steps.
    fn default() -> Self {
        Self { similarity: Similarity::Pearson, min_overlap: 5, strands: Strands::Both, bins: 100 }
    }
}

impl Comparison {
    /// Makes motifs ready to be compared with. The p-values rest on their columns: with fewer than about 25 motifs they
    /// depend much on which these are.
    ///
    /// # Errors
    /// [`Error::Setting`] for `min_overlap` of 0, `bins` that are not from 2 to 1000, and an empty list of targets.
    pub fn targets(&self, motifs: &[Motif]) -> Result<Targets> {
        error::check("min_overlap", self.min_overlap, self.min_overlap > 0, "at least 1")?;
        error::check("bins", self.bins, (2..=1000).contains(&self.bins), "from 2 to 1000")?;
        error::check("targets", motifs.len(), !motifs.is_empty(), "at least one motif")?;
        Ok(Targets::new(*self, motifs))
    }

    fn check(query: &Motif) -> Result<()> {
        if query.width() > WIDEST_QUERY {
            return Err(Error::Motif {
                motif: query.name().to_owned(),
                expected: "at most 100 columns to be compared",
                found: format!("{} columns", query.width()),
            });
        }
        Ok(())
    }
}
