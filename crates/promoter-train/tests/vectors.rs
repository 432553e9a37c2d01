//! Vectors of k-mers: every source, once for a run.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use promoter_encode::embed::io::Format;
use promoter_encode::embed::{Vectors, glove, word2vec};
use promoter_encode::fit::Fit;
use promoter_encode::kmer::Oov;
use promoter_sim::Assay;
use promoter_train::encoding::Encoding;
use promoter_train::experiment::Data;
use promoter_train::vectors::Source;
use promoter_train::{Error, Experiment, Session};
use promoter_zoo::nad;
use promoter_zoo::registry::NetworkConfig;
use tch::Device;

fn experiment(vectors: Source) -> Experiment {
    let network = nad::Config { input_channels: 8, block_channels: [8; 5], depths: [1; 4], ..nad::Config::submitted() };
    let mut experiment = Experiment::example();
    experiment.data = Data::Simulated(Assay { rows: 100, ..Assay::default() });
    let fit = Fit { crop: Some((16, 98)), ..Fit::exact(110) };
    experiment.encoding = Encoding::Kmer { fit, k: 3, oov: Oov::Error, vectors };
    experiment.network = NetworkConfig::Nad(network);
    experiment
}

/// File of a run's folder that holds its vectors.
const FILE: &str = "vectors.safetensors";

/// Starts a run, or takes one up, and leaves it before the first step.
fn prepare(experiment: &Experiment, path: &Path) -> Result<Vectors, Error> {
    let session = match path.exists() {
        true => Session::resume(path, Device::Cpu)?,
        false => Session::start(experiment.clone(), path, Device::Cpu)?,
    };
    Ok(session.folder().vectors()?.unwrap())
}

#[test]
fn every_source_gives_vectors_that_stay_with_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let glove = glove::Config { dimension: 8, iterations: 2, min_count: 1, ..glove::Config::nad() };
    let word2vec = word2vec::Config { dimension: 8, epochs: 1, min_count: 1, ..word2vec::Config::default() };
    let file = folder.path().join("random.vec");
    let sources = [
        ("random", Source::Random { dimension: 8 }),
        ("glove", Source::Glove(glove)),
        ("word2vec", Source::Word2vec(word2vec)),
        ("file", Source::File(file.clone())),
    ];
    let mut made = Vec::new();
    for (name, source) in sources {
        let (experiment, path) = (experiment(source), folder.path().join(name));
        let vectors = prepare(&experiment, &path).unwrap();
        assert_eq!((vectors.words().len(), vectors.dimension()), (64, 8), "{name}");
        // What a resume finds is taken, whatever the source would give now.
        let mut other = vectors.data().to_vec();
        other[0] += 1.0;
        let other = Vectors::new(vectors.words().to_vec(), 8, other).unwrap();
        other.save(path.join(FILE), Format::Safetensors).unwrap();
        assert_eq!(prepare(&experiment, &path).unwrap(), other, "{name}");
        if name == "random" {
            vectors.save(&file, Format::Word2vecText).unwrap();
            let mean = vectors.data().iter().sum::<f32>() / 512.0;
            let variance = vectors.data().iter().map(|value| value * value).sum::<f32>() / 512.0;
            assert!(mean.abs() < 0.2 && (variance - 1.0).abs() < 0.25, "{mean} {variance}");
        }
        made.push(vectors);
    }
    assert_eq!(made[3], made[0]);
    assert_ne!(made[1], made[2]);
}

#[test]
fn vectors_that_do_not_fit_are_refused_before_anything_is_trained() {
    let folder = tempfile::tempdir().unwrap();
    let message = |name: &str, source| match prepare(&experiment(source), &folder.path().join(name)) {
        Ok(_) => panic!("{name} is taken"),
        Err(error) => format!("{error}: {:?}", std::error::Error::source(&error)),
    };
    let file = |name: &str| folder.path().join(name);
    assert!(message("extension", Source::File(file("a.npy"))).contains("a .safetensors, .bin, .vec or .txt file"));
    assert!(message("absent", Source::File(file("a.txt"))).contains("No such file"));
    std::fs::write(file("b.txt"), "AC 1 2 3 4 5 6 7 8\n").unwrap();
    assert!(message("words", Source::File(file("b.txt"))).contains("expected words of 3 bases"));
    let error = message("dimension", Source::Random { dimension: 9 });
    assert!(error.contains("80 positions and 9 channels, expected the network's 80 positions and 8"), "{error}");
}
