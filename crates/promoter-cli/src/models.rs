//! Trained models that a command predicts with, and the file that it reads.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueEnum, value_parser};
use promoter::predictor::{Averaged, Averaging, Ensemble, Predictor, Tally};

use crate::{device, progress};

/// Trained models that a command predicts with, and the file that it reads.
#[derive(Debug, Args)]
pub(crate) struct Models {
    #[command(flatten)]
    paths: Paths,
    #[command(flatten)]
    how: How,
}

/// Trained models of a command that needs no other file.
#[derive(Debug, Args)]
pub(crate) struct Members {
    /// Predictor files, run folders or names of `promoter models`; several are averaged
    #[arg(value_name = "MODEL", required = true)]
    models: Vec<PathBuf>,
    #[command(flatten)]
    how: How,
}

/// How models predict.
#[derive(Debug, Args)]
struct How {
    /// Predict from the forward strand or average over both [default: as the model was evaluated in training; `one` if
    /// --shift is given]
    #[arg(long, value_enum, value_name = "STRANDS")]
    strands: Option<Strands>,
    /// Average over windows shifted by up to this many bases [default: as the model was evaluated in training; 0 if
    /// --strands is given]
    #[arg(long, value_name = "BASES")]
    shift: Option<usize>,
    /// Average models that differ in data, labels, label transform or length
    #[arg(long)]
    mixed: bool,
    /// Label to predict, where the models have learnt several
    #[arg(long, value_name = "NAME")]
    label: Option<String>,
    #[command(flatten)]
    device: device::Choice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Strands {
    /// The forward strand
    One,
    /// The mean of both strands
    Both,
}

impl Models {
    pub(crate) fn open(&self) -> Result<Ensemble> {
        self.how.open(&self.paths.models)
    }

    /// The models, and the names of the labels that are predicted; empty where it is one.
    pub(crate) fn open_with_labels(&self) -> Result<(Ensemble, Vec<String>)> {
        let ensemble = self.how.read(&self.paths.models)?;
        let names = if self.how.label.is_none() { ensemble.names()?.to_vec() } else { Vec::new() };
        Ok((ensemble, names))
    }

    /// The file that is read.
    pub(crate) fn input(&self) -> &Path {
        &self.paths.input
    }

    /// What was asked for; none is the models' own.
    pub(crate) fn averaging(&self) -> Option<Averaging> {
        self.how.averaging()
    }

    /// The models as they were asked for.
    pub(crate) fn predictor<'a>(&self, ensemble: &'a Ensemble) -> Averaged<'a> {
        Averaged { ensemble, averaging: self.averaging() }
    }
}

impl Members {
    pub(crate) fn open(&self) -> Result<Ensemble> {
        self.how.open(&self.models)
    }

    /// Other models, on the same device.
    pub(crate) fn open_others(&self, models: &[PathBuf]) -> Result<Ensemble> {
        self.how.open(models)
    }

    /// Models as they were asked for.
    pub(crate) fn predictor<'a>(&self, ensemble: &'a Ensemble) -> Averaged<'a> {
        Averaged { ensemble, averaging: self.how.averaging() }
    }
}

impl How {
    /// Models of which one label is predicted.
    fn open(&self, models: &[PathBuf]) -> Result<Ensemble> {
        let ensemble = self.read(models)?;
        for (path, member) in models.iter().zip(ensemble.members()) {
            if self.label.is_none() && !member.names().is_empty() {
                bail!("{} has learnt {}: choose one with --label", path.display(), member.names().join(", "));
            }
        }
        Ok(ensemble)
    }

    fn read(&self, models: &[PathBuf]) -> Result<Ensemble> {
        let device = self.device.device()?;
        let mut members =
            models.iter().map(|path| promoter_models::open(path, device)).collect::<Result<Vec<_>, _>>()?;
        if let Some(label) = &self.label {
            for (path, member) in models.iter().zip(&mut members) {
                member.choose(label).with_context(|| path.display().to_string())?;
            }
        }
        if !self.mixed {
            check_alike(models, &members)?;
        }
        for (path, member) in models.iter().zip(&members) {
            if self.strands == Some(Strands::Both) && member.description().is_of_one_strand() {
                progress::tell(format_args!(
                    "warning: {} was trained on the forward strand only: compare its predictions with --strands one",
                    path.display()
                ));
            }
        }
        Ok(Ensemble::new(members)?)
    }

    fn averaging(&self) -> Option<Averaging> {
        let (strands, shift) = (self.strands == Some(Strands::Both), self.shift.unwrap_or(0));
        (self.strands.is_some() || self.shift.is_some()).then_some(Averaging { strands, shift })
    }
}

/// Refuses models of which a mean would say little.
fn check_alike(paths: &[PathBuf], members: &[Predictor]) -> Result<()> {
    let Some((first, others)) = members.split_first() else { return Ok(()) };
    for (path, other) in paths[1..].iter().zip(others) {
        let differences = first.description().differences(other.description());
        if !differences.is_empty() {
            bail!(
                "{} and {} differ in {}: give --mixed to average them nevertheless",
                paths[0].display(),
                path.display(),
                differences.join(", ")
            );
        }
    }
    Ok(())
}

/// What was done to sequences on their way into the models, after a text that says how many there were.
pub(crate) fn notes(tally: &Tally) -> String {
    let notes = [
        (tally.longer, "cut to the length of the model"),
        (tally.shorter, "padded to it"),
        (tally.ambiguous, "with letters other than A, C, G and T"),
    ];
    notes.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("; {count} {what}")).collect()
}

/// Bases that all models read: those of a longer sequence are cut off by one at least.
pub(crate) fn bases(ensemble: &Ensemble) -> usize {
    ensemble.members().iter().map(|member| member.description().encoding.fit().length).min().unwrap_or(0)
}

/// One or more models, and after them the input.
///
/// To clap they are one argument: of two it takes the model before an option for the input, as there may be any number
/// of models.
#[derive(Debug)]
struct Paths {
    models: Vec<PathBuf>,
    input: PathBuf,
}

impl Paths {
    const ID: &str = "paths";
}

impl FromArgMatches for Paths {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut models: Vec<PathBuf> = matches.get_many(Self::ID).into_iter().flatten().cloned().collect();
        match models.pop() {
            Some(input) if !models.is_empty() => Ok(Self { models, input }),
            _ => Err(clap::Error::raw(
                ErrorKind::MissingRequiredArgument,
                "expected a model and an input: <MODEL>... <INPUT>",
            )),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Paths {
    fn augment_args(command: Command) -> Command {
        let paths = Arg::new(Self::ID)
            .value_name("MODEL")
            .help(
                "Predictor files, run folders or names of `promoter models`; several are averaged. The last argument \
                 is the INPUT",
            )
            .required(true)
            .action(ArgAction::Append)
            .num_args(1..)
            .value_parser(value_parser!(PathBuf));
        let usage = format!("promoter {} [OPTIONS] <MODEL>... <INPUT>", command.get_name());
        command.arg(paths).override_usage(usage)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
