//! Predictions and scores in the course of a run.

use tch::{Kind, TchError, Tensor};

use super::{Outcome, Session, gather};
use crate::batch::Rows;
use crate::error::{Doing, experiment as refuse};
use crate::experiment::Keep;
use crate::model::Model;
use crate::objective::{Found, Unseen};
use crate::prepared::Part;
use crate::record::is_better;
use crate::sums::StepMetrics;
use crate::{EpochRecord, Error, Readout, Scores, memory};

/// What was to be predicted of some rows, what was predicted, and the mean loss. Of several labels truth and prediction
/// are row by row, and a missing label is NaN.
pub(super) struct Evaluation {
    pub(super) truth: Vec<f32>,
    pub(super) prediction: Vec<f32>,
    columns: usize,
    loss: f64,
}

impl Evaluation {
    /// What was to be predicted of a label, counted from 0, and what was, where the label is not missing.
    pub(super) fn of_label(&self, label: usize) -> (Vec<f32>, Vec<f32>) {
        let truth = self.truth.iter().skip(label).step_by(self.columns);
        let pairs = truth.zip(self.prediction.iter().skip(label).step_by(self.columns));
        pairs.filter(|(truth, _)| self.columns == 1 || !truth.is_nan()).unzip()
    }
}

impl Session {
    /// What the epoch that has just been trained is remembered by.
    pub(super) fn record(&self, seconds: f64, rows_per_second: f64) -> Result<EpochRecord, Error> {
        let found = self.state.with_averages(|| {
            self.estimate_averages()?;
            self.evaluate(&self.validation)
        })?;
        self.record_of(&found, seconds, rows_per_second)
    }

    /// What ridge regression alone is remembered by: there is no epoch to train.
    pub(super) fn record_of_ridge(&self) -> Result<EpochRecord, Error> {
        let mut found = self.evaluate(&self.validation)?;
        let rows: Vec<&[u8]> = self.prepared.validation.rows().map(|(codes, _)| codes).collect();
        for (label, readout) in self.readouts(&found, &found)?.iter().enumerate() {
            let outputs = found.prediction.iter_mut().skip(label).step_by(found.columns);
            let values = readout.apply(&vec![0.0; rows.len()], &rows)?;
            outputs.zip(values).for_each(|(output, value)| *output = value);
        }
        self.record_of(&found, 0.0, 0.0)
    }

    fn record_of(&self, found: &Evaluation, seconds: f64, rows_per_second: f64) -> Result<EpochRecord, Error> {
        let StepMetrics { loss, mut pearson, mut mse, mean_norm, largest_norm } =
            self.state.sums.metrics().doing("training metrics")?;
        let counters = &self.state.counters;
        let last = self.moment(counters.epoch * self.steps_per_epoch() + counters.step.max(1) - 1);
        let factor = self.experiment.schedule.factor(&last) * counters.plateau.factor;
        let labels: Vec<_> = (0..found.columns).map(|label| found.of_label(label)).collect();
        let validation = if self.experiment.loss.uses_labels() {
            let scores = labels.iter().map(|(truth, prediction)| Scores::of(truth, prediction));
            Scores::mean(&scores.collect::<Result<Vec<_>, _>>()?)
        } else {
            (pearson, mse) = (f64::NAN, f64::NAN);
            Scores::none(self.validation.len() as u64)
        };
        let metric = self.experiment.training.best;
        let batch = self.experiment.training.evaluation_batch_size as usize;
        let values = labels.iter().map(|(truth, prediction)| metric.of(truth, prediction, batch));
        let values: Result<Vec<f64>, _> = values.collect();
        let values = values.map_err(|source| Error::Metric { what: "validation predictions", source })?;
        let chosen_by = values.iter().sum::<f64>() / values.len() as f64;
        let before = counters.best.map(|(_, value)| value);
        let best = self.experiment.training.keep == Keep::Last || is_better(metric, chosen_by, before);
        Ok(EpochRecord {
            epoch: counters.epoch,
            lr: self.experiment.optimiser.lr() * factor,
            train_loss: loss,
            train_pearson: pearson,
            train_mse: mse,
            gradient_norm: mean_norm,
            largest_gradient_norm: largest_norm,
            skipped_steps: counters.skipped,
            validation_loss: found.loss,
            validation,
            chosen_by,
            best,
            seconds,
            rows_per_second,
            peak_memory: memory::peak(self.place.device),
        })
    }

