//! Training throughput in rows a second: forward pass, training step, epoch with its data, and the data alone.
//!
//! `-- NAME` measures the networks whose benchmark has the name, `-- --save-baseline BEFORE` and `-- --baseline BEFORE`
//! show what a change did. On CUDA where there is a device.

#![allow(missing_docs, clippy::unwrap_used)] // a benchmark may panic

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group};
use promoter_torch::{Params, memory};
use promoter_train::batch::{Batches, Encoder, Order, Rows};
use promoter_train::precision::Precision;
use promoter_train::probe::Probe;
use promoter_train::{Experiment, Prepared, Session, vectors};
use promoter_zoo::Input;
use promoter_zoo::registry::NetworkConfig;
use tch::{Cuda, Device};

/// Batches of an epoch.
const BATCHES: i64 = 8;

/// f32, and bf16 where the device has instructions for it.
fn precisions(device: Device) -> Vec<Precision> {
    let mut precisions = vec![Precision::F32];
    if !Precision::Bf16.is_emulated(device) {
        precisions.push(Precision::Bf16);
    }
    precisions
}

fn networks(criterion: &mut Criterion) {
    let device = Device::cuda_if_available();
    let predict = |probe: &mut Probe| probe.predict().unwrap();
    let step = |probe: &mut Probe| probe.step().unwrap();
    for (what, measured) in [("forward", predict as fn(&mut Probe)), ("step", step)] {
        for precision in precisions(device) {
            let mut group = criterion.benchmark_group(format!("{what}/{}", precision.name()));
            group.sample_size(10).sampling_mode(SamplingMode::Flat);
            for name in NetworkConfig::names() {
                let rows = batch(name, device);
                group.throughput(Throughput::Elements(rows as u64));
                // A network is made when its benchmark is among those asked for.
                let mut probe = None;
                group.bench_function(BenchmarkId::new(name, rows), |bencher| {
                    let network = NetworkConfig::by_name(name).unwrap();
                    let probe =
                        probe.get_or_insert_with(|| Probe::new(&network, rows as usize, precision, device).unwrap());
                    bencher.iter(|| measured(probe));
                });
            }
        }
    }
}

/// Epochs of simulated promoters, kept as codes on the device and encoded batch by batch.
fn epochs(criterion: &mut Criterion) {
    let device = Device::cuda_if_available();
    for what in ["epoch", "data"] {
        let mut group = criterion.benchmark_group(what);
        group.sample_size(10).sampling_mode(SamplingMode::Flat);
        for name in NetworkConfig::names() {
            let rows = batch(name, device);
            group.throughput(Throughput::Elements((BATCHES * rows) as u64));
            let mut epoch = None;
            group.bench_function(BenchmarkId::new(name, rows), |bencher| {
                let epoch = epoch.get_or_insert_with(|| Epoch::new(name, rows, device));
                match what {
                    "epoch" => bencher.iter_custom(|times| (0..times).map(|_| epoch.train()).sum()),
                    _ => bencher.iter(|| epoch.feed()),
                }
            });
        }
    }
}

/// An experiment of one epoch, and its rows.
struct Epoch {
    experiment: Experiment,
    prepared: Prepared,
    device: Device,
}

impl Epoch {
    fn new(name: &str, batch: i64, device: Device) -> Self {
        let Input { length, channels } =
            NetworkConfig::by_name(name).unwrap().build(&mut Params::new(device, 1)).unwrap().input();
        let encoding = match channels {
            4 => {
                let start = (110 - length).max(0) / 2;
                let end = start + length;
                format!("one_hot = {{ fit = {{ length = {}, crop = [{start}, {end}] }} }}", end.max(110))
            }
            6 => "one_hot = { fit = 'prix_fixe', policy = 'prix_fixe_train' }".to_owned(),
            _ => format!(
                "kmer = {{ fit = {{ length = 110, crop = [15, {}] }}, \
                 vectors = {{ random = {{ dimension = {channels} }} }} }}",
                15 + length + 4
            ),
        };
        let loss = if name.starts_with("legnet") || name.starts_with("dream") { "soft_bins" } else { "mse" };
        let text = format!(
            "data = {{ simulated = {{ rows = {} }} }}\nencoding = {{ {encoding} }}\n\
             split = {{ kind = 'random', validation = 32, seed = 1 }}\n\
             network = {{ name = '{name}' }}\nloss = {{ name = '{loss}' }}\n\
             optimiser = {{ name = 'adam', lr = 0.0001 }}\n\
             training = {{ epochs = 1, batch_size = {batch}, drop_last = true }}",
            BATCHES * batch + 32
        );
        let experiment = Experiment::from_toml(&text).unwrap();
        let prepared = Prepared::read(&experiment).unwrap();
        Self { experiment, prepared, device }
    }

    /// Time of the epoch's steps, without what comes before and after them.
    fn train(&self) -> Duration {
        let folder = tempfile::tempdir().unwrap();
        let (prepared, experiment) = (self.prepared.clone(), self.experiment.clone());
        let path = folder.path().join("run");
        let outcome = Session::start_on(prepared, experiment, &path, self.device).unwrap().train(&mut |_| {}).unwrap();
        Duration::from_secs_f64(self.prepared.train.len() as f64 / outcome.rows_per_second)
    }

    /// The epoch's order and all its batches, without a network.
    fn feed(&self) {
        let Experiment { encoding, augment, seed, training, .. } = &self.experiment;
        let vectors = vectors::make(&self.experiment, &self.prepared).unwrap();
        let table = vectors.map(|vectors| vectors::table(&encoding.kmers().unwrap(), &vectors).unwrap());
        let encoder = Encoder::new(encoding, table.as_ref(), self.device).unwrap();
        let rows = Rows::resident(&self.prepared.train, encoding, &self.prepared.labels, self.device).unwrap();
        let batch = training.batch_size as usize;
        let order = Order::new(*seed, 0, rows.len(), augment, self.device).unwrap();
        for batch in Batches::new(&rows, &order, &encoder, 0, batch).take(order.len() / batch) {
            let _ = black_box(batch.unwrap());
        }
        if let Device::Cuda(index) = self.device {
            Cuda::synchronize(index as i64);
        }
    }
}

/// Rows of a step: the team's, or as many as take about a second on two cores.
fn batch(name: &str, device: Device) -> i64 {
    match (device, name) {
        (Device::Cpu, "peppa") => 512,
        (Device::Cpu, "auth" | "auth-cnn" | "auth-rnn") => 256,
        (Device::Cpu, _) => 64,
        (_, "peppa") => 10_000,
        (_, "noisy-chardonnay") => 512,
        (_, "nad") => 2048,
        _ => 1024,
    }
}

criterion_group!(benches, networks, epochs);

fn main() {
    memory::keep_freed();
    promoter_libtorch::load_cuda();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
