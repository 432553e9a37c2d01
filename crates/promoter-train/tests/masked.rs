//! Pre-training on masked k-mers. LibTorch has one random generator for a whole process: only one of these tests
//! trains.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use promoter_encode::fit::Fit;
use promoter_label::Noise;
use promoter_metrics::Metric;
use promoter_torch::file::Tensors;
use promoter_train::batch::{Augment, Batch, Batches, Encoder, Order, Rows, Shifts};
use promoter_train::encoding::Encoding;
use promoter_train::loss::Loss;
use promoter_train::optimiser::OptimiserConfig;
use promoter_train::start::Start;
use promoter_train::{Error, Experiment, Prepared, Progress, Session};
use promoter_zoo::bert::{self, Objective};
use promoter_zoo::registry::NetworkConfig;
use tch::Device;

#[path = "small/experiment.rs"]
mod experiment;
use experiment::{small, start};

/// A small encoder that learns masked 3-mers, with everything random on.
fn masked() -> Experiment {
    let sizes = bert::Config { k: 3, channels: 16, blocks: 1, heads: 2, ..bert::Config::small() };
    let mut experiment = small();
    experiment.network = NetworkConfig::Bert(bert::Config { objective: Objective::MaskedKmers, ..sizes });
    experiment.encoding =
        Encoding::OneHot { fit: Fit { length: 110, crop: None, ..Fit::peppa() }, policy: Default::default() };
    experiment.loss = Loss::MaskedKmers { share: 0.15 };
    experiment.augment = Augment { mutate: 0.01, shifts: Shifts::Stacked, ..Augment::default() };
    experiment.optimiser = OptimiserConfig::Adam { lr: 0.01, betas: [0.9, 0.999], eps: 1e-8 };
    experiment.training.best = Metric::Accuracy;
    experiment.training.accumulate = 2;
    experiment.training.checkpoint_steps = Some(1);
    experiment
}

/// The expression of the same encoder, from another run's weights on.
fn tuned(experiment: &Experiment, weights: std::path::PathBuf) -> Experiment {
    let mut tuned = experiment.clone();
    let NetworkConfig::Bert(network) = &mut tuned.network else { unreachable!() };
    network.objective = Objective::Expression;
    (tuned.loss, tuned.training.best, tuned.training.steps) = (Loss::Mse, Metric::Mse, Some(2));
    tuned.start = Some(Start { weights, except: Vec::new(), hash: None });
    tuned
}

#[test]
fn it_learns_resumes_exactly_and_is_trained_on() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, stopped) = (folder.path().join("whole"), folder.path().join("stopped"));
    let experiment = masked();
    assert_eq!(Experiment::from_toml(&experiment.to_toml()).unwrap(), experiment);
    let prepared = Prepared::read(&experiment).unwrap();
    let mut trainer = start(&experiment, &prepared, &whole).unwrap();
    let outcome = trainer.train(&mut |_| {}).unwrap();
    let records = trainer.records();
    // 64 k-mers to choose from at first; the flanks are the same in all rows.
    assert!(records[1].validation_loss < 0.9 * 64f64.ln(), "{records:?}");
    assert!(records[1].train_loss > records[1].validation_loss && records[1].train_loss < 64f64.ln(), "{records:?}");
    let best = &records[outcome.best_epoch as usize];
    assert!(best.best && best.chosen_by > 0.05 && best.chosen_by < 1.0, "{best:?}");
    assert!(best.train_pearson.is_nan() && best.train_mse.is_nan() && best.validation.mse.is_nan());
    assert!(outcome.validation.pearson.is_nan() && outcome.validation.n == 60 && outcome.predictions.is_empty());
    trainer.report(&outcome).unwrap();
    let page = fs::read_to_string(whole.join("report.html")).unwrap();
    assert!(page.contains("Accuracy of masked k-mers") && !page.contains("Pearson"), "{page}");
    assert!(!whole.join("predictions.tsv").exists());

    let mut trainer = Some(start(&experiment, &prepared, &stopped).unwrap());
    while let Some(mut running) = trainer.take() {
        let mut steps = 0;
        // A panic in the middle of a step stops as a kill does: without a last word.
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            running.train(&mut |progress| {
                steps += u32::from(matches!(progress, Progress::Step { .. }));
                assert!(steps < 6, "stopped on purpose");
            })
        }));
        drop(running);
        if done.is_err() {
            trainer = Some(Session::resume_on(prepared.clone(), &stopped, Device::Cpu).unwrap());
        }
    }
    for file in ["checkpoints/last.safetensors", "checkpoints/best.safetensors"] {
        assert!(fs::read(whole.join(file)).unwrap() == fs::read(stopped.join(file)).unwrap(), "{file}");
    }

    // Both heads are in the file, so nothing is excepted; the one for masked k-mers is frozen now.
    let tuned = tuned(&experiment, whole.join("checkpoints/best.safetensors"));
    let mut trainer = start(&tuned, &prepared, &folder.path().join("tuned")).unwrap();
    trainer.train(&mut |_| {}).unwrap();
    let [before, after] = [&whole, &folder.path().join("tuned")]
        .map(|run| Tensors::read(&run.join("checkpoints/best.safetensors")).unwrap().tensors);
    let moved: Vec<&String> = before.keys().filter(|name| before[*name] != after[*name]).collect();
    assert!(moved.iter().all(|name| !name.starts_with("masked.")), "{moved:?}");
    assert!(["embedding.tokens", "head.weight"].iter().all(|name| moved.iter().any(|moved| moved == name)));
}

