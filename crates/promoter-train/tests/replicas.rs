//! Batches in pieces on several threads.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::Ordering;

use promoter_torch::file::Tensors;
use promoter_train::batch_norm::Averages;
use promoter_train::loss::Loss;
use promoter_train::optimiser::OptimiserConfig;
use promoter_train::precision::Precision;
use promoter_train::sharpness::Sharpness;
use promoter_train::{Error, Experiment, Prepared, Progress, Session};
use promoter_zoo::registry::NetworkConfig;
use tch::{Device, Kind, Tensor};

#[path = "small/experiment.rs"]
mod experiment;
use experiment::{small, start};

/// A network without batch norms and dropout.
fn plain() -> Experiment {
    let mut experiment = small();
    let network =
        "name = 'auth'\nlength = 85\nfilters = 16\nwidth = 11\nlstm_units = 8\ndense_units = 8\ndropout = 0.0";
    experiment.network = toml::from_str(network).unwrap();
    experiment.optimiser = OptimiserConfig::Sgd { lr: 0.001, momentum: 0.9 };
    experiment.loss = Loss::Mse;
    experiment.training.steps = Some(12);
    experiment
}

/// Everything random, several pieces for each replica, averages that are estimated.
fn noisy(precision: Precision) -> Experiment {
    let mut experiment = small();
    let NetworkConfig::Peppa(network) = &mut experiment.network else { unreachable!() };
    network.dropout = 0.3;
    experiment.sharpness = Some(Sharpness { rho: 0.05, alpha: 0.05 });
    experiment.training.replicas = Some(3);
    experiment.training.accumulate = 2;
    experiment.training.batch_size = 100;
    experiment.training.checkpoint_steps = Some(1);
    experiment.training.steps = Some(7);
    experiment.training.batch_norm_averages = Averages::Estimated;
    experiment.training.precision = precision;
    experiment
}

fn bytes(session: &Session) -> Vec<Vec<u8>> {
    let files = ["checkpoints/last.safetensors", "checkpoints/best.safetensors", "predictions.tsv"];
    files.iter().map(|file| std::fs::read(session.folder().path().join(file)).unwrap()).collect()
}

/// Largest difference of two runs' networks.
fn difference(a: &Session, b: &Session) -> f64 {
    let [a, b] = [a, b].map(|session| Tensors::read(&session.folder().last_path()).unwrap().tensors);
    let network = a.iter().filter(|(name, _)| name.starts_with("network."));
    let largest = network.map(|(name, a)| {
        let difference: Tensor = a.to_kind(Kind::Double) - b[name].to_kind(Kind::Double);
        difference.abs().max().double_value(&[])
    });
    largest.fold(0.0, f64::max)
}

#[test]
fn replicas_train_the_network_that_one_thread_trains() {
    let folder = tempfile::tempdir().unwrap();
    let mut experiment = plain();
    let prepared = Prepared::read(&experiment).unwrap();
    let mut sessions = Vec::new();
    for replicas in [1, 2, 3] {
        experiment.training.replicas = Some(replicas);
        let mut session = start(&experiment, &prepared, &folder.path().join(replicas.to_string())).unwrap();
        session.train(&mut |_| {}).unwrap();
        sessions.push(session);
    }
    for other in &sessions[1..] {
        assert!(difference(&sessions[0], other) < 1e-6, "{}", difference(&sessions[0], other));
        let mse = |session: &Session| session.records()[0].validation.mse;
        assert!((mse(&sessions[0]) - mse(other)).abs() < 1e-4);
    }
}

/// Twice in one go and once with a stop after every second step.
#[test]
fn the_bytes_do_not_depend_on_timing_or_on_stops() {
    for precision in [Precision::F32, Precision::Bf16] {
        let folder = tempfile::tempdir().unwrap();
        let experiment = noisy(precision);
        let prepared = Prepared::read(&experiment).unwrap();
        let whole = ["one", "two"].map(|name| {
            let mut session = start(&experiment, &prepared, &folder.path().join(name)).unwrap();
            session.train(&mut |_| {}).unwrap();
            bytes(&session)
        });
        assert!(whole[0] == whole[1], "{precision:?}");

        let path = folder.path().join("stopped");
        let mut session = start(&experiment, &prepared, &path).unwrap();
        loop {
            let (stop, mut steps) = (session.stop_flag(), 0);
            let ended = session.train(&mut |progress| {
                steps += u32::from(matches!(progress, Progress::Step { .. }));
                stop.store(steps == 2, Ordering::Relaxed);
            });
            match ended {
                Ok(_) => break,
                Err(error) => assert!(matches!(error, Error::Stopped), "{error}"),
            }
            drop(session);
            session = Session::resume_on(prepared.clone(), &path, Device::Cpu).unwrap();
        }
        assert!(bytes(&session) == whole[0], "{precision:?}");
    }
}

/// Averages of training rows are those of the rows: evaluation in one batch with the batch's own statistics is near.
#[test]
fn estimated_averages_let_a_short_run_predict() {
    let folder = tempfile::tempdir().unwrap();
    let mut experiment = small();
    experiment.network = toml::from_str(
        "name = 'noisy-chardonnay'\nlength = 85\nfilters = [16, 16, 16]\nwidths = [9, 5, 3]\nlstm_units = 4
         dense_units = 16\nlstm_dropout = 0.0\ndense_dropout = 0.0",
    )
    .unwrap();
    experiment.loss = Loss::Mse;
    experiment.optimiser = OptimiserConfig::Adam { lr: 0.003, betas: [0.9, 0.999], eps: 1e-7 };
    experiment.training.epochs = 2;
    let prepared = Prepared::read(&experiment).unwrap();
    let mut train = |averages, name: &str| {
        experiment.training.batch_norm_averages = averages;
        let mut session = start(&experiment, &prepared, &folder.path().join(name)).unwrap();
        session.train(&mut |_| {}).unwrap();
        let last = &session.records()[1];
        (last.train_loss, last.train_mse, last.validation.mse)
    };
    let (moving, estimated) = (train(Averages::Moving, "moving"), train(Averages::Estimated, "estimated"));
    assert_eq!((moving.0, moving.1), (estimated.0, estimated.1), "training does not see the averages");
    assert!(estimated.2 < moving.2, "{estimated:?} for {moving:?}");
    assert!(estimated.2 < 1.5 * estimated.1, "{estimated:?}");
}

#[test]
fn an_epoch_may_be_shorter_or_longer_than_a_pass() {
    let folder = tempfile::tempdir().unwrap();
    let mut experiment = plain();
    let prepared = Prepared::read(&experiment).unwrap();
    let mut sessions = Vec::new();
    for (epoch_steps, epochs) in [(10, 6), (30, 2), (60, 1)] {
        (experiment.training.epoch_steps, experiment.training.epochs) = (Some(epoch_steps), epochs);
        experiment.training.steps = None;
        let mut session = start(&experiment, &prepared, &folder.path().join(epoch_steps.to_string())).unwrap();
        assert_eq!((session.steps_per_pass(), session.total_steps()), (25, 60));
        session.train(&mut |_| {}).unwrap();
        assert_eq!(session.records().len() as u64, epochs);
        sessions.push(session);
    }
    // The rows come in the same order, however often they are evaluated.
    assert_eq!(difference(&sessions[0], &sessions[1]), 0.0);
    assert_eq!(difference(&sessions[0], &sessions[2]), 0.0);
}
