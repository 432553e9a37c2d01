//! `promoter-reproduce`: what `cargo xtask reproduce` and `cargo xtask report` start.

// A program whose output is its purpose.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use clap::{Args, Parser, Subcommand, ValueEnum};
use promoter_reproduce::outcome::{self, Outcome};
use promoter_reproduce::runner::{self, Event, Hold, Options};
use promoter_reproduce::{Catalogue, Error, Scale, Source, code, full, plan, report};
use promoter_train::Progress;
use tch::Device;

/// Reproductions of the experiments that the challenge's reports mention.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
struct Arguments {
    /// The project's folder
    #[arg(long, value_name = "DIR", default_value = ".", global = true)]
    root: PathBuf,
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    Reproduce(Reproduce),
    Report(Report),
}

/// Run experiments of the reports, or take them up where they were interrupted
///
/// What is finished and up to date is not run again. Stop it whenever you like: the same command goes on.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cargo xtask reproduce --list
  cargo xtask reproduce all --scale smoke
  cargo xtask reproduce E-Peppa-3 --scale small --data examples/data/dream2022
  cargo xtask reproduce NAD --scale full --data train_sequences.txt.gz")]
struct Reproduce {
    /// Experiments, teams, or all
    #[arg(value_name = "ID|TEAM|all")]
    names: Vec<String>,
    /// Print every experiment with its team, title and status
    #[arg(long)]
    list: bool,
    /// How much of the challenge is run
    #[arg(long, value_enum, default_value_t = Scale::Smoke)]
    scale: Scale,
    /// `simulated` (smoke), the folder of the challenge's files (small), or its training file (full)
    #[arg(long, value_name = "PATH")]
    data: Option<String>,
    /// Where networks are trained
    #[arg(long, value_enum, default_value_t = Place::Auto)]
    device: Place,
    /// Threads of LibTorch in each process [default: the cores, shared among the jobs]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Runs that are trained at the same time, each in a process of its own
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,
    /// Run again what other code made; it is only marked as such otherwise
    #[arg(long)]
    rerun: bool,
    /// Start a full-scale run; without it the data are checked and the time is estimated
    #[arg(long)]
    start: bool,
    /// Folder of the runs [default: runs/reproduce/SCALE]
    #[arg(long, value_name = "DIR")]
    runs: Option<PathBuf>,
    /// Folder of the results [default: docs/results for small, docs/results/full, runs/reproduce/smoke/results]
    #[arg(long, value_name = "DIR")]
    results: Option<PathBuf>,
    /// Train what is missing for another process
    #[arg(long, hide = true)]
    worker: bool,
}

/// Write docs/experiments.md and docs/results/index.html from the results
#[derive(Debug, Args)]
struct Report {
    /// Write nothing; fail when the pages are not what the results say
    #[arg(long)]
    check: bool,
    /// Folder of the results [default: docs/results]
    #[arg(long, value_name = "DIR")]
    results: Option<PathBuf>,
    /// Folder of the pages [default: docs]
    #[arg(long, value_name = "DIR")]
    pages: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Place {
    /// CUDA when there is a device, else the CPU
    Auto,
    /// The processor
    Cpu,
    /// The first CUDA device
    Cuda,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    promoter_torch::memory::keep_freed();
    let result = match &arguments.task {
        Task::Reproduce(task) => reproduce(&arguments.root, task),
        Task::Report(task) => write_report(&arguments.root, task),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", error.chain());
            if error.is_full_disk() {
                eprintln!("what is finished is kept: make room and start the same command again");
            }
            ExitCode::FAILURE
        }
    }
}

