//! One-hot encoding: each base becomes a row of channels, one of which is 1.

#[cfg(feature = "ndarray")]
mod array;
mod element;
mod kernel;
#[cfg(feature = "rayon")]
mod parallel;
mod policy;
mod preset;

pub use element::Element;
pub use policy::{AnyBase, Case, ChannelOrder, Flag, Iupac, Layout, Other};

use crate::sequence::Alphabet;
use crate::{Error, Result, Sequence, base};

/// Bases encoded at a time, so that a block with odd letters is mended while it is in the cache.
const BLOCK: usize = 4096;

/// A one-hot encoding, described by every choice that toolkits differ in.
///
/// Padding (`.`, code 15) is zeros under every policy. The presets name the choices of published models; they are read
/// from their names ([`str::parse`]). In a file an encoding is a table or the name of a preset.
///
/// ```
/// use promoter_encode::one_hot::{AnyBase, OneHot};
/// let one_hot = OneHot { n: AnyBase::Uniform, ..OneHot::default() };
/// let encoded: Vec<f32> = one_hot.encode("GaN")?;
/// assert_eq!(encoded, [0., 0., 1., 0., 1., 0., 0., 0., 0.25, 0.25, 0.25, 0.25]);
/// # Ok::<(), promoter_encode::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(remote = "Self", default, deny_unknown_fields)
)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(transform = crate::preset::name_or_table_schema::<Self>)
)]
pub struct OneHot {
    /// Which base each channel stands for: A, C, G and T in some order.
    pub order: ChannelOrder,
    /// Which axis comes last.
    pub layout: Layout,
    /// What `N` becomes.
    pub n: AnyBase,
    /// What the other ambiguity codes of IUPAC become.
    pub iupac: Iupac,
    /// What lower-case letters are.
    pub case: Case,
    /// What bytes outside IUPAC's letters become.
    pub other: Other,
    /// Channels after the four bases.
    pub flags: Vec<Flag>,
}

impl Default for OneHot {
    /// A, C, G, T, channels last, `N` and the other ambiguity codes zeros, case folded, other bytes refused.
    fn default() -> Self {
        Self {
            order: ChannelOrder::ACGT,
            layout: Layout::ChannelsLast,
            n: AnyBase::Zeros,
            iupac: Iupac::AsN,
            case: Case::Fold,
            other: Other::Error,
            flags: Vec::new(),
        }
    }
}

impl OneHot {
    /// Channels of the encoding: four, and one for each flag.
    pub fn channels(&self) -> usize {
        4 + self.flags.len()
    }

    /// Encodes one sequence.
    ///
    /// # Shapes
    /// Output: `(length, channels)` or `(channels, length)`, as [`layout`](Self::layout) says, row-major.
    ///
    /// # Errors
    /// [`Error::Byte`], [`Error::Code`] and [`Error::Letter`] for what the policies refuse, [`Error::Fraction`] where a
    /// policy yields fractions that `T` cannot hold.
    ///
    /// ```
    /// use promoter_encode::{Codes, one_hot::OneHot};
    /// assert_eq!(OneHot::default().encode::<u8>("TA")?, [0, 0, 0, 1, 1, 0, 0, 0]);
    /// assert_eq!(OneHot::default().encode::<u8>(Codes(&[3, 0]))?, [0, 0, 0, 1, 1, 0, 0, 0]);
    /// # Ok::<(), promoter_encode::Error>(())
    /// ```
    pub fn encode<T: Element>(&self, sequence: impl Sequence) -> Result<Vec<T>> {
        let mut out = vec![T::ZERO; sequence.symbols().len() * self.channels()];
        self.encode_into(sequence, &mut out)?;
        Ok(out)
    }

    /// [`encode`](Self::encode) into a buffer. After an error its contents are undefined.
    ///
    /// # Errors
    /// As [`encode`](Self::encode), and [`Error::Buffer`] unless the buffer has `length * channels` elements.
    pub fn encode_into<T: Element>(&self, sequence: impl Sequence, out: &mut [T]) -> Result<()> {
        self.rows_into(sequence.alphabet(), sequence.symbols(), sequence.symbols().len(), out)
    }

    /// Encodes many sequences of one length, which lie one after the other.
    ///
    /// # Shapes
    /// Input: `(sequences, length)`. Output: `(sequences, length, channels)` or `(sequences, channels, length)`.
    ///
    /// # Errors
    /// As [`encode_into`](Self::encode_into), and [`Error::Rows`] unless the sequences divide into rows of `length`.
    ///
    /// ```
    /// use promoter_encode::one_hot::OneHot;
    /// let mut batch = [0.0f32; 2 * 3 * 4];
    /// OneHot::grelu().encode_batch_into("ACGTTT", 3, &mut batch)?;
    /// assert_eq!(batch[..12], [1., 0., 0., 0., 1., 0., 0., 0., 1., 0., 0., 0.]);
    /// # Ok::<(), promoter_encode::Error>(())
    /// ```
    pub fn encode_batch_into<T: Element>(&self, sequences: impl Sequence, length: usize, out: &mut [T]) -> Result<()> {
        self.rows_into(sequences.alphabet(), sequences.symbols(), length, out)
    }

