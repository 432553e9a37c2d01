//! Fitting sequences to one length: which end is kept, which side is padded, with what, and which part is taken.

use crate::preset::{Named, Preset, preset};
use crate::sequence::Alphabet;
use crate::{Error, Result, Sequence, base};

/// The 150 bases of the challenge's plasmid before the insert; they end in the construct's left flank.
///
/// # Source
/// `data/plasmid.json` of the challenge's repository, MIT licence.
pub const PLASMID: &str = "AGTCCACTATTAAAGAACGTGGACTCCAACGTCAAAGGGCGAAAAACCGTCTATCAGGGCGATGGCCCACTACGT\
                           GAACCATCACCCTAATCAAGTGCTAGCAGGAATGATGCAAAAGGTTCCCGATTCGAACTGCATTTTTTTCACATC";

/// The 84 bases of the same plasmid after the construct's right flank, up to the reporter's start codon.
///
/// # Source
/// `data/plasmid.json` of the challenge's repository, MIT licence.
pub const PLASMID_AFTER: &str = "TCTTAATTAAAAAAAGATAGAAAACATTAGGAGTGTAACACAAGACTTTCGGATCCTGAGCAGGCAAGATAAACGAAGGCAAAG";

/// What is done with a sequence that is longer than the length.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Longer {
    /// Its first bases are kept.
    KeepFirst,
    /// Its last bases are kept.
    KeepLast,
    /// It is refused.
    #[default]
    Error,
}

/// What is done with a sequence that is shorter than the length.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Shorter {
    /// This letter is put before it: an IUPAC letter, or `.`, which encodes as zeros.
    PadLeft(char),
    /// This letter is put after it.
    PadRight(char),
    /// The last bases of this sequence are put before it, such as those of the plasmid that it was cloned into.
    ExtendLeft(String),
    /// It is refused.
    #[default]
    Error,
}

/// How sequences are fitted to one length.
///
/// A preset is read from its name ([`str::parse`]); in a file a fit is a table or the name of a preset.
///
/// ```
/// use promoter_encode::fit::{Fit, Longer, Shorter};
/// let fit = Fit { longer: Longer::KeepLast, shorter: Shorter::PadLeft('N'), ..Fit::exact(6) };
/// assert_eq!(fit.apply("ACGTACGT")?, b"GTACGT");
/// assert_eq!(fit.apply("ACGT")?, b"NNACGT");
/// # Ok::<(), promoter_encode::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(remote = "Self", deny_unknown_fields)
)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(transform = crate::preset::name_or_table_schema::<Self>)
)]
pub struct Fit {
    /// The length that sequences are brought to, in bases.
    pub length: usize,
    /// Bases that are taken off the left end first, such as a flank that the extension has too.
    #[cfg_attr(feature = "serde", serde(default))]
    pub trim_left: usize,
    /// Bases that are put after it then, such as those of the plasmid that it was cloned into.
    #[cfg_attr(feature = "serde", serde(default))]
    pub append: String,
    /// What is done with longer ones.
    #[cfg_attr(feature = "serde", serde(default))]
    pub longer: Longer,
    /// What is done with shorter ones.
    #[cfg_attr(feature = "serde", serde(default))]
    pub shorter: Shorter,
    /// The bases taken afterwards, first and one past the last; all of them if omitted.
    #[cfg_attr(feature = "serde", serde(default))]
    pub crop: Option<(usize, usize)>,
}

impl Preset for Fit {
    const KIND: &'static str = "fit";
    const PRESETS: &'static [Named<Self>] = &[
        ("auth", Self::auth),
        ("madlab", Self::madlab),
        ("noisy_chardonnay_sweep", Self::noisy_chardonnay_sweep),
        ("peppa", Self::peppa),
        ("prix_fixe", Self::prix_fixe),
    ];
}

preset!(Fit);

impl Fit {
    /// Sequences of exactly this length, all of their bases.
    pub fn exact(length: usize) -> Self {
        let (longer, shorter) = (Longer::Error, Shorter::Error);
        Self { length, trim_left: 0, append: String::new(), longer, shorter, crop: None }
    }

    /// Bases of a sequence of `bases` bases before it is cut or padded: with more than [`length`](Self::length) it is
    /// cut, with fewer it is padded.
    ///
    /// ```
    /// use promoter_encode::fit::Fit;
    /// let fit = Fit { trim_left: 2, append: "ACG".into(), ..Fit::exact(6) };
    /// assert_eq!(fit.before(5), 6);
    /// ```
    pub fn before(&self, bases: usize) -> usize {
        bases.saturating_sub(self.trim_left) + self.append.len()
    }

