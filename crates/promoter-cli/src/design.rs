//! `promoter design`: sequences for a target.

mod goal;
mod limits;
mod method;
mod refusal;
mod starts;
mod writer;

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use clap::Args;
use promoter::design::{Brief, Design, Difference, Inserts, Method, Predict, Target, Trace};
use promoter::motif;
use promoter::predictor::Ensemble;

use crate::form;
use crate::models::Members;
use crate::output::Output;
use crate::progress;

/// Design sequences: change bases until the prediction is what you want
///
/// Starts from given or random sequences and edits single bases, and with --motifs writes sites, one design per start.
/// Every design meets all limits; a start that does not is first mended. Positions count from 1. The output has one row
/// per design: name, start, design, prediction for the start, prediction for the design, its spread (the standard
/// deviation of several models, NaN for one), number of bases that differ, and limits that are not met (none).
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter design runs/peppa-1 --start promoters.fa --target 12 --protect 1..17 --protect 98..110 -o designs.tsv
  promoter design runs/a runs/b runs/c --random 100 --length 110 --maximise --spread-weight 1 --gc 0.3..0.6 \\
    --forbid EcoRI --forbid BsaI --homopolymer 6 --distance 10 --fasta designs.fa -o designs.parquet
  promoter design runs/glucose --minus runs/galactose --start promoters.fa --maximise --edits 5 --trace steps.tsv")]
pub(crate) struct Arguments {
    #[command(flatten)]
    models: Members,
    /// Design for the difference: the prediction minus that of this model; several are averaged
    #[arg(long, value_name = "MODEL")]
    minus: Vec<PathBuf>,
    #[command(flatten)]
    starts: starts::Starts,
    #[command(flatten)]
    goal: goal::Goal,
    /// Search method: greedy, beam, annealing, evolution or gradient; after a colon the sequences that beam keeps [8],
    /// the steps of annealing [1000] and gradient [200], the generations of evolution [50]
    #[arg(long, value_name = "METHOD[:NUMBER]", value_parser = method::parse, default_value = "greedy")]
    method: Method,
    /// Motifs to write beside edits of single bases, on both strands: MEME or JASPAR
    #[arg(long, value_name = "FILE")]
    motifs: Option<PathBuf>,
    /// Weight of the spread of several models, which is taken off the score
    #[arg(long, value_name = "WEIGHT", default_value_t = 0.0)]
    spread_weight: f64,
    /// Leave out edits that bring no more than this, in units of the prediction
    #[arg(long, value_name = "GAIN", default_value_t = 0.01)]
    least_gain: f64,
    /// Random seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    target: form::Target,
    /// Write the designs to this FASTA file too
    #[arg(long, value_name = "FILE")]
    fasta: Option<PathBuf>,
    /// Write every edit with its gain to this table
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    // Last: its heading would stand above what follows.
    #[command(flatten)]
    limits: limits::Limits,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let sink = arguments.target.open()?;
    let fasta = arguments.fasta.as_deref().map(Output::create).transpose()?;
    let steps = arguments.trace.as_deref().map(form::sink).transpose()?;
    let design = settings(arguments)?;
    let starts = arguments.starts.read(arguments.seed)?;
    let ensemble = arguments.models.open()?;
    starts.check(&ensemble)?;
    let other = match &arguments.minus[..] {
        [] => None,
        paths => Some(arguments.models.open_others(paths)?),
    };
    if let Some(other) = &other {
        starts.check(other)?;
    }
    let mut predictor = predictor(arguments, &ensemble, other.as_ref());

    let target = arguments.goal.target();
    let brief = |start: &Vec<u8>| Brief { start: start.clone(), target };
    let briefs: Vec<Brief> = starts.sequences.iter().map(brief).collect();
    let bar = progress::count("designs");
    let mut on_progress = |progress: promoter::design::Progress| bar.set_position(progress.design as u64);
    let traces = design.run(&mut *predictor, &briefs, &mut on_progress);
    bar.finish_and_clear();
    let traces = traces.map_err(|error| refusal::explain(error, &starts.names))?;

    let designs: Vec<Vec<u8>> = traces.iter().map(|trace| trace.sequence.clone()).collect();
    let ensemble = predictor.predict_with_spread(&designs).map_err(|source| anyhow!(source))?;
    let spreads = ensemble.map(|ensemble| ensemble.spreads);
    if let Some(steps) = steps {
        writer::write_steps(steps, &starts.names, &traces)?;
    }
    if let Some(fasta) = fasta {
        writer::write_fasta(fasta, &starts.names, &traces)?;
    }
    writer::write_designs(sink, &starts.names, &traces, spreads.as_deref(), &design.constraints)?;
    progress::tell(summary(&traces, target));
    Ok(())
}

/// Everything but starts and target.
fn settings(arguments: &Arguments) -> Result<Design> {
    let motifs = arguments.motifs.as_deref().map(motif::io::read).transpose()?;
    Ok(Design {
        constraints: arguments.limits.constraints()?,
        inserts: Inserts { motifs: motifs.unwrap_or_default(), samples: 0 },
        method: arguments.method,
        spread_weight: arguments.spread_weight,
        least_gain: arguments.least_gain,
        seed: arguments.seed,
    })
}

/// The models, or the difference of two.
fn predictor<'a>(arguments: &Arguments, ensemble: &'a Ensemble, other: Option<&'a Ensemble>) -> Box<dyn Predict + 'a> {
    let first = arguments.models.predictor(ensemble);
    match other {
        None => Box::new(first),
        Some(other) => Box::new(Difference { first, second: arguments.models.predictor(other) }),
    }
}

/// What was done, for people.
fn summary(traces: &[Trace], target: Target) -> String {
    let range = |values: Vec<f64>| {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        format!("{least:.2} to {most:.2}")
    };
    let before = range(traces.iter().map(|trace| trace.before.prediction).collect());
    let after = range(traces.iter().map(|trace| trace.after.prediction).collect());
    let predictions: u64 = traces.iter().map(|trace| trace.predictions).sum();
    let mut text =
        format!("{} designs from {predictions} predictions; predicted {after}, the starts {before}", traces.len());
    if let Target::Value(value) = target {
        let near = traces.iter().filter(|trace| (trace.after.prediction - value).abs() <= 0.5).count();
        text += &format!("; {near} within 0.5 of {value}");
    }
    text
}
