//! How sequences become numbers: one-hot, or k-mers with a vector each.

use promoter_encode::fit::Fit;
use promoter_encode::kmer::{Kmers, Oov};
use promoter_encode::one_hot::{Flag, OneHot};
use promoter_encode::{Codes, base};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::experiment;
use crate::vectors::Source;

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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Encoding {
    /// One channel for each base.
    OneHot {
        /// The length that sequences are brought to, and the window that the network sees.
        fit: Fit,
        /// What each letter becomes. The layout is the network's matter: it takes positions before channels.
        #[serde(default)]
        policy: OneHot,
    },
    /// The vector of each k-mer, which training leaves as it is. NAD's k-mers are those of bases 15..99: two bases of
    /// each flank and the insert.
    Kmer {
        /// The length that sequences are brought to, and the window whose k-mers the network sees.
        fit: Fit,
        /// Bases of a word.
        #[serde(default = "k")]
        k: usize,
        /// What becomes of k-mers with other letters than A, C, G and T.
        #[serde(default)]
        oov: Oov,
        /// Where the vectors come from.
        vectors: Source,
    },
}

/// NAD's.
fn k() -> usize {
    Kmers::default().k
}

/// Most bases of a fitted sequence: as many as the readers take.
const LONGEST: usize = 1 << 16;

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
        fit.crop.unwrap_or((0, fit.length))
    }

    /// The k-mers of the window, where the encoding has some.
    pub fn kmers(&self) -> Option<Kmers> {
        match *self {
            Self::OneHot { .. } => None,
            Self::Kmer { k, oov, .. } => Some(Kmers { k, oov, ..Kmers::default() }),
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
        if length > LONGEST {
            return Err(experiment("encoding", format_args!("{length} bases"), "at most 65536 bases"));
        }
        if start >= end || end > length {
            let expected = format!("a window within the {length} bases of a fitted sequence");
            return Err(experiment("encoding", format_args!("bases {start}..{end}"), expected));
        }
        if let Some(kmers) = self.kmers() {
            let count = kmers.tokenizer().and_then(|tokenizer| tokenizer.count(end - start));
            count.map_err(|e| experiment("encoding.kmer.k", kmers.k, e))?;
            if kmers.oov == Oov::Skip {
                return Err(experiment("encoding.kmer.oov", "skip", "error or token: rows are of one length"));
            }
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
        self.whole.apply_into(Codes(codes), out)?;
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
        Encoding::OneHot { policy, .. } => policy.encode::<f32>(Codes(codes)).map(|_| ()),
        Encoding::Kmer { oov: Oov::Error, .. } => {
            let letters = Kmers { k: 1, ..Kmers::default() }.tokenizer()?;
            letters.tokens::<u16>(Codes(codes)).map(|_| ())
        }
        Encoding::Kmer { .. } => Ok(()),
    }
}