fn reproduce(root: &Path, task: &Reproduce) -> Result<(), Error> {
    let catalogue = Catalogue::read(&root.join("xtask/experiments"))?;
    let folder = |given: &Option<PathBuf>, default: PathBuf| given.clone().unwrap_or_else(|| root.join(default));
    let runs = folder(&task.runs, format!("runs/reproduce/{}", task.scale).into());
    let results = folder(
        &task.results,
        match task.scale {
            Scale::Smoke => "runs/reproduce/smoke/results".into(),
            Scale::Small => "docs/results".into(),
            Scale::Full => "docs/results/full".into(),
        },
    );
    let code = code::version(root);
    if task.list {
        return list(&catalogue, &task.names, &results, &code);
    }
    if task.names.is_empty() {
        eprintln!("name experiments, teams, or all; these there are:\n");
        return list(&catalogue, &[], &results, &code);
    }
    let selected = catalogue.select(&task.names)?;
    let given = match (&task.data, task.scale) {
        (Some(data), _) => data.as_str(),
        (None, Scale::Smoke) => "simulated",
        (None, scale) => {
            let reason = format!("--scale {scale} needs data: --data PATH (docs/experiments.md says which)");
            return Err(Error::Data { path: "--data".into(), reason });
        }
    };
    let source = Source::open(given, task.scale)?;
    let device = device(task)?;
    let options = Options { scale: task.scale, source, runs, results, device, code, rerun: task.rerun };
    if task.scale == Scale::Full && !prepare_full(&catalogue, &selected, &options, task)? {
        return Ok(());
    }
    if task.worker {
        return runner::work(&catalogue, &selected, &options, &mut Lines::default().observer());
    }
    let _hold = Hold::take(&options.runs)?;
    if task.jobs > 1 {
        share(root, task, given)?;
    }
    runner::run(&catalogue, &selected, &options, &mut Lines::default().observer())
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
            let reason = format!("there is no CUDA device ({cuda}): leave it out, or take cpu");
            return Err(Error::Data { path: "--device cuda".into(), reason });
        }
    })
}

/// Trains in several processes at once; what they leave is done by this one.
fn share(root: &Path, task: &Reproduce, data: &str) -> Result<(), Error> {
    let program = std::env::current_exe().map_err(|source| Error::Io { path: "this program".into(), source })?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = task.threads.map_or((cores / usize::from(task.jobs)).max(1), usize::from);
    let mut children = Vec::new();
    for _ in 0..task.jobs {
        let mut command = Command::new(&program);
        command.arg("--root").arg(root).arg("reproduce").args(&task.names).arg("--worker").arg("--data").arg(data);
        command.args(["--scale", task.scale.name(), "--threads", &threads.to_string()]);
        for (flag, folder) in [("--runs", &task.runs), ("--results", &task.results)] {
            if let Some(folder) = folder {
                command.arg(flag).arg(folder);
            }
        }
        if task.start {
            command.arg("--start");
        }
        if let Some(place) = task.device.to_possible_value() {
            command.args(["--device", place.get_name()]);
        }
        let child = command.stdin(Stdio::null()).spawn();
        children.push(child.map_err(|source| Error::Io { path: program.clone(), source })?);
    }
    for child in &mut children {
        // What a worker could not do is told again by this process.
        let _ = child.wait();
    }
    Ok(())
}

/// Checks the file and says what it will take; whether to go on.
fn prepare_full(
    catalogue: &Catalogue,
    selected: &[&promoter_reproduce::Reproduction],
    options: &Options,
    task: &Reproduce,
) -> Result<bool, Error> {
    let Source::Full { path, hash } = &options.source else { return Ok(true) };
    let known = full::check(path, hash, full::CHALLENGE, &options.results.join("data.json"))?;
    if task.start || task.worker {
        return Ok(true);
    }
    println!("data       {}: {} rows, {} of length 110 without N", path.display(), known.rows, known.kept);
    let mut runs = Vec::new();
    for one in selected {
        runs.extend(plan::runs(catalogue, one, options.scale, &options.source, &options.runs)?);
    }
    let cost = |planned: &plan::Planned| {
        let name = planned.folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let protocol = name.rsplit_once('-').and_then(|(name, _)| catalogue.protocols.get(name));
        protocol.map_or(0.0, |protocol| protocol.milliseconds_per_row)
    };
    print!("\n{}", full::estimate(&runs, known.rows, cost));
    println!("\nnothing was started: add --start");
    Ok(false)
}

