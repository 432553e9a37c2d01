//! The ranking: systems that train for equal seconds under one rule, the floor and anchors.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What every ranked system gets, and what stands beside them.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// Training seconds of each system on two idle cores, by its protocol's cost of a row.
    pub(crate) seconds: f64,
    /// Training seconds of each rate that is tried, likewise.
    pub(crate) trial_seconds: f64,
    /// What each system's own rate is multiplied by for the rates that are tried.
    pub(crate) rate_factors: Vec<f64>,
    /// Values that all systems have.
    pub(crate) set: BTreeMap<String, toml::Value>,
    /// The rule, in words.
    pub(crate) rule: String,
    /// Keys of a protocol that may differ on few rows.
    pub(crate) may_change: Vec<String>,
    /// Shares of the steps after which the network is evaluated on the way.
    pub(crate) evaluated_after: Vec<f64>,
    /// Scores that were measured elsewhere.
    #[serde(default, rename = "anchor")]
    pub(crate) anchors: Vec<Anchor>,
}

/// A score that was measured elsewhere.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Anchor {
    /// What was trained.
    pub(crate) name: String,
    /// Where the scores stand.
    pub(crate) source: String,
    /// How it was trained.
    pub(crate) trained: String,
    /// Trainable parameters.
    pub(crate) parameters: f64,
    /// Official Pearson score of the public rows.
    pub(crate) pearson_score: f64,
    /// Official Spearman score of the public rows.
    pub(crate) spearman_score: f64,
}
