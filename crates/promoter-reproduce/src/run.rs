//! One run: trained, or taken up again. With `measure::trained` the only file that knows how training is called.

use std::path::{Path, PathBuf};

use promoter_train::search::{self, Search};
use promoter_train::{Environment, EpochRecord, Experiment, Prepared, Progress, Session};
use tch::Device;

use crate::Error;
use crate::data;
use crate::outcome::{Moment, SearchOutcome, Trial};
use crate::plan::{Planned, PlannedSearch};

/// A run that ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its rows.
    pub(crate) prepared: Prepared,
    /// What training says of the kept network; none when the loss stopped being a number.
    pub(crate) end: Option<promoter_train::Outcome>,
    /// Why there is none.
    pub(crate) failure: Option<String>,
    /// Its epochs.
    pub(crate) records: Vec<EpochRecord>,
    /// Steps of an epoch.
    pub(crate) steps_per_epoch: u64,
    /// Where it took place.
    pub(crate) environment: Environment,
}

/// What a run is asked for on the way: the weights at the end of a step, as a checkpoint in a file.
pub(crate) type OnTheWay<'a> = &'a mut dyn FnMut(u64, &Prepared, &Path) -> Result<(), Error>;

/// Trains a run, or takes it up where it was interrupted. `on_the_way` is asked after each checkpoint; its errors end
/// the function after the run.
///
/// # Errors
/// [`Error::Train`], and what `on_the_way` returns.
pub(crate) fn train(
    planned: &Planned,
    device: Device,
    observe: &mut dyn FnMut(Progress<'_>),
    on_the_way: OnTheWay<'_>,
) -> Result<Ended, Error> {
    let environment = Environment::of(device);
    let mut experiment = planned.experiment.clone();
    if let Some(start) = &mut experiment.start {
        // What was begun from other weights is not taken up.
        start.hash = Some(data::hash(&start.weights)?);
    }
    let every = experiment.training.checkpoint_steps;
    let mut session = open(&planned.folder, experiment, device)?;
    let (prepared, last) = (session.prepared().clone(), session.folder().last_path());
    let steps_per_epoch = session.steps_per_epoch();
    let mut failed = None;
    let trained = session.train(&mut |progress| {
        if let (Progress::Step { epoch, step, .. }, None) = (&progress, &failed)
            && is_checkpointed(*epoch, step - 1, every)
        {
            failed = on_the_way(epoch * steps_per_epoch + step - 1, &prepared, &last).err();
        }
        observe(progress);
    });
    if let Some(error) = failed {
        return Err(error);
    }
    let (end, failure) = match trained {
        Ok(end) => (Some(end), None),
        // That is its outcome.
        Err(error @ promoter_train::Error::NotFinite { .. }) => (None, Some(error.to_string())),
        Err(error) => return Err(error.into()),
    };
    let records = session.records().to_vec();
    Ok(Ended { prepared, end, failure, records, steps_per_epoch, environment })
}

/// Whether there is a checkpoint of the moment after `done` steps of an epoch.
fn is_checkpointed(epoch: u64, done: u64, every: Option<u64>) -> bool {
    match done {
        0 => epoch > 0,
        done => every.is_some_and(|every| done.is_multiple_of(every)),
    }
}

/// The folder of the run, new or as it was left. What cannot be taken up is put aside, never removed.
fn open(path: &Path, wanted: Experiment, device: Device) -> Result<Session, Error> {
    if path.exists() {
        match Session::resume(path, device) {
            Ok(session) if wanted.is_that_of(session.experiment()) => return Ok(session),
            Err(error @ promoter_train::Error::Busy { .. }) => return Err(error.into()),
            Ok(session) => drop(session),
            Err(_) => {}
        }
        aside(path)?;
    }
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(Error::io(parent))?;
    }
    Ok(Session::start(wanted, path, device)?)
}

/// Renames a folder, so that there is room for a new one.
fn aside(path: &Path) -> Result<(), Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let free = (1..).map(|n| path.with_file_name(format!("{name}.before-{n}"))).find(|other| !other.exists());
    let other: PathBuf = free.unwrap_or_default();
    std::fs::rename(path, &other).map_err(Error::io(path))
}

/// Runs a search's trials that are not done.
///
/// # Errors
/// [`Error::Train`].
pub(crate) fn search(
    planned: &PlannedSearch,
    device: Device,
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<SearchOutcome, Error> {
    if let Some(parent) = planned.folder.parent() {
        std::fs::create_dir_all(parent).map_err(Error::io(parent))?;
    }
    let search = Search::from_toml(&planned.file)?;
    let mut folder = search::Folder::open(&planned.folder, &search)?;
    let ranking = folder.run(device, &mut |progress| {
        if let search::Progress::Training(progress) = progress {
            observe(progress);
        }
    })?;
    let trials = ranking.trials.iter().map(|trial| Trial {
        number: trial.trial,
        settings: trial.settings.iter().map(|(key, value)| (key.clone(), value.to_string())).collect(),
        value: trial.value,
    });
    Ok(SearchOutcome {
        name: planned.name.clone(),
        key: planned.key.clone(),
        metric: ranking.metric.name().into(),
        trials: trials.collect(),
    })
}

/// Which of the moments that are asked for come next.
#[derive(Debug)]
pub(crate) struct Moments {
    /// Steps after which one is due, in their order.
    due: Vec<u64>,
    /// Those that were seen.
    pub(crate) seen: Vec<Moment>,
}

impl Moments {
    /// Of a run of `steps` steps; `seen` before it was interrupted.
    pub(crate) fn new(shares: &[f64], steps: u64, seen: Vec<Moment>) -> Self {
        let last = seen.last().map_or(0, |moment| moment.steps);
        let due = shares.iter().map(|share| (share * steps as f64).ceil() as u64).filter(|&due| due > last).collect();
        Self { due, seen }
    }

    /// Whether one is due after `done` steps; then it and all before it no longer are.
    pub(crate) fn is_due(&mut self, done: u64) -> bool {
        let before = self.due.len();
        self.due.retain(|&due| due > done);
        self.due.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_seen_once_at_the_first_checkpoint_after_it_and_not_again_after_a_stop() {
        let mut moments = Moments::new(&[0.25, 0.5], 100, Vec::new());
        let seen: Vec<u64> = (10..=100).step_by(20).filter(|&done| moments.is_due(done)).collect();
        assert_eq!(seen, [30, 50]);
        let before = Moment { steps: 30, values: Default::default() };
        let mut moments = Moments::new(&[0.25, 0.5], 100, vec![before]);
        assert_eq!((0..100).filter(|&done| moments.is_due(done)).collect::<Vec<_>>(), [50]);
    }

    #[test]
    fn checkpoints_are_at_the_ends_of_epochs_and_after_every_so_many_steps() {
        let at = |every| {
            let steps = (0..2).flat_map(|epoch| (0..5).map(move |done| (epoch, done)));
            steps.filter(|&(epoch, done)| is_checkpointed(epoch, done, every)).collect::<Vec<_>>()
        };
        assert_eq!(at(None), [(1, 0)]);
        assert_eq!(at(Some(2)), [(0, 2), (0, 4), (1, 0), (1, 2), (1, 4)]);
    }
}
