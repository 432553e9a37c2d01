//! A predictor from the folder of a run.

use std::path::Path;

use promoter_label::{Affine, Fitted};
use promoter_torch::file::Tensors;
use promoter_train::run::{Best, Folder};
use promoter_train::{Experiment, vectors};
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
    add_vectors(run, &experiment, &mut tensors)?;
    Predictor::new(description, tensors, &run.best_path(), device)
}

/// The network of a checkpoint of the run, which has no record yet.
pub(super) fn read_checkpoint(
    run: &Folder,
    checkpoint: &Path,
    label: Fitted,
    device: Device,
) -> Result<Predictor, Error> {
    let experiment = run.experiment()?;
    let mut tensors = Folder::network_of(checkpoint)?;
    add_vectors(run, &experiment, &mut tensors)?;
    let Experiment { title, network, encoding, evaluation, .. } = experiment;
    let description = Description {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").into(),
        title,
        network,
        encoding,
        label,
        calibration: Affine::IDENTITY,
        ridge: 0.0,
        evaluation,
        training: None,
    };
    Predictor::new(description, tensors, checkpoint, device)
}

fn add_vectors(run: &Folder, experiment: &Experiment, tensors: &mut Tensors) -> Result<(), Error> {
    if let (Some(kmers), Some(vectors)) = (experiment.encoding.kmers(), run.vectors()?) {
        tensors.insert(VECTORS, &vectors::table(&kmers, &vectors)?)?;
    }
    Ok(())
}
