//! How sequences become numbers: one-hot, or k-mers with a vector each.

use promoter_encode::base;
use promoter_encode::fit::Fit;
use promoter_encode::kmer::{Kmers, Oov, Span};
use promoter_encode::one_hot::{Flag, OneHot};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::experiment;
use crate::vectors::Source;

mod preset;

/// How sequences become numbers.
///
/// In a file a fit or a policy is a table, or the name of a preset.
///
/// ```
/// use promoter_encode::{fit::Fit, one_hot::OneHot};
/// use promoter_train::encoding::Encoding;
/// let encoding: Encoding = toml::from_str("one_hot = { fit = 'prix_fixe', policy = 'prix_fixe_train' }")?;
/// assert_eq!(encoding, Encoding::OneHot { fit: Fit::prix_fixe(), policy: OneHot::prix_fixe_train() });
/// assert!(toml::from_str::<Encoding>("one_hot = { fit = 'prix_fix' }").is_err());
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Encoding {
    /// One channel for each base.
    OneHot {
        /// The length that sequences are brought to, and the window that the network sees.
        #[serde(deserialize_with = "preset::table_or_name")]
        fit: Fit,
        /// What each letter becomes. The layout is the network's matter: it takes positions before channels.
        #[serde(default, deserialize_with = "preset::table_or_name")]
        policy: OneHot,
    },
    /// The vector of each k-mer, which training leaves as it is.
    Kmer {
        /// The length that sequences are brought to.
        #[serde(deserialize_with = "preset::table_or_name")]
        fit: Fit,
        /// Which k-mers of the fitted sequence are taken.
        #[serde(default)]
        words: Kmers,
        /// Where the vectors come from.
        vectors: Source,
    },
}

impl Encoding {
    /// How sequences are brought to one length.
    pub fn fit(&self) -> &Fit {
        match self {
            Self::OneHot { fit, .. } | Self::Kmer { fit, .. } => fit,
        }
    }

    /// Channels that say something of the whole sequence.
    pub fn flags(&self) -> &[Flag] {
        match self {
            Self::OneHot { policy, .. } => &policy.flags,
            Self::Kmer { .. } => &[],
        }
    }

    /// The bases of the fitted sequence that the network sees, first and one past the last.
    pub fn window(&self) -> (usize, usize) {
        let fit = self.fit();
        let (first, last) = fit.crop.unwrap_or((0, fit.length));
        match self {
            Self::Kmer { words: Kmers { k, stride, span: Span::Centred { start, end }, .. }, .. } => {
                let first = first + start.saturating_sub(k / 2);
                let count = end.saturating_sub(*start).div_ceil((*stride).max(1));
                (first, first + count.saturating_sub(1) * stride + k)
            }
            _ => (first, last),
        }
    }

    /// Bases beside the window, on the side that has fewer: as far as it may move.
    pub fn room(&self) -> usize {
        let (start, end) = self.window();
        start.min(self.fit().length.saturating_sub(end))
    }

    /// Checks what can be checked without sequences.
    ///
    /// # Errors
    /// [`Error::Experiment`].
    pub fn check(&self) -> Result<(), Error> {
        let ((start, end), length) = (self.window(), self.fit().length);
        if let Self::Kmer { words, .. } = self {
            words.tokenizer().map_err(|e| experiment("encoding.kmer.words", format_args!("{words:?}"), e))?;
            if words.oov == Oov::Skip {
                return Err(experiment("encoding.kmer.words.oov", "skip", "error or token: rows are of one length"));
            }
        }
        if start >= end || end > length {
            let expected = format!("a window within the {length} bases of a fitted sequence");
            return Err(experiment("encoding", format_args!("bases {start}..{end}"), expected));
        }
        Ok(())
    }
}

/// Brings sequences to the length of an encoding and checks their letters.
#[derive(Debug, Clone)]
pub struct Fitter {
    encoding: Encoding,
    /// The fit without its crop: shifts need the bases beyond the window too.
    whole: Fit,
    /// Which base codes the encoding refuses.
    refused: [bool; base::CODES],
}

impl Fitter {
    /// The fitter of an encoding.
    pub fn new(encoding: &Encoding) -> Self {
        let refused = std::array::from_fn(|code| check(encoding, &[code as u8]).is_err());
        Self { whole: Fit { crop: None, ..encoding.fit().clone() }, refused, encoding: encoding.clone() }
    }

    /// Bases of a fitted sequence.
    pub fn length(&self) -> usize {
        self.whole.length
    }

    /// Fits the base codes of one sequence.
    ///
    /// # Errors
    /// What the fit and the encoding refuse.
    pub fn codes_into(&self, codes: &[u8], out: &mut [u8]) -> promoter_encode::Result<()> {
        self.whole.codes_into(codes, out)?;
        if out.iter().any(|&code| self.refused.get(usize::from(code)).is_none_or(|refused| *refused)) {
            // The position in the sequence as it was given, if the letter is not one of the padding.
            check(&self.encoding, codes)?;
            check(&self.encoding, out)?;
        }
        Ok(())
    }
}

/// Whether an encoding takes every letter.
fn check(encoding: &Encoding, codes: &[u8]) -> promoter_encode::Result<()> {
    match encoding {
        Encoding::OneHot { policy, .. } => policy.encode_codes::<f32>(codes).map(|_| ()),
        Encoding::Kmer { words: Kmers { oov: Oov::Error, .. }, .. } => {
            let letters = Kmers { k: 1, ..Kmers::default() }.tokenizer()?;
            letters.tokens_of_codes::<u16>(codes).map(|_| ())
        }
        Encoding::Kmer { .. } => Ok(()),
    }
}