    /// auth: constructs of exactly 110 bases, of which the insert between the flanks is taken, 17..97.
    ///
    /// # Source
    /// Challenge report of auth, 2022.
    pub fn auth() -> Self {
        Self { crop: Some((17, 97)), ..Self::exact(110) }
    }

    /// MadLab: the last 110 bases; shorter sequences get `N` on the left.
    ///
    /// # Source
    /// Challenge report of MadLab, 2022.
    pub fn madlab() -> Self {
        Self { longer: Longer::KeepLast, shorter: Shorter::PadLeft('N'), ..Self::exact(110) }
    }

    /// The later sweep of Noisy Chardonnay: 231 bases, the insert between 54 bases of the plasmid before it and 97
    /// after.
    ///
    /// The sweep says 231 bases of insert, distal and proximal plasmid and does not hold the sequences. With an insert
    /// of 80 these are the bases from the plasmid's NheI site, GCTAGC, to the last one before the reporter's start
    /// codon.
    ///
    /// # Source
    /// Code of team Noisy Chardonnay, 2022: its sweep file.
    ///
    /// ```
    /// use promoter_encode::{Letters, fit::{Fit, PLASMID_AFTER}};
    /// let construct = [b"TGCATTTTTTTCACATC", &[b'A'; 80][..], b"GGTTACGGCTGTT"].concat();
    /// let fitted = Fit::noisy_chardonnay_sweep().apply(Letters(&construct))?;
    /// assert!(fitted.starts_with(b"GCTAGC"));
    /// assert_eq!(fitted[37..], [&construct, PLASMID_AFTER.as_bytes()].concat());
    /// # Ok::<(), promoter_encode::Error>(())
    /// ```
    pub fn noisy_chardonnay_sweep() -> Self {
        Self { length: 231, append: PLASMID_AFTER.to_owned(), ..Self::prix_fixe() }
    }

    /// Peppa: the first 110 bases, shorter sequences padded on the right, then bases 15..100;
    /// [`shifted`](Self::shifted) by -1 and 1 for the two other copies of each training row.
    ///
    /// # Source
    /// Challenge report of Peppa, 2022.
    pub fn peppa() -> Self {
        let (longer, shorter) = (Longer::KeepFirst, Shorter::PadRight('.'));
        Self { longer, shorter, crop: Some((15, 100)), ..Self::exact(110) }
    }

    /// Prix Fixe and LegNet: the construct's left flank, 17 bases, gives way to [`PLASMID`], which ends in it, and the
    /// last 150 bases are taken. A construct of 110 bases gets 40 more on the left.
    ///
    /// # Source
    /// Challenge report of autosome.org, 2022; Rafi et al., Nature Biotechnology 2024.
    ///
    /// ```
    /// use promoter_encode::{Letters, fit::{Fit, PLASMID}};
    /// let construct = [b"TGCATTTTTTTCACATC", &[b'A'; 80][..], b"GGTTACGGCTGTT"].concat();
    /// let fitted = Fit::prix_fixe().apply(Letters(&construct))?;
    /// assert_eq!(fitted[40..], construct);
    /// assert_eq!(&fitted[..57], &PLASMID.as_bytes()[93..]);
    /// # Ok::<(), promoter_encode::Error>(())
    /// ```
    pub fn prix_fixe() -> Self {
        let (longer, shorter) = (Longer::KeepLast, Shorter::ExtendLeft(PLASMID.to_owned()));
        Self { trim_left: 17, longer, shorter, ..Self::exact(150) }
    }

    /// The same with the crop moved by `offset` bases.
    ///
    /// # Errors
    /// [`Error::Setting`] if there is no crop, or if it leaves the length.
    pub fn shifted(&self, offset: isize) -> Result<Self> {
        let moved = self.crop.and_then(|(start, end)| {
            Some((start.checked_add_signed(offset)?, end.checked_add_signed(offset).filter(|&end| end <= self.length)?))
        });
        match moved {
            Some(crop) => Ok(Self { crop: Some(crop), ..self.clone() }),
            None => Err(Error::Setting {
                setting: "shift",
                value: format!("{offset} of {:?}", self.crop),
                expected: "a crop within the length",
            }),
        }
    }

    /// Length of what comes out, in bases.
    pub fn output_length(&self) -> usize {
        self.crop.map_or(self.length, |(start, end)| end.saturating_sub(start))
    }

