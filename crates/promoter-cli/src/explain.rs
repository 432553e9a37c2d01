//! `promoter explain`: what each base contributes.

mod picture;
mod sites;
mod writer;

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use crate::attribution::{self, Method};
use crate::chunk::Chunk;
use crate::form::Target;
use crate::input::Reading;
use crate::models::Models;
use crate::output::Output;
use crate::progress;

/// Predict the effect of every single-base change
///
/// The input is a table with the sequences in its first column, FASTA or FASTQ; plain, .gz or .zst; `-` is standard
/// input. Each base is replaced by each of the three others. The output has one row per change: sequence (name, or
/// number from 1), position (from 1), reference, alternative, and effect in the units of the training labels. An .npz
/// file holds the effects as an array of shape (sequences, positions, 4), bases in the order A, C, G, T.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter explain runs/peppa-1 promoters.fa -o effects.tsv --logo promoters.html
  promoter explain runs/peppa-1 simulated.tsv -o effects.parquet --sites sites.jsonl")]
pub(crate) struct Arguments {
    #[command(flatten)]
    models: Models,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    target: Target,
    /// How to compute the effects
    #[arg(long, value_enum, default_value_t = Method::Mutagenesis)]
    method: Method,
    /// Draw sequence logos into this .svg or .html file; the height of a letter is its contribution to the prediction
    #[arg(long, value_name = "FILE")]
    logo: Option<PathBuf>,
    /// Number of sequences to draw, from the first
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    logos: usize,
    /// Compare with known binding sites, in a file written by `promoter simulate --sites`
    #[arg(long, value_name = "FILE")]
    sites: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    arguments.method.check(&arguments.models)?;
    let sink = arguments.target.open()?;
    let drawn = match &arguments.logo {
        Some(path) => Some((picture::Form::of(path)?, Output::create(path)?)),
        None => None,
    };
    let mut known = arguments.sites.as_deref().map(sites::Known::read).transpose()?;
    let ensemble = arguments.models.open()?;
    let mut rows = arguments.reading.open(arguments.models.input())?;
    let mut writer = writer::Writer::create(sink)?;
    let mut logos = Vec::new();

    let bar = progress::count("sequences");
    let (mut chunk, mut total) = (Chunk::default(), 0);
    while chunk.read(&mut rows, attribution::CHUNK, total)? {
        let effects = arguments.method.effects(&arguments.models, &ensemble, &chunk)?;
        for ((name, (codes, _)), effects) in chunk.names.iter().zip(chunk.table.rows()).zip(&effects) {
            writer.write(name, codes, effects)?;
            let sites = known.as_mut().map(|known| known.compare(codes, effects)).transpose()?;
            if drawn.is_some() && logos.len() < arguments.logos {
                logos.push(picture::logo(name, codes, effects, sites.unwrap_or_default()));
            }
        }
        total += chunk.names.len();
        bar.set_position(total as u64);
    }
    bar.finish_and_clear();
    if total == 0 {
        bail!("{}: no sequences to explain ({})", arguments.models.input().display(), rows.report());
    }
    let found = known.map(sites::Known::found).transpose()?;
    if let Some((form, mut out)) = drawn {
        out.write_all(picture::draw(form, &logos).as_bytes())?;
        out.finish()?;
    }
    writer.finish()?;
    let mut text = rows.report().to_string();
    if let Some(found) = found {
        text += &format!("\n{found}");
    }
    progress::tell(text);
    Ok(())
}
