//! `promoter simulate`: promoters with known truth.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use promoter::encode::base;
use promoter::sim::{Assay, Simulation, simulate};

use crate::output::Output;
use crate::{memory, progress};

/// Simulate a sort-seq assay of yeast promoters
///
/// Writes sequence, tab, measured expression (in sorting bins), as `promoter train` reads it.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter simulate --rows 40000 -o simulated.tsv --sites sites.jsonl --truth truth.tsv")]
pub(crate) struct Arguments {
    /// Settings of the assay, TOML [default: yeast factors, 110 bases]
    #[arg(value_name = "FILE")]
    assay: Option<PathBuf>,
    /// Number of promoters [default: as in FILE, else 40000]
    #[arg(long)]
    rows: Option<u32>,
    /// Random seed [default: as in FILE, else 1]
    #[arg(long)]
    seed: Option<u64>,
    /// Output file
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    out: PathBuf,
    /// Write the expression before noise to this file: sequence, tab, expression
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
    /// Write the binding sites to this file: one JSON list per row
    #[arg(long, value_name = "FILE")]
    sites: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut assay = Assay::default();
    if let Some(path) = &arguments.assay {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        assay = toml::from_str(&text).with_context(|| format!("{} is not a valid assay file", path.display()))?;
    }
    assay.rows = arguments.rows.map_or(assay.rows, |rows| rows as usize);
    assay.seed = arguments.seed.unwrap_or(assay.seed);
    assay.check()?;
    memory::check(assay.bytes(), || format!("a simulation of {} rows", assay.rows))?;
    let create = |path: &Option<PathBuf>| path.as_deref().map(Output::create).transpose();
    let (truth, sites) = (create(&arguments.truth)?, create(&arguments.sites)?);
    let out = Output::create(&arguments.out)?;
    let simulation = simulate(&assay)?;
    if let Some(out) = truth {
        write(out, &simulation, &simulation.truth)?;
    }
    if let Some(mut out) = sites {
        for sites in &simulation.sites {
            serde_json::to_writer(&mut out, sites)?;
            writeln!(out)?;
        }
        out.finish()?;
    }
    write(out, &simulation, simulation.table.labels())?;
    let (rows, ceiling) = (simulation.table.len(), simulation.noise_ceiling);
    progress::tell(format_args!("{rows} rows, noise ceiling {ceiling:.4} (the best possible Pearson's r)"));
    Ok(())
}

/// A line for each promoter: sequence, tab, value.
fn write(mut out: Output, simulation: &Simulation, values: &[f32]) -> Result<()> {
    for ((codes, _), value) in simulation.table.rows().zip(values) {
        let letters: Vec<u8> = codes.iter().map(|&code| base::to_ascii(code)).collect();
        out.write_all(&letters)?;
        writeln!(out, "\t{value}")?;
    }
    out.finish()
}
