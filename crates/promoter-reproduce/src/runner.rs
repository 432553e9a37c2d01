//! Runs what is missing and keeps what is finished.

mod clock;
mod hold;
mod one;
mod shared;

use std::path::PathBuf;
use std::time::Instant;

use promoter_train::Progress;
use tch::Device;

use self::clock::Clock;
pub use self::hold::Hold;
use self::one::{Done, Place};
pub use self::shared::work;
use crate::catalogue::Catalogue;
use crate::catalogue::reproduction::Reproduction;
use crate::data::Source;
use crate::measure::{self, Context, Floor, Leaderboard};
use crate::outcome::{self, Outcome, RunOutcome, SearchOutcome, Verdict};
use crate::plan::{self, Plan, Planned};
use crate::verdict::{self, comparison};
use crate::{Error, Scale, run as training};

/// File of the floor among the results.
pub(crate) const FLOOR: &str = "ranking.json";

/// How reproductions are run.
#[derive(Debug)]
pub struct Options {
    /// At which scale.
    pub scale: Scale,
    /// On which data.
    pub source: Source,
    /// Folder of the runs.
    pub runs: PathBuf,
    /// Folder of the results.
    pub results: PathBuf,
    /// Where networks are trained.
    pub device: Device,
}

/// What an observer is told.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A reproduction comes next: which one of how many.
    Reproduction {
        /// It.
        one: &'a Reproduction,
        /// From 0.
        number: usize,
        /// How many.
        of: usize,
        /// Seconds left, as far as can be told.
        left: f64,
    },
    /// A run of this name is trained: its progress.
    Training(&'a str, Progress<'a>),
    /// A run is finished, now or before.
    Run {
        /// Its outcome.
        outcome: &'a RunOutcome,
        /// Whether it was finished before.
        before: bool,
    },
    /// A reproduction is done, now or before.
    Done {
        /// What came out.
        outcome: &'a Outcome,
        /// Whether nothing had to be done.
        before: bool,
    },
    /// A run or a reproduction failed.
    Failed(&'a Error),
}

type Observer<'a> = &'a mut dyn FnMut(Event<'_>);

/// A reproduction with what it trains.
struct Task<'a> {
    one: &'a Reproduction,
    plan: Plan,
}

/// Runs what is missing of the selected reproductions. A failure of one does not keep the others from being run.
///
/// # Errors
/// [`Error::Failed`] at the end when something failed; at once when the disk is full or data cannot be read.
pub fn run(
    catalogue: &Catalogue,
    selected: &[&Reproduction],
    options: &Options,
    observe: Observer<'_>,
) -> Result<(), Error> {
    let leaderboard = Leaderboard::of(&options.source)?;
    let mut failures: Vec<String> = Vec::new();
    let mut tasks = Vec::new();
    for one in selected {
        match task(catalogue, one, options) {
            Ok(task) => tasks.push(task),
            Err(error) => {
                observe(Event::Failed(&error));
                failures.push(error.chain());
            }
        }
    }
    let mut runner = Runner::new(catalogue, options, leaderboard.as_ref());
    runner.expect(&tasks)?;
    for (number, task) in tasks.iter().enumerate() {
        observe(Event::Reproduction { one: task.one, number, of: tasks.len(), left: runner.clock.left() });
        match runner.reproduce(task, observe) {
            Ok(()) => {}
            Err(error) if error.is_full_disk() => return Err(error),
            Err(error) => {
                observe(Event::Failed(&error));
                failures.push(error.chain());
            }
        }
    }
    let count = failures.len();
    match failures.into_iter().next() {
        None => Ok(()),
        Some(first) => Err(Error::Failed { count, first }),
    }
}

fn task<'a>(catalogue: &Catalogue, one: &'a Reproduction, options: &Options) -> Result<Task<'a>, Error> {
    let Options { scale, source, runs, .. } = options;
    Ok(Task { one, plan: plan::plan(catalogue, one, *scale, source, &runs.join("runs"))? })
}

/// Reproductions that are run one after the other.
struct Runner<'a> {
    catalogue: &'a Catalogue,
    options: &'a Options,
    place: Place<'a>,
    clock: Clock,
}

impl<'a> Runner<'a> {
    fn new(catalogue: &'a Catalogue, options: &'a Options, leaderboard: Option<&'a Leaderboard>) -> Self {
        let Options { source, device, .. } = options;
        let place = Place { source, leaderboard, device: *device };
        Self { catalogue, options, place, clock: Clock::default() }
    }

