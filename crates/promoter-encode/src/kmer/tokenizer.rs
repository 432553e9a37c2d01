//! Sequences to tokens and back.

use super::{Kmers, Oov, Span, Strand, Token, kernel};
use crate::sequence::Alphabet;
use crate::{Error, Result, Sequence, base};

/// The greatest k: 4^12 words of four bytes are 64 MB.
const MAX_K: usize = 12;

impl Kmers {
    /// Checks the settings and makes the vocabulary.
    ///
    /// # Errors
    /// [`Error::Setting`] for a `k` outside 1 to 12, a stride of 0, or a span that is empty or reaches before the
    /// sequence.
    pub fn tokenizer(&self) -> Result<Tokenizer> {
        let bad = |setting, value: String, expected| Err(Error::Setting { setting, value, expected });
        if !(1..=MAX_K).contains(&self.k) {
            return bad("k", self.k.to_string(), "from 1 to 12");
        }
        if self.stride == 0 {
            return bad("stride", self.stride.to_string(), "at least 1");
        }
        if let Span::Centred { start, end } = self.span
            && (start >= end || start < self.k / 2)
        {
            return bad("span", format!("{start}..{end}"), "a range with k / 2 bases before it");
        }
        let (mut canonical, mut words) = (Vec::new(), Vec::new());
        if self.strand == Strand::Canonical {
            canonical = vec![0; 1 << (2 * self.k)];
            for word in 0..canonical.len() as u32 {
                let partner = reverse_complement(word, self.k);
                if word <= partner {
                    canonical[word as usize] = words.len() as u32;
                    canonical[partner as usize] = words.len() as u32;
                    words.push(word);
                }
            }
        }
        Ok(Tokenizer { kmers: self.clone(), canonical, words })
    }
}

/// The reverse complement of a word of 2 bits a base, first base highest.
fn reverse_complement(word: u32, k: usize) -> u32 {
    let by_base = word.reverse_bits();
    !(by_base >> 1 & 0x5555_5555 | (by_base & 0x5555_5555) << 1) >> (32 - 2 * k)
}

/// Cuts sequences into tokens; made by [`Kmers::tokenizer`].
#[derive(Debug, Clone)]
pub struct Tokenizer {
    kmers: Kmers,
    /// Token of each word, where the vocabulary is canonical; else empty.
    canonical: Vec<u32>,
    /// Word of each token, likewise.
    words: Vec<u32>,
}

impl Tokenizer {
    /// The settings.
    pub fn kmers(&self) -> &Kmers {
        &self.kmers
    }

    /// Number of k-mers in the vocabulary: 4^k, or about half of that when it is canonical.
    pub fn words(&self) -> usize {
        if self.words.is_empty() { 1 << (2 * self.kmers.k) } else { self.words.len() }
    }

    /// Number of different tokens: the k-mers, and one for all others with [`Oov::Token`].
    pub fn vocabulary_size(&self) -> usize {
        self.words() + usize::from(self.kmers.oov == Oov::Token)
    }

    /// The token of k-mers that are out of the vocabulary, with [`Oov::Token`].
    pub fn oov_token(&self) -> Option<u32> {
        (self.kmers.oov == Oov::Token).then_some(self.words() as u32)
    }

    /// Number of k-mers taken from a sequence of `length` bases.
    ///
    /// # Errors
    /// [`Error::Length`] if the sequence is too short for one, or for the span.
    pub fn count(&self, length: usize) -> Result<usize> {
        self.starts(length).map(|(_, count)| count)
    }

    /// Start of the first k-mer, and number of k-mers.
    fn starts(&self, length: usize) -> Result<(usize, usize)> {
        let Kmers { k, stride, span, .. } = self.kmers;
        let (first, count) = match span {
            Span::Whole => (0, length.saturating_sub(k) / stride + 1),
            Span::Centred { start, end } => (start - k / 2, (end - start).div_ceil(stride)),
        };
        let needed = ((count - 1) * stride + k).saturating_add(first);
        if length < needed { Err(Error::Length { expected: needed, found: length }) } else { Ok((first, count)) }
    }

    /// Tokens of a sequence.
    ///
    /// # Errors
    /// [`Error::Length`] if the sequence is too short, [`Error::Byte`] or [`Error::Code`] for what is not a letter or a
    /// code, [`Error::Letter`] for a k-mer that [`Oov::Error`] refuses, [`Error::Setting`] for a vocabulary that `T`
    /// cannot number.
    ///
    /// ```
    /// use promoter_encode::kmer::{Kmers, Oov, Strand};
    /// let kmers = Kmers { k: 1, strand: Strand::Canonical, oov: Oov::Token, ..Kmers::default() };
    /// assert_eq!(kmers.tokenizer()?.tokens::<u32>("ACGTN")?, [0, 1, 1, 0, 2]);
    /// # Ok::<(), promoter_encode::Error>(())
    /// ```
    pub fn tokens<T: Token>(&self, sequence: impl Sequence) -> Result<Vec<T>> {
        let mut out = vec![T::default(); self.count(sequence.symbols().len())?];
        let written = self.tokens_into(sequence, &mut out)?;
        out.truncate(written);
        Ok(out)
    }

