//! The training loop.

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use promoter_encode::random::Stream;
use promoter_label::Transform;
use promoter_torch::Params;
use promoter_torch::file::Tensors;
use promoter_zoo::{Mode, Network};
use tch::{Device, Kind, Tensor};

use crate::batch::{DeviceRows, Encoder, Order};
use crate::checkpoint::{self, Position};
use crate::error::{Doing, experiment as refuse};
use crate::experiment::Shuffle;
use crate::optimiser::Optimiser;
use crate::record::is_better;
use crate::schedule::Moment;
use crate::sums::{StepMetrics, StepSums};
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
    /// sorting bins where the label transform can be inverted.
    pub train: Scores,
    /// Scores of the kept network on the validation rows, likewise.
    pub validation: Scores,
    /// Predictions of the validation rows, likewise.
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
    network: Box<dyn Network>,
    optimiser: Optimiser,
    encoder: Encoder,
    train: DeviceRows,
    validation: DeviceRows,
    position: Position,
    records: Vec<EpochRecord>,
    sums: StepSums,
}

impl<'a> Trainer<'a> {
    /// Builds the network, sends the rows to the device, and goes to the run's last checkpoint if it has one.
    ///
    /// # Errors
    /// [`Error::Experiment`] and the errors of the network for what does not fit; [`Error::Checkpoint`] and
    /// [`Error::Params`] for a checkpoint that is damaged or of another experiment.
    pub fn new(experiment: Experiment, prepared: &'a Prepared, run: Run, device: Device) -> Result<Self, Error> {
        experiment.check()?;
        let mut params = Params::new(device, experiment.seed);
        let network = experiment.network.build(&mut params)?;
        let vectors = vectors::of_run(&experiment, prepared, run.path())?;
        let encoder = Encoder::new(&experiment.encoding, vectors.as_ref(), device)?;
        check_window(&encoder, network.as_ref())?;
        check_loss(&experiment, network.as_ref())?;
        let optimiser = experiment.optimiser.build(&params)?;
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
        let position = if run.last().exists() {
            checkpoint::read(&run.last(), &experiment, &params, &optimiser, sums.tensor())?
        } else {
            Position::default()
        };
        records.retain(|record| record.epoch < position.epoch);
        Ok(Self {
            experiment,
            prepared,
            run,
            device,
            params,
            network,
            optimiser,
            encoder,
            train,
            validation,
            position,
            records,
            sums,
        })
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
        while self.position.epoch * self.steps() < self.total() && !self.is_out_of_patience() {
            self.epoch(observe)?;
        }
        observe(Progress::Evaluating);
        self.finish()
    }

    /// Steps of the whole run, unless patience ends it.
    fn total(&self) -> u64 {
        let training = &self.experiment.training;
        training.steps.unwrap_or(u64::MAX).min(training.epochs.saturating_mul(self.steps()))
    }

    fn is_out_of_patience(&self) -> bool {
        self.experiment.training.patience.is_some_and(|patience| self.position.since_best >= patience)
    }