    /// Fills the channel of a flag in a sequence that [`encode_into`](Self::encode_into) or
    /// [`encode_batch_into`](Self::encode_batch_into) encoded; they leave it at zero.
    ///
    /// # Errors
    /// [`Error::Setting`] if the encoding has no such channel, [`Error::Rows`] unless `encoded` is a whole number of
    /// channels.
    ///
    /// ```
    /// use promoter_encode::one_hot::{Flag, OneHot};
    /// let one_hot = OneHot::prix_fixe_train();
    /// let mut encoded: Vec<f32> = one_hot.encode("GC")?;
    /// one_hot.set_flag(Flag::IsReverse, true, &mut encoded)?;
    /// assert_eq!(encoded, [0., 0., 1., 0., 0., 1., 0., 0., 1., 1., 0., 0.]);
    /// # Ok::<(), promoter_encode::Error>(())
    /// ```
    pub fn set_flag<T: Element>(&self, flag: Flag, value: bool, encoded: &mut [T]) -> Result<()> {
        let Some(index) = self.flags.iter().position(|&f| f == flag) else {
            return Err(Error::Setting {
                setting: "flag",
                value: format!("{flag:?}"),
                expected: "a channel of this encoding",
            });
        };
        let length = self.length_of(encoded)?;
        let value = if value { T::ONE } else { T::ZERO };
        match self.layout {
            Layout::ChannelsFirst => encoded[(4 + index) * length..][..length].fill(value),
            Layout::ChannelsLast => {
                encoded.chunks_exact_mut(self.channels()).for_each(|row| row[4 + index] = value);
            }
        }
        Ok(())
    }

    /// The letters that one encoded sequence stands for.
    ///
    /// Where several letters encode alike the first of A, C, G, T, N, the other IUPAC letters and padding is meant:
    /// with [`AnyBase::Zeros`] a row of zeros is `N`. Flags are not looked at.
    ///
    /// # Errors
    /// [`Error::Row`] for values that no letter encodes to, [`Error::Rows`] unless `encoded` is a whole number of
    /// channels.
    ///
    /// ```
    /// use promoter_encode::one_hot::OneHot;
    /// let one_hot = OneHot::deepsea();
    /// assert_eq!(one_hot.decode(&one_hot.encode::<f32>("GATTACAN")?)?, b"GATTACAN");
    /// # Ok::<(), promoter_encode::Error>(())
    /// ```
    pub fn decode<T: Element>(&self, encoded: &[T]) -> Result<Vec<u8>> {
        let length = self.length_of(encoded)?;
        let rows: Vec<(u8, [T; 4])> = (0..base::CODES as u8)
            .filter_map(|code| Some((base::to_ascii(code), self.row_of(code).ok()?.map(T::from_f32))))
            .collect();
        let (across, along) = match self.layout {
            Layout::ChannelsLast => (1, self.channels()),
            Layout::ChannelsFirst => (length, 1),
        };
        (0..length)
            .map(|position| {
                let row: [T; 4] = std::array::from_fn(|channel| encoded[position * along + channel * across]);
                rows.iter().find(|(_, known)| *known == row).map(|&(letter, _)| letter).ok_or(Error::Row { position })
            })
            .collect()
    }

    /// The encoding of each base code, for a look-up by code: `one_hot = table[codes]`.
    ///
    /// A code that the policies refuse has NaN in its base channels, so that it cannot pass unseen. Flags are 0.
    ///
    /// # Shapes
    /// Output: `(16, channels)`, row-major.
    ///
    /// ```
    /// use promoter_encode::one_hot::OneHot;
    /// let table = OneHot::prix_fixe_predict().table();
    /// assert_eq!(table[2 * 6..3 * 6], [0., 1., 0., 0., 0., 0.]); // G is the second channel
    /// assert_eq!(table[4 * 6..5 * 6], [0.25, 0.25, 0.25, 0.25, 0., 0.]); // N
    /// ```
    pub fn table(&self) -> Vec<f32> {
        let mut table = Vec::with_capacity(base::CODES * self.channels());
        for code in 0..base::CODES as u8 {
            table.extend(self.row_of(code).unwrap_or([f32::NAN; 4]));
            table.extend(self.flags.iter().map(|_| 0.0));
        }
        table
    }

    /// The length of an encoded sequence.
    fn length_of<T>(&self, encoded: &[T]) -> Result<usize> {
        let (found, length) = (encoded.len(), self.channels());
        if found.is_multiple_of(length) { Ok(found / length) } else { Err(Error::Rows { found, length }) }
    }

