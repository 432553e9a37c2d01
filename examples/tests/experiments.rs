//! The experiment files beside the examples: each is one that can be started.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use promoter::torch::Params;
use promoter::train::Experiment;
use promoter::train::batch::Encoder;
use tch::{Device, Kind, Tensor};

#[test]
fn every_experiment_file_is_read_and_its_encoding_fits_its_network() {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // Searches are files of another kind.
        if !name.ends_with(".toml") || name == "Cargo.toml" || name.ends_with("_search.toml") {
            continue;
        }
        let experiment = Experiment::read(&path).unwrap();
        experiment.check().unwrap();
        assert_eq!(Experiment::from_toml(&experiment.to_toml()).unwrap(), experiment, "{}", path.display());
        let input = experiment.network.build(&mut Params::new(Device::Cpu, 0)).unwrap().input();
        let vectors = experiment
            .encoding
            .kmers()
            .map(|kmers| Tensor::zeros([(1 << (2 * kmers.k)) + 1, input.channels], (Kind::Float, Device::Cpu)));
        let encoder = Encoder::new(&experiment.encoding, vectors.as_ref(), Device::Cpu).unwrap();
        assert_eq!(encoder.output(), (input.length, input.channels), "{}", path.display());
        names.push(name);
    }
    for protocol in ["auth", "dream_rnn", "legnet", "madlab", "nad", "noisy_chardonnay", "peppa"] {
        assert!(names.contains(&format!("{protocol}.toml")), "{protocol}: {names:?}");
    }
}
