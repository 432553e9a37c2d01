//! The training loop.

mod evaluate;
mod masked;
mod step;

use std::time::Instant;

use promoter_label::Transform;
use promoter_torch::file::Tensors;
use promoter_torch::{Params, backend};
use promoter_zoo::Network;
use tch::{Device, Tensor};

use self::masked::Model;
use crate::average::Averages;
use crate::batch::{DeviceRows, Encoder, Order};
use crate::checkpoint::{self, Position};
use crate::error::{Doing, experiment as refuse};
use crate::experiment::Shuffle;
use crate::optimiser::Optimiser;
use crate::precision::{Precision, Scaler};
use crate::schedule::Moment;
use crate::sums::StepSums;
use crate::{EpochRecord, Error, Experiment, Prepared, Run, Scores, vectors};

/// Steps between looks at whether the loss is still a number; on CUDA each look waits for the device.
const WATCH: u64 = 20;

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
    /// Scores of the kept network on training rows, evenly taken, as many as there are validation rows at most; in
    /// sorting bins where the label transform can be inverted. None exists for masked k-mers.
    pub train: Scores,
    /// Scores of the kept network on the validation rows, likewise.
    pub validation: Scores,
    /// Predictions of the validation rows, likewise; empty for masked k-mers.
    pub predictions: Vec<f32>,
    /// Training rows per second, over all epochs.
    pub rows_per_second: f64,
    /// Trained numbers of the network.
    pub parameters: usize,
}

/// A network in training.
#[derive(Debug)]
pub struct Trainer<'a> {
    experiment: Experiment,
    prepared: &'a Prepared,
    run: Run,
    device: Device,
    params: Params,
    model: Model,
    optimiser: Optimiser,
    /// Places of the weights with an L2 penalty among the optimiser's.
    penalised: Vec<usize>,
    averages: Option<Averages>,
    encoder: Encoder,
    train: DeviceRows,
    validation: DeviceRows,
    position: Position,
    records: Vec<EpochRecord>,
    sums: StepSums,
}

impl<'a> Trainer<'a> {
    /// Builds the network, sends the rows to the device, and goes to the run's last checkpoint if it has one, else to
    /// the weights that the experiment starts from if it names some.
    ///
    /// # Errors
    /// [`Error::Experiment`] and the errors of the network for what does not fit; [`Error::Io`] and [`Error::Params`]
    /// for weights to start from that are missing or other ones; [`Error::Checkpoint`] and [`Error::Params`] for a
    /// checkpoint that is damaged or of another experiment.
    pub fn new(mut experiment: Experiment, prepared: &'a Prepared, run: Run, device: Device) -> Result<Self, Error> {
        experiment.check()?;
        let mut params = Params::new(device, experiment.seed);
        let model = Model::new(&experiment.network, &mut params)?;
        let is_new = !run.last().exists();
        if let (true, Some(start)) = (is_new, &mut experiment.start) {
            start.load(&params)?;
            run.write("config.toml", experiment.to_toml().as_bytes())?;
        }
        let vectors = vectors::of_run(&experiment, prepared, run.path())?;
        let encoder = Encoder::new(&experiment.encoding, vectors.as_ref(), device)?;
        check_window(&encoder, model.network())?;
        check_loss(&experiment, &model)?;
        let optimiser = experiment.optimiser.build(&params)?;
        let penalised = penalised(&experiment, &params, model.network())?;
        let averages = experiment.training.average.map(|average| Averages::new(average, &params)).transpose()?;
        backend::allow_tf32(experiment.training.tf32)?;
        let Experiment { encoding, memory, .. } = &experiment;
        let validation = DeviceRows::new(&prepared.validation, encoding, &prepared.label, device)?;
        let bytes = prepared.train.len() * encoding.fit().length;
        let train = match memory.resident_gb {
            Some(gb) if bytes as f64 > gb * 1e9 => DeviceRows::streamed,
            _ => DeviceRows::new,
        };
        let train = train(&prepared.train, encoding, &prepared.label, device)?;
        let sums = StepSums::new(device).doing("trainer")?;
        let mut records = run.records()?;
        let scaler = (experiment.training.precision == Precision::Fp16).then(Scaler::default);
        let position = if is_new {
            Position { scaler, ..Position::default() }
        } else {
            checkpoint::read(&run.last(), &experiment, &params, &state(&optimiser, averages.as_ref(), &sums))?
        };
        records.retain(|record| record.epoch < position.epoch);
        let trainer = Self {
            experiment,
            prepared,
            run,
            device,
            params,
            model,
            optimiser,
            penalised,
            averages,
            encoder,
            train,
            validation,
            position,
            records,
            sums,
        };
        if is_new && trainer.experiment.start.is_some() {
            // Whatever becomes of the file: the run has its weights.
            trainer.checkpoint()?;
        }
        Ok(trainer)
    }

