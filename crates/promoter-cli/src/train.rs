//! `promoter train`: an experiment file to a run folder with a predictor in it.

mod overrides;
mod progress;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use promoter::Predictor;
use promoter::train::batch::ReverseComplement;
use promoter::train::prepared::Part;
use promoter::train::run::Run;
use promoter::train::{self, Environment, Experiment, Outcome, Place, Session};

use promoter::train::environment::EarlierThreads;

use crate::launcher::Launch;
use crate::output::Output;
use crate::{device, interrupt, launcher, memory, recipe};

/// Train a network from an experiment file or a table
///
/// With --data instead of a file an experiment is made for a table, as `promoter new` writes it; it is saved next to
/// the run folder, as DIR.toml. Relative paths in the file start at the current folder. The run folder receives the
/// resolved configuration, the metrics of every epoch, checkpoints, predictions for the validation rows, a report, and
/// predictor.safetensors with its model card. A network trained on masked k-mers predicts no expression: use its
/// weights as `start.weights` of another run.
///
/// Several processes train one network when torchrun, mpirun or srun starts this command: each computes its share of
/// every batch, and process 0 alone writes. TERM and USR2 write a checkpoint and end with status 75: start again with
/// --resume, which torchrun's and Slurm's own restarts need not say.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter train examples/enformer_slim.toml
  promoter train examples/enformer_slim.toml --set training.epochs=20 --set optimiser.lr=0.02 --out runs/longer
  promoter train examples/enformer_slim.toml --set network.name=nad --print-config
  torchrun --no-python --nproc-per-node 2 promoter train examples/enformer_slim.toml --device cpu
  promoter train --data measured.csv --label expression --out runs/own
  promoter train --resume --out runs/longer")]
pub(crate) struct Arguments {
    /// Experiment file, TOML; optional with --resume, where it must match the run
    #[arg(value_name = "FILE", required_unless_present_any = ["resume", "data"], conflicts_with = "table")]
    experiment: Option<PathBuf>,
    /// Train on this table instead: TSV or CSV; plain, .gz or .zst
    #[arg(long, value_name = "TABLE", conflicts_with_all = ["experiment", "resume"])]
    data: Option<PathBuf>,
    #[command(flatten)]
    recipe: recipe::Options,
    /// Replace a value of the experiment, such as training.epochs=20; can be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", requires = "experiment")]
    overrides: Vec<String>,
    /// Only print the experiment with all its values, defaults included
    #[arg(long, requires = "experiment")]
    print_config: bool,
    /// Folder of the run [default: runs/NAME-N, after the name of the file, with the next free N]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Continue the run in --out
    #[arg(long, requires = "out", conflicts_with = "table")]
    resume: bool,
    /// With --resume: go on with another number of threads than before, which env.json records; results then agree with
    /// those of an uninterrupted run to rounding, and not to the byte
    #[arg(long, requires = "resume")]
    allow_different_threads: bool,
    #[command(flatten)]
    device: device::Choice,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let asked = match &arguments.experiment {
        Some(path) => Some(overrides::read(path, &arguments.overrides)?),
        None => None,
    };
    let launch = Launch::of_environment()?;
    // Of several processes one speaks.
    let mut out: Box<dyn Write> = match &launch {
        Some(launch) if !launch.leads() => Box::new(std::io::sink()),
        _ => Box::new(std::io::stdout()),
    };
    if let (true, Some(experiment)) = (arguments.print_config, &asked) {
        write!(out, "{}", experiment.to_toml())?;
        return Ok(());
    }
    let place = arguments.device.place(launch.as_ref())?;
    let mut session = open(arguments, asked, place, &mut out)?;
    begin(&mut out, &session, launch.as_ref())?;
    interrupt::set_flag(Some(session.stop_flag()));
    let outcome = progress::train(&mut session, &mut out);
    // Launchers may send a signal twice: the status stays that of the stop.
    let outcome = outcome?;
    interrupt::set_flag(None);
    if session.place().group.leads() { finish(&session, &outcome, &mut out) } else { Ok(()) }
}

