//! Taking back what brings nothing, and telling what the rest brings.

use super::Search;
use super::state::{State, best};
use crate::constraints::distance;
use crate::edit::Edit;
use crate::error::Result;
use crate::outcome::Outcome;

impl Search<'_> {
    /// The design of a method that looks for sequences alone: pruned, and with its edits in order. `before` is what is
    /// predicted of the start.
    pub(super) fn pruned(&mut self, before: Outcome, found: State) -> Result<State> {
        let pruned = self.prune(found)?;
        self.ordered(before, &pruned)
    }

    /// Takes edits back, the one that is missed least first, as long as each loses no more than `least_gain`.
    fn prune(&mut self, mut state: State) -> Result<State> {
        loop {
            let mut shorter = self.toward(&state.sequence, self.start);
            shorter.retain(|edit| self.is_allowed(&edit.apply(&state.sequence)));
            let sequences: Vec<Vec<u8>> = shorter.iter().map(|edit| edit.apply(&state.sequence)).collect();
            let outcomes = self.scorer.score(&sequences)?;
            let Some(chosen) = best(&outcomes) else { return Ok(state) };
            if state.outcome.score - outcomes[chosen].score > self.design.least_gain {
                return Ok(state);
            }
            state = State::of(shorter[chosen].apply(&state.sequence), outcomes[chosen]);
            self.tell(state.outcome);
        }
    }

    /// The way from the start to `design`, base by base, the one that brings most next.
    fn ordered(&mut self, before: Outcome, design: &State) -> Result<State> {
        let mut state = State::of(self.start.to_vec(), before);
        while distance(&state.sequence, &design.sequence) > 0 {
            let mut left = self.toward(&state.sequence, &design.sequence);
            let sequences: Vec<Vec<u8>> = left.iter().map(|edit| edit.apply(&state.sequence)).collect();
            let outcomes = self.scorer.score(&sequences)?;
            let Some(chosen) = best(&outcomes) else { break };
            state = state.then(left.swap_remove(chosen), outcomes[chosen]);
        }
        Ok(state)
    }

    /// The single bases that differ.
    fn toward(&self, from: &[u8], to: &[u8]) -> Vec<Edit> {
        let differ = |&position: &usize| from[position] != to[position];
        (0..from.len()).filter(differ).map(|position| Edit::base(from, position, to[position])).collect()
    }
}
