//! Before anything is started: is it the challenge's file, and what will it take?

use std::path::Path;

use promoter_seq::Filter;
use promoter_seq::read::{self, ReadOptions};
use serde::{Deserialize, Serialize};

use crate::plan::{Plan, Planned, PlannedSearch};
use crate::text::duration;
use crate::{Error, outcome};

/// What a training file must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// Rows.
    pub rows: u64,
    /// Rows of length 110 without N.
    pub kept: u64,
}

/// The challenge's training file.
pub const CHALLENGE: Expected = Expected { rows: 6_739_258, kept: 5_511_002 };

/// A file that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Hash of its contents.
    pub hash: String,
    /// Rows.
    pub rows: u64,
    /// Rows of length 110 without N.
    pub kept: u64,
}

/// Checks a training file whose contents hash to `hash`. On first use its rows are counted and its hash is recorded in
/// `record`; later the hash must be the same.
///
/// # Errors
/// [`Error::Data`] when it is another file, [`Error::Sequences`] when it cannot be read.
pub fn check(path: &Path, hash: &str, expected: Expected, record: &Path) -> Result<Known, Error> {
    let refuse = |reason: String| Err(Error::Data { path: path.to_owned(), reason });
    if let Some(known) = outcome::read::<Known>(record)? {
        if known.hash == hash {
            return Ok(known);
        }
        return refuse(format!(
            "its contents differ from those of the file that the results in {} were made with (hash {}, now {hash}): \
             take that file, or remove {} to begin anew",
            record.parent().unwrap_or(record).display(),
            known.hash,
            record.display()
        ));
    }
    let (table, _) = read::read(path, &ReadOptions::default())?;
    let rows = table.len() as u64;
    let kept = Filter::exact_110().apply(table, 0)?.0.len() as u64;
    if (Expected { rows, kept }) != expected {
        return refuse(format!(
            "it has {rows} rows, {kept} of length 110 without N; the challenge's training file has {} and {}",
            expected.rows, expected.kept
        ));
    }
    let known = Known { hash: hash.to_owned(), rows, kept };
    outcome::write(record, &known)?;
    Ok(known)
}

/// What plans will take, for people: a line for each run and search that no plan before has, and their sum.
pub fn estimate(plans: &[Plan]) -> String {
    let mut text = format!("{:<52} {:>5} {:>9} {:>8}\n", "run", "seed", "steps", "time");
    let mut line = |name: String, seed: String, steps: String, seconds| {
        text += &format!("{name:<52} {seed:>5} {steps:>9} {:>8}\n", duration(seconds));
    };
    for (plan, part) in parts(plans) {
        match part {
            Part::Run(run) => {
                let steps = run.experiment.training.steps.map_or_else(|| "-".into(), |steps| steps.to_string());
                line(format!("{}, {}", plan.id, run.name), run.seed.to_string(), steps, run.seconds);
            }
            Part::Search(search) => {
                line(format!("{}, search {}", plan.id, search.name), "-".into(), "-".into(), search.seconds);
            }
        }
    }
    line("all, on two idle cores".into(), String::new(), String::new(), seconds(plans));
    text
}

/// Seconds on two idle cores that plans will take.
pub fn seconds(plans: &[Plan]) -> f64 {
    let of = |part: &Part<'_>| match part {
        Part::Run(run) => run.seconds,
        Part::Search(search) => search.seconds,
    };
    parts(plans).iter().map(|(_, part)| of(part)).sum()
}

enum Part<'a> {
    Run(&'a Planned),
    Search(&'a PlannedSearch),
}

/// What plans train, each once.
fn parts(plans: &[Plan]) -> Vec<(&Plan, Part<'_>)> {
    let mut known: Vec<&str> = Vec::new();
    let mut parts = Vec::new();
    for plan in plans {
        let runs = plan.runs.iter().map(|run| (run.key.as_str(), Part::Run(run)));
        let searches = plan.searches.iter().map(|search| (search.key.as_str(), Part::Search(search)));
        for (key, part) in runs.chain(searches) {
            if !known.contains(&key) {
                known.push(key);
                parts.push((plan, part));
            }
        }
    }
    parts
}
