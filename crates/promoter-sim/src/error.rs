//! What can be wrong with the description of an assay.

/// An error of this crate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A number is out of its range.
    #[error("{name} is {value}, expected {expected}")]
    Range {
        /// Key in the configuration, with dots.
        name: String,
        /// What it was set to.
        value: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// A sequence holds a letter that it may not.
    #[error("{name} has the letter `{letter}` at position {position}, expected {expected}")]
    Letter {
        /// Key in the configuration, with dots.
        name: String,
        /// The letter found.
        letter: char,
        /// Its 0-based position.
        position: usize,
        /// The letters that may stand there.
        expected: &'static str,
    },
    /// A site does not fit into the insert.
    #[error("the site of `{factor}` is {length} bp long, the insert has {insert}")]
    TooLong {
        /// Name of the factor.
        factor: String,
        /// Length of its consensus, in bp.
        length: usize,
        /// Length of the insert, in bp.
        insert: usize,
    },
    /// A name in `planting.factors` that no factor has.
    #[error("planting.factors names `{name}`, the factors are {}", known.join(", "))]
    UnknownFactor {
        /// The name given.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// Two factors of the same name, or one without a name.
    #[error("the factor name `{name}` is empty or used twice")]
    FactorName {
        /// The name.
        name: String,
    },
    /// A sequence of another length than the construct.
    #[error("the sequence has {found} bases, the construct has {expected}")]
    Length {
        /// Bases of the construct, flanks and insert together.
        expected: usize,
        /// Bases of the sequence.
        found: usize,
    },
    /// A sequence with something else than A, C, G and T.
    #[error("the sequence has code {code} at position {position}, expected a base (0 to 3)")]
    Code {
        /// Its 0-based position.
        position: usize,
        /// The code found.
        code: u8,
    },
}

/// `value` itself if `holds`, else the error for the key `name`.
pub(crate) fn range(name: &str, value: f64, holds: bool, expected: &'static str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::Range { name: name.to_owned(), value, expected }) }
}

/// A probability: a number from 0 to 1.
pub(crate) fn probability(name: &str, value: f64) -> Result<(), Error> {
    range(name, value, (0.0..=1.0).contains(&value), "a probability from 0 to 1")
}

/// Any finite number.
pub(crate) fn finite(name: &str, value: f64) -> Result<(), Error> {
    range(name, value, value.is_finite(), "a finite number")
}

/// A finite number above 0.
pub(crate) fn positive(name: &str, value: f64) -> Result<(), Error> {
    range(name, value, value.is_finite() && value > 0.0, "a finite number above 0")
}
