//! One epoch: steps, evaluation, record, checkpoint.

use std::time::Instant;

use promoter_torch::file::Tensors;

use super::{Progress, Session};
use crate::batch::{Batches, Order, Rows};
use crate::batch_norm::ROWS;
use crate::experiment::Shuffle;
use crate::readout::OfLabel;
use crate::run::BestMetadata;
use crate::state::Counters;
use crate::{EpochRecord, Error, Experiment, Readout};

/// Steps between looks at whether the loss is finite; on CUDA each look waits for the device.
const WATCH: u64 = 20;

impl Session {
    pub(super) fn epoch(&mut self, observe: &mut dyn FnMut(Progress<'_>)) -> Result<(), Error> {
        let before = self.state.counters.epoch * self.steps_per_epoch();
        let steps = self.steps_per_epoch().min(self.total_steps() - before);
        let (started, mut rows) = (Instant::now(), 0);
        while self.state.counters.step < steps {
            rows += self.pass_over(before, steps, observe)?;
        }
        let seconds = started.elapsed().as_secs_f64();
        observe(Progress::Evaluating);
        let record = self.record(seconds, rows as f64 / seconds)?;
        self.close_epoch(record)?;
        if let Some(record) = self.records.last() {
            observe(Progress::Epoch(record));
        }
        Ok(())
    }

    /// The one record of a run without a network, of which there is nothing to train.
    pub(super) fn record_ridge(&mut self) -> Result<(), Error> {
        self.state.counters = Counters { epoch: 0, best: None, ..self.state.counters };
        self.records.clear();
        let record = self.record_of_ridge()?;
        self.close_epoch(EpochRecord { best: true, ..record })
    }

    /// Trains to the end of the epoch or of the pass over the rows, whichever comes first; returns the rows trained on.
    fn pass_over(&mut self, before: u64, steps: u64, observe: &mut dyn FnMut(Progress<'_>)) -> Result<usize, Error> {
        let (epoch, epochs) = (self.state.counters.epoch, self.moment(before).epochs);
        let global = before + self.state.counters.step;
        let (pass, first) = (global / self.steps_per_pass(), global % self.steps_per_pass());
        let left = (self.steps_per_pass() - first).min(before + steps - global);
        let batch_size = self.experiment.training.batch_size;
        let (order, rows, encoder) = (self.order(pass)?, self.rows_of_pass(pass)?, self.model.encoder.shallow_clone());
        let batches = Batches::new(&rows, &order, &encoder, (first * batch_size) as usize, batch_size as usize);
        let batches = batches.shared(self.share());
        let mut trained = 0;
        for batch in batches.take(left as usize) {
            let batch = batch?;
            let step = self.state.counters.step;
            self.step(&batch, before + step).map_err(Error::or_out_of_memory)?;
            self.state.counters.step += 1;
            trained += batch.all_rows();
            observe(Progress::Step { epoch, epochs, step: step + 1, steps, rows: batch_size });
            self.look(steps)?;
        }
        Ok(trained)
    }

    /// After a step: is the loss finite, is a checkpoint due, is the run to stop?
    fn look(&self, steps: u64) -> Result<(), Error> {
        let done = self.state.counters.step;
        let due = self.experiment.training.checkpoint_steps.is_some_and(|every| done.is_multiple_of(every));
        let stopped = done < steps && self.is_stopped()?;
        let due = (due || stopped) && done < steps;
        if (done - 1).is_multiple_of(WATCH) || done == steps || due {
            self.watch()?;
        }
        if due {
            self.checkpoint()?;
        }
        if stopped { Err(Error::Stopped) } else { Ok(()) }
    }

    /// The order of a pass over the training rows.
    fn order(&self, pass: u64) -> Result<Order, Error> {
        let Experiment { seed, augment, training, .. } = &self.experiment;
        let number = match training.shuffle {
            Shuffle::EveryEpoch => pass,
            Shuffle::Once => 0,
        };
        Order::new(*seed, number, self.train.len(), augment, self.place.device)
    }

    /// The training rows, with the label noise of a pass.
    fn rows_of_pass(&self, pass: u64) -> Result<Rows, Error> {
        let mut labels = self.prepared.train.transformed(&self.prepared.labels)?;
        if let Some(noise) = &self.experiment.label.noise {
            let rows: Vec<u32> = (0..labels.len() as u32).collect();
            noise.add(self.experiment.seed, pass, &rows, &mut labels)?;
        }
        self.train.with_labels(&labels)
    }

    /// Replaces the averages of batch norms by those of training rows, where the experiment wants that.
    pub(super) fn estimate_averages(&self) -> Result<(), Error> {
        if self.experiment.training.batch_norm_averages.is_moving() {
            return Ok(());
        }
        if self.place.group.leads() {
            self.estimate()?;
        }
        self.model.share_frozen(&self.place.group)
    }

    fn estimate(&self) -> Result<(), Error> {
        let global = self.state.counters.epoch * self.steps_per_epoch() + self.state.counters.step.max(1) - 1;
        let order = self.order(global / self.steps_per_pass())?;
        let size = (self.experiment.training.evaluation_batch_size as usize).min(order.len());
        let batches = (ROWS / size).clamp(1, order.len() / size);
        // Equal batches only: the averages are means over batches.
        let seen = Batches::new(&self.train, &order, &self.model.encoder, 0, size).take(batches);
        seen.zip(0..).try_for_each(|(batch, number)| self.model.estimate(&batch?, number))
    }

    /// Stops when the loss or a gradient is not finite.
    fn watch(&self) -> Result<(), Error> {
        use crate::error::Doing as _;
        let (loss, norm) = self.state.sums.loss_and_norm().doing("training metrics")?;
        let Counters { epoch, step, scaler, .. } = self.state.counters;
        if loss.is_finite() && norm.is_finite() && !scaler.is_some_and(|scaler| scaler.is_lost()) {
            return Ok(());
        }
        Err(Error::NotFinite { loss, norm, epoch, step: step - 1 })
    }

    /// Records first, checkpoint last: a stop in between repeats the epoch.
    fn close_epoch(&mut self, record: EpochRecord) -> Result<(), Error> {
        let Counters { epoch, since_best, best, .. } = self.state.counters;
        if record.best {
            self.state.with_averages(|| self.keep(epoch, &vec![Readout::IDENTITY; self.prepared.labels.len()]))?;
        }
        if let Some(plateau) = self.experiment.schedule.plateau() {
            let higher = self.experiment.training.best.higher_is_better();
            plateau.after_epoch(&mut self.state.counters.plateau, record.chosen_by, higher);
        }
        self.state.counters = Counters {
            epoch: epoch + 1,
            step: 0,
            best: if record.best { Some((epoch, record.chosen_by)) } else { best },
            since_best: if record.best { 0 } else { since_best + 1 },
            ..self.state.counters
        };
        self.state.sums.reset();
        self.state.compare(&self.place.group, &self.model)?;
        self.records.push(record);
        self.run.write_records(&self.records)?;
        self.checkpoint()?;
        if self.is_stopped()? && (epoch + 1) * self.steps_per_epoch() < self.total_steps() {
            return Err(Error::Stopped);
        }
        Ok(())
    }

    /// Writes the network of the best epoch, with what a predictor needs beside weights and configuration.
    pub(super) fn keep(&self, epoch: u64, readouts: &[Readout]) -> Result<(), Error> {
        if !self.run.writes() {
            return Ok(());
        }
        let mut best = Tensors::of(&self.model.params)?;
        for (label, readout) in readouts.iter().enumerate() {
            readout.store(label, &mut best)?;
        }
        let labels = self.prepared.labels.iter().zip(readouts);
        let labels = labels.map(|(label, readout)| OfLabel::new(label.clone(), readout)).collect();
        let metadata = BestMetadata::new(epoch, labels);
        // Numbers and names: there is nothing in it that JSON lacks.
        best.metadata = serde_json::to_string(&metadata).unwrap_or_default();
        Ok(best.write(&self.folder().best_path())?)
    }
}
