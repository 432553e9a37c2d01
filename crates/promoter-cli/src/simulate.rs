//! `promoter simulate`: promoters with known truth.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use promoter::encode::base;
use promoter::sim::{Assay, simulate};

use crate::output::{self, Output};

/// Simulate a sort-seq assay of yeast promoters
///
/// Writes sequence, tab, measured expression in sorting bins: the form that `promoter train` reads.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter simulate --rows 40000 -o simulated.tsv --sites sites.jsonl --truth truth.tsv")]
pub(crate) struct Arguments {
    /// The assay, TOML [default: yeast factors, 110 bases]
    #[arg(value_name = "FILE")]
    assay: Option<PathBuf>,
    /// Number of promoters
    #[arg(long)]
    rows: Option<u32>,
    /// Seed of every draw
    #[arg(long)]
    seed: Option<u64>,
    /// Where to write
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    out: PathBuf,
    /// Write the noise-free expression: sequence, tab, expression
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
    /// Write the binding sites, a JSON list for each row
    #[arg(long, value_name = "FILE")]
    sites: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut assay = Assay::default();
    if let Some(path) = &arguments.assay {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        assay = toml::from_str(&text).with_context(|| format!("{} is no assay", path.display()))?;
    }
    assay.rows = arguments.rows.map_or(assay.rows, |rows| rows as usize);
    assay.seed = arguments.seed.unwrap_or(assay.seed);
    let simulation = simulate(&assay)?;
    let lines = |path, values: &[f32]| -> Result<()> {
        let mut out = Output::create(path)?;
        for ((codes, _), value) in simulation.table.rows().zip(values) {
            let letters: Vec<u8> = codes.iter().map(|&code| base::to_ascii(code)).collect();
            out.write_all(&letters)?;
            writeln!(out, "\t{value}")?;
        }
        out.finish()
    };
    if let Some(path) = &arguments.truth {
        lines(path, &simulation.truth)?;
    }
    if let Some(path) = &arguments.sites {
        let mut text = Vec::new();
        for sites in &simulation.sites {
            serde_json::to_writer(&mut text, sites)?;
            text.push(b'\n');
        }
        output::write(path, &text)?;
    }
    lines(&arguments.out, simulation.table.labels())?;
    let (rows, ceiling) = (simulation.table.len(), simulation.noise_ceiling);
    // When standard error is closed there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{rows} rows, noise ceiling {ceiling:.4} (the best possible Pearson's r)");
    Ok(())
}
