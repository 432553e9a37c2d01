//! What came out: one JSON file for each reproduction.

use std::collections::BTreeMap;
use std::path::Path;

use promoter_torch::file::write_whole;
use promoter_train::Environment;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::reproduction::{Claim, Value};
use crate::{Error, Scale};

/// What came out of a reproduction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The reproduction.
    pub id: String,
    /// At which scale.
    pub scale: Scale,
    /// Hash of the reproduction's file, its runs and its data.
    pub key: String,
    /// Version of the code that made it.
    pub code: String,
    /// What it came to.
    pub verdict: Verdict,
    /// Why, in a sentence.
    pub because: String,
    /// Numbers that needed no training.
    pub measures: BTreeMap<String, Measured>,
    /// Its runs, a seed each.
    pub runs: Vec<RunOutcome>,
    /// Its comparisons.
    pub comparisons: Vec<Compared>,
}

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It held.
    Held,
    /// It did not hold.
    DidNotHold,
    /// It cannot be said at this scale.
    Undecided,
    /// Nothing was claimed: the number is ours.
    NoClaim,
}

impl Verdict {
    /// For tables.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::DidNotHold => "did not hold",
            Self::Undecided => "undecided at this scale",
            Self::NoClaim => "no claim",
        }
    }
}

/// A number that needed no training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The number or word.
    pub value: Value,
    /// What else there is to say about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// A finished run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunOutcome {
    /// Its name in the reproduction.
    pub name: String,
    /// Its seed.
    pub seed: u64,
    /// Hash of experiment and data.
    pub key: String,
    /// Version of the code.
    pub code: String,
    /// Device, threads, CPU, versions.
    pub environment: Environment,
    /// Which rows.
    pub data: String,
    /// Rows that trained.
    pub train_rows: u64,
    /// Rows that validated.
    pub validation_rows: u64,
    /// Rows of a batch.
    pub batch: u64,
    /// Training steps.
    pub steps: u64,
    /// Passes over the training rows; shifted and reversed copies count.
    pub passes: f64,
    /// Seconds of training, without evaluation; since the last interruption when there was one.
    pub seconds: f64,
    /// Why it has no numbers, when it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Its numbers by name: `docs/experiments.md` says what they are.
    pub values: BTreeMap<String, f64>,
    /// 95 % intervals of some of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub intervals: BTreeMap<String, (f64, f64)>,
    /// Values by epoch.
    pub curve: Vec<Point>,
}

/// Values of an epoch, in units of the transformed label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Passes over the training rows at its end; copies count.
    pub passes: f64,
    /// By name.
    pub values: BTreeMap<String, f64>,
}

/// One run against another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    /// The run that the claim is about.
    pub run: String,
    /// The run beside it.
    pub with: String,
    /// By which value.
    pub by: String,
    /// What is claimed.
    pub claim: Claim,
    /// The first's value less the second's, averaged over the seeds; none when a run has no value.
    pub difference: Option<f64>,
    /// Its 95 % interval, where there is one.
    pub interval: Option<(f64, f64)>,
    /// What the interval is made of.
    pub method: String,
    /// What became of the claim.
    pub verdict: Verdict,
}

impl Outcome {
    /// A run's value, averaged over its seeds.
    pub fn value(&self, run: &str, value: &str) -> Option<f64> {
        let values: Vec<f64> =
            self.runs.iter().filter(|one| one.name == run).filter_map(|one| one.values.get(value).copied()).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }

    /// What stands beside a reported number: a measure, or `RUN.VALUE`.
    pub fn ours(&self, name: &str) -> Option<Value> {
        if let Some(measured) = self.measures.get(name) {
            return Some(measured.value.clone());
        }
        let (run, value) = name.split_once('.')?;
        self.value(run, value).map(Value::Number)
    }
}

/// Writes JSON, whole or not at all.
///
/// # Errors
/// [`Error::Io`], [`Error::Json`].
pub fn write(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    let mut text =
        serde_json::to_string_pretty(value).map_err(|source| Error::Json { path: path.to_owned(), source })?;
    text.push('\n');
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
    }
    write_whole(path, text.as_bytes()).map_err(Error::io(path))
}

/// Reads JSON; none when there is no such file.
///
/// # Errors
/// [`Error::Io`], [`Error::Json`].
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Io { path: path.to_owned(), source }),
        Ok(text) => {
            serde_json::from_str(&text).map(Some).map_err(|source| Error::Json { path: path.to_owned(), source })
        }
    }
}