    /// [`tokens`](Self::tokens) into a buffer of at least [`count`](Self::count) elements; the number written, which is
    /// less only with [`Oov::Skip`].
    ///
    /// # Errors
    /// As [`tokens`](Self::tokens), and [`Error::Buffer`] if the buffer is too short.
    pub fn tokens_into<T: Token>(&self, sequence: impl Sequence, out: &mut [T]) -> Result<usize> {
        self.row_into(sequence.alphabet(), sequence.symbols(), out)
    }

    /// Tokens of many sequences of one length, which lie one after the other.
    ///
    /// # Shapes
    /// Input: `(sequences, length)`. Output: `(sequences, count)`, see [`count`](Self::count).
    ///
    /// # Errors
    /// As [`tokens`](Self::tokens); [`Error::Rows`] unless the sequences divide into rows; [`Error::Buffer`] unless the
    /// buffer has one element for each token; [`Error::Setting`] with [`Oov::Skip`], under which rows differ in length.
    pub fn tokens_batch_into<T: Token>(&self, sequences: impl Sequence, length: usize, out: &mut [T]) -> Result<()> {
        self.batch_into(sequences.alphabet(), sequences.symbols(), length, out)
    }

    /// How often each token occurs in a sequence.
    ///
    /// # Shapes
    /// Output: `(vocabulary_size,)`.
    ///
    /// # Errors
    /// As [`tokens`](Self::tokens).
    ///
    /// ```
    /// use promoter_encode::kmer::Kmers;
    /// let tokenizer = Kmers { k: 1, ..Kmers::default() }.tokenizer()?;
    /// assert_eq!(tokenizer.counts("GATTACA")?, [3, 1, 1, 2]);
    /// # Ok::<(), promoter_encode::Error>(())
    /// ```
    pub fn counts(&self, sequence: impl Sequence) -> Result<Vec<u32>> {
        let mut counts = vec![0; self.vocabulary_size()];
        self.visit(sequence.alphabet(), sequence.symbols(), |token| counts[token as usize] += 1)?;
        Ok(counts)
    }

    /// The token of one k-mer.
    ///
    /// # Errors
    /// [`Error::Length`] unless it has k letters, and as [`tokens`](Self::tokens).
    pub fn token(&self, kmer: impl Sequence) -> Result<u32> {
        let (alphabet, symbols) = (kmer.alphabet(), kmer.symbols());
        if symbols.len() != self.kmers.k {
            return Err(Error::Length { expected: self.kmers.k, found: symbols.len() });
        }
        match self.word(alphabet, symbols)? {
            Some(word) => Ok(self.token_of(word)),
            None => self.oov_token().ok_or_else(|| self.refused(alphabet, symbols)),
        }
    }

    /// The letters of a token; of the two k-mers of a canonical one, the first in the alphabet.
    ///
    /// # Errors
    /// [`Error::Token`] if the vocabulary has no k-mer of that number.
    pub fn kmer(&self, token: u32) -> Result<Vec<u8>> {
        let word = self.word_of(token)?;
        let k = self.kmers.k;
        Ok((0..k).map(|i| base::LETTERS[(word >> (2 * (k - 1 - i)) & 3) as usize]).collect())
    }

    /// The token of the reverse complement; of a canonical token, itself.
    ///
    /// # Errors
    /// As [`kmer`](Self::kmer).
    ///
    /// ```
    /// use promoter_encode::kmer::Kmers;
    /// let tokenizer = Kmers { k: 3, ..Kmers::default() }.tokenizer()?;
    /// let token = tokenizer.reverse_complement(tokenizer.token("GGA")?)?;
    /// assert_eq!(tokenizer.kmer(token)?, b"TCC");
    /// # Ok::<(), promoter_encode::Error>(())
    /// ```
    pub fn reverse_complement(&self, token: u32) -> Result<u32> {
        self.word_of(token).map(|word| self.token_of(reverse_complement(word, self.kmers.k)))
    }

    fn token_of(&self, word: u32) -> u32 {
        self.canonical.get(word as usize).copied().unwrap_or(word)
    }

    fn word_of(&self, token: u32) -> Result<u32> {
        let size = self.words();
        if token as usize >= size {
            return Err(Error::Token { position: 0, token: token.into(), size });
        }
        Ok(self.words.get(token as usize).copied().unwrap_or(token))
    }

