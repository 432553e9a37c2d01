//! The mean of several predictors.

use promoter_seq::Table;
use promoter_seq::read::Rows;

use super::{Averaging, Predictor, Tally, rows, stream};
use crate::Error;

/// Several predictors whose predictions are averaged.
#[derive(Debug)]
pub struct Ensemble {
    members: Vec<Predictor>,
}

impl Ensemble {
    /// The mean of `members`. Their lengths and encodings may differ.
    ///
    /// # Errors
    /// [`Error::Setting`] when there is none.
    pub fn new(members: Vec<Predictor>) -> Result<Self, Error> {
        if members.is_empty() {
            return Err(Error::Setting { name: "members", value: "0".into(), expected: "at least 1".into() });
        }
        Ok(Self { members })
    }

    /// The predictors.
    pub fn members(&self) -> &[Predictor] {
        &self.members
    }

    /// Counts sequences, and those that a member cuts or pads.
    pub fn tally<'a>(&self, sequences: impl IntoIterator<Item = &'a [u8]>, tally: &mut Tally) {
        sequences.into_iter().for_each(|codes| tally.add(codes, &self.members));
    }

    /// Checks sequences, base codes of any lengths, before anything is predicted.
    ///
    /// # Errors
    /// [`Error::Row`] for the first one that the policies of a member refuse.
    pub fn check<'a>(&self, sequences: impl IntoIterator<Item = &'a [u8]>) -> Result<(), Error> {
        for (codes, row) in sequences.into_iter().zip(1..) {
            for member in &self.members {
                let mut fitted = vec![0; member.fitter.length()];
                let refuse = |source| Error::Row { row, source };
                member.fitter.codes_into(codes, &mut fitted).map_err(refuse)?;
            }
        }
        Ok(())
    }

    /// As [`Predictor::predict`].
    ///
    /// # Errors
    /// Those of [`Predictor::predict`].
    pub fn predict<E: From<Error>>(
        &self,
        rows: &mut Rows,
        averaging: Option<Averaging>,
        mut take: impl FnMut(&Table, &[f32]) -> Result<(), E>,
    ) -> Result<Tally, E> {
        let predict = |table: &Table, first| self.mean(table, averaging, first);
        stream(rows, &self.members, predict, |table, values: &Vec<f32>| take(table, values))
    }

    /// The names of the labels, which all members have; empty where there is one only.
    ///
    /// # Errors
    /// [`Error::Setting`] where members have other names.
    pub fn names(&self) -> Result<&[String], Error> {
        let mut names = self.members.iter().map(Predictor::names);
        let first = names.next().unwrap_or_default();
        match names.find(|other| *other != first) {
            None => Ok(first),
            Some(other) => {
                let text = |names: &[String]| if names.is_empty() { "one".to_owned() } else { names.join(", ") };
                Err(Error::Setting { name: "labels of a member", value: text(other), expected: text(first) })
            }
        }
    }

    /// As [`predict`](Self::predict), for every label: `take` is handed a column of predictions for each.
    ///
    /// # Errors
    /// Those of [`predict`](Self::predict) and [`names`](Self::names).
    pub fn predict_labels<E: From<Error>>(
        &self,
        rows: &mut Rows,
        averaging: Option<Averaging>,
        mut take: impl FnMut(&Table, &[Vec<f32>]) -> Result<(), E>,
    ) -> Result<Tally, E> {
        let labels = self.names()?.len().max(1);
        let predict = |table: &Table, first| -> Result<Vec<Vec<f32>>, Error> {
            let members = self.members.iter().map(|member| member.predict_labels(self::rows(table), averaging, first));
            let members = members.collect::<Result<Vec<_>, _>>()?;
            let of = |label: usize| mean(table.len(), members.iter().map(|columns| Ok(columns[label].clone())));
            (0..labels).map(of).collect()
        };
        stream(rows, &self.members, predict, |table, columns: &Vec<Vec<f32>>| take(table, columns))
    }

    /// As [`Predictor::predict_table`].
    ///
    /// # Errors
    /// Those of [`Predictor::predict_table`].
    pub fn predict_table(&self, table: &Table, averaging: Option<Averaging>) -> Result<Vec<f32>, Error> {
        mean(table.len(), self.members.iter().map(|member| member.predict_table(table, averaging)))
    }

    fn mean(&self, table: &Table, averaging: Option<Averaging>, first: u64) -> Result<Vec<f32>, Error> {
        mean(table.len(), self.members.iter().map(|member| member.predict_batch(rows(table), averaging, first)))
    }
}

/// The mean of the members' columns, summed in f64; one column comes back as it is.
pub(super) fn mean(
    rows: usize,
    columns: impl ExactSizeIterator<Item = Result<Vec<f32>, Error>>,
) -> Result<Vec<f32>, Error> {
    let (mut sums, members) = (vec![0.0f64; rows], columns.len() as f64);
    for column in columns {
        sums.iter_mut().zip(column?).for_each(|(sum, value)| *sum += f64::from(value));
    }
    Ok(sums.into_iter().map(|sum| (sum / members) as f32).collect())
}
