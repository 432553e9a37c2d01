//! A predictor from the folder of a run.

use promoter_train::run::{Best, Folder};
use promoter_train::vectors;
use tch::Device;

use super::{Description, FORMAT, Predictor, Training, VECTORS};
use crate::Error;

/// The run is only read: it may still go on.
pub(super) fn read(run: &Folder, device: Device) -> Result<Predictor, Error> {
    let experiment = run.experiment()?;
    if !experiment.loss.uses_labels() {
        return Err(Error::NoExpression { path: run.path().to_owned() });
    }
    let Best { epoch, label, readout, mut tensors } = run.best()?;
    readout.store(&mut tensors)?;
    let records = run.records()?;
    let Some(record) = records.iter().find(|record| record.epoch == epoch) else {
        return Err(Error::Unfinished { path: run.path().to_owned(), missing: "record of the best epoch" });
    };
    let description = Description {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").into(),
        title: experiment.title.clone(),
        network: experiment.network.clone(),
        encoding: experiment.encoding.clone(),
        label,
        calibration: readout.line,
        ridge: readout.ridge_weight(),
        evaluation: experiment.evaluation,
        training: Some(Training {
            experiment: experiment.to_toml(),
            epoch,
            epochs: records.len() as u64,
            chosen_by: experiment.training.best,
            validation: record.validation,
            metrics: Training::metrics(),
            environment: run.environment()?,
        }),
    };
    if let (Some(kmers), Some(vectors)) = (experiment.encoding.kmers(), run.vectors()?) {
        tensors.insert(VECTORS, &vectors::table(&kmers, &vectors)?)?;
    }
    Predictor::new(description, tensors, &run.best_path(), device)
}
