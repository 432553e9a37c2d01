//! The floor that every ranked system must pass: ridge regression on the same rows.

use std::collections::BTreeMap;

use promoter_metrics::Ridge;
use promoter_metrics::regression::Regression;
use promoter_seq::Table;
use serde::{Deserialize, Serialize};

use super::{Leaderboard, trained};
use crate::Error;
use crate::plan::Planned;
use crate::value::Name;

/// Ridge regression on the rows that the ranked systems train on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Floor {
    /// Hash of the rows and the version of the numbers.
    pub(crate) key: String,
    /// Rows that train.
    pub(crate) train_rows: u64,
    /// Its penalty, chosen on training rows that were held out.
    pub(crate) penalty: f64,
    /// Its scores on the validation rows and on the public ones.
    pub(crate) values: BTreeMap<Name, f64>,
    /// 95 % intervals of the public ones.
    pub(crate) intervals: BTreeMap<Name, (f64, f64)>,
}

/// Fits ridge regression to the training rows of `planned` and scores it as a network.
///
/// # Errors
/// Those of preparing the rows, [`Error::Metric`], [`Error::Dream`].
pub(crate) fn floor(planned: &Planned, leaderboard: &Leaderboard, key: &str) -> Result<Floor, Error> {
    let prepared = trained::prepared(planned)?;
    let ridge = Ridge::fit(&codes(prepared.train.table()), prepared.train.labels())?;
    let validation = ridge.predict(&codes(prepared.validation.table()));
    let pearson = Regression::of(prepared.validation.labels(), &validation)?.pearson;
    let mut values = BTreeMap::from([(Name::ValidationPearson, pearson)]);
    let mut intervals = BTreeMap::new();
    for (name, value, interval) in leaderboard.scores(&ridge.predict(&codes(leaderboard.sequences())))? {
        values.insert(name, value);
        intervals.insert(name, interval);
    }
    let train_rows = prepared.train.len() as u64;
    Ok(Floor { key: key.to_owned(), train_rows, penalty: ridge.penalty(), values, intervals })
}

/// The base codes of the rows.
fn codes(table: &Table) -> Vec<&[u8]> {
    (0..table.len()).map(|row| table.codes(row)).collect()
}
