//! Runs what is missing and keeps what is finished.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Instant;

use promoter_train::Progress;
use tch::Device;

use crate::comparison::{self, Done};
use crate::measure::Context;
use crate::outcome::{self, Outcome, RunOutcome, Verdict};
use crate::plan::{self, Planned};
use crate::reproduction::Reproduction;
use crate::score::Leaderboard;
use crate::{Catalogue, Error, Scale, Source, training, verdict};

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
    /// Version of the code.
    pub code: String,
    /// Whether what other code made is made again.
    pub rerun: bool,
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
    /// A run is trained: which one, and its progress.
    Training(&'a Planned, Progress<'a>),
    /// A run is finished, now or before.
    Run {
        /// Its outcome.
        outcome: &'a RunOutcome,
        /// Whether it was finished before.
        before: bool,
    },
    /// A reproduction is done, now or before.
    Done {
        /// It.
        one: &'a Reproduction,
        /// What came out.
        outcome: &'a Outcome,
        /// Whether nothing had to be done.
        before: bool,
        /// Whether other code made it.
        older: bool,
    },
    /// A run or a reproduction failed.
    Failed(&'a Error),
}

/// A hold on a folder; the system lets go when the process ends, however it does.
#[derive(Debug)]
pub struct Hold {
    _lock: File,
}

impl Hold {
    /// Takes a folder for this process.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Io`].
    pub fn take(folder: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
        let path = folder.join(".lock");
        let file = File::create(&path).map_err(Error::io(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _lock: file }),
            Err(TryLockError::WouldBlock) => Err(Error::Busy { path: folder.to_owned() }),
            Err(TryLockError::Error(source)) => Err(Error::Io { path, source }),
        }
    }
}

/// A reproduction with its runs.
struct Task<'a> {
    one: &'a Reproduction,
    runs: Vec<Planned>,
    key: String,
}

