//! How many rows there are, and how a rate changes.

use promoter_seq::read::{self, ReadOptions};
use promoter_seq::{Filter, Split, Table};
use promoter_train::optimiser::OptimiserConfig;
use promoter_train::schedule::{Moment, Schedule};
use toml::Value;

use super::Part;
use crate::data::Rows;
use crate::outcome::Measured;
use crate::{Error, Source, reproduction};

/// Rows of a part of so many rows; what the rows are does not matter.
pub(super) fn split_size(rows: u32, split: &Split, of: Part) -> Result<usize, Error> {
    let n = rows as usize;
    let parts = split.parts(&Table::from_parts(vec![0; n], (1..=n as u64).collect(), vec![0.0; n])?)?;
    Ok(match of {
        Part::Train => parts.train.len(),
        Part::Validation => parts.validation.len(),
    })
}

/// Rows that a filter keeps of the given ones, or their share.
pub(super) fn kept(source: &Source, filter: &Filter, share: bool) -> Result<Measured, Error> {
    let table = match source {
        Source::Simulated => {
            let assay = promoter_train::experiment::Experiment::peppa();
            let promoter_train::experiment::Data::Simulated(assay) = assay.data else { return Ok(nothing()) };
            let assay = promoter::sim::Assay { rows: 1000, ..assay };
            promoter::sim::simulate(&assay).map_err(promoter_train::Error::from)?.table
        }
        Source::Folder { .. } | Source::Full { .. } => {
            let Value::Table(data) = source.table(Rows::Challenge) else { return Ok(nothing()) };
            let path = crate::protocol::get(&data, "file.path").and_then(Value::as_str).unwrap_or_default();
            read::read(path, &ReadOptions::default())?.0
        }
    };
    let rows = table.len();
    let (table, report) = filter.apply(table, 1)?;
    let value = if share { table.len() as f64 / rows as f64 } else { table.len() as f64 };
    Ok(Measured {
        value: reproduction::Value::Number(value),
        detail: format!("{}: {report}", source.name(Rows::Challenge)),
    })
}

fn nothing() -> Measured {
    Measured { value: reproduction::Value::Text("-".into()), detail: String::new() }
}

/// The learning rate at a step.
pub(super) fn learning_rate(experiment: &toml::Table, step: u64, steps: u64, epochs: u64) -> Result<f64, String> {
    let part = |key: &str| experiment.get(key).cloned().unwrap_or_else(|| Value::Table(toml::Table::new()));
    let optimiser: OptimiserConfig = part("optimiser").try_into().map_err(|e: toml::de::Error| e.to_string())?;
    let schedule: Schedule = match experiment.get("schedule") {
        None => Schedule::default(),
        Some(schedule) => schedule.clone().try_into().map_err(|e: toml::de::Error| e.to_string())?,
    };
    let moment = Moment { step, steps, epoch: step * epochs / steps.max(1), epochs };
    Ok(optimiser.lr() * schedule.factor(&moment))
}
