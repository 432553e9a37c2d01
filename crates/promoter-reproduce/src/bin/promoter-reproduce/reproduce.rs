//! The subcommand `reproduce`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use promoter_reproduce::{Catalogue, Error, Hold, Options, Plan, Reproduction, Scale, Source};
use promoter_train::share::{self, Claims, Share};
use tch::Device;

use super::lines::Lines;
use super::workers;

/// Run experiments of the reports, or take them up where they were interrupted
///
/// What is finished and up to date is not run again. Stop it whenever you like: the same command goes on.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cargo xtask reproduce --list
  cargo xtask reproduce all --scale smoke
  cargo xtask reproduce all --scale small --dry-run
  cargo xtask reproduce E-Peppa-3 --scale small
  cargo xtask reproduce all --scale small --task $SLURM_ARRAY_TASK_ID --tasks 4
  cargo xtask reproduce NAD --scale full --data train_sequences.txt.gz")]
pub(super) struct Reproduce {
    /// Experiments, teams, or all
    #[arg(value_name = "ID|TEAM|all")]
    pub(super) names: Vec<String>,
    /// Print every experiment with its team, title and status
    #[arg(long)]
    list: bool,
    /// How much of the challenge is run
    #[arg(long, value_enum, default_value_t = Scale::Smoke)]
    pub(super) scale: Scale,
    /// Another folder of the challenge's files (small), or the challenge's training file (full)
    #[arg(long, value_name = "PATH")]
    pub(super) data: Option<String>,
    /// Print what would be trained and how long it takes, and train nothing
    #[arg(long)]
    dry_run: bool,
    /// Where networks are trained
    #[arg(long, value_enum, default_value_t = Place::Auto)]
    pub(super) device: Place,
    /// Threads of LibTorch in each process [default: the cores, shared among the jobs]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) threads: Option<u16>,
    /// Runs that are trained at the same time, each in a process of its own
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) jobs: u16,
    /// Start a full-scale run; otherwise the data are checked and the plan is printed
    #[arg(long)]
    pub(super) start: bool,
    /// Folder of the runs [default: runs/reproduce/SCALE]
    #[arg(long, value_name = "DIR")]
    pub(super) runs: Option<PathBuf>,
    /// Folder of the results [default: docs/results for small, docs/results/full, runs/reproduce/smoke/results]
    #[arg(long, value_name = "DIR")]
    pub(super) results: Option<PathBuf>,
    /// Number of this task among those that share the runs, from 0, such as $SLURM_ARRAY_TASK_ID; all have the same
    /// folders of runs and results
    #[arg(long, value_name = "I", requires = "tasks", conflicts_with = "jobs")]
    task: Option<u64>,
    /// Number of tasks that share the runs
    #[arg(long, value_name = "N", requires = "task", value_parser = clap::value_parser!(u64).range(1..))]
    tasks: Option<u64>,
    /// Take over the runs of a task that has not given a sign of life for this many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120, requires = "task",
          value_parser = clap::value_parser!(u64).range(1..))]
    dead_after: u64,
    /// Another process holds the folder of the runs for this one
    #[arg(long, hide = true)]
    worker: bool,
}

/// Where networks are trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Place {
    /// CUDA when there is a device, else the CPU
    Auto,
    /// The processor
    Cpu,
    /// The first CUDA device
    Cuda,
}

