//! A run from its data to its report.

mod epoch;
mod evaluate;
mod gather;
mod processes;
mod readouts;
mod step;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use promoter_encode::embed::Vectors;
use promoter_torch::backend;
use promoter_torch::distributed::Reducer;
use tch::{Device, Tensor};

use crate::batch::{Rows, Share};
use crate::error::experiment as refuse;
use crate::model::Model;
use crate::replicas::Replicas;
use crate::report;
use crate::run::{Folder, Run, Summary};
use crate::schedule::Moment;
use crate::state::State;
use crate::{Environment, EpochRecord, Error, Experiment, Place, Prepared, Scores, agreement, vectors};

/// What a caller is told while a run goes on.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// A training step is done.
    Step {
        /// Epoch, from 0.
        epoch: u64,
        /// Epochs in all.
        epochs: u64,
        /// Steps done in this epoch.
        step: u64,
        /// Steps of an epoch.
        steps: u64,
        /// Rows of a step.
        rows: u64,
    },
    /// Rows are evaluated.
    Evaluating,
    /// An epoch is done and recorded.
    Epoch(&'a EpochRecord),
}

/// A finished run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Epoch whose network was kept, from 0.
    pub best_epoch: u64,
    /// Scores of the kept network on training rows, evenly taken, as many as there are validation rows at most; in the
    /// units of the label where its transform can be inverted. None exists for masked k-mers.
    pub train: Scores,
    /// Scores of the kept network on the validation rows, likewise.
    pub validation: Scores,
    /// Scores of the kept network on the rows that were held out, likewise; none where no rows are.
    pub test: Option<Scores>,
    /// Scores by each label of training, validation and held-out rows, whose means the scores above are.
    pub of_labels: [Vec<Scores>; 3],
    /// Predictions of the validation rows, likewise, of several labels row by row; empty for masked k-mers.
    pub predictions: Vec<f32>,
    /// Training rows per second, over all epochs.
    pub rows_per_second: f64,
    /// Trainable parameters of the network.
    pub parameters: usize,
}

/// A run: prepared, trained, reported.
///
/// ```
/// use promoter_train::{Experiment, Session};
/// use tch::Device;
/// let experiment = Experiment::from_toml(
///     "data = { simulated = { rows = 60 } }
///     split = { kind = 'random', validation = 20, seed = 1 }
///     encoding = { one_hot = { fit = 'peppa' } }
///     network = { name = 'peppa', blocks = 1, channels = 32 }
///     loss = { name = 'mse' }
///     optimiser = { name = 'adam', lr = 0.001 }
///     training = { epochs = 1, batch_size = 20 }",
/// )?;
/// let folder = tempfile::tempdir()?;
/// let mut session = Session::start(experiment, &folder.path().join("run"), Device::Cpu)?;
/// let outcome = session.train(&mut |_| {})?;
/// let summary = session.report(&outcome)?;
/// assert_eq!((summary.train_rows, summary.validation_rows), (40, 20));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Session {
    experiment: Experiment,
    prepared: Prepared,
    run: Run,
    place: Place,
    model: Model,
    replicas: Replicas,
    /// Sums gradients over the ranks while they are computed, where each rank passes its share in one piece.
    reducer: Option<Reducer>,
    train: Rows,
    validation: Rows,
    state: State,
    records: Vec<EpochRecord>,
    stop: Arc<AtomicBool>,
}

impl Session {
    /// Starts a run: its data are read and its network is built before the folder is made.
    ///
    /// All processes of a group call this together, each with the same experiment; rank 0 alone writes.
    ///
    /// # Errors
    /// [`Error::Experiment`], [`Error::Conflict`] and the errors of data, labels and network for what does not fit;
    /// [`Error::Exists`], [`Error::Io`]; [`Error::Disagreement`] and [`Error::Processes`] for processes that cannot
    /// train together. The folder is there after none of them.
    pub fn start(experiment: Experiment, folder: &Path, place: impl Into<Place>) -> Result<Self, Error> {
        let place = place.into();
        experiment.check()?;
        processes::check(&experiment, &place)?;
        let environment = Environment::of(place.clone());
        agreement::on_experiment(&place.group, "start", &environment, Some(&experiment))?;
        let prepared = processes::read(&experiment, &place.group)?;
        Self::start_on(prepared, experiment, folder, place)
    }

