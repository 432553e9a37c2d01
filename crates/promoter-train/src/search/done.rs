//! What is done of a search, one file for each trial and round.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use promoter_encode::file::write_whole;

use super::{Ranking, Search, Trial};
use crate::Error;

/// The folder of these files in that of the search.
pub(super) const FOLDER: &str = "done";

/// A trial up to the end of a round: what one process does in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Job {
    /// From 0.
    pub(super) round: usize,
    /// From 0.
    pub(super) trial: u64,
}

/// The name of its files.
impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}.{}", self.trial, self.round)
    }
}

impl Job {
    fn of_file(name: &str) -> Option<Self> {
        let (trial, round) = name.strip_suffix(".json")?.split_once('.')?;
        Some(Self { round: round.parse().ok()?, trial: trial.parse().ok()? })
    }
}

/// The jobs that are done, as far as this process knows.
#[derive(Debug)]
pub(super) struct Done {
    folder: PathBuf,
    jobs: BTreeMap<Job, Trial>,
}

impl Done {
    /// What is done in the folder of a search.
    pub(super) fn open(search: &Path) -> Result<Self, Error> {
        let mut done = Self { folder: search.join(FOLDER), jobs: BTreeMap::new() };
        fs::create_dir_all(&done.folder).map_err(|source| Error::Io { path: done.folder.clone(), source })?;
        done.look()?;
        Ok(done)
    }

    /// Reads what has come since the last look.
    pub(super) fn look(&mut self) -> Result<(), Error> {
        let io = |source| Error::Io { path: self.folder.clone(), source };
        let mut new = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(io)? {
            let name = entry.map_err(io)?.file_name();
            new.extend(name.to_str().and_then(Job::of_file).filter(|job| !self.jobs.contains_key(job)));
        }
        for job in new {
            self.has(job)?;
        }
        Ok(())
    }

    /// Whether a job is done; reads its file if needed.
    pub(super) fn has(&mut self, job: Job) -> Result<bool, Error> {
        if self.jobs.contains_key(&job) {
            return Ok(true);
        }
        let path = self.path(job);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            other => other.map_err(|source| Error::Io { path: path.clone(), source })?,
        };
        let trial = serde_json::from_slice(&bytes).map_err(|source| Error::Json { path, source })?;
        self.jobs.insert(job, trial);
        Ok(true)
    }

    /// Records a job as done.
    pub(super) fn add(&mut self, job: Job, trial: &Trial) -> Result<(), Error> {
        let path = self.path(job);
        // A plain record: it has a JSON form.
        let json = serde_json::to_vec_pretty(trial).unwrap_or_default();
        write_whole(&path, &json).map_err(|source| Error::Io { path, source })?;
        self.jobs.insert(job, trial.clone());
        Ok(())
    }

    fn path(&self, job: Job) -> PathBuf {
        self.folder.join(format!("{job}.json"))
    }

    /// The jobs that can be done now: those of the first round that is not complete. Who goes on to a round is known
    /// when the round before is, so that it does not depend on who trained what when.
    pub(super) fn open_jobs(&self, search: &Search) -> Result<Vec<Job>, Error> {
        let mut trials: Vec<u64> = (0..search.trials()).collect();
        for (number, round) in search.rounds()?.iter().enumerate() {
            trials.truncate(round.trials as usize);
            trials.sort_unstable();
            let jobs = || trials.iter().map(|&trial| Job { round: number, trial });
            if jobs().any(|job| !self.jobs.contains_key(&job)) {
                return Ok(jobs().filter(|job| !self.jobs.contains_key(job)).collect());
            }
            let mut ranking = Ranking::new(search.metric, search.trials());
            jobs().filter_map(|job| self.jobs.get(&job)).for_each(|trial| ranking.insert(trial.clone()));
            let goes_on = |trial: &&Trial| trial.value.is_some();
            trials = ranking.trials.iter().filter(goes_on).map(|trial| trial.trial).collect();
        }
        Ok(Vec::new())
    }

    /// Every trial at the latest round that it came to.
    pub(super) fn ranking(&self, search: &Search) -> Ranking {
        let latest: BTreeMap<u64, &Trial> = self.jobs.iter().map(|(job, trial)| (job.trial, trial)).collect();
        let mut ranking = Ranking::new(search.metric, search.trials());
        latest.into_values().for_each(|trial| ranking.insert(trial.clone()));
        ranking
    }
}
