//! Samples a second of the networks: forward pass, training step, whole epoch with its data, and the share of the epoch
//! that goes into its order and its batches.
//!
//! `-- NETWORK..` measures those only. `-- --serve NETWORK BATCH f32|bf16` makes one training step for each line that
//! it reads and answers with the seconds: so `benches/peers/train.py` lets it take turns with PyTorch.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)] // a benchmark may panic, and prints

use std::hint::black_box;
use std::time::Instant;

use promoter_torch::backend::autocast;
use promoter_torch::{Params, memory};
use promoter_train::batch::{Batches, Encoder, Order, Rows};
use promoter_train::optimiser::{Optimiser, OptimiserConfig};
use promoter_train::{Experiment, Prepared, Session, vectors};
use promoter_zoo::registry::NetworkConfig;
use promoter_zoo::{Input, Mode, Network};
use tch::{Device, Kind, Reduction, Tensor};

const ROUNDS: usize = 5;

/// A network with everything that a step needs.
struct Training {
    network: Box<dyn Network>,
    optimiser: Optimiser,
    x: Tensor,
    y: Tensor,
    kind: Option<Kind>,
    steps: u64,
    _params: Params,
}

impl Training {
    fn new(name: &str, batch: i64, kind: Option<Kind>, device: Device) -> Self {
        let mut params = Params::new(device, 1);
        let network = NetworkConfig::by_name(name).unwrap().build(&mut params).unwrap();
        let config = OptimiserConfig::Adam { lr: 1e-4, betas: [0.9, 0.999], eps: 1e-7 };
        let optimiser = config.build(&params).unwrap();
        let Input { length, channels } = network.input();
        let x = match channels {
            4..=6 => Tensor::randint(4, [batch, length], (Kind::Int64, device)).one_hot(channels).to_kind(Kind::Float),
            _ => Tensor::randn([batch, length, channels], (Kind::Float, device)),
        };
        let y = Tensor::rand([batch], (Kind::Float, device));
        Self { network, optimiser, x, y, kind, steps: 0, _params: params }
    }

    fn forward(&self, mode: Mode) -> Tensor {
        autocast(self.x.device(), self.kind, || self.network.forward(&self.x, mode).unwrap()).unwrap()
    }

    fn predict(&mut self) {
        let _ = black_box(tch::no_grad(|| self.forward(Mode::Evaluate)));
    }

    /// The mean square error of every output.
    fn step(&mut self) {
        let output = self.forward(Mode::Train).to_kind(Kind::Float);
        let target = self.y.unsqueeze(1).expand_as(&output);
        let gradients = self.optimiser.gradients(&output.mse_loss(&target, Reduction::Mean)).unwrap();
        self.steps += 1;
        self.optimiser.step(&gradients, self.steps, 1.0, None).unwrap();
    }

    /// Seconds of one call, the device's work included.
    fn time(&mut self, what: fn(&mut Self)) -> f64 {
        let started = Instant::now();
        what(self);
        if let Device::Cuda(index) = self.x.device() {
            tch::Cuda::synchronize(index as i64);
        }
        started.elapsed().as_secs_f64()
    }

    /// Samples a second, by the median of some rounds.
    fn rate(&mut self, what: fn(&mut Self)) -> f64 {
        (0..2).for_each(|_| what(self));
        let mut seconds: Vec<f64> = (0..ROUNDS).map(|_| self.time(what)).collect();
        seconds.sort_by(f64::total_cmp);
        self.x.size()[0] as f64 / seconds[ROUNDS / 2]
    }
}

/// Samples a second of an epoch with its data, simulated promoters, kept as codes and encoded batch by batch; and the
/// share of its time that the data take.
fn epoch(name: &str, batch: i64, device: Device) -> (f64, f64) {
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
         network = {{ name = '{name}' }}\nloss = {{ name = '{loss}' }}\noptimiser = {{ name = 'adam', lr = 0.0001 }}\n\
         training = {{ epochs = 1, batch_size = {batch}, drop_last = true }}",
        8 * batch + 32
    );
    let experiment = Experiment::from_toml(&text).unwrap();
    let prepared = Prepared::read(&experiment).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let mut session = Session::start_on(prepared.clone(), experiment.clone(), &path, device).unwrap();
    let outcome = session.train(&mut |_| {}).unwrap();
    let rows = prepared.train.len();
    let seconds = feed(&experiment, &prepared, device);
    (outcome.rows_per_second, seconds * outcome.rows_per_second / rows as f64)
}

/// Seconds of an epoch's order and of all its batches, without a network.
fn feed(experiment: &Experiment, prepared: &Prepared, device: Device) -> f64 {
    let Experiment { encoding, augment, seed, training, .. } = experiment;
    let vectors = vectors::make(experiment, prepared).unwrap();
    let table = vectors.map(|vectors| vectors::table(&encoding.kmers().unwrap(), &vectors).unwrap());
    let encoder = Encoder::new(encoding, table.as_ref(), device).unwrap();
    let rows = Rows::resident(&prepared.train, encoding, &prepared.label, device).unwrap();
    let (batch, started) = (training.batch_size as usize, Instant::now());
    let order = Order::new(*seed, 0, rows.len(), augment, device).unwrap();
    for batch in Batches::new(&rows, &order, &encoder, 0, batch).take(order.len() / batch) {
        let _ = black_box(batch.unwrap());
    }
    if let Device::Cuda(index) = device {
        tch::Cuda::synchronize(index as i64);
    }
    started.elapsed().as_secs_f64()
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

fn serve(name: &str, batch: i64, kind: Option<Kind>) {
    let mut training = Training::new(name, batch, kind, Device::Cpu);
    for line in std::io::stdin().lines() {
        line.unwrap();
        println!("{}", training.time(Training::step));
    }
}

fn main() {
    memory::keep_freed();
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["--serve", name, batch, kind] = arguments[..] {
        return serve(name, batch.parse().unwrap(), (kind == "bf16").then_some(Kind::BFloat16));
    }
    let cuda = promoter_libtorch::load_cuda();
    let device = Device::cuda_if_available();
    println!("{device:?} ({cuda:?}), {} threads; samples a second\n", tch::get_num_threads());
    println!(
        "| network | batch | forward f32 | forward bf16 | step f32 | step bf16 | epoch f32 | of it data |\n\
         |---|---|---|---|---|---|---|---|"
    );
    for name in NetworkConfig::names() {
        if !arguments.is_empty() && !arguments.contains(&name) {
            continue;
        }
        let rows = batch(name, device);
        let [f32, bf16] = [None, Some(Kind::BFloat16)].map(|kind| {
            let mut training = Training::new(name, rows, kind, device);
            [training.rate(Training::predict), training.rate(Training::step)]
        });
        let (epoch, data) = epoch(name, rows, device);
        let [a, b, c, d] = [f32[0], bf16[0], f32[1], bf16[1]];
        println!("| {name} | {rows} | {a:.0} | {b:.0} | {c:.0} | {d:.0} | {epoch:.0} | {:.2} % |", 100.0 * data);
    }
}
