//! `promoter new`: an experiment file for a table.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use crate::output::Output;
use crate::recipe;

/// Write an experiment file for a table of sequences and labels
///
/// The table is read and nothing is trained. The file says why each value was chosen; edit it, then run `promoter train
/// FILE`. `promoter train --data` makes the same experiment and runs it.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter new own.toml --data measured.csv --label expression
  promoter new own.toml --data measured.csv --label expression --group gene --network auth")]
pub(crate) struct Arguments {
    /// Experiment file to write, TOML; `-` is standard output
    #[arg(value_name = "FILE")]
    experiment: PathBuf,
    /// Table to learn from: TSV or CSV; plain, .gz or .zst
    #[arg(long, value_name = "TABLE")]
    data: PathBuf,
    #[command(flatten)]
    recipe: recipe::Options,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if arguments.experiment.is_file() {
        bail!("{} exists: choose another name", arguments.experiment.display());
    }
    let mut out = Output::create(&arguments.experiment)?;
    let plan = arguments.recipe.recipe(&arguments.data).plan()?;
    recipe::warn(&plan);
    out.write_all(plan.text.as_bytes())?;
    out.finish()
}
