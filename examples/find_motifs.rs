//! Finds the motifs that a predictor has learnt, and names them after JASPAR's fungal matrices.
//!
//! Three steps: [`Effects`] says what each base contributes, [`Discovery`] makes motifs of what stands out, and
//! [`Marginal`] asks what each motif does in sequences in which nothing else means anything.
#![allow(clippy::print_stdout, reason = "a program talks to its user")]

mod trained;

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;
use promoter::explain::{Discovery, Effects, Element, Marginal, shuffled};
use promoter::libtorch;
use promoter::motif::io;
use promoter::seq::Table;
use promoter::seq::read::{self, Columns, ReadOptions};
use promoter::sim::{Assay, Planting, simulate};

/// Find the motifs that a predictor has learnt.
#[derive(Debug, Parser)]
#[command(after_help = "Examples:
  find_motifs
  find_motifs runs/peppa-1 --sequences promoters.fa --database own.meme")]
struct Arguments {
    #[command(flatten)]
    predictor: trained::Choice,
    /// Sequences to explain: a table, FASTA or FASTQ [default: 400 simulated promoters]
    #[arg(long, value_name = "FILE")]
    sequences: Option<PathBuf>,
    /// Known motifs: MEME or JASPAR
    #[arg(long, value_name = "FILE", default_value = concat!(env!("CARGO_MANIFEST_DIR"),
        "/data/motifs/JASPAR2024_fungi.meme"))]
    database: PathBuf,
}

fn main() -> Result<()> {
    libtorch::launch::wait_passively();
    let arguments = Arguments::parse();
    let mut ensemble = arguments.predictor.open()?;
    let table = sequences(&arguments)?;
    let rows: Vec<&[u8]> = table.rows().map(|(codes, _)| codes).collect();

    let effects = Effects::of(&mut ensemble, &rows)?;
    let tracks: Vec<Vec<f32>> =
        effects.iter().zip(&rows).map(|(effects, codes)| effects.contributions(codes)).collect();
    let known = io::read(&arguments.database)?;
    let found = Discovery::default().find(&rows, &tracks, &known)?;

    let backgrounds = shuffled(&rows[..rows.len().min(100)], 1, 1)?;
    println!("{:<12} {:<20} {:>5}  {:>12}  {:<26} known as", "motif", "consensus", "sites", "contribution", "effect");
    for motif in &found.motifs {
        let element = Element::motif(motif.motif.clone());
        let start = (backgrounds[0].len() - element.width()) / 2;
        let effect = Marginal::new(element, start).effect(&mut ensemble, &backgrounds)?;
        let name = motif.best.map_or_else(String::new, |best| {
            format!("{} (q = {:.1e}, {})", known[best.target].name(), best.q_value, best.strand)
        });
        println!(
            "{:<12} {:<20} {:>5}  {:>+12.3}  {:<26} {name}",
            motif.motif.name(),
            motif.motif.consensus(),
            motif.sites.len(),
            motif.effect,
            effect.to_string()
        );
    }
    println!("\n{} seqlets in {} sequences, {} in no motif", found.seqlets, rows.len(), found.left_over);
    Ok(())
}

/// The sequences of the file, or promoters that each have sites.
fn sequences(arguments: &Arguments) -> Result<Table> {
    match &arguments.sequences {
        Some(path) => {
            let options = ReadOptions { columns: Columns::Sequence, ..ReadOptions::default() };
            Ok(read::read(path, &options)?.0)
        }
        None => {
            let planting = Planting { probability: 1.0, ..Planting::default() };
            Ok(simulate(&Assay { rows: 400, seed: 2, planting, ..Assay::default() })?.table)
        }
    }
}
