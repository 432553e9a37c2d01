//! A predictor from the folder of a run.

use std::path::Path;

use promoter_label::Fitted;
use promoter_torch::file::Tensors;
use promoter_train::run::{Best, Folder};
use promoter_train::{Experiment, OfLabel, Readout, vectors};
use tch::Device;

use super::{Description, Predictor, Training, VECTORS};
use crate::Error;

/// The run is only read: it may still go on.
pub(super) fn read(run: &Folder, device: Device) -> Result<Predictor, Error> {
    let experiment = run.experiment()?;
    if !experiment.loss.uses_labels() {
        return Err(Error::NoExpression { path: run.path().to_owned() });
    }
    let Best { epoch, labels, mut tensors } = run.best()?;
    for (label, (_, readout)) in labels.iter().enumerate() {
        readout.store(label, &mut tensors)?;
    }
    let records = run.records()?;
    let Some(record) = records.iter().find(|record| record.epoch == epoch) else {
        return Err(Error::Unfinished { path: run.path().to_owned(), missing: "record of the best epoch" });
    };
    let training = Training {
        experiment: experiment.to_toml(),
        epoch,
        epochs: records.len() as u64,
        chosen_by: experiment.training.best,
        validation: record.validation,
        metrics: Training::metrics(),
        environment: run.environment()?,
    };
    add_vectors(run, &experiment, &mut tensors)?;
    let labels = labels.iter().map(|(label, readout)| OfLabel::new(label.clone(), readout)).collect();
    let description = Description::of_run(experiment, labels, Some(training));
    Predictor::new(description, tensors, &run.best_path(), device)
}

/// The network of a checkpoint of the run, which has no record yet.
pub(super) fn read_checkpoint(
    run: &Folder,
    checkpoint: &Path,
    labels: Vec<Fitted>,
    device: Device,
) -> Result<Predictor, Error> {
    let experiment = run.experiment()?;
    let mut tensors = Folder::network_of(checkpoint)?;
    add_vectors(run, &experiment, &mut tensors)?;
    let labels = labels.into_iter().map(|label| OfLabel::new(label, &Readout::IDENTITY)).collect();
    Predictor::new(Description::of_run(experiment, labels, None), tensors, checkpoint, device)
}

fn add_vectors(run: &Folder, experiment: &Experiment, tensors: &mut Tensors) -> Result<(), Error> {
    if let (Some(kmers), Some(vectors)) = (experiment.encoding.kmers(), run.vectors()?) {
        tensors.insert(VECTORS, &vectors::table(&kmers, &vectors)?)?;
    }
    Ok(())
}
