//! What two predictors disagree on.

use promoter_explain::{Ensemble, Failure, Predict};

/// The first predictor's value minus the second's, as a predictor: a sequence that is strong in one condition and weak
/// in another has a large difference.
///
/// The spread takes the two as independent: the root of the sum of their squares.
#[derive(Debug, Clone, Copy)]
pub struct Difference<A, B> {
    /// What is added.
    pub first: A,
    /// What is subtracted.
    pub second: B,
}

fn combine(first: Vec<f32>, second: &[f32], with: impl Fn(f32, f32) -> f32) -> Result<Vec<f32>, Failure> {
    if first.len() != second.len() {
        return Err(format!("one predictor returned {} values, the other {}", first.len(), second.len()).into());
    }
    Ok(first.into_iter().zip(second).map(|(a, &b)| with(a, b)).collect())
}

impl<A: Predict, B: Predict> Predict for Difference<A, B> {
    fn predict(&mut self, sequences: &[Vec<u8>]) -> Result<Vec<f32>, Failure> {
        combine(self.first.predict(sequences)?, &self.second.predict(sequences)?, |a, b| a - b)
    }

    fn predict_with_spread(&mut self, sequences: &[Vec<u8>]) -> Result<Option<Ensemble>, Failure> {
        let Some(first) = self.first.predict_with_spread(sequences)? else { return Ok(None) };
        let Some(second) = self.second.predict_with_spread(sequences)? else { return Ok(None) };
        Ok(Some(Ensemble {
            predictions: combine(first.predictions, &second.predictions, |a, b| a - b)?,
            spreads: combine(first.spreads, &second.spreads, f32::hypot)?,
        }))
    }

    fn gradient(&mut self, sequence: &[u8]) -> Result<Option<Vec<[f32; 4]>>, Failure> {
        let Some(first) = self.first.gradient(sequence)? else { return Ok(None) };
        let Some(second) = self.second.gradient(sequence)? else { return Ok(None) };
        let flat = combine(first.into_flattened(), second.as_flattened(), |a, b| a - b)?;
        Ok(Some(flat.as_chunks().0.to_vec()))
    }
}
