//! Predictions and scores in the course of a run.

use promoter_encode::base;
use promoter_label::Affine;
use promoter_metrics::Ridge;
use tch::{Kind, TchError, Tensor};

use super::{Outcome, Session, gather};
use crate::batch::Rows;
use crate::error::{Doing, experiment as refuse};
use crate::experiment::Keep;
use crate::model::Model;
use crate::objective::{Found, Unseen};
use crate::prepared::Part;
use crate::record::is_better;
use crate::run::Prediction;
use crate::sums::StepMetrics;
use crate::{EpochRecord, Error, Prepared, Readout, Scores, memory};

/// What was to be predicted of some rows, what was predicted, and the mean loss.
struct Evaluation {
    truth: Vec<f32>,
    prediction: Vec<f32>,
    loss: f64,
}

impl Session {
    /// What the epoch that has just been trained is remembered by.
    pub(super) fn record(&self, seconds: f64, rows_per_second: f64) -> Result<EpochRecord, Error> {
        let StepMetrics { loss, mut pearson, mut mse, mean_norm, largest_norm } =
            self.state.sums.metrics().doing("training metrics")?;
        let counters = &self.state.counters;
        let last = self.moment(counters.epoch * self.steps_per_epoch() + counters.step.max(1) - 1);
        let factor = self.experiment.schedule.factor(&last) * counters.plateau.factor;
        let Evaluation { truth, prediction, loss: validation_loss } = self.state.with_averages(|| {
            self.estimate_averages()?;
            self.evaluate(&self.validation)
        })?;
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
            validation_loss,
            validation,
            chosen_by,
            best,
            seconds,
            rows_per_second,
            peak_memory: memory::peak(self.place.device),
        })
    }

    /// What the network makes of rows, in units of the transformed label. Batches go to the ranks in turn, and each
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
        collect(&gather::found(group, found)?).doing("collecting predictions")
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
                best.readout
            }
            false => Readout::IDENTITY,
        };
        self.place.group.broadcast(&self.model.tensors().map(Tensor::shallow_clone).collect::<Vec<_>>())?;
        let rows = [&self.prepared.train, &self.prepared.validation].map(|table| table.len() as u64);
        let (mut train, mut validation) = (Scores::none(rows[0].min(rows[1])), Scores::none(rows[1]));
        let (mut predictions, mut test) = (Vec::new(), None);
        if self.experiment.loss.uses_labels() {
            let sample = self.prepared.train.evenly(self.prepared.validation.len());
            let (of_sample, of_validation) =
                (self.evaluate(&self.resident(&sample)?)?, self.evaluate(&self.validation)?);
            let readout = self.readout(&of_sample, &of_validation)?;
            if readout.line != kept.line || readout.ridge_weight() != kept.ridge_weight() {
                self.keep(best_epoch, &readout)?;
            }
            (train, _) = self.score(&sample, &of_sample, &readout)?;
            (validation, predictions) = self.score(&self.prepared.validation, &of_validation, &readout)?;
            self.run.write_predictions(&listed(&self.prepared.validation, &predictions))?;
            if !self.prepared.test.is_empty() {
                let held_out = &self.prepared.test;
                let (scores, predictions) =
                    self.score(held_out, &self.evaluate(&self.resident(held_out)?)?, &readout)?;
                self.run.write_test_predictions(&listed(&self.prepared.test, &predictions))?;
                test = Some(scores);
            }
        }
        let (rows, seconds) = self.records.iter().fold((0.0, 0.0), |(rows, seconds), record| {
            (rows + record.rows_per_second * record.seconds, seconds + record.seconds)
        });
        Ok(Outcome {
            best_epoch,
            train,
            validation,
            test,
            predictions,
            rows_per_second: rows / seconds,
            parameters: self.model.params.trainable_count(),
        })
    }

    /// What brings outputs of the kept network to the transformed labels, as the experiment wants it, from what it
    /// makes of training rows, evenly taken, and of the validation rows. A line with a slope below 0 would turn the
    /// order of the predictions and is refused.
    fn readout(&self, of_sample: &Evaluation, of_validation: &Evaluation) -> Result<Readout, Error> {
        let training = &self.experiment.training;
        if training.with_ridge {
            return self.readout_with_ridge(of_validation);
        }
        if !training.calibrate {
            return Ok(Readout::IDENTITY);
        }
        let line = Affine::fit(&of_sample.prediction, &of_sample.truth)?;
        Ok(if line.slope() > 0.0 { Readout { line, ridge: None } } else { Readout::IDENTITY })
    }

    /// Ridge regression of the training rows, with line and weight fitted to validation rows, which it has not seen.
    fn readout_with_ridge(&self, of_validation: &Evaluation) -> Result<Readout, Error> {
        let Prepared { train, validation, label, .. } = &self.prepared;
        let failed = |source| Error::Metric { what: "ridge regression", source };
        let ridge = Ridge::fit(&codes(train), &label.apply(train.labels())?).map_err(failed)?;
        Readout::fit(ridge, &codes(validation), &of_validation.prediction, &of_validation.truth)
    }

    fn resident(&self, part: &Part) -> Result<Rows, Error> {
        Rows::resident(part, &self.experiment.encoding, &self.prepared.label, self.place.device)
    }

    /// Scores and predictions of rows, in the units of the label where its transform can be inverted.
    fn score(&self, part: &Part, found: &Evaluation, readout: &Readout) -> Result<(Scores, Vec<f32>), Error> {
        let inverted = |values: &[f32]| match self.prepared.label.invert(values) {
            Err(promoter_label::Error::NotInvertible { .. }) => Ok((values.to_vec(), false)),
            other => other.map(|values| (values, true)),
        };
        let (predictions, is_inverted) = inverted(&readout.apply(&found.prediction, &codes(part))?)?;
        let labels = if is_inverted { inverted(&found.truth)?.0 } else { found.truth.clone() };
        Ok((Scores::of(&labels, &predictions)?, predictions))
    }
}

/// The base codes of a part's rows, as they were read.
fn codes(part: &Part) -> Vec<&[u8]> {
    part.rows().map(|(codes, _)| codes).collect()
}

/// The rows of a part with what is predicted of them.
fn listed(part: &Part, predicted: &[f32]) -> Vec<Prediction> {
    let letters = |codes: &[u8]| codes.iter().map(|&code| char::from(base::to_ascii(code))).collect();
    let rows = part.rows().zip(predicted);
    rows.map(|((codes, measured), &predicted)| Prediction { sequence: letters(codes), measured, predicted }).collect()
}

fn collect(found: &[Found]) -> Result<Evaluation, TchError> {
    let sum = |values: Vec<&Tensor>| Tensor::f_stack(&values, 0)?.f_sum(Kind::Double)?.f_double_value(&[]);
    let values = |tensors: Vec<&Tensor>| Vec::<f32>::try_from(Tensor::f_cat(&tensors, 0)?.f_to_kind(Kind::Float)?);
    let loss = sum(found.iter().map(|part| &part.loss).collect())?;
    Ok(Evaluation {
        truth: values(found.iter().map(|part| &part.truth).collect())?,
        prediction: values(found.iter().map(|part| &part.prediction).collect())?,
        loss: loss / sum(found.iter().map(|part| &part.weight).collect())?,
    })
}
