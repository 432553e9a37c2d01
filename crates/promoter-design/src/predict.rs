//! What a design asks a model.

use crate::ensemble::Ensemble;

/// Why a predictor failed.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A model that predicts a number from a sequence of base codes.
///
/// Batches hold all edits of a round, often thousands of sequences: a predictor cuts them as its memory needs. The same
/// sequence must get the same prediction in every batch, else designs depend on more than the seed.
///
/// ```
/// use promoter_design::{Failure, Predict};
/// struct Adenines;
/// impl Predict for Adenines {
///     fn predict(&mut self, sequences: &[Vec<u8>]) -> Result<Vec<f32>, Failure> {
///         Ok(sequences.iter().map(|codes| codes.iter().filter(|&&code| code == 0).count() as f32).collect())
///     }
/// }
/// assert_eq!(Adenines.predict(&[vec![0, 0, 3]]).unwrap(), [2.0]);
/// ```
pub trait Predict {
    /// The prediction of each sequence.
    ///
    /// # Errors
    /// Whatever the model fails with.
    fn predict(&mut self, sequences: &[Vec<u8>]) -> Result<Vec<f32>, Failure>;

    /// The predictions, as [`Predict::predict`] gives them, with their spread. `None`, the default, means that the
    /// model is not an ensemble.
    ///
    /// # Errors
    /// Whatever the model fails with.
    fn predict_with_spread(&mut self, sequences: &[Vec<u8>]) -> Result<Option<Ensemble>, Failure> {
        let _ = sequences;
        Ok(None)
    }

    /// The derivative of the prediction by the one-hot encoding of `sequence`. `None`, the default, means that there
    /// are no gradients.
    ///
    /// # Shapes
    /// `(length, 4)`: A, C, G, T.
    ///
    /// # Errors
    /// Whatever the model fails with.
    fn gradient(&mut self, sequence: &[u8]) -> Result<Option<Vec<[f32; 4]>>, Failure> {
        let _ = sequence;
        Ok(None)
    }
}

impl<P: Predict + ?Sized> Predict for &mut P {
    fn predict(&mut self, sequences: &[Vec<u8>]) -> Result<Vec<f32>, Failure> {
        (**self).predict(sequences)
    }

    fn predict_with_spread(&mut self, sequences: &[Vec<u8>]) -> Result<Option<Ensemble>, Failure> {
        (**self).predict_with_spread(sequences)
    }

    fn gradient(&mut self, sequence: &[u8]) -> Result<Option<Vec<[f32; 4]>>, Failure> {
        (**self).gradient(sequence)
    }
}