/// Masks depend on seed, epoch and item, not on the batch.
#[test]
fn masks_are_drawn_for_epoch_and_item() {
    let experiment = masked();
    let prepared = Prepared::read(&experiment).unwrap();
    let rows = Rows::resident(&prepared.validation, &experiment.encoding, &prepared.labels, Device::Cpu).unwrap();
    let encoder = Encoder::new(&experiment.encoding, None, Device::Cpu).unwrap();
    let all = |seed, epoch, size| -> Vec<f32> {
        let order = Order::new(seed, epoch, rows.len(), &Augment::default(), Device::Cpu).unwrap();
        let batches = Batches::new(&rows, &order, &encoder, 0, size);
        let masks = |batch: Result<Batch, Error>| batch.unwrap().masks(9).unwrap().flatten(0, 1);
        batches.flat_map(|batch| Vec::<f32>::try_from(masks(batch)).unwrap()).collect()
    };
    let first = all(1, 0, 60);
    assert!(first.len() == 540 && first.iter().all(|draw| (0.0..1.0).contains(draw)));
    let mean = first.iter().sum::<f32>() / 540.0;
    assert!((mean - 0.5).abs() < 0.06, "{mean}");
    assert_eq!(first, all(1, 0, 7));
    assert!(first != all(1, 1, 60) && first != all(2, 0, 60));
}

#[test]
fn what_does_not_fit_masked_kmers_is_refused() {
    let refused = |change: fn(&mut Experiment)| {
        let mut experiment = masked();
        change(&mut experiment);
        experiment.check().unwrap_err().to_string()
    };
    assert_eq!(
        refused(|e| e.loss = Loss::MaskedKmers { share: 1.0 }),
        "`loss.share` is 1, expected more than 0 and less than 1"
    );
    let error = refused(|e| e.training.best = Metric::Pearson);
    assert_eq!(error, "`training.best` is pearson, expected accuracy, of the masked k-mers");
    let error = refused(|e| e.loss = Loss::Mse);
    assert!(error.starts_with("`training.best` is accuracy, expected a metric of expression"), "{error}");
    let error = refused(|e| e.label.noise = Some(Noise { sd: 0.1, clip: None }));
    assert!(error.starts_with("`label` cannot be combined with masked k-mers"), "{error}");
    assert!(refused(|e| e.evaluation.strands = true).starts_with("`evaluation` cannot be combined with masked k-mers"));
    assert!(refused(|e| e.training.with_ridge = true).starts_with("`training.with_ridge` cannot be combined"));

    let folder = tempfile::tempdir().unwrap();
    let prepared = Prepared::read(&masked()).unwrap();
    let built = |change: fn(&mut Experiment), name: &str| {
        let mut experiment = masked();
        change(&mut experiment);
        start(&experiment, &prepared, &folder.path().join(name)).unwrap_err().to_string()
    };
    let error = built(|e| (e.loss, e.training.best) = (Loss::Mse, Metric::Mse), "labels");
    assert_eq!(error, "`network.objective` is masked_kmers: it needs `loss.name = \"masked_kmers\"`");
    let other = |e: &mut Experiment| {
        let NetworkConfig::Bert(network) = &mut e.network else { unreachable!() };
        network.objective = Objective::Expression;
    };
    let error = built(other, "expression");
    assert!(error.starts_with("`loss.name` is masked_kmers: it needs `network = "), "{error}");
}