    /// The folder of the run.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// The experiment.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// The epochs recorded so far.
    pub fn records(&self) -> &[EpochRecord] {
        &self.records
    }

    /// Steps of one epoch.
    pub fn steps(&self) -> u64 {
        let items = (self.train.len() * self.experiment.augment.copies()) as u64;
        let batch = self.experiment.training.batch_size;
        if self.experiment.training.drop_last { items / batch } else { items.div_ceil(batch) }
    }

    /// Trains to the end, writing checkpoints, records and predictions into the run's folder.
    ///
    /// # Errors
    /// [`Error::NotFinite`] when the loss is no number any more, [`Error::Io`] when the folder cannot be written; the
    /// run can be resumed after both.
    pub fn train(&mut self, observe: &mut dyn FnMut(Progress<'_>)) -> Result<Outcome, Error> {
        if self.steps() == 0 {
            let found = self.train.len() * self.experiment.augment.copies();
            let expected = format!("at most {found}, the rows of an epoch, as full batches only are wanted");
            return Err(refuse("training.batch_size", self.experiment.training.batch_size, expected));
        }
        while self.position.epoch * self.steps() < self.all_steps() && !self.is_out_of_patience() {
            self.epoch(observe)?;
        }
        observe(Progress::Evaluating);
        self.finish()
    }

    /// Steps of the run.
    fn all_steps(&self) -> u64 {
        let training = &self.experiment.training;
        training.epochs.saturating_mul(self.steps()).min(training.steps.unwrap_or(u64::MAX))
    }

    /// Where the schedule stands at a step of the run.
    fn moment(&self, step: u64) -> Moment {
        let (steps, per_epoch) = (self.all_steps(), self.steps());
        Moment { step, steps, epoch: step / per_epoch, epochs: steps.div_ceil(per_epoch) }
    }

    fn is_out_of_patience(&self) -> bool {
        self.experiment.training.patience.is_some_and(|patience| self.position.since_best >= patience)
    }

    fn epoch(&mut self, observe: &mut dyn FnMut(Progress<'_>)) -> Result<(), Error> {
        let Experiment { seed, augment, training, .. } = &self.experiment;
        let (epoch, before) = (self.position.epoch, self.position.epoch * self.steps());
        let (epochs, steps) = (self.moment(before).epochs, self.steps().min(self.all_steps() - before));
        let (batch, every) = (training.batch_size as usize, training.checkpoint_steps);
        let order = match training.shuffle {
            Shuffle::EveryEpoch => epoch,
            Shuffle::Once => 0,
        };
        let mut order = Order::new(*seed, order, self.train.len(), augment, self.device)?;
        let rows = self.rows_of_epoch(epoch)?;
        let (started, first) = (Instant::now(), self.position.step);
        while self.position.step < steps {
            let step = self.position.step;
            let from = step as usize * batch;
            let n = batch.min(order.len() - from);
            self.step(&mut order, from..from + n, &rows, before + step).map_err(Error::or_out_of_memory)?;
            self.position.step += 1;
            observe(Progress::Step { epoch, epochs, step: step + 1, steps, rows: batch as u64 });
            let due = every.is_some_and(|every| (step + 1).is_multiple_of(every)) && step + 1 < steps;
            if step.is_multiple_of(WATCH) || step + 1 == steps || due {
                self.watch()?;
            }
            if due {
                self.checkpoint()?;
            }
        }
        let seconds = started.elapsed().as_secs_f64();
        observe(Progress::Evaluating);
        let rows = (order.len().min(steps as usize * batch) - first as usize * batch) as f64;
        let record = self.record(seconds, rows / seconds)?;
        self.close_epoch(record)?;
        if let Some(record) = self.records.last() {
            observe(Progress::Epoch(record));
        }
        Ok(())
    }

    /// The training rows, with the label noise of the epoch.
    fn rows_of_epoch(&self, epoch: u64) -> Result<DeviceRows, Error> {
        let mut labels = self.prepared.label.apply(self.prepared.train.labels())?;
        if let Some(noise) = &self.experiment.label.noise {
            let rows: Vec<u32> = (0..labels.len() as u32).collect();
            noise.add(self.experiment.seed, epoch, &rows, &mut labels)?;
        }
        self.train.with_labels(&labels)
    }

    /// Stops when the loss or a gradient is no number any more.
    fn watch(&self) -> Result<(), Error> {
        let (loss, norm) = self.sums.loss_and_norm().doing("training metrics")?;
        let is_lost = self.position.scaler.is_some_and(|scaler| scaler.is_lost());
        if loss.is_finite() && norm.is_finite() && !is_lost {
            return Ok(());
        }
        Err(Error::NotFinite { loss, norm, epoch: self.position.epoch, step: self.position.step - 1 })
    }

    /// Does something with the averaged weights in the place of the last ones, where weights are averaged.
    fn with_averages<T>(&self, action: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        let Some(averages) = &self.averages else { return action() };
        averages.swap()?;
        let result = action();
        averages.swap()?;
        result
    }

    /// Records first, checkpoint last: a stop in between repeats the epoch.
    fn close_epoch(&mut self, record: EpochRecord) -> Result<(), Error> {
        let Position { epoch, since_best, .. } = self.position;
        if record.best {
            self.with_averages(|| {
                let mut best = Tensors::of(&self.params)?;
                // What a predictor needs beside the weights and the configuration.
                best.metadata = serde_json::json!({ "epoch": epoch, "label": self.prepared.label }).to_string();
                Ok(best.write(&self.run.best())?)
            })?;
        }
        if let Some(plateau) = self.experiment.schedule.plateau() {
            let higher = self.experiment.training.best.higher_is_better();
            plateau.after_epoch(&mut self.position.plateau, record.chosen_by, higher);
        }
        let before = self.position.best;
        self.position = Position {
            epoch: epoch + 1,
            step: 0,
            best: if record.best { Some((epoch, record.chosen_by)) } else { before },
            since_best: if record.best { 0 } else { since_best + 1 },
            ..self.position
        };
        self.sums.reset();
        self.records.push(record);
        self.run.write_records(&self.records)?;
        self.checkpoint()
    }

    fn checkpoint(&self) -> Result<(), Error> {
        let Self { run, experiment, position, params, optimiser, averages, sums, .. } = self;
        checkpoint::write(&run.last(), experiment, position, params, &state(optimiser, averages.as_ref(), sums))
    }
}

/// The window must be what the network takes.
fn check_window(encoder: &Encoder, network: &dyn Network) -> Result<(), Error> {
    let (input, found) = (network.input(), encoder.output());
    if found == (input.length, input.channels) {
        return Ok(());
    }
    let expected = format!("the network's {} positions and {} channels", input.length, input.channels);
    Err(refuse("encoding", format_args!("{} positions and {} channels", found.0, found.1), expected))
}

/// A loss over classes wants as many outputs, and labels in sorting bins; masked k-mers want a network that masks them.
fn check_loss(experiment: &Experiment, model: &Model) -> Result<(), Error> {
    let network = model.network();
    match (experiment.loss.uses_labels(), model) {
        (true, Model::MaskedKmers(_)) => {
            return Err(refuse("loss", "of labels", "masked_kmers, the objective of the network"));
        }
        (false, Model::Expression(_)) => {
            return Err(refuse("loss", "masked_kmers", "a network with `objective = \"masked_kmers\"` beside it"));
        }
        _ => {}
    }
    let Some(outputs) = experiment.loss.outputs() else { return Ok(()) };
    if network.outputs() != outputs {
        return Err(refuse(
            "loss",
            format_args!("over {outputs} classes"),
            format!("the network's {} outputs", network.outputs()),
        ));
    }
    match experiment.label.transform {
        Transform::Identity => Ok(()),
        other => Err(refuse("label.transform", other.name(), "identity: the loss is defined on sorting bins")),
    }
}

/// What a checkpoint has beside the network's tensors and the position.
fn state(optimiser: &Optimiser, averages: Option<&Averages>, sums: &StepSums) -> Vec<(String, Tensor)> {
    let averages = averages.into_iter().flat_map(Averages::state);
    let sums = ("epoch.sums".to_owned(), sums.tensor());
    optimiser.state().chain(averages).chain([sums]).map(|(name, tensor)| (name, tensor.shallow_clone())).collect()
}

/// Places of the penalised weights among those that are trained.
fn penalised(experiment: &Experiment, params: &Params, network: &dyn Network) -> Result<Vec<usize>, Error> {
    let Some(l2) = experiment.training.l2 else { return Ok(Vec::new()) };
    let places = params.trainable().enumerate().filter(|(_, entry)| network.is_penalised(&entry.name));
    let places: Vec<usize> = places.map(|(place, _)| place).collect();
    if places.is_empty() {
        return Err(refuse("training.l2", l2, "no L2 penalty: the network has no kernel that its source penalises"));
    }
    Ok(places)
}
