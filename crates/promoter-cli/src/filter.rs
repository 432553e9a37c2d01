//! `promoter filter`: keep some rows, and say what happened to the others.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use promoter::encode::base;
use promoter::seq::Filter;
use promoter::seq::filter::Length;
use promoter::seq::read::{Columns, ReadOptions, read_filtered};

use crate::form::Target;
use crate::keep::{self, Keep};
use crate::progress;
use crate::table::{Header, Kind, Value};

/// Filter the rows of a file and count what each rule removes
///
/// Reads TSV, CSV, FASTA or FASTQ; plain, .gz or .zst. Writes sequence, tab, label. With --keep the output
/// has a header, in which sequence and label have the names that --sequence and --label say. The rules apply in the
/// order of the options below.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter filter train_sequences.txt.gz --length 110 --no-ambiguous -o clean.tsv
  promoter filter train_sequences.txt.gz --sample 0.01 --seed 2 -o few.tsv
  promoter filter measured.csv --sequence seq --label activity --keep gene --no-ambiguous -o clean.csv")]
pub(crate) struct Arguments {
    /// Input file
    #[arg(value_name = "INPUT")]
    input: PathBuf,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    keep: Keep,
    /// Keep sequences of this length, or of MIN to MAX bases
    #[arg(long, value_name = "LENGTH|MIN-MAX", value_parser = length)]
    length: Option<Length>,
    /// Keep sequences of only A, C, G and T
    #[arg(long)]
    no_ambiguous: bool,
    /// Remove each row whose label is a whole number with this probability (mostly promoters seen in a single cell)
    #[arg(long, value_name = "PROBABILITY", default_value_t = 0.0)]
    drop_singletons: f64,
    /// Keep only the first row of each sequence
    #[arg(long)]
    drop_duplicates: bool,
    /// Keep a random sample: each remaining row with this probability
    #[arg(long, value_name = "PROBABILITY")]
    sample: Option<f64>,
    /// Random seed of --drop-singletons and --sample
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Column of the sequences, for a table with a header [default: no header; the first two columns are sequence and
    /// label]
    #[arg(long, value_name = "COLUMN", requires = "label")]
    sequence: Option<String>,
    /// Column of the labels, for a table with a header
    #[arg(long, value_name = "COLUMN", requires = "sequence")]
    label: Option<String>,
}

fn length(text: &str) -> Result<Length, String> {
    let number = |text: &str| {
        text.parse::<u32>().map_err(|_| "expected a length such as 110, or a range such as 80-110".to_owned())
    };
    Ok(match text.split_once('-') {
        None => Length::Exact(number(text)?),
        Some((min, max)) => Length::Range { min: number(min)?, max: number(max)? },
    })
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let columns = match &arguments.sequence {
        None => Columns::Challenge,
        Some(sequence) => Columns::Named { sequence: sequence.clone(), label: arguments.label.clone() },
    };
    let options = ReadOptions { columns, keep: arguments.keep.columns().to_vec(), ..ReadOptions::default() };
    let filter = Filter {
        length: arguments.length,
        no_ambiguous: arguments.no_ambiguous,
        drop_singletons: arguments.drop_singletons,
        drop_duplicates: arguments.drop_duplicates,
        sample: arguments.sample,
    };
    let sink = arguments.target.open()?;
    let (table, read, filtered) = read_filtered(&arguments.input, &options, &filter, arguments.seed)?;
    let name = |given: &Option<String>, default: &str| given.clone().unwrap_or_else(|| default.to_owned());
    let names = [name(&arguments.sequence, "sequence"), name(&arguments.label, "label")];
    let mut columns = vec![(names[0].as_str(), Kind::Text), (names[1].as_str(), Kind::Real)];
    // FASTA and FASTQ have no labels.
    let labelled = table.labels().iter().any(|label| !label.is_nan());
    columns.truncate(if labelled { 2 } else { 1 });
    let mut out = arguments.keep.begin(sink, Header::No, &columns)?;
    for (row, (codes, label)) in table.rows().enumerate() {
        let letters: String = codes.iter().map(|&code| char::from(base::to_ascii(code))).collect();
        let values = [Value::Text(&letters), Value::Real(label)];
        out.row(&keep::row(table.cells(row), &values[..columns.len()]))?;
    }
    out.finish()?;
    progress::tell(format_args!("read    {read}\nfilter  {filtered}"));
    Ok(())
}
