//! `promoter marginalize`: what a motif does wherever it is put.

mod backgrounds;
mod elements;
mod spacing;

use anyhow::{Result, bail};
use clap::Args;
use promoter::explain::Marginal;
use promoter::motif::Strand;
use promoter::predictor::Tally;

use self::backgrounds::{Backgrounds, Named};
use self::elements::Elements;
use crate::form::Target;
use crate::models::{self, Members};
use crate::progress;
use crate::table::{Header, Kind, Table, Value};

/// Predict what a motif does, whatever stands around it
///
/// Writes each motif or word over a place of many backgrounds, and compares the predictions. Sites of motifs are drawn
/// from their columns, one for each background; letters of a word that allow a base leave it. Positions count from 1.
///
/// The output has one row per motif and strand: name, width, position, strand, mean effect in the units of the training
/// labels with its 95 % interval over backgrounds, and number of backgrounds.
///
/// With --spacing there must be two motifs or words. The first stands still, the second is put at every other place:
/// one row per place, with position, bases between the two and strand of the second, the effect of both together, and
/// what they do beyond the sum of what each does alone, with 95 % intervals.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Example:
  promoter marginalize runs/peppa-1 --word TGACTCA --word CACGTG
  promoter marginalize runs/peppa-1 --motifs JASPAR2024_fungi.meme --backgrounds promoters.fa --shuffles 5 \\
    -o effects.tsv
  promoter marginalize runs/peppa-1 --motifs JASPAR2024_fungi.meme --name REB1 --name GCN4 --spacing -o spacing.tsv"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    models: Members,
    #[command(flatten)]
    elements: Elements,
    #[command(flatten)]
    backgrounds: Backgrounds,
    /// Position of the first base of each motif, or with --spacing of the first motif [default: in the middle]
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(u32).range(1..))]
    position: Option<u32>,
    /// Put two motifs at all distances and orientations
    #[arg(long)]
    spacing: bool,
    /// Random seed of backgrounds, shuffles and sites
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    target: Target,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let sink = arguments.target.open()?;
    let elements = arguments.elements.read()?;
    let pair = match (&elements[..], arguments.spacing) {
        ([first, second], true) => Some((first, second)),
        (_, true) => {
            bail!("--spacing needs two motifs or words, found {}: choose with --name or --word", elements.len())
        }
        (_, false) => None,
    };
    let ensemble = arguments.models.open()?;
    let backgrounds = arguments.backgrounds.read(&ensemble, arguments.seed)?;
    let placed = elements.iter().map(|element| place(element, &backgrounds, arguments)).collect::<Result<Vec<_>>>()?;
    let mut tally = Tally::default();
    ensemble.tally(backgrounds.sequences.iter().map(Vec::as_slice), &mut tally);
    let mut predictor = arguments.models.predictor(&ensemble);
    if let Some((first, second)) = pair {
        let spaced = spacing::Spaced { first, second, start: placed[0], seed: arguments.seed };
        return spaced.write(sink, &mut predictor, &backgrounds);
    }

    let columns = [
        ("motif", Kind::Text),
        ("width", Kind::Whole),
        ("position", Kind::Whole),
        ("strand", Kind::Text),
        ("effect", Kind::Real),
        ("low", Kind::Real),
        ("high", Kind::Real),
        ("backgrounds", Kind::Whole),
    ];
    let mut table = Table::create(sink, Header::Yes, &columns)?;
    let bar = progress::count("motifs");
    for (element, start) in elements.iter().zip(placed) {
        for strand in [Strand::Forward, Strand::Reverse] {
            let marginal = Marginal { strand, seed: arguments.seed, ..Marginal::new(element.element.clone(), start) };
            let effect = marginal.effect(&mut predictor, &backgrounds.sequences)?;
            let (low, high) = effect.bounds();
            table.row(&[
                Value::Text(&element.name),
                Value::Whole(element.element.width() as u64),
                Value::Whole(start as u64 + 1),
                Value::Text(&strand.to_string()),
                Value::Real(effect.mean as f32),
                Value::Real(low as f32),
                Value::Real(high as f32),
                Value::Whole(effect.n as u64),
            ])?;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    table.finish()?;
    progress::tell(format_args!("{} motifs in {} backgrounds{}", elements.len(), tally.rows, models::notes(&tally)));
    Ok(())
}

/// The first base of an element, from 0; refuses a place from which it does not fit into every background.
fn place(element: &elements::Named, backgrounds: &Named, arguments: &Arguments) -> Result<usize> {
    let width = element.element.width();
    let shortest = backgrounds.sequences.iter().map(Vec::len).min().unwrap_or(0);
    let start = match arguments.position {
        Some(position) => position as usize - 1,
        None => shortest.saturating_sub(width) / 2,
    };
    for (name, codes) in backgrounds.names.iter().zip(&backgrounds.sequences) {
        if width > codes.len() {
            bail!("{} has {width} bases, background {name} has {}", element.name, codes.len());
        }
        if start + width > codes.len() {
            bail!(
                "--position {}: {} has {width} bases and ends beyond background {name}, which has {}",
                start + 1,
                element.name,
                codes.len()
            );
        }
    }
    Ok(start)
}
