//! What can be explained: anything that predicts a number for a sequence.

use promoter_encode::base;

use crate::error::Failure;
use crate::{Ensemble, Error, Result};

/// Sequences that are made and handed over at once.
const BATCH: usize = 1024;

/// A model that predicts a number from a sequence of base codes ([`promoter_encode::base`]).
///
/// Closures are predictors, and so is every network with a few lines around it. A predictor cuts the list as its memory
/// needs: this crate hands over at most 1024 sequences at once, a search for designs all edits of a round. The same
/// sequence should get the same prediction in every list. Where it differs by rounding, as with a network that sums in
/// another order in another batch, effects and gains have that error.
///
/// ```
/// use promoter_explain::{Effects, Failure, Predict};
/// // The share of G and C.
/// let mut gc = |sequences: &[Vec<u8>]| -> Result<Vec<f32>, Failure> {
///     let share = |codes: &Vec<u8>| {
///         codes.iter().filter(|&&code| code == 1 || code == 2).count() as f32 / codes.len() as f32
///     };
///     Ok(sequences.iter().map(share).collect())
/// };
/// let effects = Effects::of(&mut gc, &[[0, 1]])?; // AC
/// assert_eq!(effects[0].changes, [[0.0, 0.5, 0.5, 0.0], [-0.5, 0.0, 0.0, -0.5]]);
///
/// struct Adenines;
/// impl Predict for Adenines {
///     fn predict(&mut self, sequences: &[Vec<u8>]) -> Result<Vec<f32>, Failure> {
///         Ok(sequences.iter().map(|codes| codes.iter().filter(|&&code| code == 0).count() as f32).collect())
///     }
/// }
/// assert_eq!(Effects::of(&mut Adenines, &[[0, 1]])?[0].prediction, 1.0);
/// # Ok::<(), promoter_explain::Error>(())
/// ```
pub trait Predict {
    /// One prediction for each sequence, in their order.
    ///
    /// # Errors
    /// Whatever keeps the predictor from predicting.
    fn predict(&mut self, sequences: &[Vec<u8>]) -> Result<Vec<f32>, Failure>;

    /// The predictions, as [`Predict::predict`] gives them, with their spread. `None`, the default, means that the
    /// model is not an ensemble.
    ///
    /// # Errors
    /// Whatever keeps the predictor from predicting.
    fn predict_with_spread(&mut self, sequences: &[Vec<u8>]) -> Result<Option<Ensemble>, Failure> {
        let _ = sequences;
        Ok(None)
    }

    /// The derivative of the prediction by the one-hot encoding of `sequence`. As each position has one base, only the
    /// differences within a position have a meaning. `None`, the default, means that there are no gradients.
    ///
    /// # Shapes
    /// `(length, 4)`: A, C, G, T.
    ///
    /// # Errors
    /// Whatever keeps the predictor from computing it.
    fn gradient(&mut self, sequence: &[u8]) -> Result<Option<Vec<[f32; 4]>>, Failure> {
        let _ = sequence;
        Ok(None)
    }
}

impl<F> Predict for F
where
    F: FnMut(&[Vec<u8>]) -> Result<Vec<f32>, Failure>,
{
    fn predict(&mut self, sequences: &[Vec<u8>]) -> Result<Vec<f32>, Failure> {
        self(sequences)
    }
}

/// Predictions of sequences that are made when a batch needs them.
pub(crate) fn predictions<P: Predict + ?Sized>(
    predictor: &mut P,
    sequences: impl IntoIterator<Item = Vec<u8>>,
) -> Result<Vec<f32>> {
    let mut sequences = sequences.into_iter();
    let mut all = Vec::new();
    loop {
        let batch: Vec<Vec<u8>> = sequences.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return Ok(all);
        }
        let predicted = predictor.predict(&batch).map_err(|source| Error::Predictor { source })?;
        if predicted.len() != batch.len() {
            return Err(Error::Predictions { expected: batch.len(), found: predicted.len() });
        }
        for (codes, &value) in batch.iter().zip(&predicted) {
            if !value.is_finite() {
                let sequence = codes.iter().map(|&code| char::from(base::to_ascii(code))).collect();
                return Err(Error::NotFinite { sequence, value });
            }
        }
        all.extend(predicted);
    }
}
