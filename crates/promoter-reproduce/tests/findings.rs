//! What `docs/findings.md` says of the reports, shown.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use promoter_encode::random::Stream;
use promoter_label::{Transform, rank};
use promoter_metrics::Metric;
use promoter_metrics::regression::Regression;
use promoter_reproduce::full::{self, Expected};
use promoter_reproduce::{Error, data};
use promoter_sim::Assay;
use promoter_torch::Params;
use promoter_torch::file::Tensors;
use promoter_train::experiment::Data;
use promoter_train::{Environment, Experiment, Prepared, Run, Trainer};
use promoter_zoo::registry::NetworkConfig;
use tch::Device;

/// Labels and predictions that agree as well as those of a network.
fn predictions(rows: usize) -> (Vec<f32>, Vec<f32>) {
    let mut stream = Stream::new(1, "test", 0);
    let mut normal = || (0..12).map(|_| stream.uniform()).sum::<f64>() - 6.0;
    let labels: Vec<f32> = (0..rows).map(|_| (11.0 + 2.3 * normal()) as f32).collect();
    let predicted = labels.iter().map(|&y| (11.0 + 0.5 * (f64::from(y) - 11.0) + normal()) as f32).collect();
    (labels, predicted)
}

/// On z-scored labels the squared error is what R2 lacks to 1: an R2 of 0.52 and an error of 0.47 exclude each other.
#[test]
fn on_z_scored_labels_the_error_is_one_less_r2() {
    let (labels, predicted) = predictions(4096);
    let scale = Transform::ZScore.fit(&labels).unwrap();
    let of = Regression::of(&scale.apply(&labels).unwrap(), &scale.apply(&predicted).unwrap()).unwrap();
    assert!((of.mse + of.r2 - 1.0).abs() < 1e-5, "{} {}", of.mse, of.r2);
}

/// MadLab's `correlation` is r squared: 0.5719 is an r of 0.756.
#[test]
fn madlabs_correlation_is_r_squared() {
    let (labels, predicted) = predictions(4096);
    let r = Metric::Pearson.of(&labels, &predicted, 128).unwrap();
    let reported = Metric::RSquaredCorrelation.of(&labels, &predicted, 128).unwrap();
    assert!((reported - r * r).abs() < 0.01 && r - reported > 0.1, "{r} {reported}");
    assert!((0.5719f64.sqrt() - 0.756).abs() < 5e-4);
}

/// Ranks in place of predictions leave Spearman's rho as it is and change Pearson's r.
#[test]
fn ranks_change_pearson_and_not_spearman() {
    let (labels, predicted) = predictions(4096);
    let skewed: Vec<f32> = predicted.iter().map(|p| p.exp() / 1e5).collect();
    let ranks = rank(&skewed).unwrap();
    let change = |metric: Metric| metric.of(&labels, &ranks, 1).unwrap() - metric.of(&labels, &skewed, 1).unwrap();
    // Equal predictions get ranks in the order in which they stand.
    assert!(change(Metric::Spearman).abs() < 1e-3);
    assert!(change(Metric::Pearson).abs() > 0.05, "{}", change(Metric::Pearson));
}

/// As MadLab ran it, training leaves the transformer's weights where they started, and its attention adds nothing, as
/// its output projection starts at zero. The report's own network changes them in the first step.
#[test]
fn madlabs_transformer_was_never_trained() {
    for (name, frozen) in [("madlab-as-run", true), ("madlab", false)] {
        let folder = tempfile::tempdir().unwrap();
        let mut experiment = Experiment::peppa();
        experiment.data = Data::Simulated(Assay { rows: 100, ..Assay::default() });
        experiment.encoding = toml::from_str("[one_hot]\nfit = 'madlab'").unwrap();
        experiment.network = NetworkConfig::by_name(name).unwrap();
        experiment.loss = promoter_train::loss::Loss::Mse;
        experiment.optimiser = toml::from_str("name = 'rms_prop'\nlr = 0.0001").unwrap();
        experiment.augment = Default::default();
        (experiment.training.batch_size, experiment.training.steps) = (8, Some(2));
        let prepared = Prepared::of(&experiment).unwrap();
        let run = Run::create(&folder.path().join("run"), &experiment, &Environment::of(Device::Cpu)).unwrap();
        let best = run.best();
        Trainer::new(experiment.clone(), &prepared, run, Device::Cpu).unwrap().train(&mut |_| {}).unwrap();
        let trained = Tensors::read(&best).unwrap().tensors;
        let mut params = Params::new(Device::Cpu, experiment.seed);
        experiment.network.build(&mut params).unwrap();
        let is_frozen = |name: &str| name.starts_with("transformer.") && !name.contains("_norm.");
        let entries: Vec<_> = params.entries().iter().filter(|entry| is_frozen(&entry.name)).collect();
        assert_eq!(entries.iter().map(|entry| entry.tensor.numel()).sum::<usize>(), 167_040);
        let moved = entries.iter().filter(|entry| trained[&entry.name] != entry.tensor).count();
        assert_eq!(moved == 0, frozen, "{name}: {moved} tensors moved");
        let projections = entries.iter().filter(|entry| entry.name.contains("output.weight"));
        for entry in projections {
            assert_eq!(f64::try_from(entry.tensor.abs().max()).unwrap(), 0.0, "{}", entry.name);
        }
    }
}

/// The check of the challenge's file: counted and recorded once, known by its hash afterwards.
#[test]
fn the_training_file_is_known_by_its_rows_and_then_by_its_hash() {
    let folder = tempfile::tempdir().unwrap();
    let (path, record) = (folder.path().join("train.txt"), folder.path().join("full/data.json"));
    let rows = [("A".repeat(110), "11.5"), ("C".repeat(110), "7"), ("N".repeat(110), "7"), ("G".repeat(99), "7")];
    let text: String = rows.iter().map(|(sequence, label)| format!("{sequence}\t{label}\n")).collect();
    std::fs::write(&path, &text).unwrap();
    let hash = data::hash(&path).unwrap();
    let expected = Expected { rows: 4, kept: 2 };
    let error = full::check(&path, &hash, full::CHALLENGE, &record).unwrap_err();
    assert!(error.to_string().contains("it has 4 rows, 2 of length 110 without N"), "{error}");
    assert!(!record.exists());
    let known = full::check(&path, &hash, expected, &record).unwrap();
    assert_eq!((known.rows, known.kept), (4, 2));
    assert_eq!(full::check(&path, &hash, full::CHALLENGE, &record).unwrap(), known);
    std::fs::write(&path, text.replace("11.5", "11.6")).unwrap();
    let other = data::hash(&path).unwrap();
    let error = full::check(&path, &other, expected, &record).unwrap_err();
    assert!(matches!(&error, Error::Data { .. }) && error.to_string().contains(&hash), "{error}");
}

/// The sample of the challenge's file.
#[test]
fn the_sample_has_the_challenges_composition() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/data/dream2022/train_sequences_sample.txt.gz");
    let folder = tempfile::tempdir().unwrap();
    let error = full::check(&path, "sample", full::CHALLENGE, &folder.path().join("data.json")).unwrap_err();
    assert!(error.to_string().contains("it has 7369 rows"), "{error}");
}
