//! `promoter score`: the challenge's official score.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use promoter::metrics::dream::{Bootstrap, Challenge, Comparison, Intervals, Rows, Score, Values};
use serde::Serialize;

use crate::output::Output;

/// Score predictions like the Random Promoter DREAM Challenge 2022
///
/// Truth and predictions are JSON objects (test row to value) as on the leaderboard, or tables as in the final round
/// (sequence, tab, value; all test rows in order; no header). Both can be gzipped.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter score --truth dream2022/public_leaderboard_ids/ground.json --predictions predictions.json \\
    --challenge dream2022 --rows public --bootstrap 10000")]
pub(crate) struct Arguments {
    /// Measured expression of the test sequences
    #[arg(long, value_name = "FILE")]
    truth: PathBuf,
    /// Predicted expression, in any unit
    #[arg(long, value_name = "FILE")]
    predictions: PathBuf,
    /// Folder of the challenge, with `test_subset_ids/` and `public_leaderboard_ids/`
    #[arg(long, value_name = "DIR")]
    challenge: PathBuf,
    /// Rows to score: `private` for the final ranking, `public` for the leaderboard
    #[arg(long, default_value = "private", value_parser = ["private", "public", "all"])]
    rows: String,
    /// Add 95 % intervals from a bootstrap of this many rounds
    #[arg(long, value_name = "ROUNDS", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    bootstrap: Option<u32>,
    /// Other predictions to compare with: differences over the same bootstrap draws [default: 10000 rounds]
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,
    /// Random seed of the bootstrap
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Plot truth against prediction for each subset into this SVG file
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Print JSON only
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Scored<'a> {
    #[serde(flatten)]
    score: &'a Score,
    #[serde(skip_serializing_if = "Option::is_none")]
    intervals: Option<&'a Intervals>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<&'a Comparison>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let rows: Rows = arguments.rows.parse()?;
    let plot = arguments.plot.as_deref().map(Output::create).transpose()?;
    let challenge = Challenge::read(&arguments.challenge).with_context(|| {
        let folder = arguments.challenge.display();
        format!("--challenge {folder}: expected a folder with `test_subset_ids/` and `public_leaderboard_ids/`")
    })?;
    let truth = Values::read(&arguments.truth)?;
    let select = |path| -> Result<_> { Ok(challenge.select(rows, &truth, &Values::read(path)?)?) };
    let selection = select(&arguments.predictions)?;
    let score = selection.score()?;

    let bootstrap = Bootstrap { seed: arguments.seed, ..Bootstrap::default() };
    let bootstrap = Bootstrap { rounds: arguments.bootstrap.unwrap_or(bootstrap.rounds), ..bootstrap };
    let intervals = arguments.bootstrap.map(|_| bootstrap.intervals(&selection)).transpose()?;
    let comparison = match &arguments.compare {
        Some(path) => Some(bootstrap.compare(&selection, &select(path)?)?),
        None => None,
    };
    if let Some(mut out) = plot {
        out.write_all(selection.plot()?.as_bytes())?;
        out.finish()?;
    }

    let mut out = std::io::stdout().lock();
    if arguments.json {
        let scored = Scored { score: &score, intervals: intervals.as_ref(), comparison: comparison.as_ref() };
        writeln!(out, "{}", serde_json::to_string_pretty(&scored)?)?;
        return Ok(());
    }
    write!(out, "{}", score.table(intervals.as_ref()))?;
    if let Some(comparison) = comparison {
        write!(out, "\n{}", comparison.table())?;
    }
    if score.unused > 0 {
        writeln!(out, "\n{} predictions fall outside the {rows} rows; ignored", score.unused)?;
    }
    Ok(())
}
