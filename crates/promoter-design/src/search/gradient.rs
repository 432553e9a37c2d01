//! Following the gradient by the bases.

use super::Search;
use super::state::State;
use crate::edit::Edit;
use crate::error::Result;

impl Search<'_> {
    /// The best sequence on the way up the gradient.
    pub(super) fn climb(&mut self, first: &State, steps: usize, rate: f64) -> Result<State> {
        let mut best = State::of(first.sequence.clone(), first.outcome);
        let mut current = best.clone();
        let one_hot = |&code: &u8| std::array::from_fn(|base| f64::from(base == usize::from(code)));
        let mut values: Vec<[f64; 4]> = first.sequence.iter().map(one_hot).collect();
        for _ in 0..steps {
            let mut gradient = self.scorer.gradient(&current.sequence, current.outcome.prediction)?;
            let Some(largest) = self.center(&current.sequence, &mut gradient) else { break };
            for (value, slope) in values.as_flattened_mut().iter_mut().zip(gradient.as_flattened()) {
                *value += rate * slope / largest;
            }
            let sequence = self.project(&first.sequence, &values);
            if sequence == current.sequence {
                continue;
            }
            let outcome = self.scorer.score_one(&sequence)?;
            current = State::of(sequence, outcome);
            if outcome.score > best.outcome.score {
                best = current.clone();
            }
            self.tell(best.outcome);
        }
        Ok(best)
    }

    /// Makes the gradient of each position relative to the base that stands there, and 0 where it is protected.
    /// Returns the largest absolute entry, unless all are 0.
    fn center(&self, sequence: &[u8], gradient: &mut [[f64; 4]]) -> Option<f64> {
        for ((bases, &code), &free) in gradient.iter_mut().zip(sequence).zip(&self.moves.free) {
            let own = bases[usize::from(code)];
            *bases = bases.map(|value| if free { value - own } else { 0.0 });
        }
        let largest = gradient.as_flattened().iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
        (largest > 0.0).then_some(largest)
    }

    /// `first` with the base of the largest value at each position, the clearest position first. What violates a
    /// constraint is left out.
    fn project(&self, first: &[u8], values: &[[f64; 4]]) -> Vec<u8> {
        let change = |(position, bases): (usize, &[f64; 4])| {
            let top = (1..4).fold(0, |top, base| if bases[base] > bases[top] { base } else { top });
            let margin = bases[top] - bases[usize::from(first[position])];
            (margin > 0.0).then_some((margin, position, top as u8))
        };
        let mut changes: Vec<_> = values.iter().enumerate().filter_map(change).collect();
        changes.sort_by(|a, b| b.0.total_cmp(&a.0)); // stable: of equals the first
        let mut sequence = first.to_vec();
        for (_, position, base) in changes {
            let edited = Edit::base(&sequence, position, base).apply(&sequence);
            if self.is_allowed(&edited) {
                sequence = edited;
            }
        }
        sequence
    }
}
