//! Greedy and beam search.

use std::collections::BTreeSet;

use super::state::{State, better_first};
use super::{Edit, Search};
use crate::error::Result;

impl Search<'_> {
    /// The best that editing the `width` best sequences again and again gives.
    pub(super) fn beam(&mut self, first: State, width: usize) -> Result<State> {
        let mut best = first.clone();
        let mut beam = vec![first];
        loop {
            beam = self.children(&beam, width)?;
            let Some(top) = beam.first() else { return Ok(best) };
            if top.outcome.score - best.outcome.score <= self.design.least_gain {
                return Ok(best);
            }
            best = top.clone();
            self.tell(best.outcome);
        }
    }

    /// The `width` best sequences that are one edit away from a parent, best first; of equals the first.
    fn children(&mut self, parents: &[State], width: usize) -> Result<Vec<State>> {
        let mut seen: BTreeSet<Vec<u8>> = parents.iter().map(|parent| parent.sequence.clone()).collect();
        let mut edits: Vec<(usize, Edit)> = Vec::new();
        let mut sequences = Vec::new();
        for (parent, state) in parents.iter().enumerate() {
            for edit in self.moves.all(&state.sequence) {
                let sequence = edit.apply(&state.sequence);
                if !seen.contains(&sequence) && self.is_allowed(&sequence) {
                    seen.insert(sequence.clone());
                    sequences.push(sequence);
                    edits.push((parent, edit));
                }
            }
        }
        let outcomes = self.scorer.score(&sequences)?;
        let mut children: Vec<_> = edits.into_iter().zip(outcomes).collect();
        children.sort_by(|(_, a), (_, b)| better_first(*a, *b)); // stable: of equals the first
        children.truncate(width);
        Ok(children.into_iter().map(|((parent, edit), outcome)| parents[parent].then(edit, outcome)).collect())
    }
}