    fn epoch(&mut self, observe: &mut dyn FnMut(Progress<'_>)) -> Result<(), Error> {
        let Experiment { seed, augment, training, .. } = &self.experiment;
        let (epoch, epochs, steps) = (self.position.epoch, training.epochs, self.steps());
        let total = self.total();
        let (batch, every) = (training.batch_size as usize, training.checkpoint_steps);
        let order = match training.shuffle {
            Shuffle::EveryEpoch => epoch,
            Shuffle::Once => 0,
        };
        let mut order = Order::new(*seed, order, self.train.len(), augment, self.device)?;
        let rows = self.rows_of_epoch(epoch)?;
        let (started, first) = (Instant::now(), self.position.step);
        let mut factor = 1.0;
        while self.position.step < steps && epoch * steps + self.position.step < total {
            let step = self.position.step;
            let from = step as usize * batch;
            let n = batch.min(order.len() - from);
            let moment = Moment { step: epoch * steps + step, steps: total, epoch, epochs: total.div_ceil(steps) };
            factor = self.experiment.schedule.factor(&moment);
            self.step(&mut order, from..from + n, &rows, epoch * steps + step, factor)?;
            self.position.step += 1;
            observe(Progress::Step { epoch, epochs, step: step + 1, steps, rows: batch as u64 });
            if step.is_multiple_of(WATCH) || step + 1 == steps || epoch * steps + step + 1 == total {
                self.watch()?;
            }
            if every.is_some_and(|every| (step + 1).is_multiple_of(every)) && step + 1 < steps {
                self.checkpoint()?;
            }
        }
        let seconds = started.elapsed().as_secs_f64();
        observe(Progress::Evaluating);
        let rows = (order.len().min(self.position.step as usize * batch) - first as usize * batch) as f64;
        let record = self.record(epoch, self.experiment.optimiser.lr() * factor, seconds, rows / seconds)?;
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

    fn step(
        &mut self,
        order: &mut Order,
        items: Range<usize>,
        rows: &DeviceRows,
        global: u64,
        factor: f64,
    ) -> Result<(), Error> {
        // Dropout draws from LibTorch's generator, whose state cannot be saved: each step has its own seed instead.
        tch::manual_seed(Stream::new(self.experiment.seed, "step", global).next_u64() as i64);
        let (x, y) = order.batch(items.start, items.len(), rows, &self.encoder)?;
        let output = self.network.forward(&x, Mode::Train)?;
        let loss = self.experiment.loss.forward(&output, &y)?;
        let mut gradients = self.optimiser.gradients(&loss)?;
        if let Some(sharpness) = &self.experiment.sharpness {
            gradients = sharpness.gradients(self.optimiser.weights(), gradients, || {
                let output = self.network.forward(&x, Mode::TrainKeepAverages)?;
                self.optimiser.gradients(&self.experiment.loss.forward(&output, &y)?)
            })?;
        }
        self.optimiser.step(&gradients, global + 1, factor)?;
        let _guard = tch::no_grad_guard();
        let prediction = self.network.expression(&output)?;
        self.sums.add(&prediction, &y, &loss).doing("training metrics")
    }

    /// Stops when the loss is no number any more.
    fn watch(&self) -> Result<(), Error> {
        let loss = self.sums.loss().doing("training metrics")?;
        if loss.is_finite() {
            return Ok(());
        }
        Err(Error::NotFinite { loss, epoch: self.position.epoch, step: self.position.step - 1 })
    }

    fn record(&self, epoch: u64, lr: f64, seconds: f64, rows_per_second: f64) -> Result<EpochRecord, Error> {
        let StepMetrics { loss, pearson, mse } = self.sums.metrics().doing("training metrics")?;
        let (prediction, validation_loss) = self.predict(&self.validation)?;
        let truth: Vec<f32> = Vec::try_from(self.validation.labels()).doing("validation labels")?;
        let metric = self.experiment.training.best;
        let batch = self.experiment.training.evaluation_batch_size as usize;
        let chosen_by = metric
            .of(&truth, &prediction, batch)
            .map_err(|source| Error::Metric { what: "validation predictions", source })?;
        let best = is_better(metric, chosen_by, self.position.best.map(|(_, value)| value));
        Ok(EpochRecord {
            epoch,
            lr,
            train_loss: loss,
            train_pearson: pearson,
            train_mse: mse,
            validation_loss,
            validation: Scores::of(&truth, &prediction)?,
            chosen_by,
            best,
            seconds,
            rows_per_second,
        })
    }

    /// Records first, checkpoint last: a stop in between repeats the epoch.
    fn close_epoch(&mut self, record: EpochRecord) -> Result<(), Error> {
        let Position { epoch, since_best, .. } = self.position;
        if record.best {
            let mut best = Tensors::of(&self.params)?;
            // What a predictor needs beside the weights and the configuration.
            best.metadata = serde_json::json!({ "epoch": epoch, "label": self.prepared.label }).to_string();
            best.write(&self.run.best())?;
        }
        let before = self.position.best;
        self.position = Position {
            epoch: epoch + 1,
            step: 0,
            best: if record.best { Some((epoch, record.chosen_by)) } else { before },
            since_best: if record.best { 0 } else { since_best + 1 },
        };
        self.sums.reset();
        self.records.push(record);
        self.run.write_records(&self.records)?;
        self.checkpoint()
    }

    fn checkpoint(&self) -> Result<(), Error> {
        let Self { run, experiment, position, params, optimiser, sums, .. } = self;
        checkpoint::write(&run.last(), experiment, position, params, optimiser, sums.tensor())
    }

    /// Predictions of all rows, in units of the transformed label, and the mean loss of the sequences as they are.
    fn predict(&self, rows: &DeviceRows) -> Result<(Vec<f32>, f64), Error> {
        let _guard = tch::no_grad_guard();
        let batch = self.experiment.training.evaluation_batch_size as usize;
        let (mut predictions, mut losses) = (Vec::new(), Vec::new());
        for from in (0..rows.len()).step_by(batch) {
            let n = batch.min(rows.len() - from);
            let target = rows.labels().f_narrow(0, from as i64, n as i64).doing("validation labels")?;
            let mut first = None;
            let averaging = self.experiment.evaluation;
            predictions.push(averaging.mean(&rows.codes(from, n)?, &self.encoder, |x| -> Result<_, Error> {
                let output = self.network.forward(x, Mode::Evaluate)?;
                let expression = self.network.expression(&output)?;
                first.get_or_insert(output);
                Ok(expression)
            })?);
            let Some(output) = first else { continue };
            let loss = self.experiment.loss.forward(&output, &target)?;
            losses.push(loss.f_to_kind(Kind::Double).and_then(|l| l.f_mul_scalar(n as f64)).doing("validation loss")?);
        }
        let collect = || {
            let predictions: Vec<f32> = Vec::try_from(Tensor::f_cat(&predictions, 0)?.f_to_kind(Kind::Float)?)?;
            let loss = Tensor::f_stack(&losses, 0)?.f_sum(Kind::Double)?.f_double_value(&[])?;
            Ok((predictions, loss / rows.len() as f64))
        };
        collect().doing("collecting predictions")
    }

    /// The network of the best epoch: its scores, its predictions, in the folder too.
    fn finish(&mut self) -> Result<Outcome, Error> {
        let Some((best_epoch, _)) = self.position.best else {
            let metric = self.experiment.training.best.name();
            return Err(refuse("training.best", metric, "a metric that exists for at least one epoch's predictions"));
        };
        Tensors::read(&self.run.best())?.load_into(&self.params, &self.run.best())?;
        let in_bins = |values: &[f32]| match self.prepared.label.invert(values) {
            Err(promoter_label::Error::NotInvertible { .. }) => Ok((values.to_vec(), false)),
            other => other.map(|values| (values, true)),
        };
        let score = |rows: &DeviceRows| -> Result<(Scores, Vec<f32>), Error> {
            let (predictions, inverted) = in_bins(&self.predict(rows)?.0)?;
            let labels: Vec<f32> = Vec::try_from(rows.labels()).doing("labels")?;
            let labels = if inverted { in_bins(&labels)?.0 } else { labels };
            Ok((Scores::of(&labels, &predictions)?, predictions))
        };
        let (validation, predictions) = score(&self.validation)?;
        let taken = self.prepared.train.len().min(self.prepared.validation.len());
        let evenly: Vec<u32> = (0..taken).map(|i| (i * self.prepared.train.len() / taken) as u32).collect();
        let sample = Arc::new(self.prepared.train.select(&evenly));
        let sample = DeviceRows::new(&sample, &self.experiment.encoding, &self.prepared.label, self.device)?;
        let (train, _) = score(&sample)?;
        self.run.write("predictions.tsv", &predictions_tsv(self.prepared, &predictions))?;
        let (rows, seconds) = self.records.iter().fold((0.0, 0.0), |(rows, seconds), record| {
            (rows + record.rows_per_second * record.seconds, seconds + record.seconds)
        });
        Ok(Outcome {
            best_epoch,
            train,
            validation,
            predictions,
            rows_per_second: rows / seconds,
            parameters: self.params.trainable_count(),
        })
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

/// A loss over classes wants as many outputs, and labels in sorting bins.
fn check_loss(experiment: &Experiment, network: &dyn Network) -> Result<(), Error> {
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

fn predictions_tsv(prepared: &Prepared, predictions: &[f32]) -> Vec<u8> {
    let mut text = b"sequence\tmeasured\tpredicted\n".to_vec();
    for ((codes, label), prediction) in prepared.validation.rows().zip(predictions) {
        text.extend(codes.iter().map(|&code| promoter_encode::base::to_ascii(code)));
        text.extend(format!("\t{label}\t{prediction}\n").into_bytes());
    }
    text
}
