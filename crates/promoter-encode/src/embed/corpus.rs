//! Sentences of words, and the vocabulary that training orders them by.

use super::{Error, Result};
use crate::Sequence;
use crate::kmer::{Kmers, Tokenizer};

/// Spelling of the word that stands for all k-mers with a letter other than A, C, G and T.
const UNKNOWN: &str = "<unk>";

/// Sentences, one per sequence, of words that are k-mers or any other list of strings.
///
/// Windows never reach across sentences. Memory is 4 bytes per word.
#[derive(Debug, Clone)]
pub struct Corpus {
    lexicon: Lexicon,
    tokens: Vec<u32>,
    /// Where each sentence ends in `tokens`.
    ends: Vec<usize>,
    left_out: u64,
}

/// The strings behind word numbers. K-mers are never stored: their number is their spelling.
#[derive(Debug, Clone)]
enum Lexicon {
    Kmers(Tokenizer),
    Words(Vec<String>),
}

impl Corpus {
    /// An empty corpus whose words are k-mers; word numbers are their tokens.
    ///
    /// # Errors
    /// [`Error::Sequence`] with what [`Kmers::tokenizer`] says, such as for a `k` outside 1 to 12.
    pub fn of_kmers(kmers: &Kmers) -> Result<Self> {
        Ok(Self::empty(Lexicon::Kmers(kmers.tokenizer()?)))
    }

    /// An empty corpus of the given words; a word's number is its place in the list.
    ///
    /// # Errors
    /// [`Error::Empty`] without a word, [`Error::Word`] for one that is empty or has white space in it,
    /// [`Error::Duplicate`] for one that stands there twice; places count from 0.
    pub fn of_words(words: Vec<String>) -> Result<Self> {
        if words.is_empty() {
            return Err(Error::Empty);
        }
        check_words(&words, 0)?;
        Ok(Self::empty(Lexicon::Words(words)))
    }

    fn empty(lexicon: Lexicon) -> Self {
        Self { lexicon, tokens: Vec::new(), ends: Vec::new(), left_out: 0 }
    }

    /// A corpus of text: one sentence per line, words between white space, numbered in alphabetical order.
    ///
    /// # Errors
    /// [`Error::Empty`] for a text without a word.
    ///
    /// ```
    /// let corpus = promoter_encode::embed::Corpus::from_text("AAC ACG\nACG CGT")?;
    /// assert_eq!(corpus.sentences().last(), Some(&[1, 2][..]));
    /// # Ok::<(), promoter_encode::embed::Error>(())
    /// ```
    pub fn from_text(text: &str) -> Result<Self> {
        let mut words: Vec<&str> = text.split_whitespace().collect();
        words.sort_unstable();
        words.dedup();
        let mut corpus = Self::of_words(words.iter().map(ToString::to_string).collect())?;
        for line in text.lines() {
            let number = |word| words.binary_search(&word).unwrap_or_default() as u32;
            corpus.tokens.extend(line.split_whitespace().map(number));
            corpus.ends.push(corpus.tokens.len());
        }
        Ok(corpus)
    }

    /// Adds one sentence of word numbers.
    ///
    /// # Errors
    /// [`Error::Token`] for a number that belongs to no word; the corpus is then unchanged.
    pub fn push(&mut self, sentence: &[u32]) -> Result<()> {
        let size = self.words();
        if let Some(position) = sentence.iter().position(|&token| token as usize >= size) {
            return Err(Error::Token { position, token: sentence[position], size });
        }
        self.tokens.extend_from_slice(sentence);
        self.ends.push(self.tokens.len());
        Ok(())
    }

    /// Adds the k-mers of a sequence as one sentence.
    ///
    /// K-mers that [`Oov::Skip`](crate::kmer::Oov::Skip) leaves out are counted by [`Corpus::left_out`]; their
    /// neighbours then stand next to each other.
    ///
    /// # Errors
    /// [`Error::Sequence`] with what [`Tokenizer::tokens`] says, such as for a sequence that is too short or a byte
    /// that is not a letter, [`Error::NotKmers`] where words are not k-mers; the corpus is then unchanged.
    ///
    /// ```
    /// use promoter_encode::{embed::Corpus, kmer::{Kmers, Oov}};
    /// let mut corpus = Corpus::of_kmers(&Kmers { k: 2, oov: Oov::Skip, ..Kmers::default() })?;
    /// corpus.push_sequence("ACGNTT")?;
    /// assert_eq!(corpus.sentences().next(), Some(&[1, 6, 15][..]));
    /// assert_eq!(corpus.left_out(), 2);
    /// # Ok::<(), promoter_encode::embed::Error>(())
    /// ```
    pub fn push_sequence(&mut self, sequence: impl Sequence) -> Result<()> {
        let Lexicon::Kmers(tokenizer) = &self.lexicon else { return Err(Error::NotKmers) };
        let (before, count) = (self.tokens.len(), tokenizer.count(sequence.symbols().len())?);
        self.tokens.resize(before + count, 0);
        let written = tokenizer.tokens_into(sequence, &mut self.tokens[before..]);
        self.tokens.truncate(before + written.as_ref().unwrap_or(&0));
        self.left_out += (count - written?) as u64;
        self.ends.push(self.tokens.len());
        Ok(())
    }

