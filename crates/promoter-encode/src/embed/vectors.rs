//! A vector per word.

use super::corpus::check_words;
use super::{Error, Result};

/// One vector of `f32` per word.
///
/// # Shapes
/// [`Vectors::data`] is (words, dimension), row-major, in the order of [`Vectors::words`].
#[derive(Debug, Clone, PartialEq)]
pub struct Vectors {
    words: Vec<String>,
    dimension: usize,
    data: Vec<f32>,
    /// Rows in the order of their words, for look-ups.
    by_word: Vec<u32>,
}

impl Vectors {
    /// Vectors of the given words.
    ///
    /// # Errors
    /// [`Error::Setting`] for dimension 0, [`Error::Empty`] without a word, [`Error::Shape`] for a wrong number of
    /// values, [`Error::Word`], [`Error::Duplicate`] and [`Error::NotFinite`], with rows counted from 0.
    pub fn new(words: Vec<String>, dimension: usize, data: Vec<f32>) -> Result<Self> {
        Self::from_lines(words, dimension, data, 0)
    }

    /// The same, where the first row comes from line `first_line` of a file.
    pub(crate) fn from_lines(words: Vec<String>, dimension: usize, data: Vec<f32>, first_line: usize) -> Result<Self> {
        if dimension == 0 {
            return Err(Error::setting("dimension", 0, "at least 1"));
        }
        if words.is_empty() {
            return Err(Error::Empty);
        }
        if words.len().checked_mul(dimension) != Some(data.len()) {
            return Err(Error::Shape { words: words.len(), dimension, values: data.len() });
        }
        check_words(&words, first_line)?;
        if let Some(at) = data.iter().position(|value| !value.is_finite()) {
            let (line, column) = (at / dimension + first_line, at % dimension + 1);
            return Err(Error::NotFinite { line, column, value: data[at] });
        }
        let mut by_word: Vec<u32> = (0..words.len() as u32).collect();
        by_word.sort_unstable_by(|&a, &b| words[a as usize].cmp(&words[b as usize]));
        Ok(Self { words, dimension, data, by_word })
    }

    /// The words, in row order.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Numbers per vector.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// All vectors, one after the other.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// Words with their vectors, in row order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[f32])> {
        self.words.iter().map(String::as_str).zip(self.data.chunks_exact(self.dimension))
    }

    /// Row of a word.
    pub fn row(&self, word: &str) -> Option<usize> {
        let at = self.by_word.binary_search_by(|&row| self.words[row as usize].as_str().cmp(word)).ok()?;
        Some(self.by_word[at] as usize)
    }

    /// Vector of a word.
    ///
    /// ```
    /// use promoter_encode::embed::Vectors;
    /// let vectors = Vectors::new(vec!["AC".into(), "GT".into()], 2, vec![1.0, 0.0, 0.5, 0.5])?;
    /// assert_eq!(vectors.get("GT"), Some(&[0.5, 0.5][..]));
    /// assert_eq!(vectors.get("TT"), None);
    /// # Ok::<(), promoter_encode::embed::Error>(())
    /// ```
    pub fn get(&self, word: &str) -> Option<&[f32]> {
        Some(&self.data[self.row(word)? * self.dimension..][..self.dimension])
    }
}
