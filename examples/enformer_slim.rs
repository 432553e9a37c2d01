//! Trains Peppa's slim Enformer, on simulated promoters or on a file, and shows how well it predicts.
//!
//! The ridge regression on k-mer counts in the last table is the floor; on simulated promoters the noise ceiling is
//! what no model can pass.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use promoter_metrics::ridge::Ridge;
use promoter_seq::read::{Columns, ReadOptions};
use promoter_seq::split::Size;
use promoter_seq::{Filter, Split, Table};
use promoter_sim::Assay;
use promoter_train::batch::Shifts;
use promoter_train::experiment::Data;
use promoter_train::optimiser::OptimiserConfig;
use promoter_train::report::{self, Line};
use promoter_train::schedule::Schedule;
use promoter_train::{Environment, Experiment, Outcome, Prepared, Progress, Run, Scores, Trainer};
use promoter_zoo::peppa;
use promoter_zoo::registry::NetworkConfig;
use tch::Device;

/// Train Peppa's slim Enformer: 2 million numbers, 85 bases of promoter to expression in sorting bins.
#[derive(Debug, Parser)]
#[command(after_help = "Examples:
  enformer_slim
  enformer_slim --data train_sequences.txt.gz --epochs 5
  enformer_slim --data promoters.tsv --sequence seq --label expression --only-standard
  enformer_slim --resume --out runs/enformer_slim-1")]