    /// Starts a run on data that have been prepared for it.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_on(
        prepared: Prepared,
        mut experiment: Experiment,
        folder: &Path,
        place: impl Into<Place>,
    ) -> Result<Self, Error> {
        let place = place.into();
        let Place { device, group } = &place;
        experiment.check()?;
        if group.leads() && folder.symlink_metadata().is_ok() {
            return Err(Error::Exists { path: folder.to_owned() });
        }
        experiment.training.precision = experiment.training.precision.resolve(*device);
        let share = experiment.training.batch_size / group.size() as u64;
        let most = if experiment.training.sync_batch_norm { 1 } else { replicas(share, *device) };
        experiment.training.replicas.get_or_insert(most);
        processes::check(&experiment, &place)?;
        // Before replicas share its threads out.
        let environment = Environment::of(place.clone());
        agreement::on_experiment(group, "start", &environment, Some(&experiment))?;
        agreement::on_rows(group, &prepared)?;
        let vectors = if group.leads() { vectors::make(&experiment, &prepared)? } else { None };
        let vectors = vectors::of_lead(group, vectors)?;
        let model = model(&experiment, vectors.as_ref(), *device)?;
        if let Some(start) = &mut experiment.start {
            start.load(&model.params)?;
        }
        let [train, validation] = rows(&experiment, &prepared, *device)?;
        check_steps(&experiment, train.len())?;
        processes::check_last_batch(&experiment, train.len(), group.size())?;
        let mut state = State::new(&experiment, &model)?;
        state.share(group, &model)?;
        let (replicas, reducer) =
            (Replicas::new(&experiment, &model)?, processes::reducer(&experiment, group, &model)?);
        let run = match group.leads() {
            true => Run::create(folder, &experiment, &environment, vectors.as_ref())?,
            false => Run::of_lead(folder),
        };
        if experiment.start.is_some() && run.writes() {
            // Whatever becomes of the file: the run has its weights.
            state.save(&run.folder().last_path(), &experiment, &model)?;
        }
        let (records, stop) = (Vec::new(), Arc::default());
        Ok(Self { experiment, prepared, run, place, model, replicas, reducer, train, validation, state, records, stop })
    }

    /// Takes up a run that was stopped, from its last checkpoint.
    ///
    /// # Errors
    /// [`Error::NoRun`], [`Error::Busy`], [`Error::OtherEnvironment`]; [`Error::Checkpoint`] and [`Error::Params`] for
    /// a checkpoint that is damaged or of another experiment; as [`start`](Self::start).
    pub fn resume(folder: &Path, place: impl Into<Place>) -> Result<Self, Error> {
        let place = place.into();
        agreement::on_experiment(&place.group, "resume", &Environment::of(place.clone()), None)?;
        let experiment = processes::experiment_of_run(folder, &place.group)?;
        let prepared = processes::read(&experiment, &place.group)?;
        Self::resume_on(prepared, folder, place)
    }

    /// Takes up a run on data that have been prepared for it.
    ///
    /// # Errors
    /// As [`resume`](Self::resume).
    pub fn resume_on(prepared: Prepared, folder: &Path, place: impl Into<Place>) -> Result<Self, Error> {
        let place = place.into();
        let Place { device, group } = &place;
        let environment = Environment::of(place.clone());
        agreement::on_experiment(group, "resume", &environment, None)?;
        let run = match group.leads() {
            true => Run::resume(folder, &environment)?,
            false => Run::of_lead(folder),
        };
        let experiment = processes::experiment_of_run(folder, group)?;
        experiment.check()?;
        processes::check(&experiment, &place)?;
        agreement::on_rows(group, &prepared)?;
        let vectors = if run.writes() { run.folder().vectors()? } else { None };
        let model = model(&experiment, vectors::of_lead(group, vectors)?.as_ref(), *device)?;
        let [train, validation] = rows(&experiment, &prepared, *device)?;
        processes::check_last_batch(&experiment, train.len(), group.size())?;
        let mut state = State::new(&experiment, &model)?;
        let mut records = if run.writes() { run.folder().records()? } else { Vec::new() };
        if run.writes() && run.folder().last_path().exists() {
            state.load(&run.folder().last_path(), &experiment, &model)?;
        }
        state.share(group, &model)?;
        records.retain(|record| record.epoch < state.counters.epoch);
        let (replicas, reducer) =
            (Replicas::new(&experiment, &model)?, processes::reducer(&experiment, group, &model)?);
        let stop = Arc::default();
        Ok(Self { experiment, prepared, run, place, model, replicas, reducer, train, validation, state, records, stop })
    }

    /// What the folder of the run says.
    pub fn folder(&self) -> &Folder {
        self.run.folder()
    }

    /// Where the run takes place.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The experiment, every value written out.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// The rows.
    pub fn prepared(&self) -> &Prepared {
        &self.prepared
    }

    /// The epochs recorded so far.
    pub fn records(&self) -> &[EpochRecord] {
        &self.records
    }

    /// A flag that stops training when it is set, from a signal's handler for instance: after the step at hand a
    /// checkpoint is written, and [`train`](Self::train) returns [`Error::Stopped`].
    pub fn stop_flag(&self) -> Arc<AtomicBool> {
        self.stop.clone()
    }

    /// Steps of a pass over the training rows and their copies.
    pub fn steps_per_pass(&self) -> u64 {
        steps_per_pass(&self.experiment, self.train.len())
    }

    /// Steps between evaluations.
    pub fn steps_per_epoch(&self) -> u64 {
        self.experiment.training.epoch_steps.unwrap_or_else(|| self.steps_per_pass())
    }

    /// Steps of the run.
    pub fn total_steps(&self) -> u64 {
        let training = &self.experiment.training;
        training.epochs.saturating_mul(self.steps_per_epoch()).min(training.steps.unwrap_or(u64::MAX))
    }

    /// Trains to the end, writing checkpoints, records and predictions into the run's folder.
    ///
    /// # Errors
    /// [`Error::NotFinite`] when training diverges, [`Error::Io`] when the folder cannot be written,
    /// [`Error::Stopped`]; the run can be resumed after all of them.
    pub fn train(&mut self, observe: &mut dyn FnMut(Progress<'_>)) -> Result<Outcome, Error> {
        if self.experiment.network.is_ridge() {
            self.record_ridge()?;
        }
        while !self.experiment.network.is_ridge()
            && self.state.counters.epoch * self.steps_per_epoch() < self.total_steps()
            && !self.is_out_of_patience()
        {
            self.epoch(observe)?;
        }
        observe(Progress::Evaluating);
        self.finish()
    }

    /// Writes `summary.json` and `report.html` of a finished run: the kept network beside ridge regression. For rank 0;
    /// on others nothing is written.
    ///
    /// # Errors
    /// [`Error::Metric`] when ridge regression has no scores, [`Error::Plot`], [`Error::Page`], [`Error::Io`].
    pub fn report(&self, outcome: &Outcome) -> Result<Summary, Error> {
        let is_expression = self.experiment.loss.uses_labels();
        let network = match (self.experiment.network.is_ridge(), self.experiment.training.with_ridge) {
            (true, _) => "ridge",
            (false, true) => "network with ridge",
            (false, false) => "network",
        };
        let lines = if is_expression {
            report::lines(&self.prepared, outcome, network, &self.experiment.label.columns)?
        } else {
            Vec::new()
        };
        let summary = Summary {
            title: self.experiment.title.clone(),
            lines,
            noise_ceiling: self.prepared.noise_ceiling,
            filter: self.prepared.filter.to_string(),
            train_rows: self.prepared.train.len(),
            validation_rows: self.prepared.validation.len(),
            test_rows: self.prepared.test.len(),
            parameters: outcome.parameters,
            rows_per_second: outcome.rows_per_second,
            best_epoch: outcome.best_epoch,
        };
        if self.run.writes() {
            self.run.write_summary(&summary)?;
            report::write(self.folder())?;
        }
        Ok(summary)
    }

    /// Where the schedule stands at a step of the run.
    fn moment(&self, step: u64) -> Moment {
        let (steps, per_epoch) = (self.total_steps(), self.steps_per_epoch());
        Moment { step, steps, epoch: step / per_epoch, epochs: steps.div_ceil(per_epoch) }
    }

    fn is_out_of_patience(&self) -> bool {
        self.experiment.training.patience.is_some_and(|patience| self.state.counters.since_best >= patience)
    }

    /// Whether any rank is to stop.
    fn is_stopped(&self) -> Result<bool, Error> {
        Ok(self.place.group.any(self.stop.load(Ordering::Relaxed))?)
    }

    /// The rows of every batch that this process trains on.
    fn share(&self) -> Share {
        Share { rank: self.place.group.rank(), ranks: self.place.group.size() }
    }

    fn checkpoint(&self) -> Result<(), Error> {
        if !self.run.writes() {
            return Ok(());
        }
        self.state.save(&self.folder().last_path(), &self.experiment, &self.model)
    }
}

