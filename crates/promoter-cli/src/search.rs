//! `promoter search`: many trainings, ranked.

use std::io::{Stdout, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use promoter::Predictor;
use promoter::train::search::folder::{Folder, Progress};
use promoter::train::search::{Ranking, Search, Trial};
use promoter::train::{self, setting::Setting};
use tch::Device;

use crate::share::Shift;
use crate::{device, interrupt, memory};

/// Train with many settings, random or from a grid, and rank them
///
/// The search file names an experiment, the settings to vary, their values and the metric. Every trial is a run of its
/// own in the folder trials/; trials.txt and trials.json rank the finished ones. The same command continues a search
/// that was stopped. The predictor of the best trial is written next to the ranking.
///
/// With --task and --tasks several processes share the trials, on machines that share the folder: each trial is trained
/// by one of them, and the ranking is that of one process. `promoter report DIR` ranks what is finished at any time.
/// TERM and USR2 write a checkpoint and end with status 75: start the same command again.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter search search.toml --out searches/first
  promoter search search.toml --out searches/first --task $SLURM_ARRAY_TASK_ID --tasks 4

search.toml:
  [search]
  kind = \"random\"               # or \"grid\": every combination of the lists
                                # or \"halving\": as random, but all trials are trained for
                                # `first_epochs` epochs (1), the best of them, one of `factor` (3),
                                # for `factor` times as many, and so on up to training.epochs
  trials = 20                   # not of a grid
  metric = \"pearson\"
  experiment = \"examples/enformer_slim.toml\"
  [keys]
  optimiser.lr = { log_uniform = [1e-3, 1e-1] }
  training.batch_size = [128, 256, 512]")]
pub(crate) struct Arguments {
    /// Search file, TOML
    #[arg(value_name = "FILE")]
    search: PathBuf,
    /// Folder of the search [default: searches/NAME, after the name of the file]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Only print the settings of every trial
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    shift: Shift,
    #[command(flatten)]
    device: device::Choice,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let search = Search::read(&arguments.search)?;
    let mut out = std::io::stdout();
    if arguments.list {
        for trial in 0..search.trials() {
            writeln!(out, "{}", head(trial, &search.settings(trial)))?;
        }
        return Ok(());
    }
    let path = match &arguments.out {
        Some(path) => path.clone(),
        None => {
            Path::new("searches").join(arguments.search.file_stem().context("the path of the search has no file name")?)
        }
    };
    let device = arguments.device.device()?;
    search.check()?;
    for trial in 0..search.trials() {
        memory::check_experiment(&search.experiment(trial)?, device).with_context(|| format!("trial {trial:03}"))?;
    }
    let mut folder = match arguments.shift.task()? {
        None => Folder::open(&path, &search)?,
        Some(task) => Folder::join(&path, &search, &task)?,
    };
    let done = folder.ranking().trials.len();
    if done > 0 {
        writeln!(out, "{done} of {} trials are already finished", search.trials())?;
    }
    interrupt::set_flag(Some(folder.stop_flag()));
    let ranking = train(&mut folder, device, &mut out);
    // Launchers may send a signal twice: the status stays that of the stop.
    let ranking = ranking?;
    interrupt::set_flag(None);
    write!(out, "\n{}", ranking.to_text())?;
    let best = ranking.best().map(|best| best.trial);
    let ranking = path.join("trials.txt");
    writeln!(out, "\nranking    {}", ranking.display())?;
    if let Some(best) = best {
        let predictor = path.join("best.safetensors");
        Predictor::of_run(&folder.trial(best), device)?.save(&predictor)?;
        writeln!(out, "predictor  {}", predictor.display())?;
    }
    Ok(())
}

/// Runs the search with a line for each trial.
fn train(folder: &mut Folder, device: Device, out: &mut Stdout) -> Result<Ranking> {
    let bar = ProgressBar::with_draw_target(None, crate::progress::target());
    bar.set_style(ProgressStyle::with_template("{prefix} {msg}  {elapsed}")?);
    // The search goes on when standard output is closed.
    let mut written = Ok(());
    let ranking = folder.run(device, &mut |progress| match progress {
        Progress::Start { trial, settings } => bar.set_prefix(head(trial, settings)),
        Progress::Training(train::Progress::Epoch(record)) => {
            bar.set_message(format!("epoch {}, r {:.4}", record.epoch + 1, record.validation.pearson));
            bar.tick();
        }
        Progress::End(trial) if written.is_ok() => written = bar.suspend(|| tell(out, trial)),
        _ => {}
    })?;
    bar.finish_and_clear();
    written?;
    Ok(ranking)
}

fn head(trial: u64, settings: &[Setting]) -> String {
    let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
    format!("trial {trial:03}  {}", settings.join(" "))
}

fn tell(out: &mut Stdout, trial: &Trial) -> std::io::Result<()> {
    let found = match (trial.value, &trial.failure) {
        (Some(value), _) => format!("{value:.6}"),
        (None, failure) => format!("failed: {}", failure.as_deref().unwrap_or("no value")),
    };
    let settings: Vec<String> = trial.settings.iter().map(|(key, value)| format!("{key}={value}")).collect();
    writeln!(out, "trial {:03}  {}  {found}", trial.trial, settings.join(" "))
}
