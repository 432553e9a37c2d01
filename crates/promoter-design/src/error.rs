//! What can be wrong with a design's settings, its sequences or its predictor.

use promoter_explain::Failure;

use crate::constraints::Violation;

/// Error of this crate.
///
/// Positions, briefs and predictions count from 0.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing to design.
    #[error("the list of targets is empty")]
    NoBriefs,
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
    /// A sequence with something else than A, C, G and T.
    #[error("{what} {index} has code {code} at position {position}, expected a base (0 to 3)")]
    Code {
        /// Which kind of sequence.
        what: &'static str,
        /// Which of them.
        index: usize,
        /// Where it is.
        position: usize,
        /// What was found.
        code: u8,
    },
    /// A known sequence of another length than a start: their distance is not defined.
    #[error("known sequence {known} has {found} bases, the start of brief {brief} has {expected}")]
    Length {
        /// Which known sequence.
        known: usize,
        /// Which brief.
        brief: usize,
        /// Bases of the start.
        expected: usize,
        /// Bases of the known sequence.
        found: usize,
    },
    /// A protected range that does not lie in the sequence.
    #[error("the protected range {start}..{end} does not lie in the {length} bases of brief {brief}")]
    Protected {
        /// Which brief.
        brief: usize,
        /// First base.
        start: usize,
        /// One past the last base.
        end: usize,
        /// Bases of the start.
        length: usize,
    },
    /// Every base is protected, or there are none.
    #[error("brief {brief} has no base that may be edited: all {length} are protected")]
    NothingToEdit {
        /// Which brief.
        brief: usize,
        /// Bases of the start.
        length: usize,
    },
    /// A motif longer than the sequence.
    #[error("the motif `{motif}` has {width} columns, the start of brief {brief} has {length} bases")]
    Motif {
        /// Its name.
        motif: String,
        /// Its columns.
        width: usize,
        /// Which brief.
        brief: usize,
        /// Bases of the start.
        length: usize,
    },
    /// Letters that are not a word.
    #[error("the word `{word}` is not made of IUPAC letters")]
    Word {
        /// The letters.
        word: String,
    },
    /// A name that is not in the table of enzymes.
    #[error("unknown enzyme `{name}`, the known ones are {}", crate::enzyme::names().join(", "))]
    Enzyme {
        /// The name.
        name: String,
    },
    /// Constraints that the start violates, and that no edit brings closer to being met.
    #[error("no edit mends brief {brief}: {}", list(violations))]
    Unmendable {
        /// Which brief.
        brief: usize,
        /// What is violated.
        violations: Vec<Violation>,
    },
    /// The predictor failed.
    #[error("the predictor failed")]
    Predictor {
        /// Why.
        source: Failure,
    },
    /// The predictor gave too few or too many values.
    #[error("the predictor returned {found} {what}, expected {expected}")]
    Count {
        /// What it was asked for.
        what: &'static str,
        /// Values needed.
        expected: usize,
        /// Values returned.
        found: usize,
    },
    /// The predictor gave NaN, an infinite value or a negative spread.
    #[error("the predictor returned {value} as {what} {index}")]
    Value {
        /// What it was asked for.
        what: &'static str,
        /// Which sequence of the batch, or which position of a gradient.
        index: usize,
        /// What it returned.
        value: f32,
    },
    /// A penalty on the spread with a predictor that has none.
    #[error("`spread_weight` is {weight}, but the predictor has no spread: use an ensemble, or a weight of 0")]
    NoSpread {
        /// The weight.
        weight: f64,
    },
    /// The method needs gradients, and the predictor has none.
    #[error("the method needs a predictor with gradients: choose another method")]
    NoGradient,
}

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

fn list(violations: &[Violation]) -> String {
    violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// `Ok` if `holds`, else the error for `setting`.
pub(crate) fn check(
    setting: &'static str,
    value: impl std::fmt::Display,
    holds: bool,
    expected: &'static str,
) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::Setting { setting, value: value.to_string(), expected }) }
}

/// `Ok` if all codes are bases, else the error for sequence `index`.
pub(crate) fn check_bases(what: &'static str, index: usize, codes: &[u8]) -> Result<()> {
    match codes.iter().position(|&code| code > 3) {
        None => Ok(()),
        Some(position) => Err(Error::Code { what, index, position, code: codes[position] }),
    }
}
