//! The folder of a search.
//!
//! | file | what |
//! |---|---|
//! | `search.toml` | the search with its experiment |
//! | `trials/000/` .. | the run of each trial |
//! | `trials.json` | trials that are done, the best first |
//! | `trials.txt` | the same for people |

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use promoter_encode::file::{remove_leftovers, write_whole};
use promoter_metrics::Metric;
use tch::Device;

use super::{Ranking, Search, Trial};
use crate::run::lock;
use crate::setting::Setting;
use crate::{EpochRecord, Error, Experiment, Prepared, Session, session};

/// The search with its experiment.
const SEARCH: &str = "search.toml";

/// A search's folder, held by this process.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    search: Search,
    ranking: Ranking,
    _lock: File,
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
    /// It is done.
    End(&'a Trial),
}

impl Folder {
    /// Starts a search in a new folder, or takes up the same search in its folder.
    ///
    /// # Errors
    /// [`Error::Exists`] for any other folder, [`Error::OtherSearch`] for one of another search,
    /// [`Error::Busy`] when another process searches in it; [`Error::Io`], and those of [`Search::check`].
    pub fn open(path: &Path, search: &Search) -> Result<Self, Error> {
        search.check()?;
        let (lock, ranking) = match path.symlink_metadata() {
            Ok(_) => take_up(path, search)?,
            Err(_) => (create(path, search)?, Ranking::new(search.metric, search.trials())),
        };
        Ok(Self { path: path.to_owned(), search: search.clone(), ranking, _lock: lock })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of a trial's run.
    pub fn trial(&self, trial: u64) -> PathBuf {
        self.path.join("trials").join(format!("{trial:03}"))
    }

    /// The trials that are done.
    pub fn ranking(&self) -> &Ranking {
        &self.ranking
    }

    /// Runs the trials that are not done. A trial that was stopped goes on from its last checkpoint.
    ///
    /// A trial that diverges, or whose predictions have no metric in any epoch, fails and is ranked
    /// last; the search goes on.
    ///
    /// # Errors
    /// Those of [`Session::start_on`], [`Session::resume_on`] and [`Session::train`].
    pub fn run(&mut self, device: Device, observe: &mut dyn FnMut(Progress<'_>)) -> Result<&Ranking, Error> {
        let mut rows: Option<(Experiment, Prepared)> = None;
        for number in (0..self.search.trials()).filter(|&trial| !self.ranking.contains(trial)).collect::<Vec<_>>() {
            let experiment = self.search.experiment(number)?;
            let prepared = match rows.take().filter(|(before, _)| has_the_same_rows(before, &experiment)) {
                Some((_, prepared)) => prepared,
                None => Prepared::read(&experiment)?,
            };
            let (_, prepared) = rows.insert((experiment.clone(), prepared));
            let settings = self.search.settings(number);
            observe(Progress::Start { trial: number, settings: &settings });
            let mut session = self.open_trial(number, experiment, prepared.clone(), device)?;
            let outcome = session.train(&mut |progress| observe(Progress::Training(progress)));
            let trial = self.trial_of(number, settings, session.records(), outcome.err())?;
            self.ranking.insert(trial.clone());
            self.write_ranking()?;
            observe(Progress::End(&trial));
        }
        Ok(&self.ranking)
    }

    /// A trial that has ended; an error that is not of the values that were tried comes back.
    fn trial_of(
        &self,
        trial: u64,
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

    fn write_ranking(&self) -> Result<(), Error> {
        // Plain records: they have a JSON form.
        let json = serde_json::to_vec_pretty(&self.ranking).unwrap_or_default();
        write(&self.path.join("trials.txt"), self.ranking.to_text().as_bytes())?;
        write(&self.path.join("trials.json"), &json)
    }
}

/// Makes the folder of a search under another name, and renames it: a folder of its name is a search.
fn create(path: &Path, search: &Search) -> Result<File, Error> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let partial = path.with_file_name(format!(".{name}.partial"));
    fs::create_dir_all(partial.join("trials")).map_err(io)?;
    let lock = lock(&partial)?;
    let begun = remove_leftovers(&partial).map_err(io);
    let written = begun.and_then(|()| write(&partial.join(SEARCH), search.to_toml().as_bytes()));
    if let Err(error) = written.and_then(|()| fs::rename(&partial, path).map_err(io)) {
        // A full disk leaves nothing behind. That it cannot be removed either is not what went wrong first.
        let _ = fs::remove_dir_all(&partial);
        return Err(error);
    }
    Ok(lock)
}

/// The lock of the folder of the same search, and the trials that are done.
fn take_up(path: &Path, search: &Search) -> Result<(File, Ranking), Error> {
    let file = path.join(SEARCH);
    if !file.is_file() {
        return Err(Error::Exists { path: path.to_owned() });
    }
    let lock = lock(path)?;
    remove_leftovers(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    if let Some(differences) = differences(&Search::read(&file)?, search) {
        return Err(Error::OtherSearch { path: path.to_owned(), differences });
    }
    let done = read_ranking(&path.join("trials.json"))?;
    Ok((lock, done.unwrap_or_else(|| Ranking::new(search.metric, search.trials()))))
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

fn read_ranking(path: &Path) -> Result<Option<Ranking>, Error> {
    let bytes = match fs::read(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|source| Error::Io { path: path.to_owned(), source })?,
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|source| Error::Json { path: path.to_owned(), source })
}

fn write(path: &Path, contents: &[u8]) -> Result<(), Error> {
    write_whole(path, contents).map_err(|source| Error::Io { path: path.to_owned(), source })
}
