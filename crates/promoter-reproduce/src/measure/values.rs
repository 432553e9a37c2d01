//! The values of a run: of its kept network, of its epochs, of the way to it.

use std::collections::BTreeMap;
use std::path::Path;

use promoter_metrics::Metric;
use promoter_metrics::regression::Regression;
use promoter_train::{EpochRecord, Experiment, Prepared, Scores};
use tch::Device;

use super::{Leaderboard, trained};
use crate::Error;
use crate::data::Source;
use crate::outcome::{Moment, Point, RunOutcome};
use crate::plan::Planned;
use crate::run::Ended;
use crate::value::Name;

/// What came out of a run.
///
/// # Errors
/// Those of predicting training rows, where the team's metrics are of them.
pub(crate) fn outcome(planned: &Planned, source: &Source, ended: &Ended, device: Device) -> Result<RunOutcome, Error> {
    let Experiment { training, .. } = &planned.experiment;
    let Ended { prepared, records, steps_per_epoch, .. } = ended;
    let steps = training.steps.unwrap_or(u64::MAX).min(steps_per_epoch * records.len() as u64);
    let passes = (steps * training.batch_size) as f64 / prepared.train.len() as f64;
    let point = |(i, record): (usize, &EpochRecord)| {
        let done = ((i as u64 + 1) * steps_per_epoch).min(steps);
        Point { passes: passes * done as f64 / steps.max(1) as f64, values: of_epoch(record) }
    };
    Ok(RunOutcome {
        name: planned.name.clone(),
        seed: planned.seed,
        key: planned.key.clone(),
        environment: ended.environment.clone(),
        data: source.name(planned.rows).to_owned(),
        train_rows: prepared.train.len() as u64,
        validation_rows: prepared.validation.len() as u64,
        batch: training.batch_size,
        precision: training.precision.resolve(device),
        steps,
        passes,
        seconds: records.iter().map(|record| record.seconds).sum(),
        chosen: String::new(),
        failure: ended.failure.clone(),
        values: of_end(planned, ended, device)?,
        intervals: BTreeMap::new(),
        curve: records.iter().enumerate().map(point).collect(),
        on_the_way: Vec::new(),
    })
}

/// Only what is finite.
fn finite(values: impl IntoIterator<Item = (Name, f64)>) -> BTreeMap<Name, f64> {
    values.into_iter().filter(|(_, value)| value.is_finite()).collect()
}

/// The values of an epoch, in label units.
fn of_epoch(record: &EpochRecord) -> BTreeMap<Name, f64> {
    let Scores { pearson, spearman, r2, mse, mae, .. } = record.validation;
    finite([
        (Name::Lr, record.lr),
        (Name::TrainLoss, record.train_loss),
        (Name::TrainPearson, record.train_pearson),
        (Name::TrainMse, record.train_mse),
        (Name::ValidationLoss, record.validation_loss),
        (Name::ValidationPearson, pearson),
        (Name::ValidationSpearman, spearman),
        (Name::ValidationR2, r2),
        (Name::ValidationMse, mse),
        (Name::ValidationMae, mae),
        (Name::ChosenBy, record.chosen_by),
    ])
}

/// The values of the kept network.
fn of_end(planned: &Planned, ended: &Ended, device: Device) -> Result<BTreeMap<Name, f64>, Error> {
    let Some(end) = &ended.end else { return Ok(BTreeMap::new()) };
    let mut values = finite([
        (Name::ValidationPearson, end.validation.pearson),
        (Name::ValidationSpearman, end.validation.spearman),
        (Name::ValidationR2, end.validation.r2),
        (Name::ValidationMse, end.validation.mse),
        (Name::ValidationMae, end.validation.mae),
        (Name::TrainPearson, end.train.pearson),
        (Name::TrainSpearman, end.train.spearman),
        (Name::TrainR2, end.train.r2),
        (Name::TrainMse, end.train.mse),
        (Name::TrainMae, end.train.mae),
        (Name::BestEpoch, end.best_epoch as f64),
        (Name::Epochs, ended.records.len() as f64),
        (Name::Parameters, end.parameters as f64),
        (Name::NoiseCeiling, ended.prepared.noise_ceiling.unwrap_or(f64::NAN)),
    ]);
    let best = ended.records.iter().find(|record| record.epoch == end.best_epoch);
    if let (Some(best), false) = (best, planned.experiment.loss.uses_labels()) {
        values.extend(finite([(Name::MaskedAccuracy, best.chosen_by), (Name::MaskedLoss, best.validation_loss)]));
        return Ok(values);
    }
    if let Some(best) = best {
        let penalty = trained::penalty(planned)?;
        values.extend(finite([
            (Name::LabelMse, best.validation.mse),
            (Name::LabelR2, best.validation.r2),
            (Name::LabelLoss, best.validation_loss),
            (Name::LabelLossWithL2, penalty.map_or(f64::NAN, |penalty| best.validation_loss + penalty)),
            (Name::LabelTrainLoss, best.train_loss),
            (Name::LabelTrainMse, best.train_mse),
            (Name::LabelTrainPearson, best.train_pearson),
        ]));
    }
    if let Some(batch) = planned.metric_batch {
        let validation = (ended.prepared.validation.labels(), end.predictions.as_slice());
        let train = trained::training(planned, &ended.prepared, device)?;
        values.extend(by_batches(Name::MeanBatchR2, Name::RSquaredCorrelation, validation, batch));
        let train = (train.0.as_slice(), train.1.as_slice());
        values.extend(by_batches(Name::TrainMeanBatchR2, Name::TrainRSquaredCorrelation, train, batch));
    }
    Ok(values)
}

/// R2 and r squared as means over batches. Neither depends on the scale of the labels; a batch with one label has
/// none.
fn by_batches(r2: Name, squared: Name, (truth, predicted): (&[f32], &[f32]), batch: usize) -> BTreeMap<Name, f64> {
    let of = |metric: Metric| metric.of(truth, predicted, batch).unwrap_or(f64::NAN);
    finite([(r2, of(Metric::MeanBatchR2)), (squared, of(Metric::RSquaredCorrelation))])
}

/// Adds the scores of the public rows to a run's values.
///
/// # Errors
/// [`Error::Predictor`], [`Error::Dream`], [`Error::Io`].
pub(crate) fn score(
    outcome: &mut RunOutcome,
    folder: &Path,
    leaderboard: &Leaderboard,
    device: Device,
) -> Result<(), Error> {
    let predictions = leaderboard.predictions(folder, device, None)?;
    for (name, value, interval) in leaderboard.scores(&predictions)? {
        outcome.values.insert(name, value);
        outcome.intervals.insert(name, interval);
    }
    Ok(())
}

/// The values of a network on its way, after `steps` steps.
///
/// # Errors
/// Those of reading the checkpoint and predicting.
pub(crate) fn moment(
    steps: u64,
    checkpoint: &Path,
    planned: &Planned,
    prepared: &Prepared,
    leaderboard: &Leaderboard,
    device: Device,
) -> Result<Moment, Error> {
    let predictor = trained::of_checkpoint(checkpoint, planned, prepared, device)?;
    let validation = predictor.predict_table(prepared.validation.table(), None)?;
    let pearson = Regression::of(prepared.validation.labels(), &validation)?.pearson;
    // A network that predicts one number has no score yet.
    let scores = leaderboard.scores_of(&predictor).map(Vec::from).unwrap_or_default();
    Ok(Moment { steps, values: finite(scores.into_iter().chain([(Name::ValidationPearson, pearson)])) })
}
