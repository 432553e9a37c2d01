//! Whole searches on tiny networks.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use promoter_train::search::{Folder, Progress, Ranking, Search};
use promoter_train::{Error, session};
use tch::Device;

#[path = "small/experiment.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod experiment;

fn search(kind: &str, keys: &str) -> Search {
    let mut experiment = experiment::small();
    experiment.training.checkpoint_steps = Some(1);
    experiment.training.batch_size = 128;
    experiment.augment.shift = 0;
    let mut table: toml::Table = format!("search = {{ {kind}, metric = 'mse' }}\n{keys}").parse().unwrap();
    table.insert("experiment".into(), toml::Value::Table(experiment.to_toml().parse().unwrap()));
    Search::from_toml(&table.to_string()).unwrap()
}

fn files(folder: &Path) -> Vec<Vec<u8>> {
    let runs = (0..3).map(|trial| format!("trials/{trial:03}/checkpoints/best.safetensors"));
    let names = ["search.toml", "trials.json", "trials.txt"].map(str::to_owned);
    names.into_iter().chain(runs).map(|name| std::fs::read(folder.join(name)).unwrap()).collect()
}

/// Three trials in one go, and the same stopped in the middle of the second and after it.
#[test]
fn a_search_that_was_stopped_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, stopped) = (folder.path().join("whole"), folder.path().join("stopped"));
    let keys = "keys = { optimiser.lr = { log_uniform = [1e-3, 1e-1] }, network.blocks = [1, 2] }";
    let search = search("kind = 'random', trials = 3, seed = 5", keys);
    let ranking = Folder::open(&whole, &search).unwrap().run(Device::Cpu, &mut |_| {}).unwrap().clone();
    assert_eq!(ranking.trials.len(), 3);
    assert!(ranking.trials.is_sorted_by(|a, b| a.value.unwrap() < b.value.unwrap()), "{ranking:?}");

    let mut started = Vec::new();
    let mut go = |stop: &dyn Fn(&Progress<'_>) -> bool| {
        let mut folder = Folder::open(&stopped, &search).unwrap();
        let done = catch_unwind(AssertUnwindSafe(|| {
            folder
                .run(Device::Cpu, &mut |progress| {
                    if let Progress::Start { trial, .. } = &progress {
                        started.push(*trial);
                    }
                    assert!(!stop(&progress), "stopped on purpose");
                })
                .unwrap();
        }));
        (done.is_ok(), folder.ranking().trials.len())
    };
    // A trial has eight steps.
    let steps = std::cell::Cell::new(0);
    let in_the_second = |progress: &Progress<'_>| {
        if let Progress::Training(session::Progress::Step { .. }) = progress {
            steps.set(steps.get() + 1);
        }
        steps.get() == 13
    };
    assert_eq!(go(&in_the_second), (false, 1));
    assert_eq!(go(&|progress| matches!(progress, Progress::End(_))), (false, 2));
    assert_eq!(go(&|_| false), (true, 3));
    assert_eq!(go(&|_| true), (true, 3));
    assert_eq!(started, [0, 1, 1, 2]);
    assert!(files(&whole) == files(&stopped));
    let json = std::fs::read(stopped.join("trials.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Ranking>(&json).unwrap(), ranking);
}

#[test]
fn a_trial_that_diverges_is_ranked_last_and_the_search_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let search = search("kind = 'grid'", "keys = { optimiser.lr = [1e30, 1e-3] }");
    let mut folder = Folder::open(&folder.path().join("search"), &search).unwrap();
    let ranking = folder.run(Device::Cpu, &mut |_| {}).unwrap();
    let order: Vec<u64> = ranking.trials.iter().map(|trial| trial.trial).collect();
    assert_eq!((order.as_slice(), ranking.best().unwrap().trial), ([1, 0].as_slice(), 1));
    let failure = ranking.trials[1].failure.as_ref().unwrap();
    assert!(failure.contains("lower the learning rate"), "{failure}");
}

#[test]
fn a_folder_belongs_to_one_search_and_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("search");
    let one = search("kind = 'grid'", "keys = { seed = [1, 2] }");
    assert!(matches!(Folder::open(folder.path(), &one).unwrap_err(), Error::Exists { .. }));
    let held = Folder::open(&path, &one).unwrap();
    assert!(matches!(Folder::open(&path, &one).unwrap_err(), Error::Busy { .. }));
    drop(held);
    let error = Folder::open(&path, &search("kind = 'grid'", "keys = { seed = [1, 3] }")).unwrap_err();
    assert!(error.to_string().ends_with("is another one: its keys differ"), "{error}");
    Folder::open(&path, &one).unwrap();
    std::fs::write(path.join("trials.json"), "[").unwrap();
    assert!(matches!(Folder::open(&path, &one).unwrap_err(), Error::Json { .. }));
}

/// The example is a search that can be done: every trial's network takes its rows.
#[test]
fn the_example_is_a_search() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/noisy_chardonnay_search.toml");
    let search = Search::read(&path).unwrap();
    assert_eq!((search.trials(), search.keys.len()), (8, 6));
    for trial in 0..search.trials() {
        let mut experiment = search.experiment(trial).unwrap();
        experiment.data = promoter_train::experiment::Data::Simulated(promoter_sim::Assay {
            rows: 200,
            ..promoter_sim::Assay::default()
        });
        let prepared = promoter_train::Prepared::read(&experiment).unwrap();
        let folder = tempfile::tempdir().unwrap();
        experiment::start(&experiment, &prepared, &folder.path().join("run")).unwrap();
    }
}
