//! How a design came about.

use crate::brief::Target;
use crate::edit::Edit;
use crate::outcome::Outcome;

/// One edit, and what it brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The edit.
    pub edit: Edit,
    /// What the predictor says of the sequence that has this edit and all before it.
    pub outcome: Outcome,
    /// Score gained by it; below 0 for an edit that only serves a constraint.
    pub gain: f64,
}

/// A design, and how it came about.
///
/// Applying the edits in their order to `start` gives `sequence`. Greedy and beam search give the edits as they were
/// made, after those that made the start meet the constraints. The other methods give single bases, ordered so that
/// each is the one that brings most next; sequences on that way may violate constraints, the design does not.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// Where it should go.
    pub target: Target,
    /// The start, as base codes.
    pub start: Vec<u8>,
    /// What the predictor says of the start.
    pub before: Outcome,
    /// Each edit.
    pub steps: Vec<Step>,
    /// The design, as base codes.
    pub sequence: Vec<u8>,
    /// What the predictor says of it.
    pub after: Outcome,
    /// Sequences that were predicted for it.
    pub predictions: u64,
}
