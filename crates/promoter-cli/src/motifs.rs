//! `promoter motifs`: the motifs that a model has learnt.

mod page;

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use promoter::explain::{Discovered, Discovery, Found};
use promoter::motif::{self, Motif};
use promoter::predictor::Tally;

use crate::attribution::{self, Deltas, Options};
use crate::chunk::Chunk;
use crate::form::{Sink, Target};
use crate::input::Reading;
use crate::models::{self, Models};
use crate::output::Output;
use crate::progress;
use crate::table::{Header, Kind, Table, Value};

/// Find the motifs that a model has learnt, and name them
///
/// Computes what each base contributes to the prediction, takes the stretches that stand out (seqlets), and groups
/// those that read the same, on either strand, to motifs of at least 10 sites. A few hundred sequences are needed.
///
/// The output has one row per motif, first those that raise the prediction: name, consensus, number of sites, number of
/// sequences with one, mean summed contribution of a site in the units of the training labels, and the known motif that
/// it resembles most, with accession and q-value (TOMTOM's comparison); empty and NaN if none has a q-value of at most
/// 0.05.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter motifs runs/peppa-1 promoters.fa --database JASPAR2024_fungi.meme --html motifs.html -o motifs.tsv
  promoter motifs runs/peppa-1 promoters.tsv.gz --method gradient --meme motifs.meme > motifs.tsv")]
pub(crate) struct Arguments {
    #[command(flatten)]
    models: Models,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    target: Target,
    /// Known motifs to name what is found after: MEME or JASPAR
    #[arg(long, value_name = "FILE")]
    database: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
    /// Write the motifs to this file in MEME format
    #[arg(long, value_name = "FILE")]
    meme: Option<PathBuf>,
    /// Write a page with logos, names and sequences with their sites to this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Number of sequences on the page, from the first with a site
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    tracks: usize,
}

/// Sequences with what their bases contribute.
#[derive(Default)]
struct Explained {
    names: Vec<String>,
    rows: Vec<Vec<u8>>,
    predictions: Vec<f32>,
    tracks: Vec<Vec<f32>>,
    tally: Tally,
    deltas: Deltas,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    arguments.options.check(&arguments.models)?;
    let sink = arguments.target.open()?;
    let meme = arguments.meme.as_deref().map(Output::create).transpose()?;
    let html = arguments.html.as_deref().map(Output::create).transpose()?;
    let known = arguments.database.as_deref().map(motif::io::read).transpose().context("--database")?;
    let known = known.unwrap_or_default();
    let explained = explain(arguments)?;
    let found = Discovery::default().find(&explained.rows, &explained.tracks, &known)?;
    if let Some(mut out) = meme {
        let motifs: Vec<Motif> = found.motifs.iter().map(|found| found.motif.clone()).collect();
        out.write_all(motif::io::meme::to_string(&motifs)?.as_bytes())?;
        out.finish()?;
    }
    if let Some(mut out) = html {
        out.write_all(page::draw(&found, &known, &explained, arguments.tracks).as_bytes())?;
        out.finish()?;
    }
    write(sink, &found, &known)?;
    let Discovered { motifs, seqlets, left_over } = &found;
    let named = motifs.iter().filter(|found| found.best.is_some()).count();
    let (sequences, notes) = (explained.rows.len(), models::notes(&explained.tally));
    let mut text = format!("{sequences} sequences{notes}; {seqlets} seqlets, {} motifs", motifs.len());
    if !known.is_empty() {
        text += &format!(" ({named} with a known name)");
    }
    progress::tell(format_args!("{text}, {left_over} seqlets in none{}", explained.deltas));
    Ok(())
}

/// What each base of each sequence contributes.
fn explain(arguments: &Arguments) -> Result<Explained> {
    let ensemble = arguments.models.open()?;
    let mut rows = arguments.reading.open(arguments.models.input(), &[])?;
    let bar = progress::count("sequences");
    let (mut chunk, mut explained) = (Chunk::default(), Explained::default());
    while chunk.read(&mut rows, attribution::CHUNK, explained.rows.len())? {
        let found = arguments.options.explain(&arguments.models, &ensemble, &chunk)?;
        ensemble.tally(chunk.codes(), &mut explained.tally);
        for (codes, found) in chunk.codes().into_iter().zip(found) {
            explained.rows.push(codes.to_vec());
            explained.predictions.push(found.effects.prediction);
            explained.tracks.push(found.heights(codes));
            explained.deltas.add(&found);
        }
        explained.names.append(&mut chunk.names);
        bar.set_position(explained.rows.len() as u64);
    }
    bar.finish_and_clear();
    if explained.rows.is_empty() {
        bail!("{}: no sequences to explain ({})", arguments.models.input().display(), rows.report());
    }
    Ok(explained)
}

fn write(sink: Sink, found: &Discovered, known: &[Motif]) -> Result<()> {
    let columns = [
        ("motif", Kind::Text),
        ("consensus", Kind::Text),
        ("sites", Kind::Whole),
        ("sequences", Kind::Whole),
        ("effect", Kind::Real),
        ("match", Kind::Text),
        ("accession", Kind::Text),
        ("q_value", Kind::Real),
    ];
    let mut table = Table::create(sink, Header::Yes, &columns)?;
    for motif in &found.motifs {
        let (name, accession) = known_as(motif, known);
        table.row(&[
            Value::Text(motif.motif.name()),
            Value::Text(&motif.motif.consensus()),
            Value::Whole(motif.sites.len() as u64),
            Value::Whole(motif.sequences as u64),
            Value::Real(motif.effect as f32),
            Value::Text(name),
            Value::Text(accession),
            Value::Real(motif.best.map_or(f32::NAN, |best| best.q_value as f32)),
        ])?;
    }
    table.finish()
}

/// Name and accession of the known motif that it resembles; empty if none does.
fn known_as<'a>(found: &Found, known: &'a [Motif]) -> (&'a str, &'a str) {
    let best = found.best.and_then(|best| known.get(best.target));
    best.map_or(("", ""), |known| (known.name(), known.accession().unwrap_or_default()))
}
