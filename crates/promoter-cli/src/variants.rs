//! `promoter variants`: what a change of the sequence does to the prediction.

mod pairs;
mod substitutions;

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use promoter::seq;

use crate::form::Target;
use crate::models::Models;
use crate::progress;
use crate::table::{Header, Kind, Table, Value};

/// Predict the effect of variants: reference, alternative and their difference
///
/// The input is a table without a header, plain or .gz, with columns separated by tabs; lines that begin with # are
/// skipped; `-` is standard input. It has two columns, reference sequence and alternative sequence, or three, with a
/// name first.
///
/// With --references the input lists changes to the sequences of a FASTA file: name of the sequence, position (from 1),
/// reference bases, alternative bases. Lines with more columns are read as VCF: the ID of the variant comes after the
/// position, and alternatives are separated by commas. The reference bases must match the sequence.
///
/// The output has one row per variant: name, prediction for the reference, prediction for the alternative, and their
/// difference (alternative minus reference).
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Example:
  promoter variants runs/peppa-1 pairs.tsv -o differences.tsv
  promoter variants runs/peppa-1 variants.vcf.gz --references promoters.fa -o differences.parquet"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    models: Models,
    /// Reference sequences: FASTA; plain, .gz or .zst
    #[arg(long, value_name = "FASTA")]
    references: Option<PathBuf>,
    #[command(flatten)]
    target: Target,
}

/// Two sequences that are compared.
struct Variant {
    name: String,
    /// Base codes.
    reference: Vec<u8>,
    alternative: Vec<u8>,
}

/// Variants that are predicted together.
const CHUNK: usize = 512;

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let sink = arguments.target.open()?;
    let ensemble = arguments.models.open()?;
    let mut variants: Box<dyn Iterator<Item = Result<Variant>>> = match &arguments.references {
        None => Box::new(pairs::read(arguments.models.input())?),
        Some(references) => Box::new(substitutions::read(arguments.models.input(), references)?),
    };
    let columns =
        [("variant", Kind::Text), ("reference", Kind::Real), ("alternative", Kind::Real), ("difference", Kind::Real)];
    let mut out = Table::create(sink, Header::Yes, &columns)?;
    let bar = progress::count("variants");
    let mut total = 0;
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
        for (variant, pair) in chunk.iter().zip(predictions.as_chunks().0) {
            let [reference, alternative] = *pair;
            out.row(&[
                Value::Text(&variant.name),
                Value::Real(reference),
                Value::Real(alternative),
                Value::Real(alternative - reference),
            ])?;
        }
        total += chunk.len();
        bar.set_position(total as u64);
    }
    bar.finish_and_clear();
    if total == 0 {
        bail!("{}: no variants to predict", arguments.models.input().display());
    }
    out.finish()?;
    progress::tell(format_args!("{total} variants"));
    Ok(())
}
