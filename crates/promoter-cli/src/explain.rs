//! `promoter explain`: what each base contributes.

mod heat_map;
mod picture;
mod sites;
mod writer;

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use promoter::predictor::Tally;

use self::heat_map::HeatMap;
use crate::attribution::{self, Deltas, Options};
use crate::chunk::Chunk;
use crate::form::Target;
use crate::input::Reading;
use crate::keep::Keep;
use crate::models::{self, Models};
use crate::output::Output;
use crate::progress;

/// Predict the effect of every single-base change
///
/// The input is a table with the sequences in its first column, FASTA or FASTQ; plain, .gz or .zst; `-` is standard
/// input. Each base is replaced by each of the three others. The output has one row per change: sequence (name, or
/// number from 1), position (from 1), reference, alternative, and effect in the units of the training labels. An .npz
/// file holds the effects as an array of shape (sequences, positions, 4), bases in the order A, C, G, T.
///
/// With --method integrated-gradients and deep-lift the effects are differences of contributions: what each base would
/// contribute to the difference of the prediction from the mean prediction of the references. The contributions of the
/// bases that are there, which add up to this difference, are the heights of a logo; an .npz file has those of all four
/// bases as `contributions`, and the mean prediction of the references as `reference`. The convergence delta is how far
/// they are from adding up, in the units of the training labels.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter explain runs/peppa-1 promoters.fa -o effects.tsv --logo promoters.html --heat-map changes.html
  promoter explain runs/peppa-1 peaks.bed --genome genome.fa --width 110 -o effects.tsv
  promoter explain runs/peppa-1 simulated.tsv -o effects.parquet --sites sites.jsonl")]
pub(crate) struct Arguments {
    #[command(flatten)]
    models: Models,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    keep: Keep,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    options: Options,
    /// Draw sequence logos into this .svg or .html file; the height of a letter is its contribution to the prediction
    #[arg(long, value_name = "FILE")]
    logo: Option<PathBuf>,
    /// Draw heat maps into this .svg or .html file: a cell for every base at every position, red where it raises the
    /// prediction, blue where it lowers it
    #[arg(long, value_name = "FILE")]
    heat_map: Option<PathBuf>,
    /// Number of sequences to draw, from the first
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    logos: usize,
    /// Compare with known binding sites, in a file written by `promoter simulate --sites`
    #[arg(long, value_name = "FILE")]
    sites: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    arguments.options.check(&arguments.models)?;
    let sink = arguments.target.open()?;
    let open = |option: &str, path: &Option<PathBuf>| -> Result<_> {
        let Some(path) = path else { return Ok(None) };
        Ok(Some((picture::Form::of(option, path)?, Output::create(path)?)))
    };
    let (drawn, mapped) = (open("--logo", &arguments.logo)?, open("--heat-map", &arguments.heat_map)?);
    let mut known = arguments.sites.as_deref().map(sites::Known::open).transpose()?;
    let ensemble = arguments.models.open()?;
    let mut rows = arguments.reading.open(arguments.models.input(), arguments.keep.columns())?;
    let mut writer = writer::Writer::create(sink, &arguments.keep)?;
    let (mut logos, mut maps, mut tally) = (Vec::new(), Vec::new(), Tally::default());
    let mut deltas = Deltas::default();

    let bar = progress::count("sequences");
    let (mut chunk, mut total) = (Chunk::default(), 0);
    while chunk.read(&mut rows, attribution::CHUNK, total)? {
        let found = arguments.options.explain(&arguments.models, &ensemble, &chunk)?;
        ensemble.tally(chunk.codes(), &mut tally);
        for (row, (name, found)) in chunk.names.iter().zip(found).enumerate() {
            let codes = chunk.table.codes(row);
            deltas.add(&found);
            writer.write(chunk.table.cells(row), name, codes, &found)?;
            let sites = known.as_mut().map(|known| known.compare(codes, &found.effects)).transpose()?;
            if drawn.is_some() && logos.len() < arguments.logos {
                logos.push(picture::logo(name, codes, &found, sites.unwrap_or_default()));
            }
            if mapped.is_some() && maps.len() < arguments.logos {
                maps.push(HeatMap { name: name.clone(), codes: codes.to_vec(), effects: found.effects });
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
    if let Some((form, mut out)) = mapped {
        out.write_all(picture::draw_maps(form, &maps).as_bytes())?;
        out.finish()?;
    }
    writer.finish()?;
    let mut text = format!("{}{}", rows.report(), models::notes(&tally));
    if let Some(found) = found {
        text += &format!("\n{found}");
    }
    progress::tell(format_args!("{text}{deltas}"));
    Ok(())
}