    /// Fits a sequence. Its symbols are not checked; what is added to it is of the same kind, letters or codes.
    ///
    /// # Errors
    /// [`Error::Length`] for a length that is refused, or that the extension does not fill; [`Error::Setting`] for a
    /// crop outside the length or a padding that is not a letter.
    ///
    /// ```
    /// use promoter_encode::{Codes, base, fit::Fit};
    /// let fitted = Fit::peppa().apply(Codes(&[0; 99]))?;
    /// assert_eq!((fitted.len(), fitted[83], fitted[84]), (85, 0, base::PAD));
    /// # Ok::<(), promoter_encode::Error>(())
    /// ```
    pub fn apply(&self, sequence: impl Sequence) -> Result<Vec<u8>> {
        let mut out = vec![0; self.output_length()];
        self.apply_into(sequence, &mut out)?;
        Ok(out)
    }

    /// [`apply`](Self::apply) into a buffer.
    ///
    /// # Errors
    /// As [`apply`](Self::apply), and [`Error::Buffer`] for a buffer of another length than
    /// [`output_length`](Self::output_length).
    pub fn apply_into(&self, sequence: impl Sequence, out: &mut [u8]) -> Result<()> {
        match sequence.alphabet() {
            Alphabet::Letters => self.fit(sequence.symbols(), out, |letter| letter),
            Alphabet::Codes => self.fit(sequence.symbols(), out, base::from_ascii),
        }
    }

    /// The first position that is kept, and the one after the last.
    fn cropped(&self) -> Result<(usize, usize)> {
        let (start, end) = self.crop.unwrap_or((0, self.length));
        if start <= end && end <= self.length {
            return Ok((start, end));
        }
        Err(Error::Setting { setting: "crop", value: format!("{start}..{end}"), expected: "a range within the length" })
    }

    fn fit(&self, symbols: &[u8], out: &mut [u8], symbol_of: impl Fn(u8) -> u8) -> Result<()> {
        let (start, end) = self.cropped()?;
        if out.len() != end - start {
            return Err(Error::Buffer { expected: end - start, found: out.len() });
        }
        let refused = Error::Length { expected: self.length, found: symbols.len() };
        let symbols = &symbols[self.trim_left.min(symbols.len())..];
        let whole = symbols.len() + self.append.len();
        // Of the whole, `kept` symbols from `skipped` on.
        let (kept, skipped) = match (whole.checked_sub(self.length), self.longer) {
            (None | Some(0), _) => (whole, 0),
            (Some(_), Longer::KeepFirst) => (self.length, 0),
            (Some(surplus), Longer::KeepLast) => (self.length, surplus),
            (Some(_), Longer::Error) => return Err(refused),
        };
        let missing = self.length - kept;
        let pad = |letter: char| match u8::try_from(letter) {
            Ok(letter) if base::from_ascii(letter) != base::INVALID => Ok(symbol_of(letter)),
            _ => Err(Error::Setting {
                setting: "padding",
                value: letter.to_string(),
                expected: "an IUPAC letter or `.`",
            }),
        };
        // Of `len` symbols that lie from `at` of the fitted sequence on, those in the crop.
        let inside = |at: isize, len: usize| {
            let [from, to] = [start, end].map(|edge| (edge as isize - at).clamp(0, len as isize) as usize);
            from..to
        };
        let put = |out: &mut [u8], letters: &str, at: isize| -> Result<()> {
            for position in inside(at, letters.len()) {
                let byte = letters.as_bytes()[position];
                if base::from_ascii(byte) == base::INVALID {
                    return Err(Error::Byte { position, byte });
                }
                out[(at + position as isize) as usize - start] = symbol_of(byte);
            }
            Ok(())
        };
        // The fitted sequence is `missing` bases of padding and the kept ones, in the order that the policy says.
        let before = if let Shorter::PadRight(_) = self.shorter { 0 } else { missing };
        match &self.shorter {
            Shorter::PadLeft(letter) | Shorter::PadRight(letter) => out.fill(pad(*letter)?),
            Shorter::Error if missing > 0 => return Err(refused),
            Shorter::Error => {}
            Shorter::ExtendLeft(extension) if extension.len() < missing => return Err(refused),
            Shorter::ExtendLeft(extension) => put(out, extension, missing as isize - extension.len() as isize)?,
        }
        let at = before as isize - skipped as isize;
        let taken = inside(at, symbols.len());
        if !taken.is_empty() {
            let to = (at + taken.start as isize) as usize - start;
            out[to..to + taken.len()].copy_from_slice(&symbols[taken]);
        }
        put(out, &self.append, at + symbols.len() as isize)
    }
}
