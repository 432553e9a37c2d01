//! One run: trained or taken up again, then looked at.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use promoter_metrics::Metric;
use promoter_train::{Environment, EpochRecord, Experiment, Prepared, Progress, Run, Scores, Trainer};
use tch::Device;

use crate::outcome::{self, Point, RunOutcome};
use crate::plan::Planned;
use crate::score::Leaderboard;
use crate::{Error, Source, data};

/// File of a finished run; it is written last.
const FINISHED: &str = "outcome.json";

/// The outcome of a finished run; none when it is not finished.
///
/// # Errors
/// [`Error::Io`], [`Error::Json`].
pub fn finished(planned: &Planned, leaderboard: Option<&Leaderboard>) -> Result<Option<RunOutcome>, Error> {
    let outcome: Option<RunOutcome> = outcome::read(&planned.folder.join(FINISHED))?;
    let wants_score = planned.scored && leaderboard.is_some();
    Ok(outcome
        .filter(|one| one.failure.is_some() || !wants_score || one.values.contains_key("public_pearson_score"))
        // The same run may have another name in another reproduction.
        .map(|one| RunOutcome { name: planned.name.clone(), ..one }))
}

/// Whether the run whose weights it starts from is finished, if there is one.
pub fn is_ready(planned: &Planned) -> bool {
    let Some(start) = &planned.experiment.start else { return true };
    // RUN/checkpoints/best.safetensors
    start.weights.ancestors().nth(2).is_some_and(|run| run.join(FINISHED).is_file())
}

/// Trains a run, or takes it up where it was interrupted, and looks at what it has learnt.
///
/// A run whose loss is no number any more is finished too: that is its outcome.
///
/// # Errors
/// [`Error::Train`], [`Error::Predictor`], [`Error::Dream`], [`Error::Io`].
pub fn train(
    planned: &Planned,
    source: &Source,
    leaderboard: Option<&Leaderboard>,
    device: Device,
    code: &str,
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<RunOutcome, Error> {
    let environment = Environment::of(device);
    let training = &planned.experiment.training;
    let prepared = Prepared::of(&planned.experiment)?;
    let mut outcome = match outcome::read::<RunOutcome>(&planned.folder.join(FINISHED))? {
        // It lacks its score only.
        Some(outcome) => RunOutcome { name: planned.name.clone(), ..outcome },
        None => {
            let mut experiment = planned.experiment.clone();
            if let Some(start) = &mut experiment.start {
                // What was begun from other weights is not taken up.
                start.hash = Some(data::hash(&start.weights)?);
            }
            let run = open(&planned.folder, &experiment, &environment)?;
            let mut trainer = Trainer::new(experiment, &prepared, run, device)?;
            let per_epoch = trainer.steps();
            let trained = trainer.train(observe);
            let records = trainer.records();
            let steps = planned.steps.unwrap_or(u64::MAX).min(per_epoch * records.len() as u64);
            let passes = (steps * training.batch_size) as f64 / prepared.train.len() as f64;
            let mut outcome = RunOutcome {
                name: planned.name.clone(),
                seed: planned.seed,
                key: planned.key.clone(),
                code: code.to_owned(),
                environment,
                data: source.name(planned.rows).to_owned(),
                train_rows: prepared.train.len() as u64,
                validation_rows: prepared.validation.len() as u64,
                batch: training.batch_size,
                steps,
                passes,
                seconds: records.iter().map(|record| record.seconds).sum(),
                failure: None,
                values: BTreeMap::new(),
                intervals: BTreeMap::new(),
                curve: records
                    .iter()
                    .enumerate()
                    .map(|(i, record)| point(i, record, per_epoch, steps, passes))
                    .collect(),
            };
            match trained {
                Ok(end) => values(&mut outcome, planned, &prepared, &end, records)?,
                Err(error @ promoter_train::Error::NotFinite { .. }) => outcome.failure = Some(error.to_string()),
                Err(error) => return Err(error.into()),
            }
            outcome
        }
    };
    if let (true, None, Some(leaderboard)) = (planned.scored, &outcome.failure, leaderboard) {
        observe(Progress::Evaluating);
        let predictions = leaderboard.predictions(&planned.folder, device, None)?;
        for scored in leaderboard.scores(&predictions)? {
            outcome.values.insert(scored.name.into(), scored.value);
            outcome.intervals.insert(scored.name.into(), scored.interval);
        }
    }
    outcome::write(&planned.folder.join(FINISHED), &outcome)?;
    Ok(outcome)
}

/// The folder of the run, new or as it was left. What cannot be taken up is put aside, never removed.
fn open(path: &Path, wanted: &Experiment, environment: &Environment) -> Result<Run, Error> {
    if path.exists() {
        match Run::resume(path, environment) {
            Ok((run, experiment)) if experiment == *wanted => return Ok(run),
            Err(error @ promoter_train::Error::Busy { .. }) => return Err(error.into()),
            Ok(_) | Err(_) => aside(path)?,
        }
    }
    Ok(Run::create(path, wanted, environment)?)
}

/// Renames a folder, so that there is room for a new one.
///
/// # Errors
/// [`Error::Io`].
pub fn aside(path: &Path) -> Result<(), Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let free = (1..).map(|n| path.with_file_name(format!("{name}.before-{n}"))).find(|other| !other.exists());
    let other: PathBuf = free.unwrap_or_default();
    std::fs::rename(path, &other).map_err(Error::io(path))
}