struct Arguments {
    /// Rows to train on: TSV or CSV, plain, .gz or .zst [default: simulated promoters]
    #[arg(long, value_name = "FILE", conflicts_with = "rows")]
    data: Option<PathBuf>,
    /// Column of the expression, in a file with a header [default: the challenge's two columns, no header]
    #[arg(long, value_name = "COLUMN", requires = "data")]
    label: Option<String>,
    /// Column of the sequence, in a file with a header
    #[arg(long, value_name = "COLUMN", requires = "label", default_value = "sequence")]
    sequence: String,
    /// Keep only constructs of 110 bases without ambiguous letters
    #[arg(long)]
    only_standard: bool,
    /// Simulated promoters
    #[arg(long, default_value_t = 30_000, value_parser = clap::value_parser!(u32).range(40..))]
    rows: u32,
    /// Passes over the training rows; in each a row's window moves by -1, 0 or 1 base
    #[arg(long, default_value_t = 4)]
    epochs: u64,
    /// Rows of a training step; the team's was 10,000, on a GPU
    #[arg(long, default_value_t = 64)]
    batch_size: u64,
    /// Largest learning rate
    #[arg(long, default_value_t = 0.05)]
    lr: f64,
    /// How the learning rate changes; the team kept it at 0.01
    #[arg(long, value_enum, default_value_t = Change::OneCycle)]
    schedule: Change,
    /// Dropout in the transformer; the team's was 0.4, for hundreds of passes
    #[arg(long, default_value_t = 0.1)]
    dropout: f64,
    /// Where to train
    #[arg(long, value_enum, default_value_t = Place::Auto)]
    device: Place,
    /// Threads of LibTorch [default: one for each core]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Seed of everything that is drawn
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Training steps between checkpoints; one more is written after each epoch
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
    checkpoint_steps: u64,
    /// Folder of the run [default: runs/enformer_slim-N, the next free N]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Go on with the run in --out, with the settings it was started with
    #[arg(long, requires = "out", conflicts_with_all = ["data", "rows", "epochs", "batch_size", "lr", "schedule", "dropout", "seed"])]
    resume: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Change {
    /// Up for a third of the steps, then down, along cosines
    OneCycle,
    /// Always the same
    Constant,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Place {
    /// CUDA when there is a device, else the CPU
    Auto,
    /// The processor
    Cpu,
    /// The first CUDA device
    Cuda,
}

fn main() {
    promoter_libtorch::launch::wait_passively();
    promoter_torch::memory::keep_freed();
    if let Err(error) = start(&Arguments::parse()) {
        eprintln!("error: {error:#}");
        std::process::exit(1);
    }
}

fn start(arguments: &Arguments) -> Result<()> {
    let device = device(arguments.device)?;
    if let Some(threads) = arguments.threads {
        tch::set_num_threads(i32::from(threads));
    }
    let environment = Environment::of(device);
    // The data is looked at before anything is written.
    let (experiment, prepared, run) = if arguments.resume {
        let (run, experiment) = Run::resume(arguments.out.as_deref().unwrap_or(Path::new(".")), &environment)?;
        let prepared = Prepared::of(&experiment)?;
        (experiment, prepared, run)
    } else {
        let experiment = experiment(arguments);
        experiment.check()?;
        let prepared = Prepared::of(&experiment)?;
        let run = Run::create(&folder(arguments)?, &experiment, &environment)?;
        (experiment, prepared, run)
    };
    println!("device     {} with {} threads", environment.device, environment.threads);
    if let Some(read) = &prepared.read {
        println!("read       {read}");
    }
    println!("filter     {}", prepared.filter);
    println!("rows       {} train, {} validate", prepared.train.len(), prepared.validation.len());
    println!("run        {}", run.path().display());

    let mut trainer = Trainer::new(experiment, &prepared, run, device)?;
    let outcome = train(&mut trainer)?;
    let lines = lines(&outcome, &prepared)?;
    print_table(&lines, &prepared, &outcome);
    report::write(trainer.run(), "A slim Enformer", &lines, &prepared, &outcome)?;
    println!("\nreport     {}", trainer.run().path().join("report.html").display());
    Ok(())
}

fn device(place: Place) -> Result<Device> {
    // Before anything else of LibTorch: it asks for its CUDA half once.
    let cuda = promoter_libtorch::load_cuda();
    Ok(match place {
        Place::Cpu => Device::Cpu,
        Place::Auto => Device::cuda_if_available(),
        Place::Cuda if tch::Cuda::is_available() => Device::Cuda(0),
        Place::Cuda => {
            bail!("there is no CUDA device ({cuda}); `cargo xtask doctor` says more, `--device cpu` trains here")
        }
    })
}

fn experiment(arguments: &Arguments) -> Experiment {
    let mut experiment = Experiment::peppa();
    let seed = arguments.seed;
    experiment.seed = seed;
    experiment.split = Split::Random { validation: Size::Fraction(0.1), seed };
    experiment.data = Data::Simulated(Assay { rows: arguments.rows as usize, seed, ..Assay::default() });
    if let Some(path) = &arguments.data {
        let columns = match &arguments.label {
            None => Columns::Challenge,
            Some(label) => Columns::Named { sequence: arguments.sequence.clone(), label: Some(label.clone()) },
        };
        let read = ReadOptions { columns, ..ReadOptions::default() };
        experiment.data = Data::File { path: path.clone(), read, cache: None };
        // Real sequences overlap: rows that share 20 bases between the flanks stay on one side.
        experiment.split = Split::Kmers { validation: Size::Fraction(0.1), seed, k: 20, left: 17, right: 13 };
    }
    if arguments.only_standard {
        experiment.filter = Filter::exact_110();
    }
    experiment.optimiser = OptimiserConfig::Sgd { lr: arguments.lr, momentum: 0.9 };
    experiment.network = NetworkConfig::Peppa(peppa::Config { dropout: arguments.dropout, ..peppa::Config::slim() });
    experiment.schedule = match arguments.schedule {
        Change::OneCycle => Schedule::OneCycle { rise: 0.3, momentum: None },
        Change::Constant => Schedule::default(),
    };
    // The team trained on all three shifts of a row in each pass; fewer rows a pass show more of the curve.
    experiment.augment.shifts = Shifts::Random;
    experiment.training.epochs = arguments.epochs;
    experiment.training.batch_size = arguments.batch_size;
    experiment.training.checkpoint_steps = Some(arguments.checkpoint_steps);
    experiment
}

fn folder(arguments: &Arguments) -> Result<PathBuf> {
    if let Some(out) = &arguments.out {
        return Ok(out.clone());
    }
    let free = (1..10_000).map(|n| PathBuf::from(format!("runs/enformer_slim-{n}"))).find(|path| !path.exists());
    free.context("there is no free folder under runs/: name one with --out")
}

fn train(trainer: &mut Trainer<'_>) -> Result<Outcome> {
    let target =
        if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(None, target);
    bar.set_style(ProgressStyle::with_template("{prefix} [{bar:32}] {pos}/{len} rows  {per_sec}  {eta} left  {msg}")?);
    println!("\nepoch   train loss   r        validation loss   r        rho      rows/s");
    let outcome = trainer.train(&mut |progress| match progress {
        Progress::Step { epoch, epochs, step, steps, rows } => {
            if step == 1 {
                bar.reset();
            }
            bar.set_length(steps * rows);
            bar.set_prefix(format!("epoch {}/{epochs}", epoch + 1));
            bar.set_position(step * rows);
            bar.set_message("");
        }
        Progress::Evaluating => bar.set_message("evaluating"),
        Progress::Epoch(record) => bar.suspend(|| {
            println!(
                "{:>5}   {:>10.4}   {:.4}   {:>15.4}   {:.4}   {:.4}   {:>6.0}{}",
                record.epoch + 1,
                record.train_loss,
                record.train_pearson,
                record.validation_loss,
                record.validation.pearson,
                record.validation.spearman,
                record.rows_per_second,
                if record.best { "  best" } else { "" },
            );
        }),
        _ => {}
    })?;
    bar.finish_and_clear();
    Ok(outcome)
}

/// The network on both parts, and ridge regression on k-mer counts beside it.
fn lines(outcome: &Outcome, prepared: &Prepared) -> Result<Vec<Line>> {
    let sequences = |table: &Table| -> Vec<Vec<u8>> { table.rows().map(|(codes, _)| codes.to_vec()).collect() };
    let ridge = Ridge::fit(&sequences(&prepared.train), prepared.train.labels())?;
    let predicted = ridge.predict(&sequences(&prepared.validation));
    let line = |what: &str, scores| Line { what: what.to_owned(), scores };
    Ok(vec![
        line("network, training rows", outcome.train),
        line("network, validation rows", outcome.validation),
        line("ridge on 2..6-mers, validation", Scores::of(prepared.validation.labels(), &predicted)?),
    ])
}

fn print_table(lines: &[Line], prepared: &Prepared, outcome: &Outcome) {
    println!("\n{:<32} {:>7}  {:>9}  {:>9}  {:>7}", "", "rows", "Pearson", "Spearman", "MSE");
    for Line { what, scores } in lines {
        let Scores { n, pearson, spearman, mse, .. } = scores;
        println!("{what:<32} {n:>7}  {pearson:>9.4}  {spearman:>9.4}  {mse:>7.3}");
    }
    if let Some(ceiling) = prepared.noise_ceiling {
        println!("{:<32} {:>7}  {ceiling:>9.4}", "noise ceiling (best possible)", "");
    }
    println!("\nspeed      {:.0} training rows per second", outcome.rows_per_second);
}
