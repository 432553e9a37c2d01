//! GloVe: vectors whose products fit the logarithms of weighted co-occurrence counts.
//!
//! Two modes train the same model on the same counts. [`Mode::Fast`], the default, works in `f32` on tiles of the
//! table of counts. [`Mode::Stanford`] follows the C tool draw by draw and update by update in `f64`. Both give the
//! same bytes for any number of threads; the costs per iteration of the two agree within 1 %.
//!
//! # Source
//! Pennington, Socher and Manning, "GloVe: Global Vectors for Word Representation", EMNLP 2014, and the behaviour of
//! its C tool; NAD's settings from the challenge report of NAD.

mod glibc;
mod stanford;
mod tiles;

use super::cooccurrence::{self, Cell};
use super::corpus::Vocabulary;
use super::{Corpus, Error, Result, Vectors};

/// What GloVe is trained with. The default is NAD's.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// Numbers per vector.
    pub dimension: usize,
    /// Words to the right of a word that count as its context, 1 to 16, each with weight 1/distance.
    pub window: usize,
    /// Whether words to the left count as well.
    pub symmetric: bool,
    /// Words that occur less often are left out, as if they did not stand there.
    pub min_count: u64,
    /// Passes over the table of counts.
    pub iterations: usize,
    /// Count from which on a cell has full weight.
    pub x_max: f64,
    /// Exponent of the weight below it.
    pub alpha: f64,
    /// Learning rate of the vectors; that of the biases is 1.
    pub eta: f64,
    /// Largest component of a gradient.
    pub clip: f64,
    /// Seed of the starting values and of the order of updates.
    pub seed: u64,
    /// How it is computed.
    pub mode: Mode,
}

/// How GloVe is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Mode {
    /// In `f32`, on tiles of the table in an order drawn from the seed, in parallel with the feature `rayon`.
    #[default]
    Fast,
    /// As Stanford's C tool with one thread: `f64`, starting values from glibc's `rand`, its order of updates.
    Stanford {
        /// The tool's `cooccur` counts the first cell of the sorted table twice; `true` does so too.
        doubled_first_cell: bool,
    },
}

impl Default for Config {
    fn default() -> Self {
        Self::nad()
    }
}

impl Config {
    /// NAD's settings, in the fast mode.
    ///
    /// With [`Mode::Stanford`] and the doubled first cell they are the run that the team made.
    ///
    /// # Source
    /// Challenge report of NAD.
    pub fn nad() -> Self {
        Self {
            dimension: 128,
            window: 10,
            symmetric: false,
            min_count: 5,
            iterations: 50,
            x_max: 10.0,
            alpha: 0.75,
            eta: 0.05,
            clip: 100.0,
            seed: 1,
            mode: Mode::Fast,
        }
    }

    fn check(&self) -> Result<()> {
        if self.dimension == 0 {
            return Err(Error::setting("dimension", 0, "at least 1"));
        }
        if !(1..=cooccurrence::MAX_WINDOW).contains(&self.window) {
            return Err(Error::setting("window", self.window, "1 to 16"));
        }
        for (setting, value) in [("x_max", self.x_max), ("eta", self.eta), ("clip", self.clip)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(Error::setting(setting, value, "above 0"));
            }
        }
        if !(self.alpha.is_finite() && self.alpha >= 0.0) {
            return Err(Error::setting("alpha", self.alpha, "at least 0"));
        }
        if matches!(self.mode, Mode::Stanford { .. }) && self.seed > u64::from(u32::MAX) {
            return Err(Error::setting("seed", self.seed, "below 2^32 in the Stanford mode"));
        }
        Ok(())
    }

    /// Weight of a cell in the cost.
    fn weight(&self, sum: f64) -> f64 {
        if sum > self.x_max { 1.0 } else { (sum / self.x_max).powf(self.alpha) }
    }
}

/// What the callback is told after every iteration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// The iteration that ended, from 1.
    pub iteration: usize,
    /// Iterations in all.
    pub iterations: usize,
    /// Half the weighted squared error, mean over the cells, each measured just before its update.
    pub cost: f64,
}

/// A trained model: two vectors and two biases per word, the most frequent word first.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    words: Vec<String>,
    dimension: usize,
    word: Side,
    context: Side,
}

/// Vectors and biases of the words in one of their two roles.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// One vector after the other.
    pub vectors: Vec<f64>,
    /// One bias per word.
    pub biases: Vec<f64>,
}

impl Model {
    /// The words, the most frequent first, ties in alphabetical order.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Numbers per vector.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Vectors and biases of the words as the earlier of a pair.
    pub fn word(&self) -> &Side {
        &self.word
    }

    /// Vectors and biases of the words as the later of a pair.
    pub fn context(&self) -> &Side {
        &self.context
    }

    /// The usual result: per word the sum of its two vectors, without biases.
    ///
    /// # Errors
    /// [`Error::NotFinite`] where a sum leaves `f32`.
    pub fn vectors(&self) -> Result<Vectors> {
        Vectors::new(self.words.clone(), self.dimension, self.sums().map(|sum| sum as f32).collect())
    }

    /// The vector that Stanford's tool writes as `<unk>`: the mean of the 100 rarest words, of all if there are fewer.
    pub fn unknown(&self) -> Vec<f64> {
        let rarest = self.words.len().min(100);
        let mut mean = vec![0.0; self.dimension];
        let skipped = (self.words.len() - rarest) * self.dimension;
        for (at, sum) in self.sums().skip(skipped).enumerate() {
            mean[at % self.dimension] += sum / rarest as f64;
        }
        mean
    }

    fn sums(&self) -> impl Iterator<Item = f64> {
        self.word.vectors.iter().zip(&self.context.vectors).map(|(word, context)| word + context)
    }
}

/// Trains GloVe on the sentences of a corpus and calls `progress` after every iteration.
///
/// # Errors
/// [`Error::Setting`] for a value out of its range, [`Error::Empty`] and [`Error::NoPairs`] for a corpus with nothing
/// to learn from, [`Error::Rare`] where no word occurs often enough, [`Error::Diverged`] where a value stops being
/// finite.
pub fn train(corpus: &Corpus, config: &Config, mut progress: impl FnMut(Progress)) -> Result<Model> {
    config.check()?;
    let vocabulary = Vocabulary::of(corpus, config.min_count)?;
    let mut cells = cooccurrence::count(corpus, &vocabulary, config.window, config.symmetric);
    let Some(first) = cells.first_mut() else { return Err(Error::NoPairs { window: config.window }) };
    if config.mode == (Mode::Stanford { doubled_first_cell: true }) {
        first.sum *= 2.0;
    }
    let mean = cells.len() as f64;
    let mut report = |iteration, cost: f64| {
        if !cost.is_finite() {
            return Err(Error::Diverged { iteration });
        }
        progress(Progress { iteration, iterations: config.iterations, cost: cost / mean });
        Ok(())
    };
    let (word, context) = match config.mode {
        Mode::Fast => tiles::train(vocabulary.len(), cells, config, &mut report)?,
        Mode::Stanford { .. } => stanford::train(vocabulary.len(), cells, config, &mut report)?,
    };
    Ok(Model { words: vocabulary.words, dimension: config.dimension, word, context })
}