/// Runs what is missing of the selected reproductions. A failure of one does not keep the others from being run.
///
/// # Errors
/// [`Error::Failed`] at the end when something failed; at once when the disk is full or data cannot be read.
pub fn run(
    catalogue: &Catalogue,
    selected: &[&Reproduction],
    options: &Options,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<(), Error> {
    let leaderboard = Leaderboard::of(&options.source)?;
    let leaderboard = leaderboard.as_ref();
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
    let mut clock = Clock::new(&tasks, leaderboard)?;
    for (number, task) in tasks.iter().enumerate() {
        observe(Event::Reproduction { one: task.one, number, of: tasks.len(), left: clock.left() });
        match reproduce(catalogue, task, options, leaderboard, &mut clock, observe) {
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

/// Trains runs that are missing and that no other worker has taken, until there is none. Several processes may do so at
/// once; each run is trained by one.
///
/// # Errors
/// As [`run`].
pub fn work(
    catalogue: &Catalogue,
    selected: &[&Reproduction],
    options: &Options,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<(), Error> {
    let leaderboard = Leaderboard::of(&options.source)?;
    let leaderboard = leaderboard.as_ref();
    for one in selected {
        for planned in &task(catalogue, one, options)?.runs {
            let claim = options.runs.join("claims").join(&planned.key[..12]);
            let hold = match Hold::take(&claim) {
                Err(Error::Busy { .. }) => continue,
                other => other?,
            };
            // A run that starts from one of another worker's is left to who comes last.
            if training::finished(planned, leaderboard)?.is_none() && training::is_ready(planned) {
                match train(planned, options, leaderboard, observe) {
                    Ok(outcome) => observe(Event::Run { outcome: &outcome, before: false }),
                    Err(error) if error.is_full_disk() => return Err(error),
                    Err(error) => observe(Event::Failed(&error)),
                }
            }
            drop(hold);
        }
    }
    Ok(())
}

fn task<'a>(catalogue: &Catalogue, one: &'a Reproduction, options: &Options) -> Result<Task<'a>, Error> {
    let runs = plan::runs(catalogue, one, options.scale, &options.source, &options.runs.join("runs"))?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(one.hash.as_bytes());
    hasher.update(options.source.hash(crate::data::Rows::Challenge).as_bytes());
    for planned in &runs {
        hasher.update(planned.key.as_bytes());
    }
    Ok(Task { one, runs, key: hasher.finalize().to_hex().to_string() })
}

fn reproduce(
    catalogue: &Catalogue,
    task: &Task<'_>,
    options: &Options,
    leaderboard: Option<&Leaderboard>,
    clock: &mut Clock,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<(), Error> {
    let Task { one, runs, key } = task;
    let path = options.results.join(format!("{}.json", one.id));
    if let Some(outcome) = outcome::read::<Outcome>(&path)? {
        let older = outcome.code != options.code;
        if outcome.key == *key && !(older && options.rerun) {
            observe(Event::Done { one, outcome: &outcome, before: true, older });
            return Ok(());
        }
    }
    let mut outcomes = Vec::new();
    for planned in runs {
        let finished = training::finished(planned, leaderboard)?;
        let finished = match finished {
            Some(outcome) if options.rerun && outcome.code != options.code => {
                training::aside(&planned.folder)?;
                None
            }
            other => other,
        };
        let before = finished.is_some();
        let started = Instant::now();
        let outcome = match finished {
            Some(outcome) => outcome,
            None => train(planned, options, leaderboard, observe)?,
        };
        clock.done(planned, started.elapsed().as_secs_f64());
        observe(Event::Run { outcome: &outcome, before });
        outcomes.push(outcome);
    }
    let context = Context { catalogue, source: &options.source, runs, leaderboard, device: options.device };
    let mut outcome = Outcome {
        id: one.id.clone(),
        scale: options.scale,
        key: key.clone(),
        code: options.code.clone(),
        verdict: Verdict::NoClaim,
        because: String::new(),
        measures: Default::default(),
        runs: Vec::new(),
        comparisons: Vec::new(),
    };
    for measure in &one.measures {
        if let Some(measured) = measure.measure(context)? {
            outcome.measures.insert(measure.name.clone(), measured);
        }
    }
    let done: Vec<Done<'_>> = runs.iter().zip(&outcomes).collect();
    for compare in &one.comparisons {
        let mut compared = comparison::compare(compare, &done, options.scale, leaderboard, options.device)?;
        if options.scale == Scale::Smoke && compared.verdict != Verdict::NoClaim {
            // A few steps say nothing.
            compared.verdict = Verdict::Undecided;
        }
        outcome.comparisons.push(compared);
    }
    outcome.runs = outcomes;
    (outcome.verdict, outcome.because) = verdict::verdict(one, &outcome);
    outcome::write(&path, &outcome)?;
    observe(Event::Done { one, outcome: &outcome, before: false, older: false });
    Ok(())
}

fn train(
    planned: &Planned,
    options: &Options,
    leaderboard: Option<&Leaderboard>,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<RunOutcome, Error> {
    let mut progress = |progress: Progress<'_>| observe(Event::Training(planned, progress));
    let Options { source, device, code, .. } = options;
    training::train(planned, source, leaderboard, *device, code, &mut progress).map_err(|source| Error::Run {
        id: planned.id.clone(),
        run: planned.name.clone(),
        seed: planned.seed,
        source: Box::new(source),
    })
}

/// How long it will still take: what the runs are expected to take, times how much longer they took so far.
struct Clock {
    /// Keys of runs that are not finished, and what they are expected to take.
    left: Vec<(String, f64)>,
    expected: f64,
    took: f64,
}

/// Seconds of a run without a budget, and of evaluation beside the training.
const UNKNOWN: f64 = 5.0;

impl Clock {
    fn new(tasks: &[Task<'_>], leaderboard: Option<&Leaderboard>) -> Result<Self, Error> {
        let mut known = BTreeSet::new();
        let mut left = Vec::new();
        for planned in tasks.iter().flat_map(|task| &task.runs) {
            if known.insert(&planned.key) && training::finished(planned, leaderboard)?.is_none() {
                left.push((planned.key.clone(), planned.seconds.unwrap_or(0.0) + UNKNOWN));
            }
        }
        Ok(Self { left, expected: 0.0, took: 0.0 })
    }

    fn left(&self) -> f64 {
        let factor = if self.expected > 0.0 { self.took / self.expected } else { 1.0 };
        factor * self.left.iter().map(|(_, seconds)| seconds).sum::<f64>()
    }

    fn done(&mut self, planned: &Planned, took: f64) {
        if let Some(at) = self.left.iter().position(|(key, _)| *key == planned.key) {
            self.expected += self.left.remove(at).1;
            self.took += took;
        }
    }
}
