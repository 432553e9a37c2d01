//! A predictor from the folder of a run.

use std::path::Path;

use promoter_encode::embed::Vectors;
use promoter_encode::embed::io::Format;
use promoter_label::Fitted;
use promoter_torch::file::Tensors;
use promoter_train::{Environment, EpochRecord, Experiment, vectors};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tch::Device;

use super::{Description, FORMAT, Predictor, Training, VECTORS};
use crate::Error;

/// What `checkpoints/best.safetensors` says about its weights.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Best {
    epoch: u64,
    label: Fitted,
}

/// The run is only read: it may still go on.
pub(super) fn read(folder: &Path, device: Device) -> Result<Predictor, Error> {
    for missing in ["config.toml", "env.json", "metrics.jsonl"] {
        if !folder.join(missing).is_file() {
            return Err(promoter_train::Error::NoRun { path: folder.to_owned(), missing }.into());
        }
    }
    let weights = folder.join("checkpoints/best.safetensors");
    if !weights.is_file() {
        return Err(Error::Unfinished { path: folder.to_owned(), missing: "checkpoints/best.safetensors" });
    }
    let experiment = Experiment::read(&folder.join("config.toml"))?;
    if !experiment.loss.uses_labels() {
        return Err(Error::NoExpression { path: folder.to_owned() });
    }
    let environment: Environment = json(&folder.join("env.json"), text(&folder.join("env.json"))?.trim())?;
    let mut tensors = Tensors::read(&weights)?;
    let Best { epoch, label } = json(&weights, &tensors.metadata)?;
    let metrics = folder.join("metrics.jsonl");
    let records: Vec<EpochRecord> =
        text(&metrics)?.lines().map(|line| json(&metrics, line)).collect::<Result<_, _>>()?;
    let Some(record) = records.iter().find(|record| record.epoch == epoch) else {
        return Err(Error::Unfinished { path: folder.to_owned(), missing: "record of the best epoch" });
    };
    let description = Description {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").into(),
        title: experiment.title.clone(),
        network: experiment.network.clone(),
        encoding: experiment.encoding.clone(),
        label,
        evaluation: experiment.evaluation,
        training: Some(Training {
            experiment: experiment.to_toml(),
            epoch,
            epochs: records.len() as u64,
            chosen_by: experiment.training.best,
            validation: record.validation,
            metrics: Training::metrics(),
            environment,
        }),
    };
    if let Some(kmers) = experiment.encoding.kmers() {
        let vectors = Vectors::load(folder.join(vectors::FILE), Format::Safetensors);
        let vectors = vectors.map_err(promoter_train::Error::from)?;
        tensors.insert(VECTORS, &vectors::table(&kmers, &vectors)?)?;
    }
    Predictor::new(description, tensors, &weights, device)
}

fn text(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::Io { path: path.to_owned(), source })
}

fn json<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|source| Error::Description { path: path.to_owned(), source })
}
