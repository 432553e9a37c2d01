//! Binding sites: what is where, and what it does.

use std::sync::Arc;

/// A binding site in one row.
///
/// In files: `{"factor":"Abf1","start":40,"strand":"+","length":13,"occupancy":0.9,"effect":1.2,"planted":true}`.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Site {
    /// Name of the factor that binds.
    pub factor: Arc<str>,
    /// First base on the forward strand, 0-based in the whole construct (flanks included).
    pub start: u32,
    /// The strand on which the consensus reads. A consensus that is its own reverse complement is always `Forward`.
    pub strand: Strand,
    /// Length in bp.
    pub length: u32,
    /// Probability that the factor is bound here.
    pub occupancy: f32,
    /// Noise-free expression as it is, minus what it would be if nothing could bind here; in sorting bins.
    pub effect: f32,
    /// Whether the simulation wrote the site into the insert; otherwise it arose by chance.
    pub planted: bool,
}

/// A strand of the DNA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Strand {
    /// The strand that is written down; `+` in files.
    #[cfg_attr(feature = "serde", serde(rename = "+"))]
    Forward,
    /// The other one; `-` in files.
    #[cfg_attr(feature = "serde", serde(rename = "-"))]
    Reverse,
}
