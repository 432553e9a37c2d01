//! One experiment of a report: what was said, and what stands beside it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::measure::Measure;
use crate::Scale;
use crate::data::Rows;
use crate::value::{Name, Value};

/// One experiment of a report. Unknown keys are errors.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reproduction {
    /// Its id, which is the file's name too.
    pub id: String,
    /// Team, or the paper of an anchor.
    pub team: String,
    /// What it is.
    pub title: String,
    /// Where it stands in the report or in the code.
    pub(crate) source: String,
    /// What the team said of it, in plain words.
    pub(crate) claim: String,
    /// A plain sentence on why ours differs, or on what had to be chosen.
    #[serde(default)]
    pub(crate) note: String,
    /// Why its claim cannot be judged on fewer than all rows, where it cannot.
    #[serde(default)]
    pub(crate) needs: Option<String>,
    /// Discrepancies between report and code that bear on it, each with a sentence.
    #[serde(default)]
    pub(crate) discrepancies: BTreeMap<String, String>,
    /// Numbers that were reported.
    #[serde(default)]
    pub(crate) reported: Vec<Reported>,
    /// Runs that stand beside them.
    #[serde(default, rename = "run")]
    pub(crate) runs: Vec<Run>,
    /// Random searches that stand beside them.
    #[serde(default, rename = "search")]
    pub(crate) searches: Vec<Search>,
    /// Numbers that need no training of their own.
    #[serde(default, rename = "measure")]
    pub(crate) measures: Vec<Measure>,
    /// Which run should be better than which.
    #[serde(default, rename = "compare")]
    pub(crate) comparisons: Vec<Compare>,
    /// Curves to redraw.
    #[serde(default, rename = "figure")]
    pub(crate) figures: Vec<Figure>,
    /// What of the file decides its result, as text: everything but words for people.
    #[serde(skip)]
    pub(crate) decisive: String,
}

/// A number or a word that was reported.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reported {
    /// What it is.
    pub(crate) what: String,
    /// Its value.
    pub(crate) value: Value,
    /// The metric as the team computed it.
    #[serde(default)]
    pub(crate) metric: String,
    /// Where it stands.
    #[serde(default)]
    pub(crate) source: String,
    /// What of ours stands beside it.
    #[serde(default)]
    pub(crate) ours: Option<Ours>,
    /// How far ours may lie from it to be called equal. A number from training is compared at full scale only.
    #[serde(default)]
    pub(crate) tolerance: f64,
}

/// What stands beside a reported number.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub(crate) enum Ours {
    /// A measure.
    Measure(String),
    /// A run's value, written `RUN.VALUE`.
    Run(String, Name),
}

impl From<String> for Ours {
    fn from(text: String) -> Self {
        let run = text.rsplit_once('.').and_then(|(run, value)| Some((run.to_owned(), Name::of(value)?)));
        run.map_or(Self::Measure(text), |(run, value)| Self::Run(run, value))
    }
}

/// A training run, once for each seed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Run {
    /// Its name in this reproduction.
    pub(crate) name: String,
    /// The protocol that it starts from; of a run that another reproduction has, nothing but [`of`](Self::of).
    #[serde(default)]
    pub(crate) protocol: String,
    /// The run of another reproduction that it is, written `ID.RUN`.
    #[serde(default)]
    pub(crate) of: Option<String>,
    /// A run before it, with whose weights of the same seed it starts; randomly initialised if omitted.
    #[serde(default)]
    pub(crate) start: Option<String>,
    /// Which rows it trains on.
    #[serde(default)]
    pub(crate) rows: Rows,
    /// Whether the test sequences are predicted and scored.
    #[serde(default)]
    pub(crate) scored: bool,
    /// Its name in the ranking of systems, when it is one of them.
    #[serde(default)]
    pub(crate) ranked: Option<String>,
    /// Tables of the protocol that it lacks.
    #[serde(default)]
    pub(crate) without: Vec<String>,
    /// Values that differ from the protocol's, keys with dots between the tables.
    #[serde(default)]
    pub(crate) set: BTreeMap<String, toml::Value>,
    /// How many times the protocol's cost a row of it takes; a plan's seconds, and nothing else, depend on it.
    #[serde(default = "Run::cost")]
    pub(crate) cost: f64,
    /// What is different in a smoke test.
    #[serde(default)]
    pub(crate) smoke: Extent,
    /// What is different on few rows.
    #[serde(default)]
    pub(crate) small: Extent,
    /// What is different on all rows.
    #[serde(default)]
    pub(crate) full: Extent,
}

