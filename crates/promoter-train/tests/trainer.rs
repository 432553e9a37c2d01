//! The loop from data to finished run, at a size that takes seconds.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use promoter_metrics::Metric;
use promoter_torch::file::Tensors;
use promoter_train::loss::Loss;
use promoter_train::optimiser::OptimiserConfig;
use promoter_train::{Error, Prepared, Progress, Session};
use promoter_zoo::registry::NetworkConfig;
use tch::{Device, Kind};

#[path = "small/experiment.rs"]
mod experiment;
use experiment::{small, start};

#[test]
fn without_dropout_training_and_evaluation_see_the_same_network() {
    let folder = tempfile::tempdir().unwrap();
    let mut experiment = small();
    experiment.training.epochs = 6;
    let prepared = Prepared::read(&experiment).unwrap();
    let mut trainer = start(&experiment, &prepared, &folder.path().join("run")).unwrap();
    let outcome = trainer.train(&mut |_| {}).unwrap();
    let record = &trainer.records()[outcome.best_epoch as usize];
    // Nothing but the moving averages lies between the two; the labels' variance is about 5.6.
    assert!((outcome.train.mse - record.train_mse).abs() < 2.0, "{record:?} {outcome:?}");
    assert_eq!(outcome.predictions.len(), prepared.validation.len());
    assert!(outcome.train.n <= outcome.validation.n);
}

#[test]
fn progress_counts_every_step_and_every_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let experiment = small();
    let prepared = Prepared::read(&experiment).unwrap();
    let mut trainer = start(&experiment, &prepared, &folder.path().join("run")).unwrap();
    // 540 rows in three copies, batches of 64, the last one left out.
    assert_eq!(trainer.steps_per_pass(), 25);
    let (mut steps, mut epochs) = (0, 0);
    trainer
        .train(&mut |progress| match progress {
            Progress::Step { step, steps: all, .. } => {
                steps += 1;
                assert!(step <= all);
            }
            Progress::Epoch(record) => {
                assert_eq!(record.epoch, epochs);
                epochs += 1;
            }
            _ => {}
        })
        .unwrap();
    assert_eq!((steps, epochs), (50, 2));
}

#[test]
fn training_ends_after_its_steps_in_the_middle_of_an_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let mut experiment = small();
    (experiment.training.epochs, experiment.training.steps) = (9, Some(32));
    let prepared = Prepared::read(&experiment).unwrap();
    let mut trainer = start(&experiment, &prepared, &folder.path().join("run")).unwrap();
    let mut steps = 0;
    let mut count = |progress: Progress<'_>| steps += u32::from(matches!(progress, Progress::Step { .. }));
    trainer.train(&mut count).unwrap();
    assert_eq!((steps, trainer.records().len()), (32, 2));
    experiment.training.steps = Some(0);
    assert_eq!(experiment.check().unwrap_err().to_string(), "`training.steps` is 0, expected at least 1");
}

#[test]
fn a_loss_that_is_no_number_stops_the_run_with_its_step() {
    let folder = tempfile::tempdir().unwrap();
    let mut experiment = small();
    experiment.optimiser = OptimiserConfig::Sgd { lr: 1e30, momentum: 0.9 };
    experiment.training.checkpoint_steps = Some(1);
    let prepared = Prepared::read(&experiment).unwrap();
    let mut trainer = start(&experiment, &prepared, &folder.path().join("run")).unwrap();
    let error = trainer.train(&mut |_| {}).unwrap_err();
    assert!(matches!(error, Error::NotFinite { epoch: 0, .. }), "{error}");
    assert!(error.to_string().contains("training diverged") && error.to_string().contains("lower the learning rate"));
    // What a resume would find is from before.
    if trainer.folder().last_path().exists() {
        let last = Tensors::read(&trainer.folder().last_path()).unwrap();
        for (name, tensor) in &last.tensors {
            assert_eq!(i64::try_from(tensor.isfinite().logical_not().sum(Kind::Int64)).unwrap(), 0, "{name}");
        }
    }
}

#[test]
fn training_stops_when_patience_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut experiment = small();
    experiment.training.epochs = 50;
    experiment.training.patience = Some(1);
    experiment.training.best = Metric::Mse;
    // A rate so small that nothing is gained after the first epoch that counts.
    experiment.optimiser = OptimiserConfig::Sgd { lr: 1e-30, momentum: 0.0 };
    let prepared = Prepared::read(&experiment).unwrap();
    let mut trainer = start(&experiment, &prepared, &folder.path().join("run")).unwrap();
    trainer.train(&mut |_| {}).unwrap();
    assert!(trainer.records().len() < 50, "{}", trainer.records().len());
}

#[test]
fn what_does_not_fit_is_an_error_before_the_first_step() {
    let folder = tempfile::tempdir().unwrap();
    let mut experiment = small();
    experiment.training.batch_size = 100_000;
    let prepared = Prepared::read(&experiment).unwrap();
    let error = start(&experiment, &prepared, &folder.path().join("batch")).unwrap_err().to_string();
    assert!(error.starts_with("`training.batch_size` is 100000, expected at most 1620"), "{error}");

    let mut experiment = small();
    let NetworkConfig::Peppa(network) = &mut experiment.network else { unreachable!() };
    network.length = 80;
    let error = start(&experiment, &prepared, &folder.path().join("window")).unwrap_err().to_string();
    assert!(error.contains("85 positions and 4 channels, expected the network's 80 positions"), "{error}");
    // The corrected experiment finds its place free.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_checkpoint_of_another_experiment_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    let mut experiment = small();
    experiment.training.epochs = 1;
    let prepared = Prepared::read(&experiment).unwrap();
    start(&experiment, &prepared, &one).unwrap().train(&mut |_| {}).unwrap();
    experiment.seed = 2;
    drop(start(&experiment, &prepared, &other).unwrap());
    std::fs::copy(one.join("checkpoints/last.safetensors"), other.join("checkpoints/last.safetensors")).unwrap();
    let error = Session::resume_on(prepared, &other, Device::Cpu).unwrap_err().to_string();
    assert!(error.contains("belongs to another experiment"), "{error}");
}

#[test]
fn a_loss_over_classes_wants_classes() {
    let folder = tempfile::tempdir().unwrap();
    let mut experiment = small();
    experiment.loss = Loss::SoftBins;
    let prepared = Prepared::read(&experiment).unwrap();
    let error = start(&experiment, &prepared, &folder.path().join("run")).unwrap_err().to_string();
    assert_eq!(error, "`loss` is over 18 classes, the network has 1 outputs");
}
