//! Several measurements of one sequence.

use std::collections::BTreeMap;

use crate::{Result, Table};

/// How much each of several measurements of one sequence counts in their mean.
///
/// ```
/// use promoter_seq::{Replicates, Table};
/// let mut table = Table::with_columns(["reads"]);
/// table.push_row(&[0, 1], 10.0, 2, &["30"]);
/// table.push_row(&[2, 3], 7.0, 3, &["5"]);
/// table.push_row(&[0, 1], 14.0, 4, &["10"]);
/// let merged = Replicates::Weight("reads".into()).merge(&table)?;
/// assert_eq!(merged.rows(), [0, 1]);
/// assert_eq!(merged.means(table.labels()), [11.0, 7.0]);
/// # Ok::<(), promoter_seq::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Replicates {
    /// All alike.
    Mean,
    /// By this column, such as numbers of reads or cells.
    Weight(String),
    /// By 1 / this column, the variances of the labels.
    Variance(String),
}

impl Replicates {
    /// The column that is needed.
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Mean => None,
            Self::Weight(column) | Self::Variance(column) => Some(column),
        }
    }

    /// Finds the rows of each sequence, and how much each counts.
    ///
    /// # Errors
    /// [`Error::NotKept`](crate::Error::NotKept) if the table lacks the column; [`Error::Cell`](crate::Error::Cell),
    /// with the line, for a cell that is not a number above 0.
    pub fn merge(&self, table: &Table) -> Result<Merged> {
        let weights = match self {
            Self::Mean => vec![1.0; table.len()],
            Self::Weight(column) => positive(table, column)?,
            Self::Variance(column) => positive(table, column)?.iter().map(|variance| 1.0 / variance).collect(),
        };
        let (mut rows, mut places) = (Vec::new(), BTreeMap::new());
        let place = |(row, (codes, _))| {
            *places.entry(codes).or_insert_with(|| {
                rows.push(row);
                rows.len() - 1
            })
        };
        let of_row = (0..).zip(table.rows()).map(place).collect();
        Ok(Merged { rows, of_row, weights })
    }
}

/// Which rows of a table are of one sequence.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    rows: Vec<u32>,
    /// Place in `rows` of each row's sequence.
    of_row: Vec<usize>,
    weights: Vec<f64>,
}

impl Merged {
    /// The first row of each sequence, in the order of the table.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// The weighted mean of each sequence's labels, `sum(w y) / sum(w)`, of those that are not NaN; NaN where all are.
    ///
    /// # Shapes
    /// One label for each row of the table to one for each of [`rows`](Self::rows).
    pub fn means(&self, labels: &[f32]) -> Vec<f32> {
        let mut sums = vec![(0.0, 0.0); self.rows.len()];
        for ((&label, &place), weight) in labels.iter().zip(&self.of_row).zip(&self.weights) {
            if !label.is_nan() {
                let (sum, weights) = &mut sums[place];
                *sum += weight * f64::from(label);
                *weights += weight;
            }
        }
        sums.iter().map(|(sum, weights)| (sum / weights) as f32).collect()
    }
}

/// The numbers of a column, each above 0.
fn positive(table: &Table, column: &str) -> Result<Vec<f64>> {
    let number = |(row, cell): (usize, &str)| match cell.trim().parse::<f64>() {
        Ok(number) if number > 0.0 && number.is_finite() => Ok(number),
        _ => Err(table.cell_error(row, column, "a number above 0", cell)),
    };
    table.column(column)?.enumerate().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    fn table(cells: &[&str]) -> Table {
        let mut table = Table::with_columns(["weight"]);
        for (row, cell) in cells.iter().enumerate() {
            table.push_row(&[row as u8 % 3, 1], row as f32, row as u64 + 2, &[cell]);
        }
        table
    }

    #[test]
    fn means_are_those_of_a_sum_over_each_sequence() {
        let cells = ["1", "2", "3.5", "4", "0.5", "6", "7e0"];
        let table = table(&cells);
        let numbers: Vec<f64> = cells.iter().map(|cell| cell.parse().unwrap()).collect();
        let weights = [
            (Replicates::Mean, vec![1.0; 7]),
            (Replicates::Weight("weight".into()), numbers.clone()),
            (Replicates::Variance("weight".into()), numbers.iter().map(|number| 1.0 / number).collect()),
        ];
        for (replicates, weights) in weights {
            let merged = replicates.merge(&table).unwrap();
            assert_eq!(merged.rows(), [0, 1, 2]);
            let mean = |sequence: usize| {
                let rows = || (sequence..7).step_by(3);
                rows().map(|row| weights[row] * row as f64).sum::<f64>() / rows().map(|row| weights[row]).sum::<f64>()
            };
            let found = merged.means(table.labels());
            assert!((0..3).all(|sequence| (f64::from(found[sequence]) - mean(sequence)).abs() < 1e-6), "{found:?}");
        }
    }

    #[test]
    fn labels_that_are_missing_do_not_count() {
        let merged = Replicates::Mean.merge(&table(&["1"; 5])).unwrap();
        let nan = f32::NAN;
        let found = merged.means(&[nan, nan, 2.0, 3.0, nan]);
        assert_eq!((found[0], found[2]), (3.0, 2.0));
        assert!(found[1].is_nan());
    }

    #[test]
    fn a_weight_that_is_not_above_0_is_refused_with_its_line_and_column() {
        for bad in ["0", "-1", "", "NA", "inf", "many"] {
            let error = Replicates::Weight("weight".into()).merge(&table(&["1", "2", bad])).unwrap_err();
            assert!(matches!(&error, Error::Cell { line: 4, column, .. } if column == "weight"), "{error}");
        }
        assert!(matches!(Replicates::Variance("x".into()).merge(&table(&["1"])), Err(Error::NotKept { .. })));
    }
}