    /// What the network makes of rows, in units of the transformed labels. Batches go to the ranks in turn, and each
    /// rank works on as many at once as it has replicas.
    fn evaluate(&self, rows: &Rows) -> Result<Evaluation, Error> {
        let batch = self.experiment.training.evaluation_batch_size as usize;
        self.replicas.each(self.buffers()?, |model, buffers| model.set_frozen(&buffers))?;
        let unseen = |first: usize| -> Result<Unseen, Error> {
            let n = batch.min(rows.len() - first);
            let labels = rows.labels().f_narrow(0, first as i64, n as i64).doing("validation labels")?;
            Ok(Unseen { codes: rows.codes(first, n)?, labels, first })
        };
        let group = &self.place.group;
        let own: Vec<usize> = (0..rows.len()).step_by(batch).skip(group.rank()).step_by(group.size()).collect();
        let mut found = Vec::new();
        for wave in own.chunks(self.replicas.len()) {
            let wave = wave.iter().map(|&first| unseen(first)).collect::<Result<_, _>>()?;
            found.extend(self.replicas.map(&self.model, wave, |model: &Model, rows| model.evaluate(&rows))?);
        }
        let columns = self.prepared.labels.len();
        collect(&gather::found(group, found)?, columns).doing("collecting predictions")
    }

    /// Copies of what replicas do not share with the network, one for each.
    fn buffers(&self) -> Result<Vec<Vec<Tensor>>, Error> {
        (1..self.replicas.len()).map(|_| self.model.frozen()).collect()
    }

    /// The network of the best epoch: its scores, its predictions, in the folder too. One that has learnt masked k-mers
    /// has neither.
    pub(super) fn finish(&mut self) -> Result<Outcome, Error> {
        let Some((best_epoch, _)) = self.state.counters.best else {
            let metric = self.experiment.training.best.name();
            return Err(refuse("training.best", metric, "a metric that exists for at least one epoch's predictions"));
        };
        let kept = match self.run.writes() {
            true => {
                let best = self.folder().best()?;
                best.tensors.load_into(&self.model.params, &self.folder().best_path())?;
                best.labels.into_iter().map(|(_, readout)| readout).collect()
            }
            false => vec![Readout::IDENTITY; self.prepared.labels.len()],
        };
        self.place.group.broadcast(&self.model.tensors().map(Tensor::shallow_clone).collect::<Vec<_>>())?;
        let rows = [&self.prepared.train, &self.prepared.validation].map(|table| table.len() as u64);
        let mut scores = [vec![Scores::none(rows[0].min(rows[1]))], vec![Scores::none(rows[1])], Vec::new()];
        let mut predictions = Vec::new();
        if self.experiment.loss.uses_labels() {
            let sample = self.prepared.train.evenly(self.prepared.validation.len());
            let (of_sample, of_validation) =
                (self.evaluate(&self.resident(&sample)?)?, self.evaluate(&self.validation)?);
            let readouts = self.readouts(&of_sample, &of_validation)?;
            if !readouts.iter().zip(&kept).all(|(readout, kept)| readout.is_weighed_as(kept)) {
                self.keep(best_epoch, &readouts)?;
            }
            let [of_train, of_validation_rows, of_test] = &mut scores;
            (*of_train, _) = self.score(&sample, &of_sample, &readouts)?;
            (*of_validation_rows, predictions) = self.score(&self.prepared.validation, &of_validation, &readouts)?;
            let names = &self.experiment.label.columns;
            self.run.write_predictions(names, &self.prepared.validation, &predictions)?;
            if !self.prepared.test.is_empty() {
                let held_out = &self.prepared.test;
                let predictions;
                (*of_test, predictions) =
                    self.score(held_out, &self.evaluate(&self.resident(held_out)?)?, &readouts)?;
                self.run.write_test_predictions(names, held_out, &predictions)?;
            }
        }
        let (rows, seconds) = self.records.iter().fold((0.0, 0.0), |(rows, seconds), record| {
            (rows + record.rows_per_second * record.seconds, seconds + record.seconds)
        });
        Ok(Outcome {
            best_epoch,
            train: Scores::mean(&scores[0]),
            validation: Scores::mean(&scores[1]),
            test: (!scores[2].is_empty()).then(|| Scores::mean(&scores[2])),
            of_labels: scores,
            predictions,
            // Where nothing was trained, no rows per no time.
            rows_per_second: if seconds > 0.0 { rows / seconds } else { 0.0 },
            parameters: self.model.params.trainable_count(),
        })
    }

    fn resident(&self, part: &Part) -> Result<Rows, Error> {
        Rows::resident(part, &self.experiment.encoding, &self.prepared.labels, self.place.device)
    }
}

fn collect(found: &[Found], columns: usize) -> Result<Evaluation, TchError> {
    let sum = |values: Vec<&Tensor>| Tensor::f_stack(&values, 0)?.f_sum(Kind::Double)?.f_double_value(&[]);
    let values = |tensors: Vec<&Tensor>| {
        Vec::<f32>::try_from(Tensor::f_cat(&tensors, 0)?.f_to_kind(Kind::Float)?.f_contiguous()?.f_flatten(0, -1)?)
    };
    let loss = sum(found.iter().map(|part| &part.loss).collect())?;
    Ok(Evaluation {
        truth: values(found.iter().map(|part| &part.truth).collect())?,
        prediction: values(found.iter().map(|part| &part.prediction).collect())?,
        columns,
        loss: loss / sum(found.iter().map(|part| &part.weight).collect())?,
    })
}
