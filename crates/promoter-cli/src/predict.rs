//! `promoter predict`: sequences to expression.

use std::io::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use promoter::encode::base;
use promoter::predictor::{BATCH, Tally};
use promoter::seq;
use promoter::seq::read::{ReadReport, Record};
use promoter::train::share;
use serde_json::{Map, json};

use crate::form::{Sink, Target};
use crate::input::Reading;
use crate::keep::{self, Keep};
use crate::models::{self, Models};
use crate::output::Output;
use crate::progress;
use crate::share::Share;
use crate::table::{Header, Kind, Table, Value};

/// Predict the expression of sequences
///
/// The input is a table with the sequences in its first column, FASTA or FASTQ; plain, .gz or .zst; `-` is standard
/// input. Predictions are in the order of the input and in the units of the training labels. The predictions of several
/// models are averaged. Of several labels each has a column, `prediction_NAME`. TSV output of one label has no header
/// unless columns are kept: sequence, tab, prediction, as in the DREAM 2022 challenge.
///
/// With --task and --tasks each of several processes predicts a part of the sequences, in one piece: the outputs of all
/// tasks, joined in their order with `cat`, are that of one process.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter predict runs/peppa-1 test_sequences.txt.gz -o predictions.tsv
  promoter predict runs/peppa-1 promoters.fa --keep name -o predictions.parquet
  promoter predict runs/peppa-1 peaks.bed --genome genome.fa --width 110 --keep name -o predictions.tsv
  zcat promoters.fa.gz | promoter predict model.safetensors - --format fasta > predictions.tsv
  promoter predict runs/a runs/b test_sequences.txt.gz --strands both \\
    --ids public_leaderboard_ids/sample_submission.json -o submission.json
  promoter predict runs/peppa-1 genome.tsv --task $SLURM_ARRAY_TASK_ID --tasks 4 -o part-$SLURM_ARRAY_TASK_ID.tsv
  cat part-0.tsv part-1.tsv part-2.tsv part-3.tsv > predictions.tsv")]
pub(crate) struct Arguments {
    #[command(flatten)]
    models: Models,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    keep: Keep,
    #[command(flatten)]
    target: Target,
    /// Write a leaderboard submission: a JSON object with the rows of this one, such as sample_submission.json
    #[arg(long, value_name = "FILE", conflicts_with_all = ["to", "columns", "task"])]
    ids: Option<PathBuf>,
    /// Write ranks from 0 to 1 instead of expression, as team NAD did; holds all predictions in memory
    #[arg(long, conflicts_with = "task")]
    rank: bool,
    #[command(flatten)]
    share: Share,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let sink = arguments.target.open()?;
    let share = arguments.share.share()?;
    if share.is_some() && !sink.form.can_be_joined() {
        bail!("--task: expected an output in TSV, CSV or JSON, of which parts can be joined");
    }
    let (ensemble, names) = arguments.models.open_with_labels()?;
    if !names.is_empty() && (arguments.rank || arguments.ids.is_some()) {
        bail!("--rank and --ids are for one label, the model has {}: choose one with --label", names.join(", "));
    }
    let mut rows = arguments.reading.open(arguments.models.input(), arguments.keep.columns())?;
    let part = share.map(|share| part(share, arguments)).transpose()?;
    if let Some(part) = &part {
        rows.restrict(part.clone())?;
    }
    let mut out = match &arguments.ids {
        Some(ids) => Writer::Submission(read_ids(ids)?, sink.out),
        None => Writer::Rows(begin(&arguments.keep, sink, &names, part.as_ref())?),
    };
    let started = Instant::now();
    let bar = progress::count("sequences");

    let (mut kept, mut sequences) = (Vec::new(), seq::Table::with_columns(arguments.keep.columns()));
    let mut take = |table: &seq::Table, columns: &[&[f32]]| -> Result<()> {
        bar.inc(table.len() as u64);
        match &mut out {
            Writer::Rows(out) if !arguments.rank => return write_rows(out, table, columns),
            Writer::Rows(_) => sequences.append(table),
            Writer::Submission(..) => {}
        }
        columns.iter().for_each(|predictions| kept.extend_from_slice(predictions));
        Ok(())
    };
    let averaging = arguments.models.averaging();
    let tally = match names.is_empty() {
        true => ensemble.predict(&mut rows, averaging, |table, predictions| take(table, &[predictions]))?,
        false => ensemble.predict_labels(&mut rows, averaging, |table, columns| {
            take(table, &columns.iter().map(Vec::as_slice).collect::<Vec<_>>())
        })?,
    };
    bar.finish_and_clear();
    if tally.rows == 0 && part.is_none() {
        bail!("{}: no sequences to predict ({})", arguments.models.input().display(), rows.report());
    }
    if arguments.rank {
        kept = promoter::label::rank(&kept)?;
    }
    match out {
        Writer::Submission(ids, mut out) => {
            writeln!(out, "{}", submission(&ids, &kept)?)?;
            out.finish()?;
        }
        Writer::Rows(mut out) => {
            write_rows(&mut out, &sequences, &[&kept])?;
            out.finish()?;
        }
    }
    tell(&tally, rows.report(), started.elapsed().as_secs_f64());
    Ok(())
}

