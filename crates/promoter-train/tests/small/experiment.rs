//! An experiment that takes seconds.

use std::path::Path;

use promoter_sim::Assay;
use promoter_train::experiment::Data;
use promoter_train::{Environment, Error, Experiment, Prepared, Run, Trainer};
use promoter_zoo::peppa;
use promoter_zoo::registry::NetworkConfig;
use tch::Device;

/// A narrow Enformer on a few simulated rows.
pub(crate) fn small() -> Experiment {
    let network =
        peppa::Config { channels: 32, heads: 2, key: 8, blocks: 1, ..peppa::Config::slim().without_dropout() };
    let mut experiment = Experiment::peppa();
    experiment.data = Data::Simulated(Assay { rows: 600, ..Assay::default() });
    experiment.network = NetworkConfig::Peppa(network);
    experiment.training.batch_size = 64;
    experiment.training.epochs = 2;
    experiment
}

/// A run of it in a new folder.
pub(crate) fn start<'a>(experiment: &Experiment, prepared: &'a Prepared, path: &Path) -> Result<Trainer<'a>, Error> {
    let run = Run::create(path, experiment, &Environment::of(Device::Cpu))?;
    Trainer::new(experiment.clone(), prepared, run, Device::Cpu)
}