    /// The base channels of a code, or the policy that refuses it.
    fn row_of(&self, code: u8) -> std::result::Result<[f32; 4], &'static str> {
        match (code, self.iupac, self.n) {
            (0..=3, _, _) | (5..=14, Iupac::Spread, _) => {
                let possible = base::POSSIBLE[usize::from(code)];
                let share = 1.0 / possible.count_ones() as f32;
                Ok(self.order.codes().map(|channel| if possible >> channel & 1 == 1 { share } else { 0.0 }))
            }
            (5..=14, Iupac::Error, _) => Err("iupac"),
            (base::PAD, _, _) | (_, _, AnyBase::Zeros) => Ok([0.0; 4]),
            (_, _, AnyBase::Uniform) => Ok([0.25; 4]),
            (_, _, AnyBase::Ones) => Ok([1.0; 4]),
            (_, _, AnyBase::Error) => Err("n"),
        }
    }

    /// The base channels of a letter or a code.
    fn row_at(&self, alphabet: Alphabet, symbol: u8, position: usize) -> Result<[f32; 4]> {
        let refused = |policy| Error::Letter { position, letter: char::from(base::to_ascii(symbol)), policy };
        if alphabet == Alphabet::Codes {
            return match usize::from(symbol) {
                0..base::CODES => self.row_of(symbol).map_err(refused),
                _ => Err(Error::Code { position, code: symbol }),
            };
        }
        let refused = |policy| Error::Letter { position, letter: char::from(symbol), policy };
        let code = match (base::from_ascii(symbol), self.other, self.case) {
            (base::INVALID, Other::Error, _) => return Err(Error::Byte { position, byte: symbol }),
            (base::INVALID, Other::AsN, _) => base::N,
            (_, _, Case::Error) if symbol.is_ascii_lowercase() => return Err(refused("case")),
            (_, _, Case::AsN) if symbol.is_ascii_lowercase() => base::N,
            (code, _, _) => code,
        };
        self.row_of(code).map_err(refused)
    }

    fn rows_into<T: Element>(&self, alphabet: Alphabet, symbols: &[u8], length: usize, out: &mut [T]) -> Result<()> {
        let channels = self.channels();
        if !symbols.is_empty() && (length == 0 || !symbols.len().is_multiple_of(length)) {
            return Err(Error::Rows { found: symbols.len(), length });
        }
        if out.len() != symbols.len() * channels {
            return Err(Error::Buffer { expected: symbols.len() * channels, found: out.len() });
        }
        if !T::FRACTIONS && self.n == AnyBase::Uniform {
            return Err(Error::Fraction { policy: "n", element: T::NAME });
        }
        if !T::FRACTIONS && self.iupac == Iupac::Spread {
            return Err(Error::Fraction { policy: "iupac", element: T::NAME });
        }
        if symbols.is_empty() {
            return Ok(());
        }
        let (mask, order) = match alphabet {
            Alphabet::Codes => (0xff, self.order.codes()),
            Alphabet::Letters if self.case == Case::Fold => (!0x20, self.order.letters()),
            Alphabet::Letters => (0xff, self.order.letters()),
        };
        let block = match self.layout {
            Layout::ChannelsLast => BLOCK,
            Layout::ChannelsFirst => length * (BLOCK / length).max(1),
        };
        for (index, (symbols, out)) in symbols.chunks(block).zip(out.chunks_mut(block * channels)).enumerate() {
            let clean = match self.layout {
                Layout::ChannelsLast => kernel::channels_last(symbols, mask, order, channels, out),
                Layout::ChannelsFirst => kernel::channels_first(symbols, length, mask, order, channels, out),
            };
            if !clean {
                self.mend(alphabet, symbols, length, (mask, order), out)
                    .map_err(|error| error.shifted(index * block))?;
            }
        }
        Ok(())
    }

    /// Sets the base channels of every symbol that is none of the four bases.
    fn mend<T: Element>(
        &self,
        alphabet: Alphabet,
        symbols: &[u8],
        length: usize,
        (mask, order): (u8, [u8; 4]),
        out: &mut [T],
    ) -> Result<()> {
        let channels = self.channels();
        for (window, found) in symbols.chunks(kernel::WINDOW).enumerate() {
            if kernel::are_known(found, mask, order) {
                continue;
            }
            for (offset, &symbol) in found.iter().enumerate().filter(|(_, symbol)| !order.contains(&(**symbol & mask)))
            {
                let position = window * kernel::WINDOW + offset;
                let row = self.row_at(alphabet, symbol, position)?.map(T::from_f32);
                let (start, step) = match self.layout {
                    Layout::ChannelsLast => (position * channels, 1),
                    Layout::ChannelsFirst => (position / length * length * channels + position % length, length),
                };
                for (channel, value) in row.into_iter().enumerate() {
                    out[start + channel * step] = value;
                }
            }
        }
        Ok(())
    }
}