    /// Starts the clock with what is not finished.
    fn expect(&mut self, tasks: &[Task<'_>]) -> Result<(), Error> {
        for Task { plan, .. } in tasks {
            for planned in &plan.runs {
                if one::finished(planned, self.place.leaderboard)?.is_none() {
                    self.clock.expect(&planned.key, planned.seconds);
                }
            }
            for search in &plan.searches {
                self.clock.expect(&search.key, search.seconds);
            }
        }
        Ok(())
    }

    fn reproduce(&mut self, task: &Task<'_>, observe: Observer<'_>) -> Result<(), Error> {
        let Task { one, plan } = task;
        let path = self.options.results.join(format!("{}.json", one.id));
        if let Some(outcome) = outcome::read_current::<Outcome>(&path, &plan.key)? {
            observe(Event::Done { outcome: &outcome, before: true });
            return self.floor(plan);
        }
        let mut runs: Vec<(Planned, RunOutcome)> = Vec::new();
        for planned in &plan.runs {
            let started = Instant::now();
            let Done { planned: settled, outcome, before } = self.obtain(planned, observe)?;
            self.clock.done(&planned.key, started.elapsed().as_secs_f64());
            observe(Event::Run { outcome: &outcome, before });
            self.write_predictions(&settled, &outcome)?;
            runs.push((settled, outcome));
        }
        let mut searches: Vec<SearchOutcome> = Vec::new();
        for planned in &plan.searches {
            let started = Instant::now();
            let mut progress = |progress: Progress<'_>| observe(Event::Training(&planned.name, progress));
            searches.push(training::search(planned, self.options.device, &mut progress)?);
            self.clock.done(&planned.key, started.elapsed().as_secs_f64());
        }
        let outcome = self.judge(one, &plan.key, runs, searches)?;
        outcome::write(&path, &outcome)?;
        observe(Event::Done { outcome: &outcome, before: false });
        self.floor(plan)
    }

    fn obtain(&self, planned: &Planned, observe: Observer<'_>) -> Result<Done, Error> {
        let mut progress = |progress: Progress<'_>| observe(Event::Training(&planned.name, progress));
        self.place.obtain(planned, &mut progress).map_err(|source| Error::Run {
            id: planned.id.clone(),
            run: planned.name.clone(),
            seed: planned.seed,
            source: Box::new(source),
        })
    }

    /// Measures, compares and judges what is trained.
    fn judge(
        &self,
        one: &Reproduction,
        key: &str,
        runs: Vec<(Planned, RunOutcome)>,
        searches: Vec<SearchOutcome>,
    ) -> Result<Outcome, Error> {
        let Place { source, leaderboard, device } = self.place;
        let context =
            Context { catalogue: self.catalogue, one, source, runs: &runs, searches: &searches, leaderboard, device };
        let mut outcome = Outcome {
            id: one.id.clone(),
            scale: self.options.scale,
            key: key.to_owned(),
            verdict: Verdict::NoClaim,
            because: String::new(),
            measures: Default::default(),
            runs: Vec::new(),
            searches: Vec::new(),
            comparisons: Vec::new(),
        };
        for asked in &one.measures {
            if let Some(measured) = measure::measure(asked, context)? {
                outcome.measures.insert(asked.name.clone(), measured);
            }
        }
        outcome.runs = runs.into_iter().map(|(_, outcome)| outcome).collect();
        outcome.searches = searches;
        let compare = |asked| comparison::compare(asked, &outcome.runs, outcome.scale, one.needs.as_deref());
        outcome.comparisons = one.comparisons.iter().map(compare).collect();
        (outcome.verdict, outcome.because) = verdict::verdict(one, &outcome);
        Ok(outcome)
    }

    /// A ranked network's predictions of every test sequence, among the results.
    fn write_predictions(&self, planned: &Planned, outcome: &RunOutcome) -> Result<(), Error> {
        let (Some(name), Some(leaderboard), None) = (&planned.ranked, self.place.leaderboard, &outcome.failure) else {
            return Ok(());
        };
        let path = self.options.results.join("predictions").join(format!("{}.json.gz", file_name(name)));
        leaderboard.write_predictions(&planned.folder, self.options.device, &path)
    }

    /// The floor of the ranking, once, when one of its systems is run on few rows.
    fn floor(&self, plan: &Plan) -> Result<(), Error> {
        let ranked = plan.runs.iter().find(|planned| planned.ranked.is_some());
        let (Some(planned), Some(leaderboard), Scale::Small) = (ranked, self.place.leaderboard, self.options.scale)
        else {
            return Ok(());
        };
        let (path, key) = (self.options.results.join(FLOOR), plan::floor_key(&self.options.source));
        match outcome::read_current::<Floor>(&path, &key)? {
            Some(_) => Ok(()),
            None => outcome::write(&path, &measure::floor(planned, leaderboard, &key)?),
        }
    }
}

/// A system's name as that of a file.
pub(crate) fn file_name(name: &str) -> String {
    name.to_lowercase().replace(|c: char| !c.is_alphanumeric(), "-")
}
