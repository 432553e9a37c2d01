//! What stands in a row of the tables.

use std::collections::BTreeMap;

use crate::catalogue::measure::Measure;
use crate::catalogue::reproduction::{Compare, Ours, Reported, Reproduction};
use crate::outcome::{Compared, Outcome, RunOutcome, Verdict};
use crate::text;
use crate::value::Name;

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
    let is_reported = |measure: &&Measure| {
        !one.reported.iter().any(|reported| reported.ours.as_ref() == Some(&Ours::Measure(measure.name.clone())))
    };
    let reported = one.reported.iter().map(|reported| of_reported(reported, outcome));
    let measures = one.measures.iter().filter(is_reported).map(|measure| of_measure(measure, outcome));
    let comparisons = one.comparisons.iter().map(|asked| of_comparison(asked, outcome));
    reported.chain(measures).chain(comparisons).collect()
}

fn of_reported(reported: &Reported, outcome: Option<&Outcome>) -> Line {
    let (mut ours, mut on) = ("-".to_owned(), String::new());
    if let (Some(asked), Some(outcome)) = (&reported.ours, outcome) {
        if let Some(value) = outcome.ours(asked) {
            ours = value.to_string() + &more(asked, outcome);
        }
        if let Ours::Run(run, _) = asked {
            on = self::on(outcome, run);
        }
    }
    let (what, metric) = (reported.what.clone(), reported.metric.clone());
    Line { what, metric, reported: reported.value.to_string(), ours, on }
}

/// What else there is to say of our value: its interval, or how it was measured.
fn more(asked: &Ours, outcome: &Outcome) -> String {
    let in_brackets = |text: &str| if text.is_empty() { String::new() } else { format!(" ({text})") };
    match asked {
        Ours::Measure(name) => in_brackets(outcome.measures.get(name).map_or("", |measured| &measured.detail)),
        Ours::Run(name, value) => {
            let Some(run) = outcome.runs.iter().find(|done| done.name == *name) else { return String::new() };
            let interval =
                run.intervals.get(value).map_or(String::new(), |(low, high)| format!("{low:.3} to {high:.3}"));
            let squared = *value == Name::PublicPearsonScore;
            in_brackets(&interval) + &if squared { anti_correlated(&run.values) } else { String::new() }
        }
    }
}

/// A warning where a score is of predictions that fall when expression rises: the official score squares r.
pub(super) fn anti_correlated(values: &BTreeMap<Name, f64>) -> String {
    match values.get(&Name::PublicPearson) {
        Some(r) if *r < 0.0 => format!(", anti-correlated: r {r:.3}"),
        _ => String::new(),
    }
}

fn of_measure(measure: &Measure, outcome: Option<&Outcome>) -> Line {
    let measured = outcome.and_then(|outcome| outcome.measures.get(&measure.name));
    let ours = match measured {
        None => "-".into(),
        Some(measured) if measured.detail.is_empty() => measured.value.to_string(),
        Some(measured) => format!("{} ({})", measured.value, measured.detail),
    };
    Line { what: measure.name.clone(), metric: String::new(), reported: "-".into(), ours, on: String::new() }
}

fn of_comparison(asked: &Compare, outcome: Option<&Outcome>) -> Line {
    let is = |c: &&Compared| (&c.run, &c.with, c.by) == (&asked.run, &asked.with, asked.by);
    let compared = outcome.and_then(|outcome| outcome.comparisons.iter().find(is));
    let after = asked.after.map_or(String::new(), |share| format!(" after {share} of its passes"));
    Line {
        what: format!("{} against {}{after}", asked.run, asked.with),
        metric: asked.by.plain(),
        reported: asked.claim.text().into(),
        ours: compared.map_or("-".into(), words),
        on: outcome.map_or(String::new(), |outcome| on(outcome, &asked.run)),
    }
}

/// Means, their difference, its interval and the verdict: all of the same runs.
fn words(compared: &Compared) -> String {
    let Some((run, with)) = compared.means else { return compared.method.clone() };
    let interval = compared.interval.map_or(String::new(), |(low, high)| format!("{low:+.4} to {high:+.4}; "));
    let verdict = match compared.verdict {
        Verdict::NoClaim => String::new(),
        verdict => format!(", {}", verdict.text()),
    };
    format!("{run:.4} and {with:.4}: {:+.4} ({interval}{}){verdict}", run - with, compared.method)
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
    let rows = text::number(run.train_rows as f64);
    if run.passes < 1.0 {
        let seen = text::number((run.passes * run.train_rows as f64).round());
        format!("{seen} of {rows} rows")
    } else {
        format!("{rows} rows, {:.1} passes", run.passes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::reproduction::Claim;

    #[test]
    fn the_numbers_of_a_line_agree_with_each_other() {
        let compared = Compared {
            run: "a".into(),
            with: "b".into(),
            by: Name::ValidationPearson,
            claim: Claim::Better,
            means: Some((0.75, 0.7)),
            interval: Some((0.01, 0.09)),
            method: "3 seeds, t interval".into(),
            verdict: Verdict::Held,
        };
        let line = words(&compared);
        assert_eq!(line, "0.7500 and 0.7000: +0.0500 (+0.0100 to +0.0900; 3 seeds, t interval), held");
    }

    #[test]
    fn a_score_of_anti_correlated_predictions_says_so() {
        let values = |r| BTreeMap::from([(Name::PublicPearson, r)]);
        assert_eq!(anti_correlated(&values(-0.516)), ", anti-correlated: r -0.516");
        assert_eq!(anti_correlated(&values(0.5)), "");
    }
}
