//! The choices under `[training]`: each against what it is defined to be.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use promoter_metrics::Metric;
use promoter_torch::file::Tensors;
use promoter_train::average::Average;
use promoter_train::encoding::Encoding;
use promoter_train::experiment::Keep;
use promoter_train::loss::Loss;
use promoter_train::optimiser::OptimiserConfig;
use promoter_train::precision::Precision;
use promoter_train::{EpochRecord, Experiment, Prepared};
use promoter_zoo::registry::NetworkConfig;
use tch::{Kind, Tensor};

#[path = "small/experiment.rs"]
mod experiment;
use experiment::{small, start};

/// A network without batch norms and dropout, plain gradient descent.
fn plain(network: &str) -> Experiment {
    let mut experiment = small();
    experiment.network = toml::from_str(network).unwrap();
    let Encoding::OneHot { fit, .. } = &mut experiment.encoding else { unreachable!() };
    fit.crop = Some((15, 15 + 80));
    experiment.optimiser = OptimiserConfig::Sgd { lr: 0.001, momentum: 0.0 };
    experiment.loss = Loss::Mse;
    experiment.training.steps = Some(3);
    experiment.training.checkpoint_steps = Some(1);
    experiment
}

const AUTH: &str = "name = 'auth'\nfilters = 16\nwidth = 11\nlstm_units = 8\ndense_units = 8\ndropout = 0.0";

/// Weights after the run, its records.
fn train(experiment: &Experiment) -> (Tensors, Vec<EpochRecord>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let prepared = Prepared::read(experiment).unwrap();
    let mut trainer = start(experiment, &prepared, &path).unwrap();
    trainer.train(&mut |_| {}).unwrap();
    let best = Tensors::read(&path.join("checkpoints/best.safetensors")).unwrap();
    (best, trainer.records().to_vec())
}

/// Largest difference of two networks, and the length of the difference.
fn difference(a: &Tensors, b: &Tensors) -> (f64, f64) {
    let mut squares = 0.0;
    let mut largest = 0.0f64;
    for (name, a) in &a.tensors {
        let d: Tensor = a.to_kind(Kind::Double) - b.tensors[name].to_kind(Kind::Double);
        squares += d.square().sum(Kind::Double).double_value(&[]);
        largest = largest.max(d.abs().max().double_value(&[]));
    }
    (largest, squares.sqrt())
}

#[test]
fn a_batch_in_pieces_is_the_batch() {
    let whole = plain(AUTH);
    let mut pieces = whole.clone();
    pieces.training.accumulate = 5; // 13, 13, 13, 13 and 12 of 64 rows
    let (whole, pieces) = (train(&whole), train(&pieces));
    assert!(difference(&whole.0, &pieces.0).0 < 1e-5, "{:?}", difference(&whole.0, &pieces.0));
    assert!((whole.1[0].train_loss - pieces.1[0].train_loss).abs() < 1e-4);
}

#[test]
fn a_run_ends_after_its_steps() {
    let mut experiment = plain(AUTH);
    experiment.training.steps = Some(27); // an epoch has 25
    let (_, records) = train(&experiment);
    assert_eq!(records.len(), 2);
    experiment.training.steps = Some(1_000_000);
    assert_eq!(train(&experiment).1.len(), 2, "epochs end it too");
}

/// One step of rate 1 along a gradient that is cut to a length changes the weights by that length.
#[test]
fn gradients_are_cut_to_a_length() {
    let mut experiment = plain(AUTH);
    experiment.optimiser = OptimiserConfig::Sgd { lr: 1e-6, momentum: 0.0 };
    experiment.training.steps = Some(1);
    let (start, records) = train(&experiment);
    assert!(records[0].gradient_norm > 1.0, "{records:?}");
    experiment.optimiser = OptimiserConfig::Sgd { lr: 1.0, momentum: 0.0 };
    experiment.training.clip_norm = Some(0.25);
    let (end, _) = train(&experiment);
    let (_, length) = difference(&start, &end);
    assert!((length - 0.25).abs() < 1e-3, "{length}");
}

