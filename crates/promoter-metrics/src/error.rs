//! What can be wrong with numbers that are to be compared.

use std::fmt;

/// Which of the two columns a value stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The measured values.
    Truth,
    /// The predicted values.
    Prediction,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Side::Truth => "truth",
            Side::Prediction => "prediction",
        })
    }
}

/// Errors of the metrics.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no row.
    #[error("no rows: a metric needs at least one")]
    Empty,
    /// Truth and prediction have different lengths.
    #[error("{truth} rows of truth but {prediction} of prediction")]
    Length {
        /// Rows of truth.
        truth: usize,
        /// Rows of prediction.
        prediction: usize,
    },
    /// A value is NaN or infinite.
    #[error("{side} of row {row} is {value}: expected a finite number")]
    NotFinite {
        /// The column it stands in.
        side: Side,
        /// 0-based row, counted from the first row that was given.
        row: u64,
        /// The value.
        value: f64,
    },
    /// Stored ridge regression of another size.
    #[error("{found} numbers of ridge regression, expected {expected}")]
    Features {
        /// Weights and intercept.
        expected: usize,
        /// Numbers found.
        found: usize,
    },
    /// The values are finite, but their squares are not.
    #[error("the squares of the values do not fit a 64-bit float: scale truth and prediction down")]
    Overflow,
    /// More rows than 32-bit doubled ranks can number.
    #[error("{rows} rows: ranks are for at most {most}")]
    TooManyRows {
        /// Rows given.
        rows: usize,
        /// Rows that are possible.
        most: usize,
    },
    /// A bootstrap of too few rounds, or of a level that is not a share.
    #[error("a bootstrap of {rounds} rounds at level {level}: expected 2 rounds or more and a level between 0 and 1")]
    Bootstrap {
        /// Number of rounds.
        rounds: u32,
        /// Share of the rounds within an interval.
        level: f64,
    },
    /// All values of a column are equal: a correlation does not exist.
    #[error("truth or prediction has one value only: a correlation needs two or more")]
    Constant,
    /// A result of a seed is NaN or infinite.
    #[error("result {place} is {value}: expected a finite number")]
    NotFiniteSeed {
        /// 0-based place in the list.
        place: usize,
        /// The value.
        value: f64,
    },
    /// Two lists of results are not of the same seeds.
    #[error("{ours} results beside {theirs}: expected one of each for every seed")]
    Unpaired {
        /// Results of the first.
        ours: usize,
        /// Results of the second.
        theirs: usize,
    },
    /// A margin of equivalence that is not a distance.
    #[error("a margin of {margin}: expected a finite number above 0")]
    Margin {
        /// The margin.
        margin: f64,
    },
    /// A metric per batch was asked for with a batch of 0 rows.
    #[error("{metric} is computed per batch: the batch must have at least one row")]
    NoBatch {
        /// Name of the metric.
        metric: &'static str,
    },
    /// No metric has this name.
    #[error("unknown metric `{name}`: known are {known}")]
    UnknownMetric {
        /// The name that was asked for.
        name: String,
        /// All names, separated by commas.
        known: String,
    },
}
