//! An evolving population.

use std::collections::BTreeSet;

use promoter_encode::random::Stream;

use super::Search;
use super::state::{State, better_first};
use crate::error::Result;

impl Search<'_> {
    /// The best sequence of the last generation, which is the best of all.
    pub(super) fn evolve(&mut self, first: &State, population: usize, generations: usize) -> Result<State> {
        let mut draws = self.design.draws("design evolution", self.index);
        let mut best = State::of(first.sequence.clone(), first.outcome);
        let mut living = vec![best.clone()];
        for _ in 0..generations {
            let mut seen: BTreeSet<Vec<u8>> = living.iter().map(|state| state.sequence.clone()).collect();
            let mut children = Vec::with_capacity(population);
            for _ in 0..population {
                let child = self.child(&living, &mut draws);
                if seen.insert(child.clone()) {
                    children.push(child);
                }
            }
            let outcomes = self.scorer.score(&children)?;
            living.extend(children.into_iter().zip(outcomes).map(|(sequence, outcome)| State::of(sequence, outcome)));
            living.sort_by(|a, b| better_first(a.outcome, b.outcome)); // stable: of equals the older
            living.truncate(population);
            best = living[0].clone();
            self.tell(best.outcome);
        }
        Ok(best)
    }

    /// The first parent, with a stretch of the second and one random edit. What violates a constraint is left out.
    fn child(&self, living: &[State], draws: &mut Stream) -> Vec<u8> {
        let mut child = parent(living, draws).sequence.clone();
        let other = &parent(living, draws).sequence;
        let mut end = || draws.below(child.len() as u64 + 1) as usize;
        let mut ends = [end(), end()];
        ends.sort_unstable();
        let mut crossed = child.clone();
        crossed[ends[0]..ends[1]].copy_from_slice(&other[ends[0]..ends[1]]);
        if self.is_allowed(&crossed) {
            child = crossed;
        }
        match self.draw_edit(&child, draws) {
            Some(edit) => edit.apply(&child),
            None => child,
        }
    }
}

/// The better of two drawn at random; `living` is ordered, best first.
fn parent<'a>(living: &'a [State], draws: &mut Stream) -> &'a State {
    let mut drawn = || draws.below(living.len() as u64) as usize;
    &living[drawn().min(drawn())]
}
