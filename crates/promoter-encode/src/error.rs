//! What can be wrong with a sequence, a buffer or a configuration.

/// Error of the encodings.
///
/// Positions count from 0 in the slice that was given.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A byte that is not an IUPAC letter, where only letters are allowed.
    #[error("byte {byte:#04x} at position {position} is not an IUPAC letter")]
    Byte {
        /// Where it is.
        position: usize,
        /// What was found.
        byte: u8,
    },
    /// A letter that the policy refuses: `N`, another ambiguity code, lower case.
    #[error("letter {letter:?} at position {position} is refused by the policy for {policy}")]
    Letter {
        /// Where it is.
        position: usize,
        /// What was found.
        letter: char,
        /// The policy that refuses it, such as `n`, `iupac` or `case`.
        policy: &'static str,
    },
    /// A number that is not a base code.
    #[error("{code} at position {position} is not a base code")]
    Code {
        /// Where it is.
        position: usize,
        /// What was found.
        code: u8,
    },
    /// A channel order that is not a permutation of A, C, G and T.
    #[error("channel order {order:?} is not a permutation of ACGT")]
    ChannelOrder {
        /// What was given.
        order: String,
    },
    /// A name that is not a preset.
    #[error("{name:?} is not a {kind} preset; available: {known}")]
    Preset {
        /// What it would be a preset of.
        kind: &'static str,
        /// What was asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A policy yields fractions, which the element type cannot hold.
    #[error("the policy for {policy} yields fractions, which {element} cannot hold")]
    Fraction {
        /// The policy.
        policy: &'static str,
        /// The element type.
        element: &'static str,
    },
    /// A buffer of the wrong length.
    #[error("the buffer has {found} elements, {expected} are needed")]
    Buffer {
        /// Elements needed.
        expected: usize,
        /// Elements there.
        found: usize,
    },
    /// Elements that do not divide into rows.
    #[error("{found} elements do not divide into rows of {length}")]
    Rows {
        /// Elements there.
        found: usize,
        /// Elements of a row.
        length: usize,
    },
    /// A sequence longer or shorter than the policy takes.
    #[error("the sequence has {found} bases, {expected} are needed")]
    Length {
        /// Bases needed.
        expected: usize,
        /// Bases there.
        found: usize,
    },
    /// A setting outside its range.
    #[error("{setting} is {value}, which is not {expected}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// A row of numbers that no letter encodes to.
    #[error("the row at position {position} encodes no letter")]
    Row {
        /// Where it is.
        position: usize,
    },
    /// A token that the vocabulary does not hold.
    #[error("token {token} at position {position} is not below {size}, the size of the vocabulary")]
    Token {
        /// Where it is.
        position: usize,
        /// What was found.
        token: u64,
        /// Size of the vocabulary.
        size: usize,
    },
}

impl Error {
    /// The same error where the slice began `offset` bytes into a longer one.
    pub(crate) fn shifted(mut self, offset: usize) -> Self {
        if let Self::Byte { position, .. }
        | Self::Letter { position, .. }
        | Self::Code { position, .. }
        | Self::Row { position }
        | Self::Token { position, .. } = &mut self
        {
            *position += offset;
        }
        self
    }
}

/// Result of the encodings.
pub type Result<T, E = Error> = std::result::Result<T, E>;
