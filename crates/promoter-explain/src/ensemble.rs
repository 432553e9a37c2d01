//! What the models of an ensemble say together.

/// What the models of an ensemble say of a batch of sequences.
///
/// # Shapes
/// Both have one value per sequence.
#[derive(Debug, Clone, PartialEq)]
pub struct Ensemble {
    /// Predictions, as of the ensemble as a whole.
    pub predictions: Vec<f32>,
    /// How far the models lie apart: their standard deviation, in the predictions' unit.
    pub spreads: Vec<f32>,
}
