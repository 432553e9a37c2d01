//! One run with all that is wanted of it: trained or found finished, scored, chosen among candidates.

use std::path::{Path, PathBuf};

use promoter_train::Progress;
use tch::Device;

use crate::Error;
use crate::data::Source;
use crate::measure::{self, Leaderboard};
use crate::outcome::{self, Moment, RunOutcome};
use crate::plan::Planned;
use crate::run::{self, Moments};
use crate::value::Name;

/// File of a finished run; it is written last.
const FINISHED: &str = "outcome.json";
/// File of what was seen on the way.
const ON_THE_WAY: &str = "on_the_way.json";

/// Where runs get what they need.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) source: &'a Source,
    pub(super) leaderboard: Option<&'a Leaderboard>,
    pub(super) device: Device,
}

/// A run that is done: as it was started, what came out, and whether it was finished before.
pub(super) struct Done {
    pub(super) planned: Planned,
    pub(super) outcome: RunOutcome,
    pub(super) before: bool,
}

/// The outcome of a finished run; none when it is not finished.
pub(super) fn finished(planned: &Planned, leaderboard: Option<&Leaderboard>) -> Result<Option<RunOutcome>, Error> {
    let outcome: Option<RunOutcome> = outcome::read_current(&file(&planned.folder), &planned.key)?;
    let wants_score = planned.scored && leaderboard.is_some();
    let has_score = |one: &RunOutcome| one.values.contains_key(&Name::PublicPearsonScore);
    Ok(outcome
        .filter(|one| one.failure.is_some() || !wants_score || has_score(one))
        // The same run may have another name in another reproduction.
        .map(|one| RunOutcome { name: planned.name.clone(), ..one }))
}

fn file(folder: &Path) -> PathBuf {
    folder.join(FINISHED)
}

/// Whether the run whose weights it starts with is finished, if there is one.
pub(super) fn is_ready(planned: &Planned) -> bool {
    planned.start.as_ref().is_none_or(|start| file(start).is_file())
}

impl Place<'_> {
    /// Whether nothing is left to be trained for a run: where it is chosen, for all that it is chosen among.
    pub(super) fn is_finished(&self, planned: &Planned) -> Result<bool, Error> {
        if planned.choice.is_empty() {
            return Ok(finished(planned, self.leaderboard)?.is_some());
        }
        let mut tried: Vec<(f64, Option<f64>)> = Vec::new();
        for candidate in &planned.choice {
            let Some(trial) = finished(&candidate.trial, self.leaderboard)? else { return Ok(false) };
            tried.push((candidate.rate, trial.values.get(&Name::ValidationPearson).copied()));
        }
        self.is_finished(&planned.choice[choose(&tried).0].whole)
    }

    /// Trains what is not finished. A run with a choice is the candidate whose short trial has the highest r on the
    /// validation rows.
    pub(super) fn obtain(&self, planned: &Planned, observe: &mut dyn FnMut(Progress<'_>)) -> Result<Done, Error> {
        if planned.choice.is_empty() {
            let finished = finished(planned, self.leaderboard)?;
            let before = finished.is_some();
            let outcome = match finished {
                Some(outcome) => outcome,
                None => self.train(planned, observe)?,
            };
            return Ok(Done { planned: planned.clone(), outcome, before });
        }
        let mut tried: Vec<(f64, Option<f64>)> = Vec::new();
        for candidate in &planned.choice {
            let trial = self.obtain(&candidate.trial, observe)?;
            tried.push((candidate.rate, trial.outcome.values.get(&Name::ValidationPearson).copied()));
        }
        let (best, chosen) = choose(&tried);
        let mut done = self.obtain(&planned.choice[best].whole, observe)?;
        done.outcome.chosen = chosen;
        Ok(done)
    }

    fn train(&self, planned: &Planned, observe: &mut dyn FnMut(Progress<'_>)) -> Result<RunOutcome, Error> {
        // It may lack its score only.
        let trained: Option<RunOutcome> = outcome::read_current(&file(&planned.folder), &planned.key)?;
        let mut outcome = match trained {
            Some(outcome) => RunOutcome { name: planned.name.clone(), ..outcome },
            None => self.train_whole(planned, observe)?,
        };
        if let (true, None, Some(leaderboard)) = (planned.scored, &outcome.failure, self.leaderboard) {
            observe(Progress::Evaluating);
            measure::score(&mut outcome, &planned.folder, leaderboard, self.device)?;
        }
        outcome::write(&file(&planned.folder), &outcome)?;
        Ok(outcome)
    }

    fn train_whole(&self, planned: &Planned, observe: &mut dyn FnMut(Progress<'_>)) -> Result<RunOutcome, Error> {
        let seen_file = planned.folder.join(ON_THE_WAY);
        let seen: Vec<Moment> = outcome::read(&seen_file)?.unwrap_or_default();
        let steps = planned.experiment.training.steps.unwrap_or(0);
        let mut moments = Moments::new(&planned.evaluated_after, steps, seen);
        let ended = run::train(planned, self.device, observe, &mut |done, prepared, checkpoint| {
            let Some(leaderboard) = self.leaderboard.filter(|_| moments.is_due(done)) else { return Ok(()) };
            let moment = measure::moment(done, checkpoint, planned, prepared, leaderboard, self.device)?;
            moments.seen.push(moment);
            outcome::write(&seen_file, &moments.seen)
        })?;
        let outcome = measure::outcome(planned, self.source, &ended, self.device)?;
        Ok(RunOutcome { on_the_way: moments.seen, ..outcome })
    }
}

/// The place of the candidate with the highest r, and all of them in words.
fn choose(tried: &[(f64, Option<f64>)]) -> (usize, String) {
    let r = |at: usize| tried[at].1.unwrap_or(f64::NEG_INFINITY);
    let best = (0..tried.len()).fold(0, |best, at| if r(at) > r(best) { at } else { best });
    let each = |(rate, r): &(f64, Option<f64>)| match r {
        Some(r) => format!("{rate} (r {r:.3})"),
        None => format!("{rate} (broke down)"),
    };
    let all: Vec<String> = tried.iter().map(each).collect();
    (best, format!("rate {} of {}", tried[best].0, all.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_with_the_highest_r_is_chosen_and_one_that_broke_down_never_is() {
        let (best, chosen) = choose(&[(0.001, Some(0.3)), (0.003, Some(0.5)), (0.01, None)]);
        assert_eq!(best, 1);
        assert_eq!(chosen, "rate 0.003 of 0.001 (r 0.300), 0.003 (r 0.500), 0.01 (broke down)");
        assert_eq!(choose(&[(0.1, None), (0.01, Some(-0.2))]).0, 1);
    }
}
