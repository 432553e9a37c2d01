//! Whole searches on tiny networks.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use promoter_train::search::{Folder, Progress, Ranking, Search};
use promoter_train::share::{Share, Task};
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
    std::fs::write(path.join("done/000.0.json"), "[").unwrap();
    assert!(matches!(Folder::open(&path, &one).unwrap_err(), Error::Json { .. }));
}

/// Tasks that begin at once, each in a thread: no trial is trained twice, and the files are those of one process.
#[test]
fn tasks_share_the_trials_and_end_with_the_bytes_of_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, shared) = (folder.path().join("whole"), folder.path().join("shared"));
    let search =
        search("kind = 'random', trials = 3, seed = 5", "keys = { optimiser.lr = { uniform = [1e-3, 1e-1] } }");
    Folder::open(&whole, &search).unwrap().run(Device::Cpu, &mut |_| {}).unwrap();
    let work = |task: u64| {
        let task = Task { share: Share::new(task, 2).unwrap(), patience: std::time::Duration::from_secs(60) };
        let mut folder = Folder::join(&shared, &search, &task).unwrap();
        let mut ended = Vec::new();
        let ranking = folder.run(Device::Cpu, &mut |progress| {
            if let Progress::End(trial) = progress {
                ended.push(trial.trial);
            }
        });
        (ended, ranking.unwrap())
    };
    let (one, other) = std::thread::scope(|scope| {
        let threads = [0, 1].map(|task| scope.spawn(move || work(task)));
        let [one, other] = threads.map(|thread| thread.join().unwrap());
        (one, other)
    });
    let mut ended = [one.0, other.0].concat();
    ended.sort_unstable();
    assert_eq!(ended, [0, 1, 2]);
    assert_eq!(one.1, other.1);
    assert!(files(&whole) == files(&shared));
    assert!(std::fs::read_dir(folder.path()).unwrap().count() == 2, "no task leaves a folder of its own");
    let _held = Folder::open(&shared, &search).unwrap();
    let task = Task { share: Share::new(0, 2).unwrap(), patience: std::time::Duration::from_secs(60) };
    assert!(matches!(Folder::join(&shared, &search, &task).unwrap_err(), Error::Busy { .. }));
}

/// Of six trials two are trained to the end, each as if it had been alone.
#[test]
fn the_best_trials_of_a_halving_go_on_to_where_they_would_have_come_anyway() {
    let folder = tempfile::tempdir().unwrap();
    let keys = "keys = { optimiser.lr = { log_uniform = [1e-4, 1e-1] } }";
    let all = search("kind = 'random', trials = 6, seed = 5", keys);
    let halving = search("kind = 'halving', trials = 6, seed = 5, first_epochs = 1, factor = 3", keys);
    let all = Folder::open(&folder.path().join("all"), &all).unwrap().run(Device::Cpu, &mut |_| {}).unwrap();
    let path = folder.path().join("halving");
    let mut trained = 0;
    let mut count = |progress: Progress<'_>| {
        let Progress::Training(session::Progress::Step { step, steps, .. }) = progress else { return };
        trained += u64::from(step == steps);
    };
    let found = Folder::open(&path, &halving).unwrap().run(Device::Cpu, &mut count).unwrap();
    let epochs = all.trials[0].epochs;
    assert_eq!(trained, 6 + 2 * (epochs - 1));
    assert_eq!(found.trials.iter().map(|trial| trial.round).collect::<Vec<_>>(), [1, 1, 0, 0, 0, 0]);
    for trial in &found.trials[..2] {
        let whole = all.trials.iter().find(|whole| whole.trial == trial.trial).unwrap();
        assert_eq!((trial.value, trial.epochs), (whole.value, epochs));
    }
    assert!(found.trials[2..].iter().all(|trial| trial.epochs == 1));
    assert_eq!(Folder::rank(&path).unwrap(), found);
}

#[test]
fn a_search_that_is_asked_to_stop_goes_on_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("search");
    let search = search("kind = 'grid'", "keys = { seed = [1, 2] }");
    let mut stopped = Folder::open(&path, &search).unwrap();
    let stop = stopped.stop_flag();
    let error = stopped.run(Device::Cpu, &mut |_| stop.store(true, std::sync::atomic::Ordering::Relaxed)).unwrap_err();
    assert!(matches!(error, Error::SearchStopped), "{error}");
    assert!(stopped.ranking().trials.is_empty() && path.join("trials/000/checkpoints/last.safetensors").exists());
    drop(stopped);
    let ranking = Folder::open(&path, &search).unwrap().run(Device::Cpu, &mut |_| {}).unwrap();
    assert_eq!(ranking.trials.len(), 2);
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
