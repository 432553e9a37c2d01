//! The search for one design: what all methods share.

mod annealing;
mod beam;
mod evolution;
mod gradient;
mod prune;
mod repair;
mod scorer;
mod state;

use promoter_encode::random::Stream;
use promoter_explain::Predict;

use crate::brief::Brief;
use crate::constraints::Constraints;
use crate::design::Design;
use crate::edit::Edit;
use crate::error::Result;
use crate::method::Method;
use crate::moves::Moves;
use crate::outcome::Outcome;
use crate::trace::Trace;
use scorer::Scorer;
use state::State;

/// Random edits that are tried where one violates a constraint, before the sequence is left as it is.
const TRIES: usize = 20;

/// What all methods share.
struct Search<'a> {
    design: &'a Design,
    index: usize,
    start: &'a [u8],
    /// Those that sequences near the start can violate.
    constraints: Constraints,
    /// Designs made before.
    others: &'a [Vec<u8>],
    moves: Moves,
    scorer: Scorer<'a>,
    report: &'a mut dyn FnMut(u64, Outcome),
}

/// Makes the design of one brief, which has the number `index`.
pub(crate) fn run(
    design: &Design,
    predictor: &mut dyn Predict,
    (index, brief): (usize, &Brief),
    others: &[Vec<u8>],
    report: &mut dyn FnMut(u64, Outcome),
) -> Result<Trace> {
    let free = design.constraints.free(brief.start.len());
    let mut search = Search {
        design,
        index,
        start: &brief.start,
        constraints: design.constraints.near(&brief.start),
        others,
        moves: Moves::new(free, &design.inserts, &mut design.draws("design motif samples", index)),
        scorer: Scorer { predictor, target: brief.target, spread_weight: design.spread_weight, predictions: 0 },
        report,
    };
    let before = search.scorer.score_one(&brief.start)?;
    let start = State { sequence: brief.start.clone(), outcome: before, steps: Vec::new() };
    let mended = search.repair(start)?;
    let found = match design.method {
        Method::Greedy => search.beam(mended, 1)?,
        Method::Beam { width } => search.beam(mended, width)?,
        Method::Annealing { steps, chains, hot, cold } => {
            let best = search.anneal(&mended, steps, chains, (hot, cold))?;
            search.pruned(before, best)?
        }
        Method::Evolution { population, generations } => {
            let best = search.evolve(&mended, population, generations)?;
            search.pruned(before, best)?
        }
        Method::Gradient { steps, rate } => {
            let best = search.climb(&mended, steps, rate)?;
            search.pruned(before, best)?
        }
    };
    Ok(Trace {
        target: brief.target,
        start: brief.start.clone(),
        before,
        steps: found.steps,
        sequence: found.sequence,
        after: found.outcome,
        predictions: search.scorer.predictions,
    })
}

impl Search<'_> {
    fn is_allowed(&self, sequence: &[u8]) -> bool {
        self.constraints.check(self.start, sequence, self.others).is_empty()
    }

    /// A random edit that is allowed; nothing after 20 that are not.
    fn draw_edit(&self, sequence: &[u8], draws: &mut Stream) -> Option<Edit> {
        let mut edits = (0..TRIES).filter_map(|_| self.moves.draw(sequence, draws));
        edits.find(|edit| self.is_allowed(&edit.apply(sequence)))
    }

    /// Tells how far the search is.
    fn tell(&mut self, best: Outcome) {
        (self.report)(self.scorer.predictions, best);
    }
}
