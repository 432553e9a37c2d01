//! Mending a start that violates constraints.

use super::state::{State, best};
use super::{Edit, Search};
use crate::constraints::Violation;
use crate::error::{Error, Result};

impl Search<'_> {
    /// Edits bases until all constraints are met: of those that mend most, the one with the best score.
    pub(super) fn repair(&mut self, mut state: State) -> Result<State> {
        let mut missing = self.missing(&state.sequence);
        while missing > 0 {
            let edits: Vec<(usize, Edit)> = self
                .moves
                .bases(&state.sequence)
                .into_iter()
                .map(|edit| (self.missing(&edit.apply(&state.sequence)), edit))
                .collect();
            let least = edits.iter().map(|&(left, _)| left).min().filter(|&left| left < missing);
            let Some(least) = least else { return Err(self.unmendable(&state.sequence)) };
            let mut edits: Vec<Edit> =
                edits.into_iter().filter(|&(left, _)| left == least).map(|(_, edit)| edit).collect();
            let sequences: Vec<Vec<u8>> = edits.iter().map(|edit| edit.apply(&state.sequence)).collect();
            let outcomes = self.scorer.score(&sequences)?;
            let Some(chosen) = best(&outcomes) else { return Err(self.unmendable(&state.sequence)) };
            state = state.then(edits.swap_remove(chosen), outcomes[chosen]);
            missing = least;
            self.tell(state.outcome);
        }
        Ok(state)
    }

    /// Least number of bases that must change to meet all constraints, were they independent.
    fn missing(&self, sequence: &[u8]) -> usize {
        self.constraints.check(self.start, sequence, self.others).iter().map(Violation::bases).sum()
    }

    fn unmendable(&self, sequence: &[u8]) -> Error {
        let violations = self.design.constraints.check(self.start, sequence, self.others);
        Error::Unmendable { brief: self.index, violations }
    }
}
