//! Truth beside predictions, subset by subset.

use std::collections::BTreeMap;

use super::{Challenge, Error, Rows, Subset, Values};
use crate::error::Side;

/// What is scored: for every subset the truth and the prediction of its rows, or their differences within its pairs.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    pub(super) rows: Rows,
    pub(super) columns: BTreeMap<Subset, Columns>,
    pub(super) unused: usize,
}

/// Two columns of one length.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Columns {
    pub(super) truth: Vec<f64>,
    pub(super) prediction: Vec<f64>,
}

impl Selection {
    /// Which rows these are.
    pub fn rows(&self) -> Rows {
        self.rows
    }

    /// Truth of a subset (expression or difference, MAUDE units), one value per row or pair.
    pub fn truth(&self, subset: Subset) -> &[f64] {
        self.columns.get(&subset).map_or(&[], |columns| &columns.truth)
    }

    /// Prediction of a subset, beside [`truth`](Self::truth).
    pub fn prediction(&self, subset: Subset) -> &[f64] {
        self.columns.get(&subset).map_or(&[], |columns| &columns.prediction)
    }

    /// Predictions of rows that are not scored.
    pub fn unused(&self) -> usize {
        self.unused
    }
}

impl Challenge {
    /// Selects the rows to be scored from truth and predictions, and checks both: every row that is needed is there,
    /// none is unknown, sequences stand in the order of the test set, and the truth is what the challenge published
    /// where it did.
    ///
    /// # Errors
    /// [`Error::RowCount`], [`Error::UnknownRow`], [`Error::Sequence`], [`Error::Swapped`], [`Error::NotTheTruth`],
    /// [`Error::Missing`].
    pub fn select(&self, rows: Rows, truth: &Values, predictions: &Values) -> Result<Selection, Error> {
        let known = self.rows();
        let test_rows = if truth.is_whole() { truth.len().max(known) } else { known };
        for values in [truth, predictions] {
            self.check_rows(values, test_rows)?;
        }
        check_sequences(predictions, truth.sequences().iter().enumerate().map(|(row, s)| (row as u32, s)))?;
        if let Some((row, expected, found)) = self.differs(truth) {
            return Err(
                if self.differs(predictions).is_none() && self.public.keys().any(|&row| predictions.get(row).is_some())
                {
                    Error::Swapped { truth: truth.name().to_owned(), predictions: predictions.name().to_owned() }
                } else {
                    Error::NotTheTruth { input: truth.name().to_owned(), row, expected, found }
                },
            );
        }
        let all = self.chosen_rows(Subset::All, rows, test_rows);
        let mut needed: Vec<u32> = Subset::ALL
            .into_iter()
            .flat_map(|subset| self.chosen_pairs(subset, rows))
            .flat_map(|(alternative, reference)| [alternative, reference])
            .chain(all)
            .collect();
        needed.sort_unstable();
        needed.dedup();
        for (side, values) in [(Side::Truth, truth), (Side::Prediction, predictions)] {
            check_complete(side, values, rows, &needed)?;
        }

        let of = |values: &Values, row| values.get(row).unwrap_or(f64::NAN); // none is missing
        let columns = Subset::ALL.map(|subset| {
            let column = |values: &Values| -> Vec<f64> {
                if subset.is_pairs() {
                    let pairs = self.chosen_pairs(subset, rows).into_iter();
                    pairs.map(|(alternative, reference)| of(values, alternative) - of(values, reference)).collect()
                } else {
                    self.chosen_rows(subset, rows, test_rows).into_iter().map(|row| of(values, row)).collect()
                }
            };
            (subset, Columns { truth: column(truth), prediction: column(predictions) })
        });
        Ok(Selection { rows, columns: columns.into(), unused: predictions.len() - needed.len() })
    }

    /// The right number of rows, none unknown, in the order of the test set.
    fn check_rows(&self, values: &Values, test_rows: usize) -> Result<(), Error> {
        let input = || values.name().to_owned();
        if values.is_whole() && values.len() != test_rows {
            return Err(Error::RowCount { input: input(), found: values.len(), expected: test_rows });
        }
        match values.last_row() {
            Some(row) if row as usize >= test_rows => Err(Error::UnknownRow { input: input(), row, rows: test_rows }),
            _ => check_sequences(values, self.sequences.iter().map(|(&row, sequence)| (row, sequence))),
        }
    }
}

/// Sequences of `values`, if it has any, are those expected.
fn check_sequences<'a>(values: &Values, expected: impl Iterator<Item = (u32, &'a String)>) -> Result<(), Error> {
    for (row, expected) in expected {
        match values.sequences().get(row as usize) {
            Some(found) if found != expected => {
                return Err(Error::Sequence {
                    input: values.name().to_owned(),
                    row,
                    expected: expected.clone(),
                    found: found.clone(),
                });
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_complete(side: Side, values: &Values, rows: Rows, needed: &[u32]) -> Result<(), Error> {
    let mut missing = needed.iter().filter(|&&row| values.get(row).is_none());
    match missing.next() {
        None => Ok(()),
        Some(&row) => Err(Error::Missing {
            input: values.name().to_owned(),
            side,
            count: 1 + missing.count(),
            needed: needed.len(),
            rows,
            row,
        }),
    }
}
