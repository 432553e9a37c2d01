//! What `docs/findings.md` says of the reports, shown.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use promoter_encode::random::Stream;
use promoter_label::rank;
use promoter_metrics::Metric;
use promoter_reproduce::{CHALLENGE, Error, Expected, check};
use promoter_sim::Assay;
use promoter_torch::Params;
use promoter_torch::file::Tensors;
use promoter_train::experiment::Data;
use promoter_train::{Experiment, Session};
use promoter_zoo::Mode;
use promoter_zoo::registry::NetworkConfig;
use tch::{Device, Kind, Tensor};

/// Labels and predictions that agree as well as those of a network.
fn predictions(rows: usize) -> (Vec<f32>, Vec<f32>) {
    let mut stream = Stream::new(1, "test", 0);
    let mut normal = || (0..12).map(|_| stream.uniform()).sum::<f64>() - 6.0;
    let labels: Vec<f32> = (0..rows).map(|_| (11.0 + 2.3 * normal()) as f32).collect();
    let predicted = labels.iter().map(|&y| (11.0 + 0.5 * (f64::from(y) - 11.0) + normal()) as f32).collect();
    (labels, predicted)
}

/// The figures of Noisy Chardonnay's report, as its experiment file has them: the stated error is not of the rows whose
/// R2 is stated, and not of any epoch of the drawn validation curve; it is where the training curve ends.
#[test]
fn the_stated_error_is_of_the_training_rows() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../xtask/experiments/E-NC-1.toml");
    let file: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    let reported = |at: usize| file["reported"][at]["value"].as_float().unwrap();
    let (error, r2) = (reported(0), reported(1));
    let curve = |at: usize| -> Vec<f64> {
        let points = file["figure"][0]["reported"][at]["points"].as_array().unwrap();
        points.iter().map(|point| point[1].as_float().unwrap()).collect()
    };
    let (training, validation) = (curve(0), curve(1));
    let lowest = validation.iter().copied().fold(f64::INFINITY, f64::min);
    // On labels of unit variance the error is what R2 lacks to 1.
    assert!((1.0 - r2 - error).abs() > 0.005 && lowest - error > 0.01, "{error} {r2} {lowest}");
    assert!((1.0 - r2 - lowest).abs() < 0.01, "{lowest}");
    assert!((training.last().unwrap() - error).abs() < 0.01, "{training:?}");
}

/// MadLab's `correlation` is r squared: it cannot tell a network from one that predicts the opposite, and 0.5719 is an
/// r of 0.756.
#[test]
fn madlabs_correlation_is_r_squared() {
    let (labels, predicted) = predictions(4096);
    let opposite: Vec<f32> = predicted.iter().map(|p| -p).collect();
    let of = |metric: Metric, predicted: &[f32]| metric.of(&labels, predicted, 128).unwrap();
    let squared = |predicted: &[f32]| of(Metric::RSquaredCorrelation, predicted);
    assert!((squared(&predicted) - squared(&opposite)).abs() < 1e-9 && squared(&opposite) > 0.2);
    assert!(of(Metric::Pearson, &opposite) < 0.0);
    let r = of(Metric::Pearson, &predicted);
    assert!((squared(&predicted) - r * r).abs() < 0.01 && r - squared(&predicted) > 0.1, "{r}");
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

/// Training leaves the transformer's weights of the network as MadLab ran it where they started, so its attention adds
/// nothing: other queries, keys and values give the same predictions, bit by bit. In the report's own network a few
/// steps change that.
#[test]
fn madlabs_transformer_was_never_trained() {
    for (name, frozen) in [("madlab-as-run", true), ("madlab", false)] {
        let folder = tempfile::tempdir().unwrap();
        let mut experiment = Experiment::example();
        experiment.data = Data::Simulated(Assay { rows: 100, ..Assay::default() });
        experiment.encoding = toml::from_str("[one_hot]\nfit = 'madlab'").unwrap();
        experiment.network = NetworkConfig::by_name(name).unwrap();
        experiment.loss = promoter_train::loss::Loss::Mse;
        experiment.optimiser = toml::from_str("name = 'rms_prop'\nlr = 0.0001").unwrap();
        experiment.augment = Default::default();
        (experiment.training.batch_size, experiment.training.steps) = (8, Some(3));
        let mut session = Session::start(experiment.clone(), &folder.path().join("run"), Device::Cpu).unwrap();
        session.train(&mut |_| {}).unwrap();
        let best = session.folder().best_path();
        let trained = Tensors::read(&best).unwrap();
        let mut params = Params::new(Device::Cpu, experiment.seed);
        let network = experiment.network.build(&mut params).unwrap();
        let is_unseen = |name: &str| name.starts_with("transformer.") && !name.contains("_norm.");
        let unseen: Vec<_> = params.entries().iter().filter(|entry| is_unseen(&entry.name)).collect();
        assert_eq!(unseen.iter().map(|entry| entry.tensor.numel()).sum::<usize>(), 167_040);
        let moved = unseen.iter().filter(|entry| trained.tensors[&entry.name] != entry.tensor).count();
        assert_eq!(moved == 0, frozen, "{name}: {moved} tensors moved");
        trained.load_into(&params, &best).unwrap();
        let _guard = tch::no_grad_guard();
        let x = Tensor::rand([4, 110, 4], (Kind::Float, Device::Cpu));
        let before = network.forward(&x, Mode::Evaluate).unwrap();
        let projects = |name: &str| [".query", ".key", ".value"].iter().any(|part| name.ends_with(part));
        let attention: Vec<_> = unseen.iter().filter(|entry| projects(&entry.name)).collect();
        assert_eq!(attention.len(), 6);
        for entry in attention {
            let _ = entry.tensor.shallow_clone().normal_(0.0, 1.0);
        }
        assert_eq!(network.forward(&x, Mode::Evaluate).unwrap() == before, frozen, "{name}");
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
    let hash = promoter_reproduce::hash(&path).unwrap();
    let expected = Expected { rows: 4, kept: 2 };
    let error = check(&path, &hash, CHALLENGE, &record).unwrap_err();
    assert!(error.to_string().contains("it has 4 rows, 2 of length 110 without N"), "{error}");
    assert!(!record.exists());
    let known = check(&path, &hash, expected, &record).unwrap();
    assert_eq!((known.rows, known.kept), (4, 2));
    assert_eq!(check(&path, &hash, CHALLENGE, &record).unwrap(), known);
    std::fs::write(&path, text.replace("11.5", "11.6")).unwrap();
    let other = promoter_reproduce::hash(&path).unwrap();
    let error = check(&path, &other, expected, &record).unwrap_err();
    assert!(matches!(&error, Error::Data { .. }) && error.to_string().contains(&hash), "{error}");
}

/// The sample of the challenge's file.
#[test]
fn the_sample_has_the_challenges_composition() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/data/dream2022/train_sequences_sample.txt.gz");
    let folder = tempfile::tempdir().unwrap();
    let error = check(&path, "sample", CHALLENGE, &folder.path().join("data.json")).unwrap_err();
    assert!(error.to_string().contains("it has 7369 rows"), "{error}");
}
