//! What can be wrong with a motif, a file of motifs, sequences or settings.

use std::path::PathBuf;

/// Error of this crate.
///
/// Lines and columns count from 1; sequences, positions and motifs from 0.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Text that does not follow its format.
    #[error("line {line}, column {column}: expected {expected}, found {found}")]
    Syntax {
        /// Where it is.
        line: usize,
        /// Byte of the line.
        column: usize,
        /// What the format asks for.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// The system refused to read or write.
    #[error("cannot {action} the file")]
    Io {
        /// What was tried: `read`, `write`.
        action: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// What happened with one file.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What happened.
        source: Box<Error>,
    },
    /// A matrix that is not a motif.
    #[error("the motif `{motif}` has {found}, expected {expected}")]
    Motif {
        /// Its name.
        motif: String,
        /// What a motif has.
        expected: &'static str,
        /// What this one has.
        found: String,
    },
    /// A file of motifs holds one background, and the motifs have several.
    #[error("the motif `{motif}` has another background than the motifs before it")]
    Backgrounds {
        /// The first that differs.
        motif: String,
    },
    /// Frequencies that are not a background.
    #[error("the background {found:?} is not four frequencies above 0")]
    Background {
        /// What was given.
        found: [f64; 4],
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
    /// A letter other than A, C, G and T, where the policy refuses it.
    #[error("sequence {sequence} has the letter {letter:?} at position {position}, expected A, C, G or T")]
    Letter {
        /// Which sequence.
        sequence: usize,
        /// Where it is.
        position: usize,
        /// What was found.
        letter: char,
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
    /// An attribution that is NaN or infinite.
    #[error("the attribution of sequence {sequence} at position {position} is {value}")]
    NotFinite {
        /// Which sequence.
        sequence: usize,
        /// Where it is.
        position: usize,
        /// What was found.
        value: f32,
    },
    /// A seqlet that lies outside its sequence.
    #[error("the seqlet {start}..{end} of sequence {sequence} lies outside its {length} bases")]
    Seqlet {
        /// Which sequence.
        sequence: usize,
        /// First base.
        start: usize,
        /// One past the last base.
        end: usize,
        /// Bases of the sequence; 0 where there is no such sequence.
        length: usize,
    },
}

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// `Ok` if `holds`, else the error for `setting`.
pub(crate) fn check(
    setting: &'static str,
    value: impl std::fmt::Display,
    holds: bool,
    expected: &'static str,
) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::Setting { setting, value: value.to_string(), expected }) }
}
