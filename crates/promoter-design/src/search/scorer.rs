//! A predictor, with what is wanted of it.

use promoter_explain::{Ensemble, Predict};

use crate::brief::Target;
use crate::error::{Error, Result};
use crate::outcome::Outcome;

/// A predictor, with what is wanted of it. Checks all that it returns.
pub(super) struct Scorer<'a> {
    pub(super) predictor: &'a mut dyn Predict,
    pub(super) target: Target,
    pub(super) spread_weight: f64,
    /// Sequences predicted so far.
    pub(super) predictions: u64,
}

impl Scorer<'_> {
    /// The outcome of each sequence.
    pub(super) fn score(&mut self, sequences: &[Vec<u8>]) -> Result<Vec<Outcome>> {
        if sequences.is_empty() {
            return Ok(Vec::new());
        }
        self.predictions += sequences.len() as u64;
        let failed = |source| Error::Predictor { source };
        if self.spread_weight == 0.0 {
            let predictions = self.predictor.predict(sequences).map_err(failed)?;
            check_values("predictions", &predictions, sequences.len())?;
            return Ok(predictions.iter().map(|&prediction| self.outcome(prediction, None)).collect());
        }
        let both = self.predictor.predict_with_spread(sequences).map_err(failed)?;
        let Ensemble { predictions, spreads } = both.ok_or(Error::NoSpread { weight: self.spread_weight })?;
        check_values("predictions", &predictions, sequences.len())?;
        check_values("spreads", &spreads, sequences.len())?;
        if let Some(index) = spreads.iter().position(|&spread| spread < 0.0) {
            return Err(Error::Value { what: "spreads", index, value: spreads[index] });
        }
        Ok(predictions
            .iter()
            .zip(&spreads)
            .map(|(&prediction, &spread)| self.outcome(prediction, Some(spread)))
            .collect())
    }

    /// The outcome of one sequence.
    pub(super) fn score_one(&mut self, sequence: &[u8]) -> Result<Outcome> {
        let sequences = [sequence.to_vec()];
        self.score(&sequences).map(|outcomes| outcomes[0]) // as many as sequences: checked there
    }

    fn outcome(&self, prediction: f32, spread: Option<f32>) -> Outcome {
        let (prediction, spread) = (f64::from(prediction), spread.map(f64::from));
        let penalty = self.spread_weight * spread.unwrap_or(0.0);
        Outcome { prediction, spread, score: self.target.score(prediction) - penalty }
    }

    /// The derivative of the target's score by the one-hot encoding of `sequence`, whose prediction is known.
    pub(super) fn gradient(&mut self, sequence: &[u8], prediction: f64) -> Result<Vec<[f64; 4]>> {
        let gradient = self.predictor.gradient(sequence).map_err(|source| Error::Predictor { source })?;
        let gradient = gradient.ok_or(Error::NoGradient)?;
        if gradient.len() != sequence.len() {
            return Err(Error::Count { what: "gradients", expected: sequence.len(), found: gradient.len() });
        }
        if let Some(flat) = gradient.as_flattened().iter().position(|value| !value.is_finite()) {
            return Err(Error::Value { what: "gradients", index: flat / 4, value: gradient.as_flattened()[flat] });
        }
        let slope = self.target.slope(prediction);
        Ok(gradient.iter().map(|bases| bases.map(|value| slope * f64::from(value))).collect())
    }
}

fn check_values(what: &'static str, values: &[f32], expected: usize) -> Result<()> {
    if values.len() != expected {
        return Err(Error::Count { what, expected, found: values.len() });
    }
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(index) => Err(Error::Value { what, index, value: values[index] }),
    }
}
