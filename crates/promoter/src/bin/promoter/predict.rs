//! `promoter predict`: sequences to expression.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use promoter::encode::base;
use promoter::predictor::{Averaging, Ensemble, Predictor, Tally};
use promoter::seq::Table;
use promoter::seq::read::{Columns, Format, ReadOptions, ReadReport, Rows};
use serde_json::{Map, Value, json};

use crate::device;
use crate::output::Output;

/// Predict the expression of sequences
///
/// The predictions are in the input's order and in the units of the training labels. Several models give their mean.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter predict runs/peppa-1 test_sequences.txt.gz -o predictions.tsv
  zcat promoters.fa.gz | promoter predict model.safetensors - --format fasta > predictions.tsv
  promoter predict runs/a runs/b test_sequences.txt.gz --both-strands \\
    --ids public_leaderboard_ids/sample_submission.json -o submission.json")]
pub(crate) struct Arguments {
    /// Predictor files or run folders
    #[arg(value_name = "MODEL", required = true)]
    models: Vec<PathBuf>,
    /// Sequences: the first column of a table, FASTA or FASTQ, plain, .gz or .zst; `-` is standard input
    #[arg(value_name = "INPUT")]
    input: PathBuf,
    /// Where to write; a file gets its name when it is whole
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    out: PathBuf,
    /// What the input is [default: by its extension, TSV for standard input]
    #[arg(long, value_enum)]
    format: Option<Kind>,
    /// Column of the sequences, in a table with a header
    #[arg(long, value_name = "COLUMN")]
    sequence: Option<String>,
    /// Write the leaderboard's JSON object, with the rows that this JSON object has
    #[arg(long, value_name = "FILE")]
    ids: Option<PathBuf>,
    /// Write ranks in 0..1 instead of expression, as NAD did; keeps all predictions in memory
    #[arg(long)]
    rank: bool,
    /// Average over both strands [default with --shift 0: as the model was evaluated in training]
    #[arg(long)]
    both_strands: bool,
    /// Average over windows moved by up to so many bases
    #[arg(long, value_name = "BASES", default_value_t = 0)]
    shift: usize,
    #[command(flatten)]
    device: device::Choice,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// Columns separated by tabs
    Tsv,
    /// Columns separated by commas
    Csv,
    /// FASTA
    Fasta,
    /// FASTQ
    Fastq,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let device = arguments.device.device()?;
    let members = arguments.models.iter().map(|path| Predictor::open(path, device)).collect::<Result<_, _>>()?;
    let ensemble = Ensemble::new(members)?;
    let asked = Averaging { strands: arguments.both_strands, shift: arguments.shift };
    let averaging = (asked != Averaging::default()).then_some(asked);
    let mut rows = open(arguments)?;
    let ids = arguments.ids.as_deref().map(read_ids).transpose()?;
    let mut out = Output::create(&arguments.out)?;
    let started = Instant::now();

    let keep = arguments.rank || ids.is_some();
    let (mut kept, mut sequences) = (Vec::new(), Vec::new());
    let tally = ensemble.predict(&mut rows, averaging, |table, predictions| -> Result<()> {
        if keep {
            kept.extend_from_slice(predictions);
            if ids.is_none() {
                sequences.extend(table.rows().map(|(codes, _)| codes.to_vec()));
            }
            return Ok(());
        }
        write_rows(&mut out, table, predictions)
    })?;
    if tally.rows == 0 {
        bail!("{}: no sequence to predict ({})", arguments.input.display(), rows.report());
    }
    if arguments.rank {
        kept = promoter::label::rank(&kept)?;
    }
    if let Some(ids) = ids {
        writeln!(out, "{}", submission(&ids, &kept)?)?;
    } else if arguments.rank {
        for (codes, value) in sequences.iter().zip(&kept) {
            write_row(&mut out, codes, *value)?;
        }
    }
    out.finish()?;
    tell(&tally, rows.report(), started.elapsed().as_secs_f64());
    Ok(())
}

fn open(arguments: &Arguments) -> Result<Rows> {
    let columns = match &arguments.sequence {
        None => Columns::Sequence,
        Some(sequence) => Columns::Named { sequence: sequence.clone(), label: None },
    };
    let stdin = arguments.input == Path::new("-");
    let format = arguments.format.or(stdin.then_some(Kind::Tsv)).map(|kind| match kind {
        Kind::Tsv => Format::Tsv,
        Kind::Csv => Format::Csv,
        Kind::Fasta => Format::Fasta,
        Kind::Fastq => Format::Fastq,
    });
    let options = ReadOptions { columns, format, ..ReadOptions::default() };
    Ok(if stdin { Rows::new(std::io::stdin(), "-", &options)? } else { Rows::open(&arguments.input, &options)? })
}

fn write_rows(out: &mut Output, table: &Table, predictions: &[f32]) -> Result<()> {
    table.rows().zip(predictions).try_for_each(|((codes, _), &value)| write_row(out, codes, value))
}

fn write_row(out: &mut Output, codes: &[u8], value: f32) -> Result<()> {
    let letters: Vec<u8> = codes.iter().map(|&code| base::to_ascii(code)).collect();
    out.write_all(&letters)?;
    Ok(writeln!(out, "\t{value}")?)
}

/// The rows that a submission has, in its order.
fn read_ids(path: &Path) -> Result<Vec<usize>> {
    let what = || format!("{}: expected a JSON object whose keys are rows, as sample_submission.json", path.display());
    let text = std::fs::read_to_string(path).with_context(what)?;
    let object: Map<String, Value> = serde_json::from_str(&text).with_context(what)?;
    let mut rows = object.keys().map(|key| key.parse()).collect::<Result<Vec<usize>, _>>().with_context(what)?;
    rows.sort_unstable();
    Ok(rows)
}

fn submission(rows: &[usize], predictions: &[f32]) -> Result<String> {
    let mut entries = Vec::with_capacity(rows.len());
    for &row in rows {
        let Some(value) = predictions.get(row) else {
            bail!(
                "--ids asks for row {row}, but the input has {} sequences: give all test sequences",
                predictions.len()
            );
        };
        entries.push(format!("\"{row}\": {}", json!(value)));
    }
    Ok(format!("{{{}}}", entries.join(", ")))
}

/// What was done, on standard error.
fn tell(tally: &Tally, read: &ReadReport, seconds: f64) {
    let mut text = format!("{read}; {:.0} sequences per second", tally.rows as f64 / seconds);
    for (count, what) in [
        (tally.longer, "cut to the model's length"),
        (tally.shorter, "padded to it"),
        (tally.ambiguous, "with letters other than A, C, G and T"),
    ] {
        if count > 0 {
            text += &format!("; {count} {what}");
        }
    }
    // When standard error is closed there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{text}");
}
