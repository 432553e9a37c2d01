//! The folder of a search.
//!
//! | file | what |
//! |---|---|
//! | `search.toml` | the search with its experiment |
//! | `trials/000/` .. | the run of each trial |
//! | `done/000.0.json` .. | a trial that has come to the end of a round |
//! | `claims/000.0.0` .. | which process has taken a trial, where several search |
//! | `trials.json` | trials that are done, the best first |
//! | `trials.txt` | the same for people |

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::share::Task;
use promoter_encode::file::{remove_leftovers, write_whole};
use promoter_metrics::Metric;
use tch::Device;

use super::done::{Done, Job};
use super::hold::Hold;
use super::{Ranking, Search, Trial};
use crate::setting::Setting;
use crate::{EpochRecord, Error, Experiment, Prepared, Session, session};

/// The search with its experiment.
pub(super) const SEARCH: &str = "search.toml";

/// A search's folder, in which this process searches.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    search: Search,
    done: Done,
    hold: Hold,
    stop: Arc<AtomicBool>,
}

/// What a caller is told while a search goes on.
#[derive(Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// A trial starts, or goes on.
    Start {
        /// Its number, from 0.
        trial: u64,
        /// What it tries.
        settings: &'a [Setting],
    },
    /// It trains.
    Training(session::Progress<'a>),
    /// It is done, or has come to the end of a round of a halving.
    End(&'a Trial),
}

impl Folder {
    /// Starts a search in a new folder, or takes up the same search in its folder, which nobody else may use meanwhile.
    ///
    /// # Errors
    /// [`Error::Exists`] for any other folder, [`Error::OtherSearch`] for one of another search,
    /// [`Error::Busy`] when another process searches in it; [`Error::Io`], and those of [`Search::check`].
    pub fn open(path: &Path, search: &Search) -> Result<Self, Error> {
        Self::of(path, search, None)
    }

    /// Starts a search in a new folder, or takes part in the same search in its folder, beside other tasks.
    ///
    /// # Errors
    /// As [`open`](Self::open); [`Error::Busy`] when a process has the folder for itself.
    pub fn join(path: &Path, search: &Search, task: &Task) -> Result<Self, Error> {
        Self::of(path, search, Some(task))
    }

    fn of(path: &Path, search: &Search, task: Option<&Task>) -> Result<Self, Error> {
        search.check()?;
        if path.symlink_metadata().is_err() {
            create(path, search, task)?;
        }
        let file = path.join(SEARCH);
        if !file.is_file() {
            return Err(Error::Exists { path: path.to_owned() });
        }
        let hold = Hold::take(path, task)?;
        if let Some(differences) = differences(&Search::read(&file)?, search) {
            return Err(Error::OtherSearch { path: path.to_owned(), differences });
        }
        let done = Done::open(path)?;
        Ok(Self { path: path.to_owned(), search: search.clone(), done, hold, stop: Arc::default() })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of a trial's run.
    pub fn trial(&self, trial: u64) -> PathBuf {
        self.path.join("trials").join(format!("{trial:03}"))
    }

    /// The trials that are done, or have come to the end of a round, as far as this process knows.
    pub fn ranking(&self) -> Ranking {
        self.done.ranking(&self.search)
    }

    /// Ranks the trials in the folder of a search that may still go on, and writes the ranking there.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Search`], [`Error::Json`].
    pub fn rank(path: &Path) -> Result<Ranking, Error> {
        let ranking = Done::open(path)?.ranking(&Search::read(&path.join(SEARCH))?);
        write_ranking(path, &ranking)?;
        Ok(ranking)
    }

    /// Whether a folder is that of a search.
    pub fn is_one(path: &Path) -> bool {
        path.join(SEARCH).is_file()
    }

    /// A flag that stops the search when it is set, as [`Session::stop_flag`] does for a run.
    pub fn stop_flag(&self) -> Arc<AtomicBool> {
        self.stop.clone()
    }

    /// Runs the trials that are not done. A trial that was stopped goes on from its last checkpoint. Of several tasks
    /// each takes the trials that no other one has, and waits at the end for those of the others, in case they die.
    ///
    /// A trial that diverges, or whose predictions have no metric in any epoch, fails and is ranked
    /// last; the search goes on.
    ///
    /// # Errors
    /// [`Error::SearchStopped`]; those of [`Session::start_on`], [`Session::resume_on`] and [`Session::train`].
    pub fn run(&mut self, device: Device, observe: &mut dyn FnMut(Progress<'_>)) -> Result<Ranking, Error> {
        let mut rows: Option<(Experiment, Prepared)> = None;
        loop {
            self.done.look()?;
            let open = self.done.open_jobs(&self.search)?;
            if open.is_empty() {
                break;
            }
            let mut moved = false;
            for job in self.hold.order(open) {
                if self.stop.load(Ordering::Relaxed) {
                    return Err(Error::SearchStopped);
                }
                moved |= self.take(job, &mut rows, device, observe)?;
            }
            if !moved {
                self.hold.wait(&self.stop);
            }
        }
        let ranking = self.ranking();
        write_ranking(&self.path, &ranking)?;
        Ok(ranking)
    }

    /// Does a job unless another process has it; returns whether there is something new.
    fn take(
        &mut self,
        job: Job,
        rows: &mut Option<(Experiment, Prepared)>,
        device: Device,
        observe: &mut dyn FnMut(Progress<'_>),
    ) -> Result<bool, Error> {
        let Some(claim) = self.hold.claim(&job.to_string())? else { return Ok(false) };
        // Another one may have done it since the last look.
        if self.done.has(job)? {
            return Ok(true);
        }
        let experiment = self.search.experiment(job.trial)?;
        let prepared = match rows.take().filter(|(before, _)| has_the_same_rows(before, &experiment)) {
            Some((_, prepared)) => prepared,
            None => Prepared::read(&experiment)?,
        };
        let (_, prepared) = rows.insert((experiment.clone(), prepared));
        let settings = self.search.settings(job.trial);
        let mut session = match self.open_trial(job.trial, experiment, prepared.clone(), device) {
            // Its holder lives after all: it is given back.
            Err(Error::Busy { .. }) if self.hold.is_shared() => return Ok(false),
            other => other?,
        };
        observe(Progress::Start { trial: job.trial, settings: &settings });
        let outcome = self.train(&mut session, job, &|| claim.holds(), observe)?;
        if !claim.holds() {
            return Ok(false);
        }
        let trial = self.trial_of(job, settings, session.records(), outcome)?;
        self.done.add(job, &trial)?;
        drop(claim);
        self.done.look()?;
        write_ranking(&self.path, &self.ranking())?;
        observe(Progress::End(&trial));
        Ok(true)
    }

    /// Trains to the end of the job's round; returns what went wrong with the trial.
    fn train(
        &self,
        session: &mut Session,
        job: Job,
        holds: &dyn Fn() -> bool,
        observe: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Option<Error>, Error> {
        let until = self.search.rounds()?.get(job.round).and_then(|round| round.epochs).unwrap_or(u64::MAX);
        if session.records().len() as u64 >= until {
            return Ok(None);
        }
        let stop = session.stop_flag();
        let trained = session.train(&mut |progress| {
            if self.stop.load(Ordering::Relaxed) || !holds() || is_last_step(&progress, until) {
                stop.store(true, Ordering::Relaxed);
            }
            observe(Progress::Training(progress));
        });
        match trained {
            Ok(_) => Ok(None),
            Err(Error::Stopped) if session.records().len() as u64 >= until || !holds() => Ok(None),
            Err(Error::Stopped) => Err(Error::SearchStopped),
            Err(error) => Ok(Some(error)),
        }
    }

    /// A trial that has ended; an error that is not of the values that were tried comes back.
    fn trial_of(
        &self,
        Job { trial, round }: Job,
        settings: Vec<Setting>,
        records: &[EpochRecord],
        error: Option<Error>,
    ) -> Result<Trial, Error> {
        let (best, failure) = match error {
            None => (records.iter().rev().find(|record| record.best), None),
            Some(error) if is_of_the_trial(&error) => (None, Some(error.to_string())),
            Some(error) => return Err(error),
        };
        let value = best.and_then(|record| self.value(record));
        let nothing = || format!("{} does not exist for the predictions of the best epoch", self.search.metric);
        Ok(Trial {
            trial,
            settings: settings.into_iter().map(|Setting { key, value }| (key, value)).collect(),
            value,
            best_epoch: best.map(|record| record.epoch),
            epochs: records.len() as u64,
            round,
            failure: failure.or_else(|| value.is_none().then(nothing)),
        })
    }

    /// The run of a trial, new or as it was left.
    fn open_trial(
        &self,
        trial: u64,
        experiment: Experiment,
        prepared: Prepared,
        device: Device,
    ) -> Result<Session, Error> {
        let path = self.trial(trial);
        if !path.exists() {
            return Session::start_on(prepared, experiment, &path, device);
        }
        let session = Session::resume_on(prepared, &path, device)?;
        if !experiment.is_that_of(session.experiment()) {
            let differences = format!("trial {trial} was of another experiment");
            return Err(Error::OtherSearch { path: self.path.clone(), differences });
        }
        Ok(session)
    }

    fn value(&self, record: &EpochRecord) -> Option<f64> {
        let scores = &record.validation;
        let value = match self.search.metric {
            Metric::Pearson => scores.pearson,
            Metric::Spearman => scores.spearman,
            Metric::R2 => scores.r2,
            Metric::Mse => scores.mse,
            Metric::Mae => scores.mae,
            // These are what the best epoch was chosen by: the search was checked for that.
            Metric::Accuracy | Metric::MeanBatchR2 | Metric::RSquaredCorrelation => record.chosen_by,
        };
        value.is_finite().then_some(value)
    }
}

fn write_ranking(path: &Path, ranking: &Ranking) -> Result<(), Error> {
    // Plain records: they have a JSON form.
    let json = serde_json::to_vec_pretty(ranking).unwrap_or_default();
    write(&path.join("trials.txt"), ranking.to_text().as_bytes())?;
    write(&path.join("trials.json"), &json)
}

/// Whether the step at hand is the last one of the epochs before `until`.
fn is_last_step(progress: &session::Progress<'_>, until: u64) -> bool {
    matches!(*progress, session::Progress::Step { epoch, step, steps, .. } if step == steps && epoch + 1 >= until)
}

/// Makes the folder of a search under another name, and renames it: a folder of its name is a search. Of several tasks
/// that do so at once one succeeds, and the others find its folder.
fn create(path: &Path, search: &Search, task: Option<&Task>) -> Result<(), Error> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let of_task = task.map_or_else(String::new, |task| format!("-{}", task.share.task()));
    let partial = path.with_file_name(format!(".{name}.partial{of_task}"));
    fs::create_dir_all(partial.join("trials")).map_err(io)?;
    let _lock = crate::run::lock(&partial)?;
    let begun = remove_leftovers(&partial).map_err(io);
    let written = begun.and_then(|()| write(&partial.join(SEARCH), search.to_toml().as_bytes()));
    match written.and_then(|()| fs::rename(&partial, path).map_err(io)) {
        Ok(()) => Ok(()),
        Err(error) => {
            // A full disk leaves nothing behind. That it cannot be removed either is not what went wrong first.
            let _ = fs::remove_dir_all(&partial);
            if Folder::is_one(path) { Ok(()) } else { Err(error) }
        }
    }
}

/// Whether an error says something about the values that were tried, not about the machine.
fn is_of_the_trial(error: &Error) -> bool {
    matches!(error, Error::NotFinite { .. } | Error::Metric { .. } | Error::Experiment { key: "training.best", .. })
}

/// Whether the rows of one experiment, prepared, are those of another: what has nothing to do with them is left out.
fn has_the_same_rows(before: &Experiment, after: &Experiment) -> bool {
    let after = Experiment {
        title: before.title.clone(),
        network: before.network.clone(),
        start: before.start.clone(),
        loss: before.loss,
        optimiser: before.optimiser,
        sharpness: before.sharpness,
        schedule: before.schedule,
        training: before.training.clone(),
        ..after.clone()
    };
    after == *before
}

fn differences(before: &Search, now: &Search) -> Option<String> {
    let parts = [
        ("kind or trials", before.kind == now.kind),
        ("seed", before.seed == now.seed),
        ("metric", before.metric == now.metric),
        ("keys", before.keys == now.keys),
        ("experiment", before.experiment == now.experiment),
    ];
    let differences: Vec<&str> = parts.iter().filter(|(_, same)| !same).map(|(what, _)| *what).collect();
    (!differences.is_empty()).then(|| format!("its {} differ", differences.join(", ")))
}

fn write(path: &Path, contents: &[u8]) -> Result<(), Error> {
    write_whole(path, contents).map_err(|source| Error::Io { path: path.to_owned(), source })
}
