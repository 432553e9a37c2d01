//! What came out: one JSON file for each reproduction.

use std::collections::BTreeMap;
use std::path::Path;

use promoter_encode::file::write_whole;
use promoter_train::Environment;
use promoter_train::precision::Precision;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::catalogue::reproduction::{Claim, Ours};
use crate::value::{Name, Value};
use crate::{Error, Scale};

/// What came out of a reproduction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The reproduction.
    pub id: String,
    /// At which scale.
    pub scale: Scale,
    /// Hash of what decides it: its file, its runs, the data and the version of the numbers.
    pub key: String,
    /// What it came to.
    pub verdict: Verdict,
    /// Why, in a sentence.
    pub because: String,
    /// Numbers that needed no training of their own.
    pub measures: BTreeMap<String, Measured>,
    /// Its runs, a seed each.
    pub runs: Vec<RunOutcome>,
    /// Its searches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub searches: Vec<SearchOutcome>,
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
    /// What was claimed to be better is neither better nor worse.
    NoDifference,
    /// It cannot be said without all rows; the sentence says why.
    NeedsFullData,
    /// Nothing was claimed: the number is ours.
    NoClaim,
}

impl Verdict {
    /// In the order of pages.
    pub(crate) const ALL: [Self; 5] =
        [Self::Held, Self::DidNotHold, Self::NoDifference, Self::NeedsFullData, Self::NoClaim];

    /// For tables.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::DidNotHold => "did not hold",
            Self::NoDifference => "no difference",
            Self::NeedsFullData => "needs the full data",
            Self::NoClaim => "nothing claimed",
        }
    }
}

/// A number that needed no training of its own.
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
    /// Hash of experiment, data and version of the numbers.
    pub key: String,
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
    /// Kind of the numbers in products while it trained.
    #[serde(default)]
    pub precision: Precision,
    /// Training steps.
    pub steps: u64,
    /// Passes over the training rows; shifted and reversed copies count.
    pub passes: f64,
    /// Seconds of training, without evaluation; since the last interruption when there was one.
    pub seconds: f64,
    /// What was chosen on the validation rows, and among what.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub chosen: String,
    /// Why it has no numbers, when it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Its values.
    pub values: BTreeMap<Name, f64>,
    /// 95 % intervals of some of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub intervals: BTreeMap<Name, (f64, f64)>,
    /// Values by epoch.
    pub curve: Vec<Point>,
    /// Values of the network as it was on the way, of a ranked run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_the_way: Vec<Moment>,
}

impl RunOutcome {
    /// A value after a share of the passes: of the last epoch that ended by then.
    pub(crate) fn after(&self, share: f64, name: Name) -> Option<f64> {
        let reached = |point: &&Point| point.passes <= self.passes * share + 1e-9;
        self.curve.iter().rev().find(reached)?.values.get(&name).copied()
    }
}

/// Values of an epoch, in units of the transformed label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Passes over the training rows at its end; copies count.
    pub passes: f64,
    /// By name.
    pub values: BTreeMap<Name, f64>,
}

/// A network on the way through its training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moment {
    /// Steps so far.
    pub steps: u64,
    /// Values of the weights of that step.
    pub values: BTreeMap<Name, f64>,
}

/// A finished search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchOutcome {
    /// Its name in the reproduction.
    pub name: String,
    /// Hash of its experiment, keys, data and version of the numbers.
    pub key: String,
    /// The metric by which trials are ranked.
    pub metric: String,
    /// The trials, the best first; failed ones last.
    pub trials: Vec<Trial>,
}

/// A trial of a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// Its number, from 0.
    pub number: u64,
    /// What it tried.
    pub settings: BTreeMap<String, String>,
    /// The metric; none when it failed.
    pub value: Option<f64>,
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
    pub by: Name,
    /// What is claimed.
    pub(crate) claim: Claim,
    /// Means over the seeds that both have; none when a run has no value.
    pub means: Option<(f64, f64)>,
    /// 95 % interval of the first's value less the second's, where there are three seeds or more.
    pub interval: Option<(f64, f64)>,
    /// What the interval is made of, and what stands against a verdict.
    pub method: String,
    /// What became of the claim.
    pub verdict: Verdict,
}

impl Compared {
    /// The first's mean less the second's.
    pub fn difference(&self) -> Option<f64> {
        self.means.map(|(run, with)| run - with)
    }
}

impl Outcome {
    /// A run's value, averaged over its seeds.
    pub fn value(&self, run: &str, value: Name) -> Option<f64> {
        let values: Vec<f64> =
            self.runs.iter().filter(|one| one.name == run).filter_map(|one| one.values.get(&value).copied()).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }

    /// What stands beside a reported number.
    pub(crate) fn ours(&self, ours: &Ours) -> Option<Value> {
        match ours {
            Ours::Measure(name) => self.measures.get(name).map(|measured| measured.value.clone()),
            Ours::Run(run, value) => self.value(run, *value).map(Value::Number),
        }
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

/// Reads JSON; none when the file does not exist.
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

/// Reads a result if its key is `key`; one of other files, data or code is as good as none.
///
/// # Errors
/// [`Error::Io`]; [`Error::Json`] for a file with that key that is not a result.
pub fn read_current<T: DeserializeOwned>(path: &Path, key: &str) -> Result<Option<T>, Error> {
    #[derive(Deserialize)]
    struct Keyed {
        key: String,
    }
    match read::<Keyed>(path) {
        Ok(Some(keyed)) if keyed.key == key => read(path),
        Ok(_) | Err(Error::Json { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