/// Starts or continues a run.
fn open(arguments: &Arguments, asked: Option<Experiment>, place: Place, out: &mut impl Write) -> Result<Session> {
    let is_there = arguments.out.as_deref().is_some_and(Path::exists);
    let resume = arguments.resume || (is_there && launcher::is_restart());
    match (resume, asked) {
        (false, Some(experiment)) => {
            experiment.check()?;
            memory::check_experiment(&experiment, place.device)?;
            Ok(Session::start(experiment, &folder(arguments)?, place)?)
        }
        (false, None) if let Some(data) = &arguments.data => start_on_table(data, arguments, place, out),
        (_, asked) => {
            let path = arguments.out.as_deref().unwrap_or(Path::new("."));
            if arguments.allow_different_threads && place.group.leads() {
                Run::change_threads(path, &Environment::of(place.clone()))?;
            }
            let session = Session::resume(path, place).map_err(hint_at_threads)?;
            if asked.is_some_and(|asked| !asked.is_that_of(session.experiment())) {
                bail!(
                    "the run in {} belongs to another experiment: omit the file to continue it, or choose another \
                     folder",
                    path.display()
                );
            }
            Ok(session)
        }
    }
}

/// The error of a resume, and the option that allows what it refuses.
fn hint_at_threads(error: train::Error) -> anyhow::Error {
    match error {
        train::Error::OtherEnvironment { ref differences, .. }
            if differences.starts_with("threads") && !differences.contains(';') =>
        {
            let hint = format!("{error}: give --threads, or --allow-different-threads");
            anyhow::Error::from(error).context(hint)
        }
        other => other.into(),
    }
}

/// Report and predictor of a finished run.
fn finish(session: &Session, outcome: &Outcome, out: &mut impl Write) -> Result<()> {
    let summary = session.report(outcome)?;
    let folder = session.folder();
    if summary.lines.is_empty() {
        writeln!(out, "\nreport     {}", folder.report_path().display())?;
        writeln!(out, "weights    {}", folder.best_path().display())?;
        return Ok(());
    }
    write!(out, "{}", summary.table(session.prepared().validation.labels()))?;
    let predictor = folder.path().join("predictor.safetensors");
    Predictor::of_run(folder.path(), session.place().device)?.save(&predictor)?;
    writeln!(out, "\nreport     {}", folder.report_path().display())?;
    writeln!(out, "predictor  {}", predictor.display())?;
    Ok(())
}

/// A run of the experiment that is made for a table; the experiment is saved and shown.
fn start_on_table(data: &Path, arguments: &Arguments, place: Place, out: &mut impl Write) -> Result<Session> {
    let plan = arguments.recipe.recipe(data).plan()?;
    let folder = folder(arguments)?;
    let file = experiment_file(&folder);
    let leads = place.group.leads();
    if leads && file.exists() {
        bail!("{} exists: choose another folder with --out", file.display());
    }
    if leads {
        recipe::warn(&plan);
    }
    let (experiment, text) = (plan.experiment.clone(), plan.text.clone());
    memory::check_experiment(&experiment, place.device)?;
    let session = Session::start_on(plan.prepared()?, experiment, &folder, place)?;
    if leads {
        let mut saved = Output::create(&file)?;
        saved.write_all(text.as_bytes())?;
        saved.finish()?;
    }
    writeln!(out, "{text}\nexperiment {}", file.display())?;
    Ok(session)
}

/// Where the experiment of a run on a table is saved: next to the run's folder.
fn experiment_file(folder: &Path) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(".toml");
    name.into()
}

