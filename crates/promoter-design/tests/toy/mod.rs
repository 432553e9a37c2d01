//! Predictors whose optimum is known, and an independent check of constraints.

#![allow(dead_code)] // each test file uses a part

use promoter_design::{Constraints, Ensemble, Failure, Predict};
use promoter_encode::base;
use promoter_encode::random::Stream;

pub fn codes(letters: &str) -> Vec<u8> {
    letters.bytes().map(base::from_ascii).collect()
}

pub fn random(length: usize, seed: u64) -> Vec<u8> {
    let mut draws = Stream::new(seed, "test sequence", 0);
    (0..length).map(|_| draws.below(4) as u8).collect()
}

/// Each base adds its weight. The spread is the share of T.
pub struct Additive {
    pub weights: Vec<[f32; 4]>,
}

impl Additive {
    /// Weights in eighths, so that sums are exact in any order.
    pub fn random(length: usize, seed: u64) -> Self {
        let mut draws = Stream::new(seed, "test weights", 0);
        let weights = (0..length).map(|_| std::array::from_fn(|_| draws.below(17) as f32 / 8.0 - 1.0)).collect();
        Self { weights }
    }

    pub fn value(&self, codes: &[u8]) -> f32 {
        codes.iter().zip(&self.weights).map(|(&code, weights)| weights[usize::from(code)]).sum()
    }
}

impl Predict for Additive {
    fn predict(&mut self, sequences: &[Vec<u8>]) -> Result<Vec<f32>, Failure> {
        Ok(sequences.iter().map(|codes| self.value(codes)).collect())
    }

    fn predict_with_spread(&mut self, sequences: &[Vec<u8>]) -> Result<Option<Ensemble>, Failure> {
        let share = |codes: &Vec<u8>| codes.iter().filter(|&&code| code == 3).count() as f32 / codes.len() as f32;
        Ok(Some(Ensemble { predictions: self.predict(sequences)?, spreads: sequences.iter().map(share).collect() }))
    }

    fn gradient(&mut self, _: &[u8]) -> Result<Option<Vec<[f32; 4]>>, Failure> {
        Ok(Some(self.weights.clone()))
    }
}

/// The matches of the best window with one word.
pub struct OneMotif {
    pub word: Vec<u8>,
}

impl OneMotif {
    fn best(&self, codes: &[u8]) -> (usize, usize) {
        let matches = |window: &[u8]| window.iter().zip(&self.word).filter(|(a, b)| a == b).count();
        let windows = codes.windows(self.word.len()).map(matches).enumerate();
        windows.max_by_key(|&(start, matches)| (matches, std::cmp::Reverse(start))).unwrap()
    }
}

impl Predict for OneMotif {
    fn predict(&mut self, sequences: &[Vec<u8>]) -> Result<Vec<f32>, Failure> {
        Ok(sequences.iter().map(|codes| self.best(codes).1 as f32).collect())
    }

    fn gradient(&mut self, sequence: &[u8]) -> Result<Option<Vec<[f32; 4]>>, Failure> {
        let mut gradient = vec![[0.0; 4]; sequence.len()];
        for (bases, &code) in gradient[self.best(sequence).0..].iter_mut().zip(&self.word) {
            bases[usize::from(code)] = 1.0;
        }
        Ok(Some(gradient))
    }
}

/// Whether `sequence` meets `constraints`, by letters.
pub fn is_allowed(constraints: &Constraints, start: &[u8], sequence: &[u8], others: &[Vec<u8>]) -> bool {
    let letters =
        |codes: &[u8]| codes.iter().map(|&code| "ACGT".as_bytes()[usize::from(code)] as char).collect::<String>();
    let (text, turned) = (letters(sequence), letters(&sequence.iter().rev().map(|&code| 3 - code).collect::<Vec<_>>()));
    let differ = |other: &[u8]| (0..start.len()).filter(|&at| other[at] != sequence[at]).count();
    let share = text.chars().filter(|&letter| letter == 'C' || letter == 'G').count() as f64 / text.len() as f64;
    let too_long = |letter: char| {
        constraints.longest_homopolymer.is_some_and(|most| text.contains(&letter.to_string().repeat(most + 1)))
    };
    // Words of plain bases only.
    start.len() == sequence.len()
        && constraints.protected.iter().all(|range| start[range.clone()] == sequence[range.clone()])
        && constraints.gc.as_ref().is_none_or(|range| (*range.start()..=*range.end()).contains(&share))
        && constraints.forbidden.iter().all(|word| !text.contains(word.letters()) && !turned.contains(word.letters()))
        && !"ACGT".chars().any(too_long)
        && constraints.most_edits.is_none_or(|most| differ(start) <= most)
        && others.iter().all(|other| differ(other) >= constraints.distance_to_each_other)
        && constraints.known.iter().all(|known| differ(known) >= constraints.distance_to_known)
}

/// All sequences of a length.
pub fn all_sequences(length: usize) -> impl Iterator<Item = Vec<u8>> {
    (0..4_usize.pow(length as u32)).map(move |number| (0..length).map(|at| (number >> (2 * at) & 3) as u8).collect())
}
