//! Trains Peppa's slim Enformer on real yeast promoters and shows how well it predicts: held-out rows, and the public
//! leaderboard of the challenge, each beside ridge regression on k-mer counts.
//!
//! The library in four steps: an [`Experiment`] says everything, a [`Session`] trains it, a [`Predictor`] is what comes
//! out, and [`Challenge`] scores it as the official leaderboard did.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Parser;
use promoter::metrics::Ridge;
use promoter::metrics::dream::{Challenge, Rows, Values};
use promoter::seq::Table;
use promoter::seq::read::{self, ReadOptions};
use promoter::train::setting::Setting;
use promoter::train::{Experiment, Prepared, Progress, Session};
use promoter::{Predictor, libtorch, torch};
use tch::Device;

/// Train Peppa's slim Enformer: 2 million parameters, 85 bases of promoter to expression.
#[derive(Debug, Parser)]
#[command(after_help = "Examples:
  enformer_slim
  enformer_slim --simulated --set training.epochs=2
  enformer_slim --set data.file.path=train_sequences.txt.gz --set data.file.read.columns=challenge
  enformer_slim --resume --out runs/enformer_slim-1")]
struct Arguments {
    /// Replace a value of examples/enformer_slim.toml; tables are joined by dots
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<Setting>,
    /// Train on simulated promoters, whose noise ceiling is known
    #[arg(long)]
    simulated: bool,
    /// Folder of the run [default: runs/enformer_slim-N, the next free N]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Go on with the run in --out, with the settings it was started with
    #[arg(long, requires = "out", conflicts_with_all = ["settings", "simulated"])]
    resume: bool,
    /// Threads of LibTorch [default: one for each core]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

fn main() -> Result<()> {
    libtorch::launch::wait_passively();
    let arguments = Arguments::parse();
    torch::memory::keep_freed();
    // Before anything else of LibTorch: it asks for its CUDA half once.
    libtorch::load_cuda();
    if let Some(threads) = arguments.threads {
        tch::set_num_threads(i32::from(threads));
    }
    let (device, data) = (Device::cuda_if_available(), Path::new(env!("CARGO_MANIFEST_DIR")).join("data/dream2022"));
    let mut session = match (&arguments.out, arguments.resume) {
        (Some(out), true) => Session::resume(out, device)?,
        (out, _) => {
            let out = out.clone().or_else(free_folder).context("no free folder under runs/: name one with --out")?;
            Session::start(experiment(&arguments, &data)?, &out, device)?
        }
    };
    println!("rows       {} train, {} validate", session.prepared().train.len(), session.prepared().validation.len());
    println!("run        {}\n\nepoch   train loss   validation r   rows/s", session.folder().path().display());
    let outcome = session.train(&mut |progress| match progress {
        Progress::Epoch(record) => println!(
            "{:>5}   {:>10.4}   {:>12.4}   {:>6.0}",
            record.epoch + 1,
            record.train_loss,
            record.validation.pearson,
            record.rows_per_second
        ),
        Progress::Step { step, steps, .. } if step % 50 == 0 => eprint!("\rstep {step} of {steps} \r"),
        _ => {}
    })?;

    let summary = session.report(&outcome)?;
    print!("{}", summary.table(session.prepared().validation.labels()));
    if summary.noise_ceiling.is_none() {
        public_scores(&Predictor::of_run(session.folder().path(), device)?, session.prepared(), &data)?;
    }
    println!("report     {}", session.folder().report_path().display());
    Ok(())
}

/// The experiment beside this program, on the data of the repository unless the settings say otherwise.
fn experiment(arguments: &Arguments, data: &Path) -> Result<Experiment> {
    let path = data.join("yeast_train_70k.tsv.gz");
    let mut settings: Vec<Setting> = match arguments.simulated {
        true => ["data.simulated.rows=30000", "split={ kind = 'random', validation = 0.1, seed = 1 }", "filter={}"]
            .map(str::parse)
            .into_iter()
            .collect::<Result<_, _>>()?,
        false => vec![format!("data.file.path={path:?}").parse()?],
    };
    settings.extend(arguments.settings.iter().cloned());
    Ok(Experiment::from_table(include_str!("enformer_slim.toml").parse()?, &settings)?)
}

fn free_folder() -> Option<PathBuf> {
    (1..10_000).map(|n| PathBuf::from(format!("runs/enformer_slim-{n}"))).find(|path| !path.exists())
}

/// The official score on the public leaderboard's rows, of the network and of ridge regression on the same rows.
fn public_scores(predictor: &Predictor, prepared: &Prepared, data: &Path) -> Result<()> {
    let challenge = Challenge::read(data)?;
    let truth = Values::read(data.join("public_leaderboard_ids/ground.json"))?;
    let (test, _) = read::read(data.join("test_sequences.txt.gz"), &ReadOptions::default())?;
    let chosen: Vec<u32> = (0..test.len() as u32).filter(|&row| truth.get(row).is_some()).collect();
    let public = test.select(&chosen);
    let sequences = |table: &Table| table.rows().map(|(codes, _)| codes.to_vec()).collect::<Vec<_>>();
    let ridge = Ridge::fit(&sequences(prepared.train.table()), prepared.train.labels())?.predict(&sequences(&public));
    println!("\n{:<40} {:>8}  {:>8}", "official score, public rows", "Pearson", "Spearman");
    for (what, predictions) in [("network", predictor.predict_table(&public, None)?), ("ridge on 2..6-mers", ridge)] {
        let pairs = chosen.iter().copied().zip(predictions.into_iter().map(f64::from));
        let score = challenge.select(Rows::Public, &truth, &Values::of_pairs(what, pairs)?)?.score()?;
        println!("{what:<40} {:>8.4}  {:>8.4}", score.pearson_score, score.spearman_score);
    }
    Ok(())
}