fn list(catalogue: &Catalogue, names: &[String], results: &Path, code: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    for one in catalogue.select(names)? {
        let status = match outcome::read::<Outcome>(&results.join(format!("{}.json", one.id)))? {
            None => "not run".into(),
            Some(outcome) => {
                let older = if outcome.code == code { "" } else { ", older code" };
                format!("{}: {}{older}", outcome.scale, outcome.verdict.text())
            }
        };
        // Who reads our output may have seen enough.
        if writeln!(out, "{:<12} {:<18} {:<62} {status}", one.id, one.team, one.title).is_err() {
            break;
        }
    }
    Ok(())
}

fn write_report(root: &Path, task: &Report) -> Result<(), Error> {
    let catalogue = Catalogue::read(&root.join("xtask/experiments"))?;
    let results = task.results.clone().unwrap_or_else(|| root.join("docs/results"));
    let pages = task.pages.clone().unwrap_or_else(|| root.join("docs"));
    let written = report::write(&catalogue, &results, &pages, root, task.check)?;
    for page in written {
        println!("{} {}", if task.check { "current" } else { "wrote" }, page.display());
    }
    Ok(())
}

/// A line for each reproduction; on a terminal also one that moves.
#[derive(Default)]
struct Lines {
    started: Option<Instant>,
    head: String,
    left: f64,
    runs: usize,
    kept: usize,
}

impl Lines {
    fn observer(mut self) -> impl FnMut(Event<'_>) {
        let moving = std::io::stderr().is_terminal();
        move |event| self.show(event, moving)
    }

    fn show(&mut self, event: Event<'_>, moving: bool) {
        match event {
            Event::Reproduction { one, number, of, left } => {
                self.head = format!("{:>3}/{of} {:<12}", number + 1, one.id);
                (self.started, self.left, self.runs, self.kept) = (Some(Instant::now()), left, 0, 0);
            }
            Event::Training(planned, progress) if moving => {
                let doing = match progress {
                    Progress::Step { epoch, step, steps, .. } => format!("epoch {} step {step}/{steps}", epoch + 1),
                    _ => "evaluating".into(),
                };
                eprint!("\r\x1b[K{} {} seed {}: {doing}", self.head, planned.name, planned.seed);
            }
            Event::Run { before, outcome } => {
                self.runs += 1;
                self.kept += usize::from(before);
                if self.head.is_empty() {
                    println!("trained {} seed {} ({:.0} s)", outcome.name, outcome.seed, outcome.seconds);
                }
            }
            Event::Done { outcome, before, older, .. } => {
                if moving {
                    eprint!("\r\x1b[K");
                }
                let took = self.started.map_or(0.0, |started| started.elapsed().as_secs_f64());
                let what = match (before, older) {
                    (true, true) => "up to date, but made by older code (--rerun makes it again)".into(),
                    (true, false) => "up to date".into(),
                    (false, _) => format!("{} runs, {} of them kept, {took:.0} s", self.runs, self.kept),
                };
                println!("{} {}: {what}; {} left", self.head, outcome.verdict.text(), duration(self.left - took));
            }
            Event::Failed(error) => {
                if moving {
                    eprint!("\r\x1b[K");
                }
                println!("{} FAILED: {}", self.head, error.chain());
            }
            _ => {}
        }
        let _ = std::io::stdout().flush();
    }
}

fn duration(seconds: f64) -> String {
    match seconds.max(0.0) {
        short if short < 90.0 => format!("{short:.0} s"),
        middle if middle < 5400.0 => format!("{:.0} min", middle / 60.0),
        long => format!("{:.1} h", long / 3600.0),
    }
}
