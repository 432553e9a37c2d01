//! From attributions to a table of motifs with names.

use std::collections::BTreeSet;
use std::ops::Range;

use promoter_motif::cluster::{Cluster, Member, Pattern};
use promoter_motif::compare::{Comparison, Match};
use promoter_motif::seqlet::{Recursive, Seqlet};
use promoter_motif::{Motif, Strand};

use crate::error::check_sequences;
use crate::{Error, Result};

/// How motifs are made of attributions and named.
///
/// ```
/// use promoter_explain::Discovery;
/// use promoter_motif::Motif;
/// let known: Vec<Motif> = ["TGACTCA", "CACGTG", "TTACCCG", "CCGCCGA"]
///     .iter()
///     .map(|site| Motif::from_consensus(*site, site))
///     .collect::<Result<_, _>>()?;
/// // TGACTCA at 10 in sixty sequences.
/// let site = [3, 2, 0, 1, 3, 1, 0];
/// let rows: Vec<Vec<u8>> = (0..60_u64).map(|row| {
///     let mut codes: Vec<u8> = (0..40).map(|i| ((row * 7 + i * i * (row + 3) + i * 5) % 13 % 4) as u8).collect();
///     codes[10..17].copy_from_slice(&site);
///     codes
/// }).collect();
/// let track = |i: usize| if (10..17).contains(&i) { 0.5 } else { ((i * 37) % 11) as f32 / 200.0 };
/// let tracks = vec![(0..40).map(track).collect::<Vec<f32>>(); 60];
/// let table = Discovery::default().find(&rows, &tracks, &known)?;
/// let found = &table.motifs[0];
/// assert_eq!(known[found.best.unwrap().target].name(), "TGACTCA");
/// assert_eq!((found.sites.len(), found.sequences), (60, 60));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Discovery {
    /// How stretches are called.
    pub seqlets: Recursive,
    /// How they become motifs.
    pub cluster: Cluster,
    /// How motifs are compared with known ones.
    pub comparison: Comparison,
    /// Matches of a greater q-value are not reported, from 0 to 1.
    pub q_value: f64,
}

impl Default for Discovery {
    /// The defaults of each step, and matches of q-values of at most 0.05.
    fn default() -> Self {
        let (seqlets, cluster, comparison) = (Recursive::default(), Cluster::default(), Comparison::default());
        Self { seqlets, cluster, comparison, q_value: 0.05 }
    }
}

/// What was found in attributions.
#[derive(Debug, Clone, PartialEq)]
pub struct Discovered {
    /// First motifs that raise the prediction, then those that lower it; each by number of sites.
    pub motifs: Vec<Found>,
    /// Seqlets there were.
    pub seqlets: usize,
    /// Seqlets that belong to no motif.
    pub left_over: usize,
}

/// A motif that a predictor has learnt.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Bases of its sites, counted.
    pub motif: Motif,
    /// Its sites, the clearest first.
    pub sites: Vec<Site>,
    /// Number of sequences that have one.
    pub sequences: usize,
    /// Mean over sites of their summed attributions; negative for a motif that lowers the prediction.
    pub effect: f64,
    /// The known motif that it resembles most, if any does.
    pub best: Option<Match>,
}

/// A stretch of a sequence that reads as a motif.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Which sequence.
    pub sequence: usize,
    /// Its bases, as attributions show them: the motif itself may be longer or shorter.
    pub bases: Range<usize>,
    /// The strand on which it reads as the motif does.
    pub strand: Strand,
    /// Sum of its attributions.
    pub effect: f64,
}

impl Discovery {
    /// Calls seqlets, makes motifs of them, and names these after `known` ones, unless that list is empty.
    ///
    /// # Shapes
    /// `rows` are sequences of base codes ([`promoter_encode::base`]), `tracks` the attributions of their bases, for
    /// instance [`Effects::contributions`](crate::Effects::contributions).
    ///
    /// # Errors
    /// [`Error::Empty`] for no rows, [`Error::Code`]; [`Error::Setting`] for a `q_value` that is not from 0 to 1;
    /// [`Error::Motif`] with what the steps refuse: tracks of another length, attributions that are NaN or infinite,
    /// settings.
    pub fn find<R, T>(&self, rows: &[R], tracks: &[T], known: &[Motif]) -> Result<Discovered>
    where
        R: AsRef<[u8]> + Sync,
        T: AsRef<[f32]> + Sync,
    {
        check_sequences("sequences", rows)?;
        if !(0.0..=1.0).contains(&self.q_value) {
            let value = self.q_value.to_string();
            return Err(Error::Setting { setting: "q_value", value, expected: "from 0 to 1" });
        }
        let seqlets = self.seqlets.find(tracks)?;
        let clusters = self.cluster.find(rows, tracks, &seqlets)?;
        let motifs: Vec<Motif> = clusters.patterns.iter().map(|pattern| pattern.motif.clone()).collect();
        let best = if known.is_empty() {
            vec![None; motifs.len()]
        } else {
            self.comparison.targets(known)?.best(&motifs, self.q_value)?
        };
        let motifs = clusters.patterns.into_iter().zip(best).map(|(pattern, best)| Found::new(pattern, best, &seqlets));
        Ok(Discovered { motifs: motifs.collect(), seqlets: seqlets.len(), left_over: clusters.left_over.len() })
    }
}

impl Found {
    fn new(pattern: Pattern, best: Option<Match>, seqlets: &[Seqlet]) -> Self {
        let site = |member: &Member| {
            let Seqlet { sequence, start, end, score, .. } = seqlets[member.seqlet];
            Site { sequence, bases: start..end, strand: member.strand, effect: score }
        };
        let sites: Vec<Site> = pattern.members.iter().map(site).collect();
        let sequences: BTreeSet<usize> = sites.iter().map(|site| site.sequence).collect();
        Self { sites, sequences: sequences.len(), effect: pattern.score, motif: pattern.motif, best }
    }
}
