//! A run from its data to its report.

mod epoch;
mod evaluate;
mod step;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use promoter_encode::embed::Vectors;
use promoter_torch::backend;
use tch::{Device, Tensor};

use crate::batch::Rows;
use crate::error::experiment as refuse;
use crate::model::Model;
use crate::replicas::Replicas;
use crate::report;
use crate::run::{Folder, Run, Summary};
use crate::schedule::Moment;
use crate::state::State;
use crate::{Environment, EpochRecord, Error, Experiment, Prepared, Scores, vectors};

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
    /// Predictions of the validation rows, likewise; empty for masked k-mers.
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
    device: Device,
    model: Model,
    replicas: Replicas,
    train: Rows,
    validation: Rows,
    state: State,
    records: Vec<EpochRecord>,
    stop: Arc<AtomicBool>,
}

impl Session {
    /// Starts a run: its data are read and its network is built before the folder is made.
    ///
    /// # Errors
    /// [`Error::Experiment`], [`Error::Conflict`] and the errors of data, labels and network for what does not fit;
    /// [`Error::Exists`], [`Error::Io`]. The folder is there after none of them.
    pub fn start(experiment: Experiment, folder: &Path, device: Device) -> Result<Self, Error> {
        experiment.check()?;
        let prepared = Prepared::read(&experiment)?;
        Self::start_on(prepared, experiment, folder, device)
    }

    /// Starts a run on data that have been prepared for it.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_on(
        prepared: Prepared,
        mut experiment: Experiment,
        folder: &Path,
        device: Device,
    ) -> Result<Self, Error> {
        experiment.check()?;
        if folder.symlink_metadata().is_ok() {
            return Err(Error::Exists { path: folder.to_owned() });
        }
        experiment.training.precision = experiment.training.precision.resolve(device);
        experiment.training.replicas.get_or_insert_with(|| replicas(experiment.training.batch_size, device));
        let vectors = vectors::make(&experiment, &prepared)?;
        let model = model(&experiment, vectors.as_ref(), device)?;
        if let Some(start) = &mut experiment.start {
            start.load(&model.params)?;
        }
        let [train, validation] = rows(&experiment, &prepared, device)?;
        check_steps(&experiment, train.len())?;
        let state = State::new(&experiment, &model)?;
        // Before replicas share its threads out.
        let environment = Environment::of(device);
        let replicas = Replicas::new(&experiment, &model)?;
        let run = Run::create(folder, &experiment, &environment, vectors.as_ref())?;
        if experiment.start.is_some() {
            // Whatever becomes of the file: the run has its weights.
            state.save(&run.folder().last_path(), &experiment, &model)?;
        }
        let (records, stop) = (Vec::new(), Arc::default());
        Ok(Self { experiment, prepared, run, device, model, replicas, train, validation, state, records, stop })
    }

    /// Takes up a run that was stopped, from its last checkpoint.
    ///
    /// # Errors
    /// [`Error::NoRun`], [`Error::Busy`], [`Error::OtherEnvironment`]; [`Error::Checkpoint`] and [`Error::Params`] for
    /// a checkpoint that is damaged or of another experiment; as [`start`](Self::start).
    pub fn resume(folder: &Path, device: Device) -> Result<Self, Error> {
        let prepared = Prepared::read(&Folder::open(folder)?.experiment()?)?;
        Self::resume_on(prepared, folder, device)
    }

    /// Takes up a run on data that have been prepared for it.
    ///
    /// # Errors
    /// As [`resume`](Self::resume).
    pub fn resume_on(prepared: Prepared, folder: &Path, device: Device) -> Result<Self, Error> {
        let run = Run::resume(folder, &Environment::of(device))?;
        let experiment = run.folder().experiment()?;
        experiment.check()?;
        let vectors = run.folder().vectors()?;
        let model = model(&experiment, vectors.as_ref(), device)?;
        let [train, validation] = rows(&experiment, &prepared, device)?;
        let mut state = State::new(&experiment, &model)?;
        let mut records = run.folder().records()?;
        if run.folder().last_path().exists() {
            state.load(&run.folder().last_path(), &experiment, &model)?;
        }
        records.retain(|record| record.epoch < state.counters.epoch);
        let (replicas, stop) = (Replicas::new(&experiment, &model)?, Arc::default());
        Ok(Self { experiment, prepared, run, device, model, replicas, train, validation, state, records, stop })
    }

    /// What the folder of the run says.
    pub fn folder(&self) -> &Folder {
        self.run.folder()
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
        while self.state.counters.epoch * self.steps_per_epoch() < self.total_steps() && !self.is_out_of_patience() {
            self.epoch(observe)?;
        }
        observe(Progress::Evaluating);
        self.finish()
    }

    /// Writes `summary.json` and `report.html` of a finished run: the kept network beside ridge regression.
    ///
    /// # Errors
    /// [`Error::Metric`] when ridge regression has no scores, [`Error::Plot`], [`Error::Page`], [`Error::Io`].
    pub fn report(&self, outcome: &Outcome) -> Result<Summary, Error> {
        let is_expression = self.experiment.loss.uses_labels();
        let lines = if is_expression { report::lines(&self.prepared, outcome)? } else { Vec::new() };
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
        self.run.write_summary(&summary)?;
        report::write(self.folder())?;
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

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn checkpoint(&self) -> Result<(), Error> {
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
    let validation = Rows::resident(&prepared.validation, encoding, &prepared.label, device)?;
    let bytes = prepared.train.len() * encoding.fit().length;
    let train = match memory.resident_gb {
        Some(gb) if bytes as f64 > gb * 1e9 => Rows::streamed,
        _ => Rows::resident,
    };
    Ok([train(&prepared.train, encoding, &prepared.label, device)?, validation])
}
