//! Several processes that share what is to be run.

use std::collections::BTreeSet;
use std::path::PathBuf;

use promoter_train::share::{Claim, Claims};

use super::{Event, Observer, Options, Runner, Task, one, task};
use crate::Error;
use crate::catalogue::Catalogue;
use crate::catalogue::reproduction::Reproduction;
use crate::measure::Leaderboard;
use crate::outcome::{self, Outcome};
use crate::plan::Planned;

/// Runs what is missing of the selected reproductions and what no other task has taken, until nothing is missing: each
/// run is trained by one task, and each reproduction is measured and judged by one. A failure does not keep the others
/// from being run.
///
/// # Errors
/// [`Error::Failed`] at the end when something failed; at once when the disk is full or data cannot be read.
pub fn work(
    catalogue: &Catalogue,
    selected: &[&Reproduction],
    options: &Options,
    claims: &mut Claims,
    observe: Observer<'_>,
) -> Result<(), Error> {
    let leaderboard = Leaderboard::of(&options.source)?;
    let runner = Runner::new(catalogue, options, leaderboard.as_ref());
    let tasks = selected.iter().map(|one| task(catalogue, one, options)).collect::<Result<Vec<_>, _>>()?;
    let mut worker = Worker { runner, claims, failed: BTreeSet::new(), failures: Vec::new() };
    let mut open: Vec<&Task<'_>> = worker.claims.task().share.own_first(&tasks);
    loop {
        let mut found = Found { moved: false, waits: false };
        let mut left = Vec::new();
        for task in open {
            let now = worker.reproduce(task, observe)?;
            found.moved |= now.moved;
            if now.waits {
                left.push(task);
            }
        }
        if left.is_empty() {
            break;
        }
        if !found.moved {
            std::thread::sleep(worker.claims.beat());
        }
        open = left;
    }
    let count = worker.failures.len();
    match worker.failures.into_iter().next() {
        None => Ok(()),
        Some(first) => Err(Error::Failed { count, first }),
    }
}

/// What came of a look at a piece of work.
struct Found {
    /// Something was done.
    moved: bool,
    /// Something is left, which another task has or which has to wait for what another task has.
    waits: bool,
}

impl Found {
    const NOTHING: Self = Self { moved: false, waits: false };
    const MOVED: Self = Self { moved: true, waits: false };
    const WAITS: Self = Self { moved: false, waits: true };
}

/// This process among those that share the work.
struct Worker<'a, 'c> {
    runner: Runner<'a>,
    claims: &'c mut Claims,
    /// Folders of the runs and files of the results that failed here: they are not tried again.
    failed: BTreeSet<PathBuf>,
    failures: Vec<String>,
}

impl Worker<'_, '_> {
    fn reproduce(&mut self, task: &Task<'_>, observe: Observer<'_>) -> Result<Found, Error> {
        let Task { one, plan } = task;
        let result = self.runner.options.results.join(format!("{}.json", one.id));
        if self.failed.contains(&result) || outcome::read_current::<Outcome>(&result, &plan.key)?.is_some() {
            return Ok(Found::NOTHING);
        }
        let mut all = Found::NOTHING;
        for planned in &plan.runs {
            let found = self.run(planned, observe)?;
            all.moved |= found.moved;
            all.waits |= found.waits;
        }
        if all.waits {
            return Ok(all);
        }
        if plan.runs.iter().any(|planned| self.failed.contains(&planned.folder)) {
            self.failed.insert(result);
            return Ok(all);
        }
        let Some(_claim) = self.take(&one.id)? else { return Ok(Found { waits: true, ..all }) };
        // It looks first whether another task has done it.
        if let Err(error) = self.runner.reproduce(task, &mut |_| {}) {
            self.fail(result, error, observe)?;
        }
        Ok(Found::MOVED)
    }

    fn run(&mut self, planned: &Planned, observe: Observer<'_>) -> Result<Found, Error> {
        if planned.start.as_ref().is_some_and(|start| self.failed.contains(start)) {
            self.failed.insert(planned.folder.clone());
        }
        if self.failed.contains(&planned.folder) || self.runner.place.is_finished(planned)? {
            return Ok(Found::NOTHING);
        }
        if !one::is_ready(planned) {
            return Ok(Found::WAITS);
        }
        let Some(_claim) = self.take(&planned.key[..12])? else { return Ok(Found::WAITS) };
        match self.runner.obtain(planned, observe) {
            Ok(done) => observe(Event::Run { outcome: &done.outcome, before: done.before }),
            // Its holder lives after all: it is given back.
            Err(error) if error.is_busy() => return Ok(Found::WAITS),
            Err(error) => self.fail(planned.folder.clone(), error, observe)?,
        }
        Ok(Found::MOVED)
    }

    fn take(&mut self, name: &str) -> Result<Option<Claim>, Error> {
        self.claims.take(name).map_err(Error::io(&self.runner.options.runs))
    }

    /// A full disk ends everything; any other failure only what failed.
    fn fail(&mut self, what: PathBuf, error: Error, observe: Observer<'_>) -> Result<(), Error> {
        if error.is_full_disk() {
            return Err(error);
        }
        observe(Event::Failed(&error));
        self.failures.push(error.chain());
        self.failed.insert(what);
        Ok(())
    }
}
