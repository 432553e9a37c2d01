//! The challenge's official score.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use promoter::metrics::dream::{Bootstrap, Challenge, Comparison, Intervals, Rows, Score, Values};
use serde::Serialize;

use super::Arguments;
use crate::output::Output;

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

pub(super) fn run(arguments: &Arguments, folder: &Path, plot: Option<Output>) -> Result<()> {
    let rows: Rows = arguments.rows.parse()?;
    let challenge = Challenge::read(folder).with_context(|| {
        let folder = folder.display();
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
