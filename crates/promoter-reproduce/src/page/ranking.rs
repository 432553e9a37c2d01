//! The ranking: systems that trained for equal seconds, between floor and anchors.

use std::collections::BTreeMap;
use std::path::Path;

use super::source;
use crate::catalogue::Catalogue;
use crate::catalogue::ranking::Rule;
use crate::measure::Floor;
use crate::outcome::{self, Outcome, RunOutcome};
use crate::runner::FLOOR;
use crate::value::Name;
use crate::{Error, Scale, plan, text};

/// The ranking.
pub(super) struct Ranking<'a> {
    pub(super) rule: &'a Rule,
    /// Best first; with floor and anchors among the systems.
    pub(super) rows: Vec<Row>,
    /// Systems that have no current result.
    pub(super) pending: Vec<&'a str>,
    pub(super) floor: Option<Floor>,
    /// The systems' runs, by their names.
    pub(super) runs: BTreeMap<String, RunOutcome>,
}

/// A row of the ranking, as it is shown.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) parameters: String,
    pub(super) trained: String,
    /// What was chosen on the validation rows.
    pub(super) chosen: String,
    /// Seconds of training by the stated cost, and those that it took.
    pub(super) budget: String,
    pub(super) taken: String,
    pub(super) score: String,
    pub(super) spearman: String,
    pub(super) all: String,
    pub(super) validation: String,
    /// By which it is sorted.
    pub(super) value: f64,
    /// Whether it is a network of this project.
    pub(super) is_system: bool,
}

impl<'a> Ranking<'a> {
    /// Of current results; runs at small scale only.
    pub(super) fn of(
        catalogue: &'a Catalogue,
        outcomes: &BTreeMap<String, Outcome>,
        results: &Path,
        root: &Path,
    ) -> Result<Self, Error> {
        let floor = match source(Scale::Small, results, root)? {
            Some(source) => outcome::read_current::<Floor>(&results.join(FLOOR), &plan::floor_key(&source))?,
            None => None,
        };
        let mut ranking =
            Self { rule: &catalogue.rule, rows: Vec::new(), pending: Vec::new(), floor, runs: BTreeMap::new() };
        for one in &catalogue.reproductions {
            for run in one.runs.iter().filter(|run| run.of.is_none()) {
                let Some(name) = &run.ranked else { continue };
                let outcome = outcomes.get(&one.id).filter(|outcome| outcome.scale == Scale::Small);
                match outcome.and_then(|outcome| outcome.runs.iter().find(|done| done.name == run.name)) {
                    Some(done) => {
                        ranking.rows.push(Row::of_system(name, done, &catalogue.rule));
                        ranking.runs.insert(name.clone(), done.clone());
                    }
                    None => ranking.pending.push(name),
                }
            }
        }
        if !ranking.rows.is_empty() {
            ranking.rows.extend(ranking.floor.as_ref().map(Row::of_floor));
            ranking.rows.extend(catalogue.rule.anchors.iter().map(Row::of_anchor));
        }
        ranking.rows.sort_by(|a, b| b.value.total_cmp(&a.value));
        Ok(ranking)
    }
}

/// A value with three digits and its interval.
fn with_interval(values: &BTreeMap<Name, f64>, intervals: &BTreeMap<Name, (f64, f64)>, name: Name) -> String {
    let value = values.get(&name).map_or("-".into(), |value| format!("{value:.3}"));
    match intervals.get(&name) {
        Some((low, high)) => format!("{value} ({low:.3} to {high:.3})"),
        None => value,
    }
}

impl Row {
    fn of_system(name: &str, run: &RunOutcome, rule: &Rule) -> Self {
        let of = |name| with_interval(&run.values, &run.intervals, name);
        let parameters = run.values.get(&Name::Parameters).map_or("-".into(), |n| text::number(*n));
        Self {
            name: name.to_owned(),
            parameters,
            trained: run.failure.as_ref().map_or_else(|| super::line::extent(run), |_| "broke down".into()),
            chosen: run.chosen.clone(),
            budget: format!("{:.0}", rule.seconds),
            taken: format!("{:.0}", run.seconds),
            score: of(Name::PublicPearsonScore) + &super::line::anti_correlated(&run.values),
            spearman: of(Name::PublicSpearmanScore),
            all: of(Name::PublicPearson),
            validation: of(Name::ValidationPearson),
            value: run.values.get(&Name::PublicPearsonScore).copied().unwrap_or(-1.0),
            is_system: true,
        }
    }

    fn of_floor(floor: &Floor) -> Self {
        let of = |name| with_interval(&floor.values, &floor.intervals, name);
        Self {
            name: "ridge on 2- to 6-mers (floor)".into(),
            parameters: "5,457".into(),
            trained: format!("{} rows", text::number(floor.train_rows as f64)),
            chosen: format!("penalty {}", floor.penalty),
            budget: "-".into(),
            taken: "-".into(),
            score: of(Name::PublicPearsonScore),
            spearman: of(Name::PublicSpearmanScore),
            all: of(Name::PublicPearson),
            validation: of(Name::ValidationPearson),
            value: floor.values.get(&Name::PublicPearsonScore).copied().unwrap_or(-1.0),
            is_system: false,
        }
    }

    fn of_anchor(anchor: &crate::catalogue::ranking::Anchor) -> Self {
        Self {
            name: format!("{} ({})", anchor.name, anchor.source),
            parameters: text::number(anchor.parameters),
            trained: anchor.trained.clone(),
            chosen: String::new(),
            budget: "-".into(),
            taken: "-".into(),
            score: format!("{:.3}", anchor.pearson_score),
            spearman: format!("{:.3}", anchor.spearman_score),
            all: "-".into(),
            validation: "-".into(),
            value: anchor.pearson_score,
            is_system: false,
        }
    }
}

impl Ranking<'_> {
    /// Seconds by the stated cost and a value of every system on its way, and of the end.
    pub(super) fn curves(&self, value: Name) -> Vec<(&str, Vec<(f64, f64)>)> {
        let of = |run: &RunOutcome| {
            let at = |steps: u64| steps as f64 / run.steps.max(1) as f64 * self.rule.seconds;
            let moments = run.on_the_way.iter().map(|moment| (moment.steps, &moment.values));
            let moments = moments.chain([(run.steps, &run.values)]);
            moments.filter_map(|(steps, values)| Some((at(steps), *values.get(&value)?))).collect()
        };
        self.runs.iter().map(|(name, run)| (name.as_str(), of(run))).collect()
    }
}
