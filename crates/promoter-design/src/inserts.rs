//! Motifs that may be written over a sequence.

use promoter_motif::Motif;

/// Motifs that may be written over a sequence, on either strand. The default has none: only single bases are edited.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inserts {
    /// The motifs. Each is written as its consensus: a base that the IUPAC letter allows stays, another becomes the
    /// most frequent one.
    pub motifs: Vec<Motif>,
    /// Sites drawn from each motif, base by base as often as its columns say, which are tried beside the consensus.
    pub samples: usize,
}
