//! A site that was found.

use crate::Strand;

/// A site of a motif.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Hit {
    /// Which motif.
    pub motif: usize,
    /// Which sequence.
    pub sequence: usize,
    /// First base, counted on the forward strand.
    pub start: usize,
    /// One past the last base.
    pub end: usize,
    /// The strand on which the motif reads as it is.
    pub strand: Strand,
    /// Log2-odds in bits, on the grid of the scan.
    pub score: f64,
    /// Probability that a random site scores as much or more.
    pub p_value: f64,
    /// False discovery rate among the motif's sites, of all that were looked at on both strands.
    pub q_value: f64,
}