/// What a run begins with, for people.
fn begin(out: &mut impl Write, session: &Session, launch: Option<&Launch>) -> Result<()> {
    let Place { device, group } = session.place();
    if !group.leads() {
        return Ok(());
    }
    let environment = session.folder().environment()?;
    let (prepared, training) = (session.prepared(), &session.experiment().training);
    let replicas = training.replicas.unwrap_or(1);
    let threads = environment.threads;
    let replicas = match session.experiment().network.is_ridge() {
        true => String::new(),
        false => format!(", {replicas} replicas of the network"),
    };
    writeln!(out, "device     {} with {threads} threads{replicas}", environment.device)?;
    if let Some(launch) = launch {
        writeln!(out, "processes  {}", launch.line())?;
    }
    if environment.ranks != group.size() {
        let (before, now) = (environment.ranks, group.size());
        writeln!(out, "warning    {before} processes before, {now} now: results agree to rounding, not to the byte")?;
    }
    for earlier in &environment.earlier_threads {
        let EarlierThreads { threads, epochs } = earlier;
        writeln!(out, "warning    {threads} threads up to epoch {epochs}: results agree to rounding, not to the byte")?;
    }
    let experiment = session.experiment();
    if experiment.evaluation.strands && experiment.augment.reverse_complement == ReverseComplement::None {
        writeln!(out, "warning    both strands are averaged, one is trained on: set augment.reverse_complement")?;
    }
    if training.precision.is_emulated(*device) {
        writeln!(out, "warning    bf16 without instructions for it: expect 10 to 20 times the seconds of f32")?;
    }
    if let Some(read) = &prepared.read {
        writeln!(out, "read       {read}")?;
    }
    writeln!(out, "filter     {}", prepared.filter)?;
    let [train, validate, test] = [&prepared.train, &prepared.validation, &prepared.test].map(Part::len);
    let held_out = if test > 0 { format!(", {test} held out for the end") } else { String::new() };
    writeln!(out, "rows       {train} train, {validate} validate{held_out}")?;
    for line in known(session) {
        writeln!(out, "warning    {line}")?;
    }
    if let Some(line) = lengths(session) {
        writeln!(out, "length     {line}")?;
    }
    writeln!(out, "run        {}", session.folder().path().display())?;
    Ok(())
}

/// How many rows of the other parts have a sequence that is trained on too, for people; nothing where none has.
fn known(session: &Session) -> impl Iterator<Item = String> {
    let prepared = session.prepared();
    let parts = [("validation", &prepared.validation), ("held-out", &prepared.test)];
    parts.into_iter().filter_map(|(name, part)| match prepared.known(part) {
        0 => None,
        known => Some(format!(
            "{known} of {} {name} rows have a sequence that is trained on too, so scores may be too good: set \
             filter.drop_duplicates, or split.kind to \"group\" or \"kmers\"",
            part.len()
        )),
    })
}

/// How many rows are cut and padded, for people; none where all fit.
fn lengths(session: &Session) -> Option<String> {
    if session.experiment().network.is_ridge() {
        return None;
    }
    let (prepared, fit) = (session.prepared(), session.experiment().encoding.fit());
    let parts = [&prepared.train, &prepared.validation, &prepared.test];
    let lengths = || parts.iter().flat_map(|part| part.rows()).map(|(codes, _)| fit.before(codes.len()));
    let cut = lengths().filter(|&bases| bases > fit.length).count();
    let padded = lengths().filter(|&bases| bases < fit.length).count();
    (cut + padded > 0).then(|| format!("{cut} rows cut to {} bases, {padded} padded to them", fit.length))
}

fn folder(arguments: &Arguments) -> Result<PathBuf> {
    if let Some(out) = &arguments.out {
        return Ok(out.clone());
    }
    let file = arguments.experiment.as_deref().or(arguments.data.as_deref());
    let name = file.and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    let stem = match arguments.data {
        // Without all its extensions, .tsv.gz.
        Some(_) => name.split('.').find(|part| !part.is_empty()).unwrap_or("run").to_owned(),
        None => Path::new(&*name).file_stem().unwrap_or_default().to_string_lossy().into_owned(),
    };
    let is_free = |path: &PathBuf| !path.exists() && !experiment_file(path).exists();
    let free = (1..10_000).map(|n| PathBuf::from(format!("runs/{stem}-{n}"))).find(is_free);
    free.context("runs/ has no free folder name left: name one with --out")
}