fn steps_per_pass(experiment: &Experiment, rows: usize) -> u64 {
    let items = (rows * experiment.augment.copies()) as u64;
    let batch = experiment.training.batch_size;
    if experiment.training.drop_last { items / batch } else { items.div_ceil(batch) }
}

fn check_steps(experiment: &Experiment, rows: usize) -> Result<(), Error> {
    if steps_per_pass(experiment, rows) > 0 {
        return Ok(());
    }
    let found = rows * experiment.augment.copies();
    let expected = format!("at most {found}, the rows of a pass, as full batches only are wanted");
    Err(refuse("training.batch_size", experiment.training.batch_size, expected))
}

/// As many replicas as there are threads on a CPU, each with 8 rows at least.
fn replicas(batch_size: u64, device: Device) -> u64 {
    match device {
        Device::Cpu => (tch::get_num_threads() as u64).clamp(1, (batch_size / 8).max(1)),
        _ => 1,
    }
}

fn model(experiment: &Experiment, vectors: Option<&Vectors>, device: Device) -> Result<Model, Error> {
    backend::allow_tf32(experiment.training.tf32)?;
    let table = match (experiment.encoding.kmers(), vectors) {
        (Some(kmers), Some(vectors)) => Some(vectors::table(&kmers, vectors)?),
        _ => None::<Tensor>,
    };
    Model::new(experiment, table.as_ref(), device)
}

/// Rows to train and to validate on.
fn rows(experiment: &Experiment, prepared: &Prepared, device: Device) -> Result<[Rows; 2], Error> {
    let Experiment { encoding, memory, .. } = experiment;
    let validation = Rows::resident(&prepared.validation, encoding, &prepared.labels, device)?;
    let bytes = prepared.train.len() * encoding.fit().length;
    let train = match memory.resident_gb {
        Some(gb) if bytes as f64 > gb * 1e9 => Rows::streamed,
        _ => Rows::resident,
    };
    Ok([train(&prepared.train, encoding, &prepared.labels, device)?, validation])
}
