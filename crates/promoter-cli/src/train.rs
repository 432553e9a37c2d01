//! `promoter train`: an experiment file to a run folder with a predictor in it.

mod overrides;
mod progress;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use promoter::Predictor;
use promoter::metrics::Ridge;
use promoter::seq::Table;
use promoter::train::report::{self, Line};
use promoter::train::{Environment, Outcome, Prepared, Run, Scores, Trainer};

use crate::device;

/// Train a network from an experiment file
///
/// Relative paths in the file start at the current folder. The run folder receives the resolved configuration, the
/// metrics of every epoch, checkpoints, predictions for the validation rows, a report, and predictor.safetensors with
/// its model card. A network trained on masked k-mers predicts no expression: use its weights as `start.weights` of
/// another run.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter train examples/enformer_slim.toml
  promoter train examples/enformer_slim.toml --set training.epochs=20 --set optimiser.lr=0.02 --out runs/longer
  promoter train examples/enformer_slim.toml --set network.name=nad --print-config
  promoter train --resume --out runs/longer")]
pub(crate) struct Arguments {
    /// Experiment file, TOML; optional with --resume, where it must match the run
    #[arg(value_name = "FILE", required_unless_present = "resume")]
    experiment: Option<PathBuf>,
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
    #[arg(long, requires = "out")]
    resume: bool,
    #[command(flatten)]
    device: device::Choice,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let asked = match &arguments.experiment {
        Some(path) => Some(overrides::read(path, &arguments.overrides)?),
        None => None,
    };
    let mut out = std::io::stdout();
    if let (true, Some(experiment)) = (arguments.print_config, &asked) {
        write!(out, "{}", experiment.to_toml())?;
        return Ok(());
    }
    let device = arguments.device.device()?;
    let environment = Environment::of(device);
    // The data is looked at before anything is written.
    let (experiment, prepared, run) = match (arguments.resume, asked) {
        (false, Some(experiment)) => {
            experiment.check()?;
            let prepared = Prepared::of(&experiment)?;
            let run = Run::create(&folder(arguments)?, &experiment, &environment)?;
            (experiment, prepared, run)
        }
        (_, asked) => {
            let path = arguments.out.as_deref().unwrap_or(Path::new("."));
            let (run, experiment) = Run::resume(path, &environment)?;
            if asked.is_some_and(|asked| !asked.is_that_of(&experiment)) {
                bail!(
                    "the run in {} belongs to another experiment: omit the file to continue it, or choose another \
                     folder",
                    path.display()
                );
            }
            let prepared = Prepared::of(&experiment)?;
            (experiment, prepared, run)
        }
    };
    writeln!(out, "device     {} with {} threads", environment.device, environment.threads)?;
    if let Some(read) = &prepared.read {
        writeln!(out, "read       {read}")?;
    }
    writeln!(out, "filter     {}", prepared.filter)?;
    writeln!(out, "rows       {} train, {} validate", prepared.train.len(), prepared.validation.len())?;
    writeln!(out, "run        {}", run.path().display())?;

    let title = experiment.title.clone();
    let mut trainer = Trainer::new(experiment, &prepared, run, device)?;
    let outcome = progress::train(&mut trainer, &mut out)?;
    if !trainer.experiment().loss.uses_labels() {
        report::write(trainer.run(), &title, &[], &prepared, &outcome)?;
        writeln!(out, "\nreport     {}", trainer.run().path().join("report.html").display())?;
        writeln!(out, "weights    {}", trainer.run().best().display())?;
        return Ok(());
    }
    let lines = lines(&outcome, &prepared)?;
    write!(out, "{}", table(&lines, &prepared, &outcome))?;
    report::write(trainer.run(), &title, &lines, &prepared, &outcome)?;
    let folder = trainer.run().path();
    let predictor = folder.join("predictor.safetensors");
    Predictor::of_run(folder, device)?.save(&predictor)?;
    writeln!(out, "\nreport     {}", folder.join("report.html").display())?;
    writeln!(out, "predictor  {}", predictor.display())?;
    Ok(())
}

fn folder(arguments: &Arguments) -> Result<PathBuf> {
    if let Some(out) = &arguments.out {
        return Ok(out.clone());
    }
    let stem = arguments.experiment.as_deref().and_then(Path::file_stem).unwrap_or_default().to_string_lossy();
    let free = (1..10_000).map(|n| PathBuf::from(format!("runs/{stem}-{n}"))).find(|path| !path.exists());
    free.context("runs/ has no free folder name left: name one with --out")
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

fn table(lines: &[Line], prepared: &Prepared, outcome: &Outcome) -> String {
    let mut text = format!("\n{:<32} {:>7}  {:>9}  {:>9}  {:>7}\n", "", "rows", "Pearson", "Spearman", "MSE");
    for Line { what, scores } in lines {
        let Scores { n, pearson, spearman, mse, .. } = scores;
        text += &format!("{what:<32} {n:>7}  {pearson:>9.4}  {spearman:>9.4}  {mse:>7.3}\n");
    }
    if let Some(ceiling) = prepared.noise_ceiling {
        text += &format!("{:<32} {:>7}  {ceiling:>9.4}\n", "noise ceiling (best possible)", "");
    }
    text + &format!("\nspeed      {:.0} training rows per second\n", outcome.rows_per_second)
}
