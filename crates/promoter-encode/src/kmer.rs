//! k-mers: words of k bases, as tokens from a vocabulary of all of them.

mod kernel;
mod token;
mod tokenizer;

pub use token::Token;
pub use tokenizer::Tokenizer;

use crate::preset::{Named, Preset, preset};

/// Which k-mers of a sequence are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
pub enum Span {
    /// All that lie within the sequence.
    #[default]
    Whole,
    /// Those centred on the bases from `start` to before `end`; the outermost reach into the flanks. The centre of an
    /// even k is the base after the middle.
    Centred {
        /// The first base.
        start: usize,
        /// One past the last base.
        end: usize,
    },
}

/// Whether a k-mer and its reverse complement are one word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Strand {
    /// No: each is its own.
    #[default]
    Forward,
    /// Yes: the first of the two in the alphabet stands for both, and the vocabulary holds only such.
    Canonical,
}

/// What becomes of k-mers that are out of the vocabulary: those with a letter other than A, C, G and T.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Oov {
    /// They are refused.
    #[default]
    Error,
    /// They are left out.
    Skip,
    /// They have a token of their own, the last.
    Token,
}

/// How sequences are cut into k-mers.
///
/// Tokens are in alphabetical order: of 2-mers, `AA` is 0, `AC` 1, `TT` 15. Lower case is the same as upper case.
/// A preset is read from its name ([`str::parse`]); in a file these are a table or the name of a preset.
///
/// ```
/// use promoter_encode::kmer::Kmers;
/// let dimers = Kmers { k: 2, ..Kmers::default() }.tokenizer()?;
/// assert_eq!(dimers.tokens::<u16>("AACTT")?, [0, 1, 7, 15]);
/// assert_eq!(dimers.kmer(7)?, b"CT");
/// # Ok::<(), promoter_encode::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(remote = "Self", default, deny_unknown_fields)
)]
pub struct Kmers {
    /// Bases of a word, from 1 to 12.
    pub k: usize,
    /// Bases from the start of one word to that of the next, at least 1.
    pub stride: usize,
    /// Which k-mers are taken.
    pub span: Span,
    /// Whether reverse complements are one word.
    pub strand: Strand,
    /// What becomes of k-mers with other letters.
    pub oov: Oov,
}

impl Default for Kmers {
    /// All 5-mers, each strand its own, other letters refused.
    fn default() -> Self {
        Self { k: 5, stride: 1, span: Span::Whole, strand: Strand::Forward, oov: Oov::Error }
    }
}

impl Preset for Kmers {
    const KIND: &'static str = "k-mer";
    const PRESETS: &'static [Named<Self>] = &[("nad", Self::nad)];
}

preset!(Kmers);

impl Kmers {
    /// NAD: the 80 5-mers centred on the insert of a construct, of which the outer two at each end borrow from the
    /// flanks.
    ///
    /// # Source
    /// Challenge report of NAD, 2022.
    pub fn nad() -> Self {
        Self { span: Span::Centred { start: 17, end: 97 }, ..Self::default() }
    }
}
