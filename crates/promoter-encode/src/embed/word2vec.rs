//! word2vec: skip-gram and CBOW with negative sampling.
//!
//! The updates follow the order of the corpus, one after the other, so the result does not depend on the number of
//! threads. There is no unordered mode.
//!
//! # Source
//! Mikolov, Sutskever, Chen, Corrado and Dean, "Distributed Representations of Words and Phrases and their
//! Compositionality", NIPS 2013.

mod steps;

use super::corpus::Vocabulary;
use super::{Corpus, Error, Result, Vectors};
use crate::random::Stream;
use steps::{Learner, Sampler};

/// What word2vec is trained with.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// What predicts what.
    pub architecture: Architecture,
    /// Numbers per vector.
    pub dimension: usize,
    /// Words on either side that are the context of a word; for every word a width of 1 to `window` is drawn.
    pub window: usize,
    /// Words drawn as counterexamples for every word that is predicted.
    pub negatives: usize,
    /// Counterexamples are drawn by the counts of words to this power.
    pub exponent: f64,
    /// Words whose frequency is above this are left out at random, the more frequent the likelier; 0 keeps all.
    pub subsample: f64,
    /// Words that occur less often are left out, as if they did not stand there; 0 keeps a vector of every word that
    /// there can be, all 4^k k-mers for instance.
    pub min_count: u64,
    /// Passes over the corpus.
    pub epochs: usize,
    /// Learning rate at the start.
    pub rate: f64,
    /// Learning rate at the end; it falls along a line.
    pub final_rate: f64,
    /// Seed of the starting values, widths and counterexamples.
    pub seed: u64,
}

/// What predicts what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Architecture {
    /// Each word of the context, on its own, predicts the word in the middle.
    SkipGram,
    /// The mean of the context predicts the word in the middle.
    Cbow,
}

impl Default for Config {
    /// Skip-gram with the settings of the C program, 128 numbers per vector, without subsampling.
    fn default() -> Self {
        Self {
            architecture: Architecture::SkipGram,
            dimension: 128,
            window: 10,
            negatives: 5,
            exponent: 0.75,
            subsample: 0.0,
            min_count: 5,
            epochs: 5,
            rate: 0.025,
            final_rate: 0.0001,
            seed: 1,
        }
    }
}

impl Config {
    fn check(&self) -> Result<()> {
        let counts = [
            ("dimension", self.dimension),
            ("window", self.window),
            ("negatives", self.negatives),
            ("epochs", self.epochs),
        ];
        for (setting, value) in counts {
            if value == 0 {
                return Err(Error::setting(setting, value, "at least 1"));
            }
        }
        if !(self.rate.is_finite() && self.rate > 0.0) {
            return Err(Error::setting("rate", self.rate, "above 0"));
        }
        if !(0.0..=self.rate).contains(&self.final_rate) {
            return Err(Error::setting("final_rate", self.final_rate, "0 to rate"));
        }
        if !self.exponent.is_finite() {
            return Err(Error::setting("exponent", self.exponent, "a finite number"));
        }
        if !(0.0..=1.0).contains(&self.subsample) {
            return Err(Error::setting("subsample", self.subsample, "0 to 1"));
        }
        Ok(())
    }
}

/// What the callback is told after every epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// The epoch that ended, from 1.
    pub epoch: usize,
    /// Epochs in all.
    pub epochs: usize,
    /// Mean over the predictions of the negative log-likelihood, counterexamples included, each before its update.
    pub cost: f64,
}

/// Trains word2vec on the sentences of a corpus and calls `progress` after every epoch.
///
/// # Errors
/// [`Error::Setting`] for a value out of its range, [`Error::Empty`] for a corpus without a word, [`Error::Rare`] where
/// no word occurs often enough, [`Error::NoPairs`] where no sentence has two words, [`Error::Diverged`] where a value
/// stops being finite.
///
/// ```
/// use promoter_encode::{embed::{Corpus, word2vec}, kmer::Kmers};
/// let mut corpus = Corpus::of_kmers(&Kmers { k: 2, ..Kmers::default() })?;
/// corpus.push_sequence("ACGTACGGTACCATTACGTACGATTTACG")?;
/// let config = word2vec::Config { dimension: 16, min_count: 0, ..Default::default() };
/// let vectors = word2vec::train(&corpus, &config, |_| {})?;
/// assert_eq!(vectors.words().len(), 16);
/// # Ok::<(), promoter_encode::embed::Error>(())
/// ```
pub fn train(corpus: &Corpus, config: &Config, mut progress: impl FnMut(Progress)) -> Result<Vectors> {
    config.check()?;
    let vocabulary = Vocabulary::of(corpus, config.min_count)?;
    let sampler = Sampler::of(&vocabulary.counts, config.exponent);
    let keep = kept_fractions(&vocabulary.counts, config.subsample);
    let mut learner = Learner::start(vocabulary.len(), config);
    let sentences = corpus.sentences().count();
    let all = (vocabulary.counts.iter().sum::<u64>() * config.epochs as u64) as f64;
    let mut seen = 0usize;
    let mut words = Vec::new();
    for epoch in 0..config.epochs {
        let (mut cost, mut predictions) = (0.0, 0u64);
        for (number, sentence) in corpus.sentences().enumerate() {
            vocabulary.rank_into(sentence, &mut words);
            let rate = config.rate + (config.final_rate - config.rate) * (seen as f64 / all);
            seen += words.len();
            let mut stream = Stream::new(config.seed, "word2vec", (epoch * sentences + number) as u64);
            if config.subsample > 0.0 {
                words.retain(|&word| stream.uniform() < keep[word as usize]);
            }
            let learnt = learner.learn(&words, &sampler, &mut stream, rate as f32);
            cost += learnt.cost;
            predictions += learnt.predictions;
        }
        if !cost.is_finite() {
            return Err(Error::Diverged { iteration: epoch + 1 });
        }
        if predictions == 0 {
            return Err(Error::NoPairs { window: config.window });
        }
        progress(Progress { epoch: epoch + 1, epochs: config.epochs, cost: cost / predictions as f64 });
    }
    Vectors::new(vocabulary.words, config.dimension, learner.into_vectors())
}

/// The fraction of each word's places that stay under subsampling, as the C program computes it.
fn kept_fractions(counts: &[u64], threshold: f64) -> Vec<f64> {
    let total = counts.iter().sum::<u64>() as f64;
    let kept = |&count: &u64| {
        let excess = count as f64 / (threshold * total);
        (excess.sqrt() + 1.0) / excess
    };
    counts.iter().map(kept).collect()
}