    /// The word of k symbols; none if one of them is another letter.
    fn word(&self, alphabet: Alphabet, symbols: &[u8]) -> Result<Option<u32>> {
        let mut word = Some(0);
        for (position, &symbol) in symbols.iter().enumerate() {
            let code = alphabet.code(symbol, position)?;
            word = word.filter(|_| code < base::N).map(|word| word << 2 | u32::from(code));
        }
        Ok(word)
    }

    /// The error of a k-mer with another letter.
    fn refused(&self, alphabet: Alphabet, symbols: &[u8]) -> Error {
        let position = symbols.iter().position(|&symbol| !alphabet.are_bases(&[symbol])).unwrap_or(0);
        let letter = symbols.get(position).map_or('?', |&symbol| alphabet.letter(symbol));
        Error::Letter { position, letter, policy: "oov" }
    }

    /// Calls `each` with every token, in order.
    fn visit(&self, alphabet: Alphabet, symbols: &[u8], mut each: impl FnMut(u32)) -> Result<()> {
        let Kmers { k, stride, oov, .. } = self.kmers;
        let (first, count) = self.starts(symbols.len())?;
        if stride == 1 && alphabet.are_bases(symbols) {
            let mut tokens = [0u32; 1024];
            for from in (0..count).step_by(tokens.len()) {
                let tokens = &mut tokens[..1024.min(count - from)];
                let symbols = &symbols[first + from..][..tokens.len() + k - 1];
                self.bases_into(alphabet, symbols, symbols.len(), (0, tokens.len()), tokens);
                tokens.iter().copied().for_each(&mut each);
            }
            return Ok(());
        }
        for index in 0..count {
            let start = first + index * stride;
            let kmer = &symbols[start..start + k];
            match (self.word(alphabet, kmer).map_err(|error| error.shifted(start))?, oov) {
                (Some(word), _) => each(self.token_of(word)),
                (None, Oov::Token) => each(self.words() as u32),
                (None, Oov::Skip) => {}
                (None, Oov::Error) => return Err(self.refused(alphabet, kmer).shifted(start)),
            }
        }
        Ok(())
    }

    fn check_type<T: Token>(&self) -> Result<()> {
        if self.vocabulary_size() - 1 > T::MAX as usize {
            return Err(Error::Setting {
                setting: "k",
                value: self.kmers.k.to_string(),
                expected: "small enough for this type of token",
            });
        }
        Ok(())
    }

    fn row_into<T: Token>(&self, alphabet: Alphabet, symbols: &[u8], out: &mut [T]) -> Result<usize> {
        self.check_type::<T>()?;
        let (first, count) = self.starts(symbols.len())?;
        if out.len() < count {
            return Err(Error::Buffer { expected: count, found: out.len() });
        }
        if self.kmers.stride == 1 && alphabet.are_bases(symbols) {
            self.bases_into(alphabet, symbols, symbols.len(), (first, count), &mut out[..count]);
            return Ok(count);
        }
        let mut written = 0;
        self.visit(alphabet, symbols, |token| {
            out[written] = T::from_u32(token);
            written += 1;
        })?;
        Ok(written)
    }

    fn batch_into<T: Token>(&self, alphabet: Alphabet, symbols: &[u8], length: usize, out: &mut [T]) -> Result<()> {
        self.check_type::<T>()?;
        if self.kmers.oov == Oov::Skip {
            return Err(Error::Setting { setting: "oov", value: "skip".into(), expected: "error or token in a batch" });
        }
        if !symbols.is_empty() && (length == 0 || !symbols.len().is_multiple_of(length)) {
            return Err(Error::Rows { found: symbols.len(), length });
        }
        let (first, count) = self.starts(length)?;
        let expected = symbols.len() / length * count;
        if out.len() != expected {
            return Err(Error::Buffer { expected, found: out.len() });
        }
        // As many rows at a time as stay in the cache between the check and the encoding.
        let rows = (4096 / length).max(1);
        let blocks = symbols.chunks(rows * length).zip(out.chunks_mut(rows * count));
        for (block, (symbols, out)) in blocks.enumerate() {
            if self.kmers.stride == 1 && alphabet.are_bases(symbols) {
                self.bases_into(alphabet, symbols, length, (first, count), out);
                continue;
            }
            for (row, (symbols, out)) in symbols.chunks(length).zip(out.chunks_mut(count)).enumerate() {
                self.row_into(alphabet, symbols, out).map_err(|error| error.shifted((block * rows + row) * length))?;
            }
        }
        Ok(())
    }

    /// Tokens of rows that hold nothing but A, C, G and T.
    fn bases_into<T: Token>(
        &self,
        alphabet: Alphabet,
        symbols: &[u8],
        length: usize,
        (first, count): (usize, usize),
        out: &mut [T],
    ) {
        kernel::tokens(alphabet, symbols, length, first, count, self.kmers.k, out);
        if !self.canonical.is_empty() {
            out.iter_mut().for_each(|token| *token = T::from_u32(self.token_of((*token).into())));
        }
    }
}
