//! A sequence on its way.

use std::cmp::Ordering;

use crate::edit::Edit;
use crate::outcome::Outcome;
use crate::trace::Step;

/// A sequence on its way.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) sequence: Vec<u8>,
    pub(super) outcome: Outcome,
    /// From the start to here; empty in methods that look for the sequence alone.
    pub(super) steps: Vec<Step>,
}

impl State {
    /// A sequence whose edits are not kept.
    pub(super) fn of(sequence: Vec<u8>, outcome: Outcome) -> Self {
        Self { sequence, outcome, steps: Vec::new() }
    }

    /// One edit further.
    pub(super) fn then(&self, edit: Edit, outcome: Outcome) -> Self {
        let mut next = Self { sequence: edit.apply(&self.sequence), outcome, steps: self.steps.clone() };
        next.steps.push(Step { edit, outcome, gain: outcome.score - self.outcome.score });
        next
    }
}

/// The better score first.
pub(super) fn better_first(a: Outcome, b: Outcome) -> Ordering {
    b.score.total_cmp(&a.score)
}

/// Index of the best score; the first of equals.
pub(super) fn best(outcomes: &[Outcome]) -> Option<usize> {
    (0..outcomes.len()).min_by(|&a, &b| better_first(outcomes[a], outcomes[b]))
}
