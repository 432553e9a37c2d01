//! What a run's folder says of it.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Line;
use crate::{EpochRecord, Error, Outcome, Prepared};

/// What a run's other files do not say: `summary.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Summary {
    pub(super) title: String,
    pub(super) lines: Vec<Line>,
    pub(super) noise_ceiling: Option<f64>,
    /// What the filter removed, for people.
    pub(super) filter: String,
    pub(super) train_rows: usize,
    pub(super) validation_rows: usize,
    /// Trained numbers of the network.
    pub(super) parameters: usize,
    pub(super) rows_per_second: f64,
    /// Epoch whose network was kept, from 0.
    pub(super) best_epoch: u64,
}

impl Summary {
    pub(super) const FILE: &str = "summary.json";

    pub(super) fn of(title: &str, lines: &[Line], prepared: &Prepared, outcome: &Outcome) -> Self {
        Self {
            title: title.to_owned(),
            lines: lines.to_vec(),
            noise_ceiling: prepared.noise_ceiling,
            filter: prepared.filter.to_string(),
            train_rows: prepared.train.len(),
            validation_rows: prepared.validation.len(),
            parameters: outcome.parameters,
            rows_per_second: outcome.rows_per_second,
            best_epoch: outcome.best_epoch,
        }
    }
}

/// A finished run, from its folder.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) path: PathBuf,
    pub(super) summary: Summary,
    pub(super) records: Vec<EpochRecord>,
}

impl Finished {
    pub(super) fn read(folder: &Path) -> Result<Self, Error> {
        for missing in ["config.toml", "metrics.jsonl"] {
            if !folder.join(missing).is_file() {
                return Err(Error::NoRun { path: folder.to_owned(), missing });
            }
        }
        if !folder.join(Summary::FILE).is_file() {
            return Err(Error::Unfinished { path: folder.to_owned(), missing: Summary::FILE });
        }
        let run =
            Self { path: folder.to_owned(), summary: json(folder, Summary::FILE)?.remove(0), records: Vec::new() };
        Ok(Self { records: json(folder, "metrics.jsonl")?, ..run })
    }

    pub(super) fn text(&self, name: &str) -> Result<String, Error> {
        text(&self.path, name)
    }

    /// Labels and predictions of the validation rows; none of masked k-mers.
    pub(super) fn predictions(&self) -> Result<(Vec<f32>, Vec<f32>), Error> {
        if self.summary.lines.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let number = |field: Option<&str>| field.and_then(|field| field.parse::<f32>().ok());
        let row = |line: &str| {
            let mut fields = line.split('\t').skip(1);
            Some((number(fields.next())?, number(fields.next())?))
        };
        let text = self.text("predictions.tsv")?;
        let rows = text.lines().enumerate().skip(1).map(|(i, line)| {
            row(line).ok_or_else(|| Error::Report(format!("predictions.tsv, line {}: expected two numbers", i + 1)))
        });
        Ok(rows.collect::<Result<Vec<_>, _>>()?.into_iter().unzip())
    }
}

fn text(folder: &Path, name: &str) -> Result<String, Error> {
    let path = folder.join(name);
    std::fs::read_to_string(&path).map_err(|source| Error::Io { path, source })
}

/// The JSON values of a file, one after the other, at least one.
fn json<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<Vec<T>, Error> {
    let text = text(folder, name)?;
    let values = serde_json::Deserializer::from_str(&text).into_iter().collect::<Result<Vec<T>, _>>();
    let damaged = |reason: String| Error::Report(format!("{}: {reason}", folder.join(name).display()));
    match values {
        Ok(values) if values.is_empty() => Err(damaged("there is nothing in it".into())),
        other => other.map_err(|error| damaged(error.to_string())),
    }
}
