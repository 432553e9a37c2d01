//! What can be explained: anything that predicts a number for a sequence.

use promoter_encode::base;

use crate::error::Failure;
use crate::{Error, Result};

/// Sequences that are handed over at once, unless a predictor says otherwise.
const BATCH: usize = 1024;

/// Predicts a number for each sequence. Closures do, and so does every network with a few lines around it.
///
/// ```
/// use promoter_explain::{Effects, Failure};
/// // The share of G and C.
/// let mut gc = |sequences: &[Vec<u8>]| -> Result<Vec<f32>, Failure> {
///     let share = |codes: &Vec<u8>| {
///         codes.iter().filter(|&&code| code == 1 || code == 2).count() as f32 / codes.len() as f32
///     };
///     Ok(sequences.iter().map(share).collect())
/// };
/// let effects = Effects::of(&mut gc, &[[0, 1]])?; // AC
/// assert_eq!(effects[0].changes, [[0.0, 0.5, 0.5, 0.0], [-0.5, 0.0, 0.0, -0.5]]);
/// # Ok::<(), promoter_explain::Error>(())
/// ```
pub trait Predict {
    /// One prediction for each sequence, in their order.
    ///
    /// # Shapes
    /// Sequences are base codes ([`promoter_encode::base`]); at most [`batch`](Self::batch) of them.
    ///
    /// # Errors
    /// Whatever keeps the predictor from predicting.
    fn predict(&mut self, sequences: &[Vec<u8>]) -> Result<Vec<f32>, Failure>;

    /// Sequences that may be handed over at once, which bounds the memory; 0 counts as 1. Default: 1024.
    fn batch(&self) -> usize {
        BATCH
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
    let size = predictor.batch().max(1);
    let mut sequences = sequences.into_iter();
    let mut all = Vec::new();
    loop {
        let batch: Vec<Vec<u8>> = sequences.by_ref().take(size).collect();
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
