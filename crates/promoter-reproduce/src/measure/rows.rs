//! How many rows there are, and what a protocol says.

use promoter_seq::read::{self, ReadOptions};
use promoter_seq::{Filter, Split, Table};
use promoter_train::Experiment;
use promoter_train::schedule::Moment;

use crate::Error;
use crate::catalogue::Catalogue;
use crate::catalogue::measure::Part;
use crate::data::{Rows, Source};
use crate::outcome::Measured;
use crate::value::Value;

/// Simulated rows that a filter is tried on in a smoke test.
const SIMULATED: usize = 1000;

/// Rows of a part of `rows` rows; what the rows are does not matter.
pub(super) fn split_size(rows: u32, split: &Split, of: Part) -> Result<usize, Error> {
    let n = rows as usize;
    let parts = split.parts(&Table::from_parts(vec![0; n], (1..=n as u64).collect(), vec![0.0; n])?)?;
    Ok(match of {
        Part::Train => parts.train.len(),
        Part::Validation => parts.validation.len(),
    })
}

/// Challenge rows that a filter keeps, or their share.
pub(super) fn kept(source: &Source, filter: &Filter, share: bool) -> Result<Measured, Error> {
    let table = match source.file(Rows::Challenge) {
        Some(path) => read::read(path, &ReadOptions::default())?.0,
        None => {
            let assay = promoter::sim::Assay { rows: SIMULATED as _, ..promoter::sim::Assay::default() };
            promoter::sim::simulate(&assay).map_err(promoter_train::Error::from)?.table
        }
    };
    let rows = table.len();
    let (table, report) = filter.apply(table, 1)?;
    let value = if share { table.len() as f64 / rows as f64 } else { table.len() as f64 };
    let detail = format!("{}: {report}", source.name(Rows::Challenge));
    Ok(Measured { value: Value::Number(value), detail })
}

fn experiment(catalogue: &Catalogue, protocol: &str) -> Result<Experiment, Error> {
    let what = || format!("protocol {protocol}");
    let found = catalogue.protocols.get(protocol);
    let found = found.ok_or_else(|| Error::Measure { measure: what(), reason: "it does not exist".into() })?;
    found.experiment().map_err(|source| Error::Experiment { what: what(), source: Box::new(source) })
}

/// A protocol's experiment with every value written out.
pub(super) fn resolved(catalogue: &Catalogue, protocol: &str) -> Result<toml::Table, Error> {
    let text = experiment(catalogue, protocol)?.to_toml();
    text.parse().map_err(|source| Error::Toml { path: protocol.into(), source: Box::new(source) })
}

/// The learning rate of a protocol at a step.
pub(super) fn learning_rate(
    catalogue: &Catalogue,
    protocol: &str,
    step: u64,
    steps: u64,
    epochs: u64,
) -> Result<f64, Error> {
    let Experiment { optimiser, schedule, .. } = experiment(catalogue, protocol)?;
    let moment = Moment { step, steps, epoch: step * epochs / steps.max(1), epochs };
    Ok(optimiser.lr() * schedule.factor(&moment))
}
