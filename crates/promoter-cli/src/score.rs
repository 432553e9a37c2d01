//! `promoter score`: how well predictions agree with what was measured.

mod challenge;
mod column;
mod tables;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::output::Output;

/// Score predictions against measured values
///
/// Truth and predictions are tables, plain or gzipped: comma-separated when the name ends in .csv, else tab-separated.
/// The value is the last column unless a column is named. Rows are joined by the first column, or by --by; tables of
/// one column, and tables with the same first column, by their order. Printed are Pearson's r, Spearman's rho, R2, mean
/// squared and mean absolute error.
///
/// With --challenge the score is that of the Random Promoter DREAM Challenge 2022: truth and predictions are JSON
/// objects (test row to value) as on the leaderboard, or tables as in the final round (sequence, tab, value; all test
/// rows in order; no header).
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  promoter score --truth measured.tsv --predictions predictions.tsv --bootstrap 2000
  promoter score --truth measured.csv --truth-column expression --by id --group chromosome --predictions a.csv \\
    --compare b.csv --plot scatter.svg
  promoter score --truth dream2022/public_leaderboard_ids/ground.json --predictions predictions.json \\
    --challenge dream2022 --rows public --bootstrap 10000")]
pub(crate) struct Arguments {
    /// Measured values
    #[arg(long, value_name = "FILE")]
    truth: PathBuf,
    /// Predicted values; with --challenge in any unit
    #[arg(long, value_name = "FILE")]
    predictions: PathBuf,
    /// Column of the measured values [default: the last]
    #[arg(long, value_name = "COLUMN", conflicts_with = "challenge")]
    truth_column: Option<String>,
    /// Column of the predicted values [default: the last]
    #[arg(long, value_name = "COLUMN", conflicts_with = "challenge")]
    prediction_column: Option<String>,
    /// Column, in both tables, that says which rows belong together [default: the first]
    #[arg(long, value_name = "COLUMN", conflicts_with = "challenge")]
    by: Option<String>,
    /// Column of the truth: score each of its groups, too
    #[arg(long, value_name = "COLUMN", conflicts_with = "challenge")]
    group: Option<String>,
    /// Folder of the challenge, with `test_subset_ids/` and `public_leaderboard_ids/`
    #[arg(long, value_name = "DIR")]
    challenge: Option<PathBuf>,
    /// Rows of the challenge to score: `private` for the final ranking, `public` for the leaderboard
    #[arg(long, default_value = "private", value_parser = ["private", "public", "all"], requires = "challenge")]
    rows: String,
    /// Add 95 % intervals from a bootstrap of this many rounds
    #[arg(long, value_name = "ROUNDS", value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    bootstrap: Option<u32>,
    /// Other predictions to compare with: differences over the same bootstrap draws [default: 2000 rounds, with
    /// --challenge 10000]
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,
    /// Random seed of the bootstrap
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Plot measured against predicted values, a panel for each subset or group, into this SVG file
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Print JSON only
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    // Refused before anything is computed.
    let plot = arguments.plot.as_deref().map(Output::create).transpose()?;
    match &arguments.challenge {
        Some(folder) => challenge::run(arguments, folder, plot),
        None => tables::run(arguments, plot),
    }
}