impl Run {
    fn cost() -> f64 {
        1.0
    }

    /// What is different at a scale.
    pub(crate) fn extent(&self, scale: Scale) -> &Extent {
        match scale {
            Scale::Smoke => &self.smoke,
            Scale::Small => &self.small,
            Scale::Full => &self.full,
        }
    }
}

/// How far a run goes at one scale.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Extent {
    /// Training seconds on two idle cores, from which steps follow by the protocol's cost of a row. The numbers stay
    /// the same on a slower machine: only the steps are counted.
    #[serde(default)]
    pub(crate) seconds: Option<f64>,
    /// Training steps, where equal steps are compared.
    #[serde(default)]
    pub(crate) steps: Option<u64>,
    /// Seeds, from 1.
    #[serde(default)]
    pub(crate) seeds: Option<u64>,
    /// Values that differ at this scale.
    #[serde(default)]
    pub(crate) set: BTreeMap<String, toml::Value>,
}

/// A random search over values of a protocol, by `promoter search`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    /// Its name in this reproduction.
    pub(crate) name: String,
    /// The protocol that trials start from.
    pub(crate) protocol: String,
    /// Seed of its draws.
    pub(crate) seed: u64,
    /// The metric of the validation rows by which trials are ranked.
    pub(crate) metric: promoter_metrics::Metric,
    /// The run whose place among the trials is asked for, where one is.
    #[serde(default)]
    pub(crate) chosen: Option<String>,
    /// Values that differ from the protocol's in every trial.
    #[serde(default)]
    pub(crate) set: BTreeMap<String, toml::Value>,
    /// Trials on few rows.
    pub(crate) trials: u64,
    /// Passes over the rows of each trial on few rows.
    pub(crate) passes: u64,
    /// How many times the protocol's cost a row of a trial takes, for the plan.
    #[serde(default = "Run::cost")]
    pub(crate) cost: f64,
    /// Where each key's values come from, as in a search file.
    pub(crate) keys: toml::Table,
}

/// Which run should be better than which.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Compare {
    /// The run that the claim is about.
    pub(crate) run: String,
    /// The run beside it.
    pub(crate) with: String,
    /// By which of the runs' values.
    pub(crate) by: Name,
    /// What the team claims of `run`.
    pub(crate) claim: Claim,
    /// A difference up to which two runs are equal.
    #[serde(default = "Compare::margin")]
    pub(crate) margin: f64,
    /// The share of `with`'s passes after which its value is taken, from its curve; its kept epoch's if omitted.
    #[serde(default)]
    pub(crate) after: Option<f64>,
}

impl Compare {
    fn margin() -> f64 {
        0.01
    }
}

/// What a team claims of one run against another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Claim {
    /// It is better.
    Better,
    /// It is not better.
    NoGain,
    /// It is neither better nor worse.
    NoDifference,
    /// Nothing: the comparison is ours.
    None,
}

impl Claim {
    /// For tables.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::NoGain => "no gain",
            Self::NoDifference => "no difference",
            Self::None => "-",
        }
    }
}

/// Curves to redraw.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Figure {
    /// What it shows.
    pub(crate) title: String,
    /// Name of the horizontal axis.
    pub(crate) x: String,
    /// Name of the vertical axis.
    pub(crate) y: String,
    /// What was reported.
    #[serde(default)]
    pub(crate) reported: Vec<Points>,
    /// What of ours is drawn.
    #[serde(default)]
    pub(crate) ours: Vec<Curve>,
}

/// Points that were reported or read off a figure.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Points {
    /// Which curve.
    pub(crate) name: String,
    /// Horizontal and vertical values.
    pub(crate) points: Vec<(f64, f64)>,
}

/// A value of a run's epochs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Curve {
    /// Which curve.
    pub(crate) name: String,
    /// The run.
    pub(crate) run: String,
    /// The value.
    pub(crate) value: Name,
}
