//! What makes a table one that nothing can be learnt from.

/// What makes a table one that nothing can be learnt from, or not so.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Too few rows have a label.
    #[error("{rows} rows have a sequence and a label, expected at least {expected}")]
    TooFew {
        /// Rows found.
        rows: usize,
        /// Fewest rows.
        expected: usize,
    },
    /// A row of a file without labels, such as FASTA.
    #[error("row {row} has no label: expected a table with a column of labels")]
    NoLabel {
        /// Row, from 1.
        row: usize,
    },
    /// Nothing differs.
    #[error("all labels are {value}: expected labels that differ")]
    EqualLabels {
        /// The label.
        value: f32,
    },
    /// The sequences say nothing.
    #[error("no sequence has a letter A, C, G or T")]
    NoBases,
    /// The groups are too few or too large.
    #[error(
        "the groups of column `{column}` leave {found} rows to validate or to hold out, expected at least {expected}: \
         choose a column with more and smaller groups"
    )]
    Groups {
        /// Column of the groups.
        column: String,
        /// Rows of the smaller of both parts.
        found: usize,
        /// Fewest of them.
        expected: usize,
    },
    /// A network that predicts sorting bins.
    #[error("labels are {lowest} to {highest}, the network {network} learns sorting bins, 0 to 17: choose another one")]
    Bins {
        /// The network.
        network: &'static str,
        /// Lowest label.
        lowest: f32,
        /// Highest label.
        highest: f32,
    },
    /// A network whose predictions are positive.
    #[error("the lowest label is {lowest}, the network {network} predicts positive values only: choose another one")]
    Negative {
        /// The network.
        network: &'static str,
        /// Lowest label.
        lowest: f32,
    },
}
