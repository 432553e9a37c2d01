//! Everything that a run needs to go on, in one safetensors file.
//!
//! Random streams need no state: each is a function of the seed, of what it is for, and of the epoch or step.

use std::collections::BTreeMap;
use std::path::Path;

use promoter_torch::Params;
use promoter_torch::file::Tensors;
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::error::Doing;
use crate::precision::Scaler;
use crate::schedule::PlateauState;
use crate::{Error, Experiment};

/// How far a run has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Epoch that is trained, from 0; the number of epochs when the run is done.
    pub epoch: u64,
    /// Step of the epoch that comes next, from 0.
    pub step: u64,
    /// The best epoch and its value.
    pub best: Option<(u64, f64)>,
    /// Epochs since the best.
    pub since_best: u64,
    /// Steps that were left out because a gradient overflowed in f16.
    pub skipped: u64,
    /// Factor of the loss in f16.
    pub scaler: Option<Scaler>,
    /// What a schedule that waits for plateaus has seen.
    pub plateau: PlateauState,
}

#[derive(Serialize, Deserialize)]
struct Metadata {
    position: Position,
    experiment: String,
}

/// Writes a checkpoint: the network and the tensors of `state`.
///
/// # Errors
/// [`Error::Params`] when the file cannot be written.
pub(crate) fn write(
    path: &Path,
    experiment: &Experiment,
    position: &Position,
    params: &Params,
    state: &[(String, Tensor)],
) -> Result<(), Error> {
    let mut file = Tensors::default();
    for entry in params.entries() {
        file.insert(&format!("network.{}", entry.name), &entry.tensor)?;
    }
    for (name, tensor) in state {
        file.insert(name, tensor)?;
    }
    let metadata = Metadata { position: *position, experiment: experiment.to_toml() };
    // Strings and numbers: there is nothing in it that JSON lacks.
    file.metadata = serde_json::to_string(&metadata).unwrap_or_default();
    Ok(file.write(path)?)
}

/// Reads a checkpoint into a network and the tensors of `state`.
///
/// # Errors
/// [`Error::Checkpoint`] when it is of another experiment or incomplete, [`Error::Params`] when it is damaged.
pub(crate) fn read(
    path: &Path,
    experiment: &Experiment,
    params: &Params,
    state: &[(String, Tensor)],
) -> Result<Position, Error> {
    let refuse = |reason: String| Error::Checkpoint { path: path.to_owned(), reason };
    let file = Tensors::read(path)?;
    let metadata: Metadata = serde_json::from_str(&file.metadata).map_err(|e| refuse(e.to_string()))?;
    if metadata.experiment != experiment.to_toml() {
        return Err(refuse("it belongs to another experiment than the run's config.toml".into()));
    }
    let mut network = Tensors::default();
    let mut rest = BTreeMap::new();
    for (name, tensor) in file.tensors {
        match name.strip_prefix("network.") {
            Some(name) => network.tensors.insert(name.to_owned(), tensor),
            None => rest.insert(name, tensor),
        };
    }
    network.load_into(params, path)?;
    let _guard = tch::no_grad_guard();
    for (name, tensor) in state {
        let saved = rest.remove(name).ok_or_else(|| refuse(format!("`{name}` is missing")))?;
        if (saved.size(), saved.kind()) != (tensor.size(), tensor.kind()) {
            return Err(refuse(format!(
                "`{name}` is {:?} {:?}, expected {:?}",
                saved.kind(),
                saved.size(),
                tensor.size()
            )));
        }
        tensor.shallow_clone().f_copy_(&saved).doing("reading a checkpoint")?;
    }
    match rest.keys().next() {
        Some(extra) => Err(refuse(format!("`{extra}` does not belong in it"))),
        None => Ok(metadata.position),
    }
}