/// The penalty's gradient is twice its factor times the weight, and the loss has the sum of squares.
#[test]
fn the_penalty_is_keras() {
    const NETWORK: &str = "name = 'noisy-chardonnay'\nlength = 80\nfilters = [8, 8, 8]\nwidths = [5, 3, 3]\n\
         lstm_units = 2\ndense_units = 4\nlstm_dropout = 0.0\ndense_dropout = 0.0";
    let mut experiment = plain(NETWORK);
    experiment.optimiser = OptimiserConfig::Sgd { lr: 0.01, momentum: 0.0 };
    experiment.training.steps = Some(1);
    let still = Experiment { optimiser: OptimiserConfig::Sgd { lr: 1e-30, momentum: 0.0 }, ..experiment.clone() };
    let (start, free) = (train(&still).0, train(&experiment));
    experiment.training.l2 = Some(0.05);
    let penalised = train(&experiment);
    let mut sum = 0.0;
    for (name, before) in &start.tensors {
        let kernel = name.ends_with(".weight") && !name.contains(".norm.") && !name.starts_with("lstm.");
        let moved = &free.0.tensors[name] - &penalised.0.tensors[name];
        let expected = if kernel { before * (0.01 * 2.0 * 0.05) } else { before.zeros_like() };
        let error = (moved - expected).abs().max().double_value(&[]);
        assert!(error < 1e-5, "{name}: {error}");
        sum += if kernel { before.square().sum(Kind::Double).double_value(&[]) } else { 0.0 };
    }
    let found = penalised.1[0].train_loss - free.1[0].train_loss;
    // Step and sum are in f32; the loss is near 60.
    assert!((found - 0.05 * sum).abs() < 1e-3, "{found} for {}", 0.05 * sum);
    let error = start_error(plain(AUTH), |e| e.training.l2 = Some(0.1));
    assert!(error.contains("whose source penalises no kernel"), "{error}");
}

#[test]
fn the_last_epoch_is_kept_on_request() {
    let mut experiment = plain(AUTH);
    (experiment.training.epochs, experiment.training.steps) = (4, None);
    // Momentum carries the weights past the smallest error.
    experiment.optimiser = OptimiserConfig::Sgd { lr: 0.001, momentum: 0.99 };
    experiment.training.best = Metric::Mse;
    let (best, records) = train(&experiment);
    assert!(!records[3].best);
    experiment.training.keep = Keep::Last;
    let (last, kept) = train(&experiment);
    assert!(kept.iter().all(|record| record.best));
    let metrics = |records: &[EpochRecord]| records.iter().map(|record| record.chosen_by).collect::<Vec<_>>();
    assert_eq!(metrics(&records), metrics(&kept));
    assert!(difference(&best, &last).0 > 1e-4);
}

fn start_error(mut experiment: Experiment, change: impl FnOnce(&mut Experiment)) -> String {
    change(&mut experiment);
    let folder = tempfile::tempdir().unwrap();
    let prepared = Prepared::read(&experiment).unwrap();
    start(&experiment, &prepared, &folder.path().join("run")).unwrap_err().to_string()
}

#[test]
fn the_average_is_what_is_kept() {
    let mut experiment = plain(AUTH);
    let (last, _) = train(&experiment);
    experiment.training.average = Some(Average { decay: 0.0 });
    assert_eq!(difference(&last, &train(&experiment).0).0, 0.0, "an average that keeps nothing");
    experiment.training.average = Some(Average { decay: 0.99 });
    let (averaged, _) = train(&experiment);
    assert!(difference(&last, &averaged).0 > 1e-6);
}

/// Half precision comes near to f32, and f16 counts the steps that it leaves out.
#[test]
fn half_precision_trains() {
    let mut experiment = plain(AUTH);
    experiment.training.steps = Some(8);
    let (_, full) = train(&experiment);
    for precision in [Precision::Bf16, Precision::Fp16] {
        experiment.training.precision = precision;
        let (_, half) = train(&experiment);
        assert!((half[0].train_loss / full[0].train_loss - 1.0).abs() < 0.1, "{precision:?}: {half:?} for {full:?}");
        assert!(half[0].skipped_steps < 8);
    }
}

#[test]
fn values_out_of_range_are_named() {
    let NetworkConfig::Auth(_) = plain(AUTH).network else { unreachable!() };
    for (change, text) in [
        ((|e| e.training.steps = Some(0)) as fn(&mut Experiment), "`training.steps` is 0, expected at least 1"),
        (|e| e.training.accumulate = 0, "`training.accumulate` is 0, expected at least 1"),
        (|e| e.training.clip_norm = Some(-1.0), "`training.clip_norm` is -1, expected a positive number"),
        (|e| e.training.l2 = Some(f64::NAN), "`training.l2` is NaN, expected a positive number"),
        (
            |e| (e.training.keep, e.training.patience) = (Keep::Last, Some(3)),
            "`training.patience` is 3: it cannot be combined with `training.keep = \"last\"`",
        ),
        (|e| e.training.average = Some(Average { decay: 1.0 }), "`training.average.decay` is 1, expected 0 to below 1"),
    ] {
        let mut experiment = plain(AUTH);
        change(&mut experiment);
        assert_eq!(experiment.check().unwrap_err().to_string(), text);
    }
}
