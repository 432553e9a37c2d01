//! Several processes that train one network. Here each is a thread with a group of its own.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use promoter_label::Noise;
use promoter_metrics::Metric;
use promoter_sim::Assay;
use promoter_torch::distributed::{Group, Rendezvous};
use promoter_torch::file::Tensors;
use promoter_train::average::Average;
use promoter_train::batch::ReverseComplement;
use promoter_train::batch_norm::Averages;
use promoter_train::experiment::Data;
use promoter_train::loss::Loss;
use promoter_train::optimiser::OptimiserConfig;
use promoter_train::precision::Precision;
use promoter_train::sharpness::Sharpness;
use promoter_train::{Error, Experiment, Outcome, Place, Prepared, Progress, Session};
use promoter_zoo::registry::NetworkConfig;
use tch::{Device, Kind, Tensor};

#[path = "small/experiment.rs"]
mod experiment;
use experiment::{small, start};

/// What each of `size` ranks makes of its place.
fn ranks<T: Send>(size: usize, work: impl Fn(Place) -> T + Sync) -> Vec<T> {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let of_rank = |rank| {
        tch::set_num_threads(1);
        let (host, timeout) = ("127.0.0.1".into(), Duration::from_secs(60));
        let at = Rendezvous { rank, size, host, port, launcher_serves: false, restarts: 0, interface: None, timeout };
        work(Place { device: Device::Cpu, group: Group::join(&at).unwrap() })
    };
    thread::scope(|scope| {
        let of_rank = &of_rank;
        let threads: Vec<_> = (0..size).map(|rank| scope.spawn(move || of_rank(rank))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// The error of what must fail; a session has too much to show.
fn refused(result: Result<Session, Error>) -> String {
    result.map(|_| "no error").unwrap_err().to_string()
}

/// Trains in a new folder, on `size` ranks.
fn train(experiment: &Experiment, prepared: &Prepared, path: &Path, size: usize) -> Vec<Outcome> {
    ranks(size, |place| {
        let mut session = Session::start_on(prepared.clone(), experiment.clone(), path, place).unwrap();
        session.train(&mut |_| {}).unwrap()
    })
}

/// A network without batch norms and dropout, with a last batch of one row.
fn plain() -> Experiment {
    let mut experiment = small();
    let network =
        "name = 'auth'\nlength = 85\nfilters = 16\nwidth = 11\nlstm_units = 8\ndense_units = 8\ndropout = 0.0";
    experiment.network = toml::from_str(network).unwrap();
    experiment.optimiser = OptimiserConfig::Sgd { lr: 0.001, momentum: 0.0 };
    experiment.loss = Loss::Mse;
    // 540 training rows and as many of the other strand.
    experiment.augment.reverse_complement = ReverseComplement::Stacked;
    experiment.augment.shift = 0;
    experiment.training.batch_size = 83;
    experiment.training.drop_last = false;
    experiment.training.epochs = 8;
    experiment.training.steps = Some(100);
    experiment
}

/// A small network with batch norms and dropout.
fn with_batch_norms(dropout: f64) -> NetworkConfig {
    let sizes = "name = 'noisy-chardonnay'\nlength = 85\nfilters = [8, 8, 8]\nwidths = [9, 5, 3]\nlstm_units = 4";
    let dropout = format!("lstm_dropout = {dropout:?}\ndense_dropout = {dropout:?}");
    toml::from_str(&format!("{sizes}\ndense_units = 8\n{dropout}")).unwrap()
}

/// Everything random, and everything that steps are made of.
fn noisy(precision: Precision) -> Experiment {
    let mut experiment = small();
    experiment.network = with_batch_norms(0.3);
    experiment.loss = Loss::Mse;
    experiment.optimiser = OptimiserConfig::Adam { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8 };
    experiment.data = Data::Simulated(Assay { rows: 160, ..Assay::default() });
    experiment.label.noise = Some(Noise { sd: 0.1, clip: Some([0.0, 17.0]) });
    experiment.augment.mutate = 0.02;
    experiment.sharpness = Some(Sharpness { rho: 0.05, alpha: 0.05 });
    experiment.memory.resident_gb = Some(0.0);
    experiment.training.accumulate = 2;
    experiment.training.batch_size = 75;
    experiment.training.checkpoint_steps = Some(2);
    experiment.training.steps = Some(7);
    experiment.training.clip_norm = Some(1.0);
    experiment.training.l2 = None;
    experiment.training.average = Some(Average { decay: 0.9 });
    experiment.training.batch_norm_averages = Averages::Estimated;
    experiment.training.calibrate = true;
    experiment.training.precision = precision;
    experiment
}

fn bytes(path: &Path) -> Vec<Vec<u8>> {
    let files = ["checkpoints/last.safetensors", "checkpoints/best.safetensors", "predictions.tsv"];
    files.iter().map(|file| std::fs::read(path.join(file)).unwrap()).collect()
}

/// Largest difference of two runs' parameters.
fn difference(a: &Path, b: &Path) -> f64 {
    difference_of(a, b, |name| !is_average(name))
}

/// Whether a batch norm keeps it for prediction.
fn is_average(name: &str) -> bool {
    ["mean", "variance", "running_var"].iter().any(|end| name.ends_with(end))
}

fn difference_of(a: &Path, b: &Path, of: fn(&str) -> bool) -> f64 {
    let read = |path: &Path| Tensors::read(&path.join("checkpoints/last.safetensors")).unwrap().tensors;
    let (a, b) = (read(a), read(b));
    let network = a.iter().filter(|(name, _)| name.starts_with("network.") && of(name));
    let largest = network.map(|(name, a)| {
        let difference: Tensor = a.to_kind(Kind::Double) - b[name].to_kind(Kind::Double);
        difference.abs().max().double_value(&[])
    });
    largest.fold(0.0, f64::max)
}

/// Gradients summed by PyTorch's Reducer (one replica), or after the replicas' own sum; in all batches but the last a
/// rank has more rows than another, in the last one row is left for all of them.
#[test]
fn ranks_train_the_network_that_one_process_trains() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut experiment = plain();
    let prepared = Prepared::read(&experiment).unwrap();
    let one = start(&experiment, &prepared, &path("one")).unwrap().train(&mut |_| {}).unwrap();
    assert_eq!(one.validation.n, 60);
    for (size, replicas) in [(2, 1), (3, 1), (2, 2)] {
        experiment.training.replicas = Some(replicas);
        let name = format!("{size} {replicas}");
        let outcomes = train(&experiment, &prepared, &path(&name), size);
        let difference = difference(&path("one"), &path(&name));
        assert!(difference < 1e-6, "{name}: {difference}");
        for outcome in &outcomes {
            assert_eq!(outcome.predictions, outcomes[0].predictions, "{name}");
            assert!((outcome.validation.pearson - one.validation.pearson).abs() < 1e-5, "{name}");
        }
    }
}

/// Batch norms over the rows of both ranks for a hundred steps; and over each one's own, which is another network.
#[test]
fn synchronised_batch_norms_are_those_of_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut experiment = plain();
    experiment.network = with_batch_norms(0.0);
    experiment.optimiser = OptimiserConfig::Sgd { lr: 1e-4, momentum: 0.0 };
    experiment.training.batch_size = 16;
    experiment.training.sync_batch_norm = true;
    experiment.training.replicas = None;
    let prepared = Prepared::read(&experiment).unwrap();
    start(&experiment, &prepared, &path("one")).unwrap().train(&mut |_| {}).unwrap();
    train(&experiment, &prepared, &path("two"), 2);
    let same = difference(&path("one"), &path("two"));
    // LibTorch adds a single process's statistics up in f32.
    let averages = difference_of(&path("one"), &path("two"), is_average);
    assert!(same < 1e-6 && averages < 1e-5, "{same} {averages}");
    experiment.training.sync_batch_norm = false;
    experiment.training.steps = Some(10);
    train(&experiment, &prepared, &path("local"), 2);
    assert!(difference_of(&path("one"), &path("local"), is_average) > 1e-3);

    // Pieces would see a part of the rows each.
    (experiment.training.sync_batch_norm, experiment.training.accumulate) = (true, 2);
    let error = experiment.check().unwrap_err().to_string();
    assert_eq!(error, "`training.accumulate` is 2, expected 1, as `training.sync_batch_norm` is on");
    // A rank without rows would be waited for.
    (experiment.training.accumulate, experiment.training.batch_size) = (1, 83);
    let errors = ranks(2, |place| {
        refused(Session::start_on(prepared.clone(), experiment.clone(), &folder.path().join("run"), place))
    });
    assert!(errors[0].contains("it leaves 1 rows to the last batch, too few for 2 processes"), "{errors:?}");
}

/// Stops when any rank is asked to, at the same step on all; the bytes are those of a run that was left alone.
#[test]
fn a_stopped_run_goes_on_to_the_same_bytes() {
    for (precision, size, replicas) in [(Precision::F32, 3, 1), (Precision::Fp16, 2, 2)] {
        let folder = tempfile::tempdir().unwrap();
        let (whole, stopped) = (folder.path().join("whole"), folder.path().join("stopped"));
        let mut experiment = noisy(precision);
        experiment.training.replicas = Some(replicas);
        let prepared = Prepared::read(&experiment).unwrap();
        train(&experiment, &prepared, &whole, size);
        let mut ended = false;
        while !ended {
            let results = ranks(size, |place| {
                let rank = place.group.rank();
                let mut session = match stopped.exists() {
                    true => Session::resume_on(prepared.clone(), &stopped, place),
                    false => Session::start_on(prepared.clone(), experiment.clone(), &stopped, place),
                }
                .unwrap();
                let (stop, mut steps) = (session.stop_flag(), 0);
                let ended = session.train(&mut |progress| {
                    steps += u32::from(matches!(progress, Progress::Step { .. }));
                    stop.store(rank == 1 && steps == 3, Ordering::Relaxed);
                });
                match ended {
                    Ok(_) => true,
                    Err(error) => {
                        assert!(matches!(error, Error::Stopped), "{error}");
                        false
                    }
                }
            });
            assert!(results.iter().all(|result| *result == results[0]));
            ended = results[0];
        }
        assert!(bytes(&whole) == bytes(&stopped), "{precision:?}");
    }
}

/// A run of two ranks is taken up by one process and by three.
#[test]
fn a_run_is_resumed_at_any_number_of_ranks() {
    let folder = tempfile::tempdir().unwrap();
    let mut experiment = plain();
    experiment.training.steps = Some(20);
    let prepared = Prepared::read(&experiment).unwrap();
    let whole = folder.path().join("whole");
    train(&experiment, &prepared, &whole, 1);
    for size in [1, 3] {
        let path = folder.path().join(size.to_string());
        ranks(2, |place| {
            let mut session = Session::start_on(prepared.clone(), experiment.clone(), &path, place).unwrap();
            let stop = session.stop_flag();
            let error = session.train(&mut |_| stop.store(true, Ordering::Relaxed)).unwrap_err();
            assert!(matches!(error, Error::Stopped), "{error}");
        });
        let records = ranks(size, |place| {
            let mut session = Session::resume_on(prepared.clone(), &path, place).unwrap();
            session.train(&mut |_| {}).unwrap();
            session.records().to_vec()
        });
        assert!(difference(&whole, &path) < 1e-6, "{size}: {}", difference(&whole, &path));
        assert!(records[0].iter().map(|record| record.epoch).eq(0..2));
    }
}

#[test]
fn ranks_that_do_not_fit_each_other_are_refused_on_all_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let experiment = plain();
    let prepared = Prepared::read(&experiment).unwrap();
    let mut others = experiment.clone();
    others.split = toml::from_str("kind = 'random'\nvalidation = 0.1\nseed = 2").unwrap();
    let other_rows = Prepared::read(&others).unwrap();
    type Change = fn(&mut Experiment, &mut Prepared, &Prepared);
    let cases: [(Change, &str); 2] = [
        (|experiment, _, _| experiment.seed = 7, "rank 1 has experiment seed = 7, rank 0 has seed = 1"),
        (|_, prepared, other| *prepared = other.clone(), "rank 1 has training rows 540 with the hash "),
    ];
    for (change, text) in cases {
        let path = folder.path().join("run");
        let errors = ranks(2, |place| {
            let (mut experiment, mut prepared) = (experiment.clone(), prepared.clone());
            if place.group.rank() == 1 {
                change(&mut experiment, &mut prepared, &other_rows);
            }
            refused(Session::start_on(prepared, experiment, &path, place))
        });
        for error in errors {
            assert!(error.contains(text), "{error}");
        }
        assert!(!path.exists());
    }
    let errors = ranks(2, |place| {
        let mut experiment = experiment.clone();
        experiment.training.batch_size = 1;
        refused(Session::start_on(prepared.clone(), experiment, &folder.path().join("run"), place))
    });
    assert_eq!(errors[1], "`training.batch_size` is 1, expected at least 2, one row for each process");
}

/// Before labels are seen: each piece has a mean over its own masked k-mers.
#[test]
fn masked_kmers_are_learnt_by_several_ranks() {
    let folder = tempfile::tempdir().unwrap();
    let mut experiment = small();
    let network = "name = 'bert'\nobjective = 'masked_kmers'\nk = 3\nchannels = 16\nblocks = 1\nheads = 2";
    experiment.network = toml::from_str(network).unwrap();
    experiment.encoding = toml::from_str("one_hot.fit.length = 110").unwrap();
    experiment.data = Data::Simulated(Assay { rows: 160, ..Assay::default() });
    experiment.augment.shift = 0;
    experiment.loss = Loss::MaskedKmers { share: 0.15 };
    experiment.optimiser = OptimiserConfig::Adam { lr: 0.01, betas: [0.9, 0.999], eps: 1e-8 };
    experiment.training.best = Metric::Accuracy;
    experiment.training.evaluation_batch_size = 5;
    let prepared = Prepared::read(&experiment).unwrap();
    let records = ranks(3, |place| {
        let (experiment, path) = (experiment.clone(), folder.path().join("run"));
        let mut session = Session::start_on(prepared.clone(), experiment, &path, place).unwrap();
        session.train(&mut |_| {}).unwrap();
        session.records().iter().map(|record| (record.train_loss, record.validation_loss, record.chosen_by)).collect()
    });
    let records: &[Vec<(f64, f64, f64)>] = &records;
    assert!(records.iter().all(|other| *other == records[0]));
    let [first, last] = records[0][..] else { panic!("two epochs") };
    assert!(last.0 < first.0 && last.1.is_finite() && last.2 > 0.0, "{records:?}");
}
