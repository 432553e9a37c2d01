//! `promoter variants`: what a change of the sequence does to the prediction.

mod change;
mod pairs;
mod substitutions;
mod windows;

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use promoter::predictor::Tally;
use promoter::seq;

use crate::form::Target;
use crate::keep::{self, Keep};
use crate::models::{self, Models};
use crate::progress;
use crate::table::{Header, Kind, Value};

/// Predict the effect of variants: reference, alternative and their difference
///
/// The input is a table without a header, plain or .gz, with columns separated by tabs; lines that begin with # are
/// skipped; `-` is standard input. It has two columns, reference sequence and alternative sequence, or three, with a
/// name first. A line before the rows that begins with # may name the columns: those called `reference`,
/// `alternative` and `name` are then used, and others can be kept.
///
/// With --references the input lists changes to the sequences of a FASTA file: name of the sequence, position (from 1),
/// reference bases, alternative bases. Lines with more columns are read as VCF: the ID of the variant comes after the
/// position, and alternatives are separated by commas. The reference bases must match the sequence.
///
/// With --genome the changes are to windows of a genome, on its forward strand. The replaced bases are in the middle of
/// the window. A longer or shorter alternative moves the end of its window, so that both have one length.
///
/// The output has one row per variant: name, prediction for the reference, prediction for the alternative, and their
/// difference (alternative minus reference).
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Example:
  promoter variants runs/peppa-1 pairs.tsv -o differences.tsv
  promoter variants runs/peppa-1 variants.vcf.gz --references promoters.fa -o differences.parquet
  promoter variants runs/peppa-1 variants.vcf.gz --genome genome.fa --keep INFO -o differences.tsv"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    models: Models,
    /// Reference sequences: FASTA; plain, .gz or .zst
    #[arg(long, value_name = "FASTA")]
    references: Option<PathBuf>,
    /// Genome: FASTA, not compressed; read by its index, FASTA.fai, if there is one
    #[arg(long, value_name = "FASTA", conflicts_with = "references")]
    genome: Option<PathBuf>,
    /// Bases of a window of the genome [default: the length of the model]
    #[arg(long, value_name = "BASES", requires = "genome", value_parser = clap::value_parser!(u16).range(1..))]
    width: Option<u16>,
    #[command(flatten)]
    keep: Keep,
    #[command(flatten)]
    target: Target,
}

/// Two sequences that are compared.
struct Variant {
    name: String,
    /// Fields that are kept.
    cells: Vec<String>,
    /// Base codes.
    reference: Vec<u8>,
    alternative: Vec<u8>,
}

/// Variants that are predicted together.
const CHUNK: usize = 512;

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let sink = arguments.target.open()?;
    let ensemble = arguments.models.open()?;
    let (input, keep) = (arguments.models.input(), arguments.keep.columns());
    let mut variants: Box<dyn Iterator<Item = Result<Variant>>> = match (&arguments.references, &arguments.genome) {
        (_, Some(genome)) => {
            let width = arguments.width.map_or_else(|| models::bases(&ensemble) as u64, u64::from);
            Box::new(windows::read(input, genome, width, keep)?)
        }
        (None, None) => Box::new(pairs::read(input, keep)?),
        (Some(references), None) => Box::new(substitutions::read(input, references, keep)?),
    };
    let columns =
        [("variant", Kind::Text), ("reference", Kind::Real), ("alternative", Kind::Real), ("difference", Kind::Real)];
    let mut out = arguments.keep.begin(sink, Header::Yes, &columns)?;
    let bar = progress::count("variants");
    let (mut total, mut tally) = (0, Tally::default());
    loop {
        let chunk = variants.by_ref().take(CHUNK).collect::<Result<Vec<_>>>()?;
        if chunk.is_empty() {
            break;
        }
        let mut table = seq::Table::default();
        for variant in &chunk {
            table.push(&variant.reference, f32::NAN);
            table.push(&variant.alternative, f32::NAN);
        }
        let predictions = match ensemble.predict_table(&table, arguments.models.averaging()) {
            // The row is that of a table that nobody sees: name the variant.
            Err(promoter::Error::Row { row, source }) => {
                let variant = &chunk[(row as usize - 1) / 2].name;
                return Err(anyhow::Error::from(source).context(format!("variant {variant} does not fit the model")));
            }
            other => other?,
        };
        ensemble.tally(table.rows().map(|(codes, _)| codes), &mut tally);
        for (variant, pair) in chunk.iter().zip(predictions.as_chunks().0) {
            let [reference, alternative] = *pair;
            let values = [
                Value::Text(&variant.name),
                Value::Real(reference),
                Value::Real(alternative),
                Value::Real(alternative - reference),
            ];
            out.row(&keep::row(variant.cells.iter().map(String::as_str), &values))?;
        }
        total += chunk.len();
        bar.set_position(total as u64);
    }
    bar.finish_and_clear();
    if total == 0 {
        bail!("{}: no variants to predict", arguments.models.input().display());
    }
    out.finish()?;
    progress::tell(format_args!("{total} variants, {} sequences{}", tally.rows, models::notes(&tally)));
    Ok(())
}
