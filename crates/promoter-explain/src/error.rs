//! What can be wrong with a predictor, sequences, places in them, or settings.

use std::ops::Range;

use promoter_encode::base;

/// What a predictor reports when it fails.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Error of this crate. Sequences and positions count from 0.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The predictor failed.
    #[error("the predictor failed")]
    Predictor {
        /// Why.
        source: Failure,
    },
    /// The predictor returned more or fewer predictions than there were sequences.
    #[error("the predictor returned {found} predictions for {expected} sequences")]
    Predictions {
        /// Sequences that it was given.
        expected: usize,
        /// Predictions that it returned.
        found: usize,
    },
    /// A prediction that is NaN or infinite.
    #[error("the prediction of {sequence} is {value}")]
    NotFinite {
        /// The sequence, in letters.
        sequence: String,
        /// What was predicted.
        value: f32,
    },
    /// A list without elements.
    #[error("the list of {what} is empty")]
    Empty {
        /// Which list.
        what: &'static str,
    },
    /// A byte that is not a base code.
    #[error("sequence {sequence} has {code} at position {position}, which is not a base code")]
    Code {
        /// Which sequence.
        sequence: usize,
        /// Where it is.
        position: usize,
        /// What was found.
        code: u8,
    },
    /// A letter of a word that is not an IUPAC letter.
    #[error("the word has {letter:?} at position {position}, expected IUPAC letters")]
    Letter {
        /// Where it is, in characters.
        position: usize,
        /// What was found.
        letter: char,
    },
    /// A motif or a word that is longer than a sequence.
    #[error("the element has {width} bases, sequence {sequence} only {length}")]
    TooLong {
        /// Which sequence.
        sequence: usize,
        /// Its length.
        length: usize,
        /// Bases of the element.
        width: usize,
    },
    /// A region that is empty, or does not lie within its sequence.
    #[error("the region {}..{} is not within the {length} bases of sequence {sequence}", region.start, region.end)]
    Region {
        /// Which sequence.
        sequence: usize,
        /// Its length.
        length: usize,
        /// The region.
        region: Range<usize>,
    },
    /// Two regions with common bases, where apart ones are needed.
    #[error(
        "the regions {}..{} and {}..{} overlap, expected regions apart",
        first.start, first.end, second.start, second.end
    )]
    Overlap {
        /// The first region.
        first: Range<usize>,
        /// The second region.
        second: Range<usize>,
    },
    /// Two things that must have the same length.
    #[error("{what} has {found} elements, expected {expected}")]
    Length {
        /// Which of them.
        what: &'static str,
        /// Elements needed.
        expected: usize,
        /// Elements there.
        found: usize,
    },
    /// A setting outside its range.
    #[error("{setting} is {value}, expected {expected}")]
    Setting {
        /// Its name.
        setting: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// Seqlets, clusters or comparisons that are refused.
    #[error("no motifs can be made of these attributions")]
    Motif {
        /// Why.
        #[from]
        source: promoter_motif::Error,
    },
    /// Values that have no score.
    #[error("the values cannot be scored")]
    Score {
        /// Why.
        #[from]
        source: promoter_metrics::Error,
    },
}

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Refuses an empty list, and bytes that are not base codes.
pub(crate) fn check_sequences<R: AsRef<[u8]>>(what: &'static str, sequences: &[R]) -> Result<()> {
    if sequences.is_empty() {
        return Err(Error::Empty { what });
    }
    for (sequence, codes) in sequences.iter().enumerate() {
        let codes = codes.as_ref();
        if let Some(position) = codes.iter().position(|&code| usize::from(code) >= base::CODES) {
            return Err(Error::Code { sequence, position, code: codes[position] });
        }
    }
    Ok(())
}

/// Refuses a region that is empty or outside of a sequence of `length`.
pub(crate) fn check_region(sequence: usize, length: usize, region: &Range<usize>) -> Result<()> {
    if region.start < region.end && region.end <= length {
        Ok(())
    } else {
        Err(Error::Region { sequence, length, region: region.clone() })
    }
}