/// A table with a column for the prediction, or for that of each of several labels, which a header then names.
/// Only the first part of several has it.
fn begin(keep: &Keep, sink: Sink, labels: &[String], part: Option<&Range<u64>>) -> Result<Table> {
    let predictions: Vec<String> = match labels {
        [] => vec!["prediction".to_owned()],
        labels => labels.iter().map(|name| format!("prediction_{name}")).collect(),
    };
    let mut columns = vec![("sequence", Kind::Text)];
    columns.extend(predictions.iter().map(|name| (name.as_str(), Kind::Real)));
    let mut table = keep.begin(sink, if labels.is_empty() { Header::No } else { Header::Yes }, &columns)?;
    if part.is_some_and(|part| part.start > 0 || part.is_empty()) {
        table.leave_names_out();
    }
    Ok(table)
}

/// The rows that a task predicts: whole batches, so that its predictions are those of one process to the last bit.
fn part(share: share::Share, arguments: &Arguments) -> Result<Range<u64>> {
    let input = arguments.models.input();
    if !std::fs::metadata(input).is_ok_and(|found| found.is_file()) {
        bail!("--task: {} cannot be read twice, to count its sequences first: name a file", input.display());
    }
    let (mut rows, mut record) = (arguments.reading.open(input, &[])?, Record::default());
    let mut count = 0;
    while rows.read(&mut record)? {
        count += 1;
    }
    if count == 0 {
        bail!("{}: no sequences to predict ({})", input.display(), rows.report());
    }
    let batch = BATCH as u64;
    let batches = share.part(u64::div_ceil(count, batch));
    let part = (batches.start * batch).min(count)..(batches.end * batch).min(count);
    progress::tell(format_args!(
        "task {} of {}: {} of {count} sequences, after the first {}",
        share.task(),
        share.tasks(),
        part.end - part.start,
        part.start
    ));
    Ok(part)
}

/// Where predictions go.
enum Writer {
    Rows(Table),
    /// The leaderboard's object, with these rows.
    Submission(Vec<usize>, Output),
}

/// A row for each sequence, with its predictions of each label.
fn write_rows(out: &mut Table, table: &seq::Table, columns: &[&[f32]]) -> Result<()> {
    // Rows that the writer has put out already are in no column.
    let rows = columns.iter().map(|predictions| predictions.len()).min().unwrap_or(0);
    for (row, (codes, _)) in table.rows().enumerate().take(rows) {
        let letters: String = codes.iter().map(|&code| char::from(base::to_ascii(code))).collect();
        let predictions = columns.iter().map(|predictions| Value::Real(predictions[row]));
        let values: Vec<_> = std::iter::once(Value::Text(&letters)).chain(predictions).collect();
        out.row(&keep::row(table.cells(row), &values))?;
    }
    Ok(())
}

/// The rows that a submission has, in its order.
fn read_ids(path: &Path) -> Result<Vec<usize>> {
    let what = || {
        format!("{}: expected a JSON object with row numbers as keys, such as sample_submission.json", path.display())
    };
    let text = std::fs::read_to_string(path).with_context(what)?;
    let object: Map<String, serde_json::Value> = serde_json::from_str(&text).with_context(what)?;
    let mut rows = object.keys().map(|key| key.parse()).collect::<Result<Vec<usize>, _>>().with_context(what)?;
    rows.sort_unstable();
    Ok(rows)
}

fn submission(rows: &[usize], predictions: &[f32]) -> Result<String> {
    let mut entries = Vec::with_capacity(rows.len());
    for &row in rows {
        let Some(value) = predictions.get(row) else {
            bail!(
                "--ids asks for row {row}, but the input has {} sequences: use the complete test file",
                predictions.len()
            );
        };
        entries.push(format!("\"{row}\": {}", json!(value)));
    }
    Ok(format!("{{{}}}", entries.join(", ")))
}

/// What was done, on standard error.
fn tell(tally: &Tally, read: &ReadReport, seconds: f64) {
    let speed = tally.rows as f64 / seconds;
    progress::tell(format_args!("{read}; {speed:.0} sequences per second{}", models::notes(tally)));
}