pub(super) fn main(root: &Path, task: &Reproduce) -> Result<(), Error> {
    let catalogue = Catalogue::read(root)?;
    let folder = |given: &Option<PathBuf>, default: PathBuf| given.clone().unwrap_or_else(|| root.join(default));
    let runs = folder(&task.runs, format!("runs/reproduce/{}", task.scale).into());
    let default = match task.scale {
        Scale::Smoke => "runs/reproduce/smoke/results",
        Scale::Small => "docs/results",
        Scale::Full => "docs/results/full",
    };
    let results = folder(&task.results, default.into());
    if task.list {
        return list(&catalogue, &task.names, &results, root);
    }
    if task.names.is_empty() {
        eprintln!("name experiments, teams, or all; available:\n");
        return list(&catalogue, &[], &results, root);
    }
    let selected = catalogue.select(&task.names)?;
    let source = Source::open(task.data.as_deref(), task.scale, root)?;
    let device = device(task)?;
    let options = Options { scale: task.scale, source, runs, results, device };
    if !is_to_start(&catalogue, &selected, &options, task)? {
        return Ok(());
    }
    let claims = options.runs.join("claims");
    if let Some(share) = shared(task)? {
        let _hold = if task.worker { None } else { Some(Hold::share(&options.runs)?) };
        let mut claims = Claims::open(&claims, share).map_err(|source| Error::Io { path: claims, source })?;
        return promoter_reproduce::work(
            &catalogue,
            &selected,
            &options,
            &mut claims,
            &mut Lines::default().observer(),
        );
    }
    let _hold = Hold::take(&options.runs)?;
    if task.jobs > 1 {
        // Who held them is dead: nobody else has the folder.
        let _ = std::fs::remove_dir_all(&claims);
        workers::share(root, task)?;
    }
    promoter_reproduce::run(&catalogue, &selected, &options, &mut Lines::default().observer())
}

/// Which of several tasks this is.
fn shared(task: &Reproduce) -> Result<Option<share::Task>, Error> {
    let (Some(number), Some(tasks)) = (task.task, task.tasks) else { return Ok(None) };
    let patience = Duration::from_secs(task.dead_after);
    match Share::new(number, tasks) {
        Some(share) => Ok(Some(share::Task { share, patience })),
        None => {
            let reason = format!("expected 0 to {}, as there are {tasks} tasks", tasks - 1);
            Err(Error::Data { path: format!("--task {number}").into(), reason })
        }
    }
}

/// Threads and the device.
fn device(task: &Reproduce) -> Result<Device, Error> {
    // Before anything else of LibTorch: it asks for its CUDA half once.
    let cuda = promoter_libtorch::load_cuda();
    if let Some(threads) = task.threads {
        tch::set_num_threads(i32::from(threads));
    }
    Ok(match task.device {
        Place::Cpu => Device::Cpu,
        Place::Auto => Device::cuda_if_available(),
        Place::Cuda if tch::Cuda::is_available() => Device::Cuda(0),
        Place::Cuda => {
            let reason = format!("CUDA is not available ({cuda}): omit it, or take cpu");
            return Err(Error::Data { path: "--device cuda".into(), reason });
        }
    })
}

/// Checks the challenge's file at full scale, and prints the plan where that is all that is asked for.
fn is_to_start(
    catalogue: &Catalogue,
    selected: &[&Reproduction],
    options: &Options,
    task: &Reproduce,
) -> Result<bool, Error> {
    if let Source::Full { path, hash } = &options.source {
        let record = options.results.join("data.json");
        let known = promoter_reproduce::check(path, hash, promoter_reproduce::CHALLENGE, &record)?;
        if !task.worker {
            println!("data       {}: {} rows, {} of length 110 without N\n", path.display(), known.rows, known.kept);
        }
    }
    let waits = task.scale == Scale::Full && !task.start;
    if task.worker || !(task.dry_run || waits) {
        return Ok(true);
    }
    let plans: Vec<Plan> = selected
        .iter()
        .map(|one| promoter_reproduce::plan(catalogue, one, options.scale, &options.source, &options.runs))
        .collect::<Result<_, _>>()?;
    print!("{}", promoter_reproduce::estimate(&plans));
    println!("\nnothing was started{}", if waits { ": add --start" } else { "" });
    Ok(false)
}

fn list(catalogue: &Catalogue, names: &[String], results: &Path, root: &Path) -> Result<(), Error> {
    let current = promoter_reproduce::current(catalogue, results, root)?;
    let mut out = std::io::stdout().lock();
    for one in catalogue.select(names)? {
        let status = current.get(&one.id).map_or_else(
            || "not run with this code yet".into(),
            |outcome| format!("{}: {}", outcome.scale, outcome.verdict.text()),
        );
        // Who reads our output may have seen enough.
        if writeln!(out, "{:<12} {:<18} {:<62} {status}", one.id, one.team, one.title).is_err() {
            break;
        }
    }
    Ok(())
}
