//! What a predictor says of one sequence.

/// A prediction, and how good it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// The prediction.
    pub prediction: f64,
    /// Standard deviation of an ensemble, where it was asked for.
    pub spread: Option<f64>,
    /// The target's score of the prediction, less the penalty on the spread. More is better.
    pub score: f64,
}
