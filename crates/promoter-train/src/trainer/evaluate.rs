//! Predictions and scores in the course of a run.

use std::sync::Arc;

use promoter_torch::file::Tensors;
use promoter_zoo::Mode;
use tch::{Kind, Tensor};

use super::masked::Evaluation;
use super::{Outcome, Trainer};
use crate::batch::DeviceRows;
use crate::error::{Doing, experiment as refuse};
use crate::experiment::Keep;
use crate::record::is_better;
use crate::sums::StepMetrics;
use crate::{EpochRecord, Error, Prepared, Scores, memory};

impl Trainer<'_> {
    /// What the epoch that has just been trained is remembered by.
    pub(super) fn record(&self, seconds: f64, rows_per_second: f64) -> Result<EpochRecord, Error> {
        let StepMetrics { loss, mut pearson, mut mse, mean_norm, largest_norm } =
            self.sums.metrics().doing("training metrics")?;
        let epoch = self.position.epoch;
        let last = self.moment(epoch * self.steps() + self.position.step.max(1) - 1);
        let factor = self.experiment.schedule.factor(&last) * self.position.plateau.factor;
        let Evaluation { truth, prediction, loss: validation_loss } = self.with_averages(|| self.evaluate())?;
        let validation = if self.experiment.loss.uses_labels() {
            Scores::of(&truth, &prediction)?
        } else {
            (pearson, mse) = (f64::NAN, f64::NAN);
            Scores::none(self.validation.len() as u64)
        };
        let metric = self.experiment.training.best;
        let batch = self.experiment.training.evaluation_batch_size as usize;
        let chosen_by = metric
            .of(&truth, &prediction, batch)
            .map_err(|source| Error::Metric { what: "validation predictions", source })?;
        let before = self.position.best.map(|(_, value)| value);
        let best = self.experiment.training.keep == Keep::Last || is_better(metric, chosen_by, before);
        Ok(EpochRecord {
            epoch,
            lr: self.experiment.optimiser.lr() * factor,
            train_loss: loss,
            train_pearson: pearson,
            train_mse: mse,
            gradient_norm: mean_norm,
            largest_gradient_norm: largest_norm,
            skipped_steps: self.position.skipped,
            validation_loss,
            validation,
            chosen_by,
            best,
            seconds,
            rows_per_second,
            peak_memory: memory::peak(self.device),
        })
    }

    /// What the network makes of the validation rows.
    fn evaluate(&self) -> Result<Evaluation, Error> {
        if let Some((network, _)) = self.masked() {
            return self.find(network, &self.validation);
        }
        let (prediction, loss) = self.predict(&self.validation)?;
        let truth = Vec::try_from(self.validation.labels()).doing("validation labels")?;
        Ok(Evaluation { truth, prediction, loss })
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
                let output = self.forward(x, Mode::Evaluate)?;
                let expression = self.model.network().expression(&output)?;
                first.get_or_insert(output);
                Ok(expression)
            })?);
            let Some(output) = first else { continue };
            let loss = self.with_penalty(self.experiment.loss.forward(&output, &target)?)?;
            losses.push(loss.f_to_kind(Kind::Double).and_then(|l| l.f_mul_scalar(n as f64)).doing("validation loss")?);
        }
        let collect = || {
            let predictions: Vec<f32> = Vec::try_from(Tensor::f_cat(&predictions, 0)?.f_to_kind(Kind::Float)?)?;
            let loss = Tensor::f_stack(&losses, 0)?.f_sum(Kind::Double)?.f_double_value(&[])?;
            Ok((predictions, loss / rows.len() as f64))
        };
        collect().doing("collecting predictions")
    }

    /// The network of the best epoch: its scores, its predictions, in the folder too. One that has learnt masked k-mers
    /// has neither.
    pub(super) fn finish(&mut self) -> Result<Outcome, Error> {
        let Some((best_epoch, _)) = self.position.best else {
            let metric = self.experiment.training.best.name();
            return Err(refuse("training.best", metric, "a metric that exists for at least one epoch's predictions"));
        };
        Tensors::read(&self.run.best())?.load_into(&self.params, &self.run.best())?;
        let rows = [&self.prepared.train, &self.prepared.validation].map(|table| table.len() as u64);
        let (mut train, mut validation) = (Scores::none(rows[0].min(rows[1])), Scores::none(rows[1]));
        let mut predictions = Vec::new();
        if self.experiment.loss.uses_labels() {
            (train, validation, predictions) = self.score()?;
            self.run.write("predictions.tsv", &predictions_tsv(self.prepared, &predictions))?;
        }
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

    /// Scores of training and of validation rows, and the predictions of the latter, in sorting bins where the label
    /// transform can be inverted.
    fn score(&self) -> Result<(Scores, Scores, Vec<f32>), Error> {
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
        Ok((train, validation, predictions))
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
