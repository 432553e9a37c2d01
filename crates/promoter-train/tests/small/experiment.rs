//! An experiment that takes seconds.

use std::path::Path;

use promoter_sim::Assay;
use promoter_train::experiment::Data;
use promoter_train::{Error, Experiment, Prepared, Session};
use promoter_zoo::peppa;
use promoter_zoo::registry::NetworkConfig;
use tch::Device;

/// A narrow Enformer on a few simulated rows.
pub(crate) fn small() -> Experiment {
    let network =
        peppa::Config { channels: 32, heads: 2, key: 8, blocks: 1, ..peppa::Config::slim().without_dropout() };
    let mut experiment = Experiment::example();
    experiment.data = Data::Simulated(Assay { rows: 600, ..Assay::default() });
    experiment.network = NetworkConfig::Peppa(network);
    experiment.training.batch_size = 64;
    experiment.training.epochs = 2;
    experiment.training.replicas = Some(1);
    experiment
}

/// A run of it in a new folder.
pub(crate) fn start(experiment: &Experiment, prepared: &Prepared, path: &Path) -> Result<Session, Error> {
    Session::start_on(prepared.clone(), experiment.clone(), path, Device::Cpu)
}
