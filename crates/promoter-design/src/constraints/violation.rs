//! One constraint that a sequence does not meet.

use promoter_encode::base;
use promoter_motif::Strand;

/// One constraint that a sequence does not meet. Positions and sequences count from 0.
#[derive(Debug, Clone, PartialEq)]
pub enum Violation {
    /// A code other than A, C, G and T.
    NotABase {
        /// Where it is.
        position: usize,
        /// What was found.
        code: u8,
    },
    /// Another length than the start.
    Length {
        /// Bases of the start.
        expected: usize,
        /// Bases there.
        found: usize,
    },
    /// A protected base that changed.
    Protected {
        /// Where it is.
        position: usize,
    },
    /// Too few or too many G and C.
    Gc {
        /// Share of G and C.
        found: f64,
        /// Least share.
        least: f64,
        /// Largest share.
        most: f64,
        /// Bases that must change to mend it.
        bases: usize,
    },
    /// A forbidden word.
    Word {
        /// Its name.
        word: String,
        /// Its first base.
        position: usize,
        /// Where it reads as it is written.
        strand: Strand,
    },
    /// A run of one base that is too long.
    Homopolymer {
        /// The base.
        base: u8,
        /// First base of the run.
        position: usize,
        /// Its length.
        found: usize,
        /// Longest that is allowed.
        most: usize,
    },
    /// Too many bases differ from the start.
    Edits {
        /// Bases that differ.
        found: usize,
        /// Most that may.
        most: usize,
    },
    /// Too near another design.
    NearDesign {
        /// Which design.
        design: usize,
        /// Bases that differ.
        found: usize,
        /// Least that must.
        least: usize,
    },
    /// Too near a known sequence.
    NearKnown {
        /// Which known sequence.
        known: usize,
        /// Bases that differ.
        found: usize,
        /// Least that must.
        least: usize,
    },
}

impl Violation {
    /// Least number of bases that must change to mend it.
    pub(crate) fn bases(&self) -> usize {
        match *self {
            Self::NotABase { .. } | Self::Length { .. } | Self::Protected { .. } | Self::Word { .. } => 1,
            Self::Gc { bases, .. } => bases,
            Self::Homopolymer { found, most, .. } => found / (most + 1),
            Self::Edits { found, most } => found - most,
            Self::NearDesign { found, least, .. } | Self::NearKnown { found, least, .. } => least - found,
        }
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotABase { position, code } => write!(f, "code {code} at position {position} is not a base"),
            Self::Length { expected, found } => write!(f, "{found} bases, the start has {expected}"),
            Self::Protected { position } => write!(f, "the protected base at position {position} changed"),
            Self::Gc { found, least, most, .. } => {
                write!(f, "{:.1} % G and C, expected {:.1} to {:.1} %", 100.0 * found, 100.0 * least, 100.0 * most)
            }
            Self::Word { word, position, strand } => write!(f, "{word} stands at position {position} ({strand})"),
            Self::Homopolymer { base, position, found, most } => {
                let letter = char::from(base::to_ascii(*base));
                write!(f, "{found} {letter} in a row from position {position}, expected at most {most}")
            }
            Self::Edits { found, most } => write!(f, "{found} bases differ from the start, expected at most {most}"),
            Self::NearDesign { design, found, least } => {
                write!(f, "{found} bases differ from design {design}, expected at least {least}")
            }
            Self::NearKnown { known, found, least } => {
                write!(f, "{found} bases differ from known sequence {known}, expected at least {least}")
            }
        }
    }
}
