//! Simulated annealing.

use super::Search;
use super::state::State;
use crate::error::Result;

impl Search<'_> {
    /// The best sequence that any chain sees.
    pub(super) fn anneal(
        &mut self,
        first: &State,
        steps: usize,
        chains: usize,
        (hot, cold): (f64, f64),
    ) -> Result<State> {
        let mut draws = self.design.draws("design annealing", self.index);
        let mut best = State::of(first.sequence.clone(), first.outcome);
        let mut states = vec![best.clone(); chains];
        for step in 0..steps {
            let done = step as f64 / steps.saturating_sub(1).max(1) as f64;
            let temperature = hot * (cold / hot).powf(done);
            let mut proposed = Vec::with_capacity(chains);
            for (chain, state) in states.iter().enumerate() {
                let edit = self.draw_edit(&state.sequence, &mut draws);
                proposed.extend(edit.map(|edit| (chain, edit.apply(&state.sequence))));
            }
            let (chain, sequences): (Vec<usize>, Vec<Vec<u8>>) = proposed.into_iter().unzip();
            let outcomes = self.scorer.score(&sequences)?;
            for ((chain, sequence), outcome) in chain.into_iter().zip(sequences).zip(outcomes) {
                let cost = states[chain].outcome.score - outcome.score;
                // Drawn in any case, so that the draws of later steps do not depend on scores.
                if draws.uniform() < (-cost / temperature).exp() {
                    states[chain] = State::of(sequence, outcome);
                }
                if states[chain].outcome.score > best.outcome.score {
                    best = states[chain].clone();
                }
            }
            self.tell(best.outcome);
        }
        Ok(best)
    }
}
