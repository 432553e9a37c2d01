//! What can be wrong with a corpus, a configuration or a file of vectors.

use std::path::PathBuf;

/// Error of the embeddings.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum Error {
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
    /// A sequence or a way of cutting it into k-mers that is refused.
    #[error(transparent)]
    Sequence(#[from] crate::Error),
    /// Sequences were given to a corpus whose words are not k-mers.
    #[error("the words of this corpus are not k-mers: push sentences of word numbers")]
    NotKmers,
    /// A word number that the lexicon does not hold.
    #[error("word {token} at position {position} is out of vocabulary: there are {size} words")]
    Token {
        /// Where it is in the sentence, from 0.
        position: usize,
        /// What was found.
        token: u32,
        /// Number of words.
        size: usize,
    },
    /// A corpus or a file without a word.
    #[error("the vocabulary is empty")]
    Empty,
    /// Every word is rarer than the configuration asks for.
    #[error("none of {words} different words occurs {min_count} times")]
    Rare {
        /// Different words that occur.
        words: usize,
        /// The count that was asked for.
        min_count: u64,
    },
    /// No two words stand within the window of each other.
    #[error("no two words stand within {window} words of each other")]
    NoPairs {
        /// The window.
        window: usize,
    },
    /// The parameters left the finite numbers.
    #[error("training diverged in iteration {iteration}: use a smaller learning rate")]
    Diverged {
        /// The iteration, from 1.
        iteration: usize,
    },
    /// Words and values that make no table.
    #[error("{values} values are not {words} words of {dimension} dimensions")]
    Shape {
        /// Number of words.
        words: usize,
        /// Numbers per word.
        dimension: usize,
        /// Numbers there.
        values: usize,
    },
    /// A word twice.
    #[error("word {word:?} stands at {first} and again at {again}")]
    Duplicate {
        /// The word.
        word: String,
        /// Line of the first, from 1; its row in files that have no lines.
        first: usize,
        /// Line of the second.
        again: usize,
    },
    /// A word that a file cannot hold: it is empty or has white space in it.
    #[error("word {word:?} at {line} is empty or has white space in it")]
    Word {
        /// The word.
        word: String,
        /// Its line, from 1; its row in files that have no lines.
        line: usize,
    },
    /// A vector with a value that is not a finite number.
    #[error("value {column} of line {line} is {value}, which is not finite")]
    NotFinite {
        /// Line of the word, from 1; its row in files that have no lines.
        line: usize,
        /// Value in the vector, from 1.
        column: usize,
        /// The value.
        value: f32,
    },
    /// A word that has no vector.
    #[error("unknown word {word:?}: it has no vector")]
    UnknownWord {
        /// The word.
        word: String,
    },
    /// A line that is not what it should be.
    #[error("line {line}: expected {expected}, found {found}")]
    Line {
        /// Line, from 1.
        line: usize,
        /// What should stand there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// Fewer or more words than the header says.
    #[error("the header says {expected} words, the file holds {found}")]
    Truncated {
        /// Words that the header says.
        expected: usize,
        /// Words there.
        found: usize,
    },
    /// A safetensors file that is damaged or holds something else.
    #[cfg(feature = "safetensors")]
    #[error("not a safetensors file of vectors: {what}")]
    Safetensors {
        /// What is wrong.
        what: String,
        /// What the reader of the format said.
        source: Option<safetensors::SafeTensorError>,
    },
    /// Reading or writing failed.
    #[error("cannot read or write vectors")]
    Io(#[from] std::io::Error),
    /// What happened with one file.
    #[error("{path}")]
    File {
        /// The file.
        path: PathBuf,
        /// What happened.
        source: Box<Error>,
    },
}

/// Result of the embeddings.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An [`Error::Setting`].
    pub(crate) fn setting(setting: &'static str, value: impl ToString, expected: &'static str) -> Self {
        Self::Setting { setting, value: value.to_string(), expected }
    }
}
