//! One experiment of a report: what was said, and what stands beside it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Scale;
use crate::data::Rows;
use crate::measure::Measure;

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
    pub source: String,
    /// What the team said of it, in plain words.
    pub claim: String,
    /// A plain sentence on why ours differs, or on what had to be chosen.
    #[serde(default)]
    pub note: String,
    /// Discrepancies between report and code that bear on it, each with a sentence.
    #[serde(default)]
    pub discrepancies: BTreeMap<String, String>,
    /// Numbers that were reported.
    #[serde(default)]
    pub reported: Vec<Reported>,
    /// Runs that stand beside them.
    #[serde(default, rename = "run")]
    pub runs: Vec<Run>,
    /// Numbers that need no training.
    #[serde(default, rename = "measure")]
    pub measures: Vec<Measure>,
    /// Which run should be better than which.
    #[serde(default, rename = "compare")]
    pub comparisons: Vec<Compare>,
    /// Curves to redraw.
    #[serde(default, rename = "figure")]
    pub figures: Vec<Figure>,
    /// Hash of the file.
    #[serde(skip)]
    pub hash: String,
}

/// A number or a word that was reported.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reported {
    /// What it is.
    pub what: String,
    /// Its value.
    pub value: Value,
    /// Unit of the value.
    #[serde(default)]
    pub unit: String,
    /// The metric as the team computed it.
    #[serde(default)]
    pub metric: String,
    /// Where it stands.
    #[serde(default)]
    pub source: String,
    /// What of ours stands beside it: the name of a measure, or `RUN.VALUE`.
    #[serde(default)]
    pub ours: Option<String>,
    /// How far ours may lie from it to be called equal. A number from training is compared at full scale only.
    #[serde(default)]
    pub tolerance: f64,
}

/// A number or a word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A word.
    Text(String),
}

/// A training run, once for each seed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Its name in this reproduction.
    pub name: String,
    /// The protocol that it starts from.
    pub protocol: String,
    /// A run before it, with whose weights of the same seed it starts; drawn ones without.
    #[serde(default)]
    pub start: Option<String>,
    /// Which rows it trains on.
    #[serde(default)]
    pub rows: Rows,
    /// Whether the test sequences are predicted and scored.
    #[serde(default)]
    pub scored: bool,
    /// Its name in the ranking of systems that were trained for equal seconds, when it is one of them.
    #[serde(default)]
    pub ranked: Option<String>,
    /// Values that differ from the protocol's, keys with dots between the tables.
    #[serde(default)]
    pub set: BTreeMap<String, toml::Value>,
    /// What is different in a smoke test.
    #[serde(default)]
    pub smoke: Extent,
    /// What is different on few rows.
    #[serde(default)]
    pub small: Extent,
    /// What is different on all rows.
    #[serde(default)]
    pub full: Extent,
}

impl Run {
    /// What is different at a scale.
    pub fn extent(&self, scale: Scale) -> &Extent {
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
pub struct Extent {
    /// Training seconds on two threads of a CPU, from which steps follow by the protocol's cost of a row. The numbers
    /// stay the same on a slower machine: only the steps are counted.
    #[serde(default)]
    pub seconds: Option<f64>,
    /// Seeds, from 1.
    #[serde(default)]
    pub seeds: Option<u64>,
    /// Values that differ at this scale.
    #[serde(default)]
    pub set: BTreeMap<String, toml::Value>,
}

/// Which run should be better than which.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compare {
    /// The run that the claim is about.
    pub run: String,
    /// The run beside it.
    pub with: String,
    /// By which of the runs' values.
    pub by: String,
    /// What the team claims of `run`.
    pub claim: Claim,
    /// A difference up to which a gain is none.
    #[serde(default = "Compare::margin")]
    pub margin: f64,
}

impl Compare {
    fn margin() -> f64 {
        0.01
    }
}

/// What a team claims of one run against another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// It is better.
    Better,
    /// It is not better, or makes no difference.
    NoGain,
    /// Nothing: the comparison is ours.
    None,
}

/// Curves to redraw.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// What it shows.
    pub title: String,
    /// Name of the horizontal axis.
    pub x: String,
    /// Name of the vertical axis.
    pub y: String,
    /// What was reported.
    #[serde(default)]
    pub reported: Vec<Points>,
    /// What of ours is drawn.
    #[serde(default)]
    pub ours: Vec<Curve>,
}

/// Points that were reported or read off a figure.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Points {
    /// Which curve.
    pub name: String,
    /// Horizontal and vertical values.
    pub points: Vec<(f64, f64)>,
}

/// A value of a run's epochs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curve {
    /// Which curve.
    pub name: String,
    /// The run.
    pub run: String,
    /// The value.
    pub value: String,
}
