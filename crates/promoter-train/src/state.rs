//! Everything that changes in the course of a run: what a checkpoint holds.
//!
//! Random streams need no state: each is a function of the seed, of what it is for, and of the epoch or step.

use std::collections::BTreeMap;
use std::path::Path;

use promoter_torch::distributed::Group;
use promoter_torch::file::Tensors;
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::average::Averages;
use crate::error::Doing;
use crate::model::Model;
use crate::optimiser::Optimiser;
use crate::precision::{Precision, Scaler};
use crate::schedule::PlateauState;
use crate::sums::StepSums;
use crate::{Error, Experiment};

/// Beginning of the names that the network's tensors have in a checkpoint.
pub(crate) const NETWORK: &str = "network.";

/// How far a run has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counters {
    /// Epoch that is trained, from 0; the number of epochs when the run is done.
    pub(crate) epoch: u64,
    /// Step of the epoch that comes next, from 0.
    pub(crate) step: u64,
    /// The best epoch and its value.
    pub(crate) best: Option<(u64, f64)>,
    /// Epochs since the best.
    pub(crate) since_best: u64,
    /// Steps that were left out because a gradient overflowed in f16.
    pub(crate) skipped: u64,
    /// Factor of the loss in f16.
    pub(crate) scaler: Option<Scaler>,
    /// What a schedule that waits for plateaus has seen.
    pub(crate) plateau: PlateauState,
}

/// Everything that changes in the course of a run, beside the network's tensors.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) counters: Counters,
    pub(crate) optimiser: Optimiser,
    pub(crate) averages: Option<Averages>,
    /// Metrics of the epoch's steps so far.
    pub(crate) sums: StepSums,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    counters: Counters,
    experiment: String,
}

impl State {
    /// The state before the first step.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub(crate) fn new(experiment: &Experiment, model: &Model) -> Result<Self, Error> {
        let scaler = (experiment.training.precision == Precision::Fp16).then(Scaler::default);
        let averages = experiment.training.average.map(|average| Averages::new(average, &model.params));
        Ok(Self {
            counters: Counters { scaler, ..Counters::default() },
            optimiser: experiment.optimiser.build(&model.params)?,
            averages: averages.transpose()?,
            sums: StepSums::new(model.params.device()).doing("training metrics")?,
        })
    }

    /// Writes a checkpoint.
    ///
    /// # Errors
    /// [`Error::Params`] when the file cannot be written.
    pub(crate) fn save(&self, path: &Path, experiment: &Experiment, model: &Model) -> Result<(), Error> {
        let mut file = Tensors::default();
        for entry in model.params.entries() {
            file.insert(&format!("{NETWORK}{}", entry.name), &entry.tensor)?;
        }
        for (name, tensor) in self.tensors() {
            file.insert(&name, tensor)?;
        }
        let metadata = Metadata { counters: self.counters, experiment: experiment.to_toml() };
        // Strings and numbers: there is nothing in it that JSON lacks.
        file.metadata = serde_json::to_string(&metadata).unwrap_or_default();
        Ok(file.write(path)?)
    }

    /// Reads a checkpoint into the model and this state.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] when it is of another experiment or incomplete, [`Error::Json`] and [`Error::Params`] when
    /// it is damaged.
    pub(crate) fn load(&mut self, path: &Path, experiment: &Experiment, model: &Model) -> Result<(), Error> {
        let refuse = |fault: String| Error::Checkpoint { path: path.to_owned(), fault };
        let file = Tensors::read(path)?;
        let metadata = serde_json::from_str(&file.metadata);
        let metadata: Metadata = metadata.map_err(|source| Error::Json { path: path.to_owned(), source })?;
        if metadata.experiment != experiment.to_toml() {
            return Err(refuse("belongs to another experiment than the run's config.toml".into()));
        }
        let mut network = Tensors::default();
        let mut rest = BTreeMap::new();
        for (name, tensor) in file.tensors {
            match name.strip_prefix(NETWORK) {
                Some(name) => network.tensors.insert(name.to_owned(), tensor),
                None => rest.insert(name, tensor),
            };
        }
        network.load_into(&model.params, path)?;
        let _guard = tch::no_grad_guard();
        for (name, tensor) in self.tensors() {
            let saved = rest.remove(&name).ok_or_else(|| refuse(format!("lacks `{name}`")))?;
            if (saved.size(), saved.kind()) != (tensor.size(), tensor.kind()) {
                let (found, expected) = (saved.size(), tensor.size());
                let fault = format!("has `{name}` as {:?} {found:?}, expected {expected:?}", saved.kind());
                return Err(refuse(fault));
            }
            tensor.shallow_clone().f_copy_(&saved).doing("reading a checkpoint")?;
        }
        if let Some(extra) = rest.keys().next() {
            return Err(refuse(format!("has `{extra}`, which the run does not")));
        }
        self.counters = metadata.counters;
        Ok(())
    }

    /// Takes over rank 0's network and state.
    ///
    /// # Errors
    /// [`Error::Params`], [`Error::Json`].
    pub(crate) fn share(&mut self, group: &Group, model: &Model) -> Result<(), Error> {
        if group.is_alone() {
            return Ok(());
        }
        let own = self.tensors().map(|(_, tensor)| tensor.shallow_clone());
        group.broadcast(&model.tensors().map(Tensor::shallow_clone).chain(own).collect::<Vec<_>>())?;
        let told = group.of_lead(&serde_json::to_vec(&self.counters).unwrap_or_default())?;
        let damaged = |source| Error::Json { path: "rank 0's counters".into(), source };
        self.counters = serde_json::from_slice(&told).map_err(damaged)?;
        Ok(())
    }

    /// Stops when the ranks no longer have the same network and state, to the last bit.
    ///
    /// # Errors
    /// [`Error::Drifted`], [`Error::Params`].
    pub(crate) fn compare(&self, group: &Group, model: &Model) -> Result<(), Error> {
        if group.is_alone() {
            return Ok(());
        }
        let mut hasher = blake3::Hasher::new();
        for tensor in model.tensors().chain(self.tensors().map(|(_, tensor)| tensor)) {
            let flat = tensor.f_detach().and_then(|tensor| tensor.f_flatten(0, -1)?.f_view_dtype(Kind::Uint8));
            hasher.update(&flat.and_then(|flat| Vec::<u8>::try_from(&flat)).doing("hashing the network")?);
        }
        let hashes = group.gather(hasher.finalize().as_bytes())?;
        let others: Vec<String> =
            (1..hashes.len()).filter(|&r| hashes[r] != hashes[0]).map(|r| r.to_string()).collect();
        if others.is_empty() {
            return Ok(());
        }
        let ranks = format!("rank {}", others.join(", "));
        Err(Error::Drifted { ranks, size: group.size(), epoch: self.counters.epoch })
    }

    /// Does something with the averaged weights in the place of the last ones, where weights are averaged.
    pub(crate) fn with_averages<T>(&self, action: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        let Some(averages) = &self.averages else { return action() };
        averages.swap()?;
        let result = action();
        averages.swap()?;
        result
    }

    fn tensors(&self) -> impl Iterator<Item = (String, &Tensor)> {
        let averages = self.averages.iter().flat_map(Averages::state);
        self.optimiser.state().chain(averages).chain([("epoch.sums".to_owned(), self.sums.tensor())])
    }
}
