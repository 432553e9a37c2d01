//! What can be wrong with the challenge's files and with predictions.

use std::path::PathBuf;

use super::{Rows, Subset};
use crate::error::Side;

/// Errors of scoring. `input` is the name that the values were given, the path when they were read from a file; rows
/// are 0-based test rows, lines are 1-based.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file is larger than any of the challenge's can be.
    #[error("{}:{line}: expected at most {largest} bytes of text, found more", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The line that reaches beyond, from 1.
        line: usize,
        /// Bytes that are read, decompressed.
        largest: u64,
    },
    /// A subset file is not CSV.
    #[error("{}: not a CSV table of test rows", path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// What and where.
        source: csv::Error,
    },
    /// A subset file lacks a column.
    #[error("{}: no column `{column}`, found {found}", path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// The column that is needed.
        column: &'static str,
        /// The columns of the file.
        found: String,
    },
    /// A file of values by row is not a JSON object of numbers.
    #[error("{input}: expected a JSON object of test rows and numbers")]
    Json {
        /// The input.
        input: String,
        /// What and where.
        source: serde_json::Error,
    },
    /// A key is not a row number.
    #[error("{input}: `{id}` is not {expected}")]
    Id {
        /// The input.
        input: String,
        /// The key.
        id: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A row has two values.
    #[error("{input}: test row {row} is there twice")]
    DuplicateRow {
        /// The input.
        input: String,
        /// The row.
        row: u32,
    },
    /// A value is NaN or infinite.
    #[error("{input}: test row {row} is {value}: expected a finite number")]
    NotFinite {
        /// The input.
        input: String,
        /// The row.
        row: String,
        /// The value as it was given.
        value: String,
    },
    /// A line of a table of values is not of the form that the challenge asked for.
    #[error("{input}:{line}: expected `sequence TAB number` and no header, found `{found}`")]
    Line {
        /// The input.
        input: String,
        /// The line.
        line: usize,
        /// Start of the line.
        found: String,
    },
    /// There is no value.
    #[error("{input}: no values")]
    NoValues {
        /// The input.
        input: String,
    },
    /// A row is not in the test set.
    #[error("{input}: unknown test row {row}: the test set has rows 0..{rows}")]
    UnknownRow {
        /// The input.
        input: String,
        /// The row.
        row: u32,
        /// Rows of the test set.
        rows: usize,
    },
    /// A table of all rows has not as many as the test set.
    #[error("{input}: {found} rows, the test set has {expected}")]
    RowCount {
        /// The input.
        input: String,
        /// Its rows.
        found: usize,
        /// Rows of the test set.
        expected: usize,
    },
    /// Rows that are to be scored have no value.
    #[error("{input}: no {side} for {count} of the {needed} {rows} rows, the first is test row {row}")]
    Missing {
        /// The input.
        input: String,
        /// Which column.
        side: Side,
        /// Rows without a value.
        count: usize,
        /// Rows that are needed.
        needed: usize,
        /// The choice of rows.
        rows: Rows,
        /// The first row without a value.
        row: u32,
    },
    /// A row stands beside another sequence than in the test set: the rows are in another order.
    #[error(
        "{input}: test row {row} has sequence {found}, expected {expected}: rows must be in the order of the test set"
    )]
    Sequence {
        /// The input.
        input: String,
        /// The row.
        row: u32,
        /// The test set's sequence.
        expected: String,
        /// The input's sequence.
        found: String,
    },
    /// The predictions are the public truth, and the truth is not.
    #[error("truth and predictions are swapped: {predictions} holds the challenge's public values, {truth} does not")]
    Swapped {
        /// What was given as truth.
        truth: String,
        /// What was given as predictions.
        predictions: String,
    },
    /// The truth is not what the challenge published for its public rows.
    #[error("{input}: not the truth: test row {row} is {found}, the challenge published {expected}")]
    NotTheTruth {
        /// The input.
        input: String,
        /// The row.
        row: u32,
        /// The published value.
        expected: f64,
        /// The value found.
        found: f64,
    },
    /// All values of a subset are equal, and a correlation does not exist.
    #[error("the {side} is constant over the {n} rows of subset `{subset}`: a correlation needs two values or more")]
    Constant {
        /// The subset.
        subset: Subset,
        /// Which column.
        side: Side,
        /// Rows or pairs of the subset.
        n: usize,
    },
    /// No choice of rows has this name.
    #[error("unknown rows `{name}`: known are public, private, all")]
    UnknownRows {
        /// The name that was asked for.
        name: String,
    },
    /// A bootstrap needs at least two rounds and a level between 0 and 1.
    #[error("bootstrap with {rounds} rounds and level {level}: expected at least 2 rounds and a level between 0 and 1")]
    Bootstrap {
        /// Rounds asked for.
        rounds: u32,
        /// Level asked for.
        level: f64,
    },
    /// Two sets of predictions were selected over different rows or truths.
    #[error("the two sets of predictions are not over the same rows and truth")]
    NotPaired,
    /// A metric cannot be computed.
    #[error(transparent)]
    Metric(#[from] crate::Error),
}