/// Where an epoch ended, and its values.
fn point(i: usize, record: &EpochRecord, per_epoch: u64, steps: u64, passes: f64) -> Point {
    let done = ((i as u64 + 1) * per_epoch).min(steps);
    let values = [
        ("lr", record.lr),
        ("train_loss", record.train_loss),
        ("train_pearson", record.train_pearson),
        ("train_mse", record.train_mse),
        ("validation_loss", record.validation_loss),
        ("validation_pearson", record.validation.pearson),
        ("validation_spearman", record.validation.spearman),
        ("validation_r2", record.validation.r2),
        ("validation_mse", record.validation.mse),
        ("chosen_by", record.chosen_by),
    ];
    let finite = values.into_iter().filter(|(_, value)| value.is_finite());
    Point {
        passes: passes * done as f64 / steps.max(1) as f64,
        values: finite.map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}

/// The numbers of a run that ended: `validation_*` and `train_*` in sorting bins, `label_*` in units of the transformed
/// label at the best epoch; for masked k-mers `masked_*` at that epoch.
fn values(
    outcome: &mut RunOutcome,
    planned: &Planned,
    prepared: &Prepared,
    end: &promoter_train::Outcome,
    records: &[EpochRecord],
) -> Result<(), Error> {
    let mut put = |name: &str, value: f64| {
        if value.is_finite() {
            outcome.values.insert(name.to_owned(), value);
        }
    };
    for (part, scores) in [("validation", &end.validation), ("train", &end.train)] {
        let Scores { pearson, spearman, r2, mse, mae, .. } = *scores;
        for (metric, value) in [("pearson", pearson), ("spearman", spearman), ("r2", r2), ("mse", mse), ("mae", mae)] {
            put(&format!("{part}_{metric}"), value);
        }
    }
    let best = records.iter().find(|record| record.epoch == end.best_epoch);
    if let (Some(best), false) = (best, planned.experiment.loss.uses_labels()) {
        put("masked_accuracy", best.chosen_by);
        put("masked_loss", best.validation_loss);
    } else if let Some(best) = best {
        put("label_mse", best.validation.mse);
        put("label_r2", best.validation.r2);
        put("label_loss", best.validation_loss);
        put("label_train_loss", best.train_loss);
        put("label_train_mse", best.train_mse);
        put("label_train_pearson", best.train_pearson);
    }
    put("best_epoch", end.best_epoch as f64);
    put("epochs", records.len() as f64);
    put("parameters", end.parameters as f64);
    for metric in [Metric::MeanBatchR2, Metric::RSquaredCorrelation] {
        // A batch with one label has none.
        let value = metric.of(prepared.validation.labels(), &end.predictions, planned.metric_batch);
        put(metric.name(), value.unwrap_or(f64::NAN));
    }
    if let Some(ceiling) = prepared.noise_ceiling {
        put("noise_ceiling", ceiling);
    }
    Ok(())
}
