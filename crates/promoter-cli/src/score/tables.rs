//! The agreement of any two tables.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Result, bail};
use promoter::metrics::Bootstrap;
use promoter::metrics::agreement::{Agreement, Difference, Range};
use promoter::metrics::scatter::{self, Panel};
use serde::Serialize;

use super::Arguments;
use super::column::{Column, Names};
use crate::output::Output;
use crate::progress;

/// Rounds of a bootstrap that is not told how many.
const ROUNDS: u32 = 2000;

/// How far r and rho lie apart before it is said.
const APART: f64 = 0.15;

/// What is printed.
#[derive(Serialize)]
struct Scored {
    rows: usize,
    #[serde(flatten)]
    all: Agreement,
    #[serde(skip_serializing_if = "Option::is_none")]
    intervals: Option<Agreement<Range>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<Agreement<Difference>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    groups: BTreeMap<String, Group>,
}

#[derive(Serialize)]
struct Group {
    rows: usize,
    #[serde(flatten)]
    scores: Agreement,
}

pub(super) fn run(arguments: &Arguments, plot: Option<Output>) -> Result<()> {
    let by = arguments.by.as_deref();
    let names = Names { value: arguments.truth_column.as_deref(), key: by, group: arguments.group.as_deref() };
    let truth = Column::read(&arguments.truth, names)?;
    let read = |path: &Path| -> Result<Vec<f64>> {
        let names = Names { value: arguments.prediction_column.as_deref(), key: by, group: None };
        let (values, unused) = joined(&truth, &arguments.truth, &Column::read(path, names)?, path)?;
        if unused > 0 {
            progress::tell(format!("{}: {unused} predictions have no measured value; ignored", path.display()));
        }
        Ok(values)
    };
    let predictions = read(&arguments.predictions)?;
    let rounds = arguments.bootstrap.unwrap_or(ROUNDS);
    let bootstrap = Bootstrap { rounds, seed: arguments.seed, ..Bootstrap::default() };
    let intervals = arguments.bootstrap.map(|_| bootstrap.agreement(&truth.values, &predictions)).transpose()?;
    let comparison = match &arguments.compare {
        Some(path) => Some(bootstrap.agreement_differences(&truth.values, &predictions, &read(path)?)?),
        None => None,
    };
    let groups = groups(&truth, &predictions);
    let scored = Scored {
        rows: truth.values.len(),
        all: Agreement::of(&truth.values, &predictions)?,
        intervals,
        comparison,
        groups: groups
            .iter()
            .map(|(name, (a, b))| Ok((name.clone(), Group { rows: a.len(), scores: Agreement::of(a, b)? })))
            .collect::<Result<_>>()?,
    };
    if let Some(mut out) = plot {
        let panel = |title: String, measured, predicted| Panel { title, what: "value", measured, predicted };
        let title = |name: &str, rows: usize, a: &Agreement| {
            format!("{name}: n {rows}, r {:.3}, \u{3c1} {:.3}", a.pearson, a.spearman)
        };
        let mut panels = vec![panel(title("all", scored.rows, &scored.all), &truth.values[..], &predictions[..])];
        panels.extend(groups.iter().map(|(name, (a, b))| {
            let group = &scored.groups[name];
            panel(title(name, group.rows, &group.scores), &a[..], &b[..])
        }));
        out.write_all(scatter::svg(&panels).as_bytes())?;
        out.finish()?;
    }
    let mut out = std::io::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&scored)?)?;
    } else {
        write!(out, "{}", table(&scored))?;
    }
    Ok(())
}

/// The prediction of each row of the truth, and the number of predictions that no row asks for.
fn joined(truth: &Column, truth_path: &Path, predictions: &Column, path: &Path) -> Result<(Vec<f64>, usize)> {
    let (shown, truth_shown) = (path.display(), truth_path.display());
    let by_order = truth.keys.is_empty() || predictions.keys.is_empty() || truth.keys == predictions.keys;
    if by_order {
        if truth.values.len() != predictions.values.len() {
            bail!(
                "{shown} has {} rows, {truth_shown} has {}: rows without a key are joined by their order",
                predictions.values.len(),
                truth.values.len()
            );
        }
        return Ok((predictions.values.clone(), 0));
    }
    let mut places = BTreeMap::new();
    for (place, key) in predictions.keys.iter().enumerate() {
        if let Some(first) = places.insert(key.as_str(), place) {
            let [a, b] = [first, place].map(|place| predictions.lines[place]);
            bail!("{shown}: lines {a} and {b} have the same key {key:?}: name a column of unique keys with --by");
        }
    }
    let mut taken = vec![false; predictions.values.len()];
    let mut values = Vec::with_capacity(truth.values.len());
    for (key, line) in truth.keys.iter().zip(&truth.lines) {
        match places.get(key.as_str()) {
            Some(&place) => {
                taken[place] = true;
                values.push(predictions.values[place]);
            }
            None => bail!("{truth_shown}:{line}: {shown} has no prediction for {key:?}"),
        }
    }
    let unused = taken.iter().filter(|&&taken| !taken).count();
    Ok((values, unused))
}

/// Truth and predictions of each group.
fn groups(truth: &Column, predictions: &[f64]) -> BTreeMap<String, (Vec<f64>, Vec<f64>)> {
    let mut groups: BTreeMap<String, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
    for ((group, &measured), &predicted) in truth.groups.iter().zip(&truth.values).zip(predictions) {
        let (a, b) = groups.entry(group.clone()).or_default();
        a.push(measured);
        b.push(predicted);
    }
    groups
}

fn table(scored: &Scored) -> String {
    let Scored { rows, all, intervals, comparison, groups } = scored;
    let mut text = format!("rows       {rows:>9}\n");
    let ranges = intervals.map(Agreement::named);
    for (i, (name, value)) in all.named().into_iter().enumerate() {
        text += &format!("{name:<10} {value:>9.4}{}\n", ranges.map_or(String::new(), |ranges| range(ranges[i].1)));
    }
    if let Some(differences) = comparison {
        text += "\nfirst less second\n";
        for (name, Difference { value, interval }) in differences.named() {
            text += &format!("{name:<10} {value:>9.4}{}\n", range(interval));
        }
    }
    if !groups.is_empty() {
        let width = groups.keys().map(|name| name.chars().count()).max().unwrap_or(0).max(5);
        let names: String = all.named().iter().map(|(name, _)| format!("{name:>10}")).collect();
        text += &format!("\n{:<width$} {:>9}{names}\n", "group", "rows");
        for (name, Group { rows, scores }) in groups {
            let values: String = scores.named().iter().map(|(_, value)| format!("{value:>10.4}")).collect();
            text += &format!("{name:<width$} {rows:>9}{values}\n");
        }
    }
    if (all.pearson - all.spearman).abs() > APART {
        text += "\nr and rho differ: a few extreme values, or a curve in place of a line, decide r. Look at --plot, \
                 and think of a logarithm of the label.\n";
    }
    text
}

fn range((low, high): Range) -> String {
    format!("  [{low:.4}, {high:.4}]")
}
