//! What stands in a row of the tables.

use crate::outcome::{Outcome, RunOutcome, Verdict};
use crate::reproduction::{Claim, Reproduction};
use crate::verdict::{plain, show, show_number};

/// A reported number beside ours, or a comparison.
pub(super) struct Line {
    /// What it is.
    pub(super) what: String,
    /// The metric as it was computed.
    pub(super) metric: String,
    /// What was reported or claimed.
    pub(super) reported: String,
    /// Ours, with its interval.
    pub(super) ours: String,
    /// Rows, passes, seeds.
    pub(super) on: String,
}

/// The lines of a reproduction.
pub(super) fn lines(one: &Reproduction, outcome: Option<&Outcome>) -> Vec<Line> {
    let mut lines = Vec::new();
    for reported in &one.reported {
        let ours = reported.ours.as_ref().zip(outcome).and_then(|(name, outcome)| {
            let value = show(&outcome.ours(name)?);
            let interval = name.split_once('.').and_then(|(run, value)| {
                let run = outcome.runs.iter().find(|done| done.name == run)?;
                run.intervals.get(value)
            });
            let detail = outcome.measures.get(name).map_or("", |measured| measured.detail.as_str());
            let more = match interval {
                Some((low, high)) => format!(" ({low:.3} to {high:.3})"),
                None if detail.is_empty() => String::new(),
                None => format!(" ({detail})"),
            };
            Some(value + &more)
        });
        let run = reported.ours.as_ref().and_then(|name| name.split_once('.')).map(|(run, _)| run);
        let unit = if reported.unit.is_empty() { String::new() } else { format!(" {}", reported.unit) };
        lines.push(Line {
            what: reported.what.clone(),
            metric: reported.metric.clone(),
            reported: show(&reported.value) + &unit,
            ours: ours.unwrap_or_else(|| "-".into()),
            on: outcome.zip(run).map_or(String::new(), |(outcome, run)| on(outcome, run)),
        });
    }
    for measure in &one.measures {
        if one.reported.iter().any(|reported| reported.ours.as_ref() == Some(&measure.name)) {
            continue;
        }
        let measured = outcome.and_then(|outcome| outcome.measures.get(&measure.name));
        lines.push(Line {
            what: measure.name.clone(),
            metric: String::new(),
            reported: "-".into(),
            ours: measured.map_or("-".into(), |m| {
                if m.detail.is_empty() { show(&m.value) } else { format!("{} ({})", show(&m.value), m.detail) }
            }),
            on: String::new(),
        });
    }
    for asked in &one.comparisons {
        let compared = outcome.and_then(|outcome| {
            outcome.comparisons.iter().find(|c| (&c.run, &c.with, &c.by) == (&asked.run, &asked.with, &asked.by))
        });
        let ours = compared.map_or("-".into(), |compared| {
            let values =
                outcome.and_then(|o| Some((o.value(&asked.run, &asked.by)?, o.value(&asked.with, &asked.by)?)));
            let values = values.map_or(String::new(), |(a, b)| format!("{a:.4} and {b:.4}: "));
            let difference = match (compared.difference, compared.interval) {
                (Some(d), Some((low, high))) => format!("{d:+.4} ({low:+.4} to {high:+.4}; {})", compared.method),
                (Some(d), None) => format!("{d:+.4} ({})", compared.method),
                (None, _) => compared.method.clone(),
            };
            let verdict = match compared.verdict {
                Verdict::NoClaim => String::new(),
                verdict => format!(", {}", verdict.text()),
            };
            values + &difference + &verdict
        });
        lines.push(Line {
            what: format!("{} against {}", asked.run, asked.with),
            metric: plain(&asked.by),
            reported: match asked.claim {
                Claim::Better => "better".into(),
                Claim::NoGain => "no gain".into(),
                Claim::None => "-".into(),
            },
            ours,
            on: outcome.map_or(String::new(), |outcome| on(outcome, &asked.run)),
        });
    }
    lines
}

/// Rows, passes and seeds of a run.
fn on(outcome: &Outcome, run: &str) -> String {
    let seeds: Vec<&RunOutcome> = outcome.runs.iter().filter(|done| done.name == run).collect();
    let Some(first) = seeds.first() else { return String::new() };
    let seeds = match seeds.len() {
        1 => "seed 1".into(),
        n => format!("seeds 1 to {n}"),
    };
    format!("{}, {}; {seeds}", first.data, extent(first))
}

/// Rows that trained and how often.
pub(super) fn extent(run: &RunOutcome) -> String {
    let rows = show_number(run.train_rows as f64);
    if run.passes < 1.0 {
        let seen = show_number((run.passes * run.train_rows as f64).round());
        format!("{seen} of {rows} rows")
    } else {
        format!("{rows} rows, {:.1} passes", run.passes)
    }
}