    /// The sentences, in the order they were added.
    pub fn sentences(&self) -> impl Iterator<Item = &[u32]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.tokens[start..end])
    }

    /// The spelling of a word number; empty for an unknown number.
    pub fn word(&self, number: u32) -> String {
        match &self.lexicon {
            Lexicon::Kmers(tokenizer) => match tokenizer.kmer(number) {
                Ok(letters) => letters.into_iter().map(char::from).collect(),
                Err(_) if tokenizer.oov_token() == Some(number) => UNKNOWN.to_string(),
                Err(_) => String::new(),
            },
            Lexicon::Words(words) => words.get(number as usize).cloned().unwrap_or_default(),
        }
    }

    /// Number of words that there can be.
    pub fn words(&self) -> usize {
        match &self.lexicon {
            Lexicon::Kmers(tokenizer) => tokenizer.vocabulary_size(),
            Lexicon::Words(words) => words.len(),
        }
    }

    /// Number of words in all sentences.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether no sentence has a word.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// K-mers that were left out for a letter other than A, C, G and T in them.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }
}

/// Every word is spelled with something, without white space, and once.
pub(crate) fn check_words(words: &[String], first_line: usize) -> Result<()> {
    for (row, word) in words.iter().enumerate() {
        if word.is_empty() || word.contains(char::is_whitespace) {
            return Err(Error::Word { word: word.clone(), line: row + first_line });
        }
    }
    let mut order: Vec<usize> = (0..words.len()).collect();
    order.sort_by(|&a, &b| words[a].cmp(&words[b]));
    match order.windows(2).find(|pair| words[pair[0]] == words[pair[1]]) {
        Some(pair) => Err(Error::Duplicate {
            word: words[pair[0]].clone(),
            first: pair[0] + first_line,
            again: pair[1] + first_line,
        }),
        None => Ok(()),
    }
}

/// The words that training keeps, the most frequent first, ties in alphabetical order.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    pub(crate) words: Vec<String>,
    pub(crate) counts: Vec<u64>,
    /// Rank of each word number, or [`Vocabulary::DROPPED`].
    ranks: Vec<u32>,
}

impl Vocabulary {
    const DROPPED: u32 = u32::MAX;

    /// The words that occur at least `min_count` times.
    pub(crate) fn of(corpus: &Corpus, min_count: u64) -> Result<Self> {
        if corpus.is_empty() {
            return Err(Error::Empty);
        }
        let mut counts = vec![0u64; corpus.words()];
        for &token in &corpus.tokens {
            counts[token as usize] += 1;
        }
        let mut kept: Vec<u32> = (0..counts.len() as u32).filter(|&w| counts[w as usize] >= min_count).collect();
        if kept.is_empty() {
            let words = counts.iter().filter(|&&count| count > 0).count();
            return Err(Error::Rare { words, min_count });
        }
        kept.sort_by(|&a, &b| {
            let spelling = || match &corpus.lexicon {
                Lexicon::Kmers(_) => a.cmp(&b), // Tokens are in alphabetical order.
                Lexicon::Words(words) => words[a as usize].cmp(&words[b as usize]),
            };
            counts[b as usize].cmp(&counts[a as usize]).then_with(spelling)
        });
        let mut ranks = vec![Self::DROPPED; counts.len()];
        for (rank, &word) in kept.iter().enumerate() {
            ranks[word as usize] = rank as u32;
        }
        let words = kept.iter().map(|&word| corpus.word(word)).collect();
        Ok(Self { words, counts: kept.iter().map(|&word| counts[word as usize]).collect(), ranks })
    }

    /// Number of words.
    pub(crate) fn len(&self) -> usize {
        self.words.len()
    }

    /// Writes the ranks of a sentence's words into `ranks`; words that are not kept are left out.
    pub(crate) fn rank_into(&self, sentence: &[u32], ranks: &mut Vec<u32>) {
        ranks.clear();
        ranks.extend(sentence.iter().map(|&token| self.ranks[token as usize]).filter(|&rank| rank != Self::DROPPED));
    }
}
