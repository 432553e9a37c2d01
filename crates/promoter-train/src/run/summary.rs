//! What a finished run's other files do not say.

use serde::{Deserialize, Serialize};

use crate::Scores;

/// A row of the last table: something that predicts, and how well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// What predicts, on which rows.
    pub what: String,
    /// How well.
    pub scores: Scores,
}

/// Scores, rows and speed of a finished run: `summary.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The experiment's title.
    pub title: String,
    /// The kept network on training and on validation rows, then ridge regression on the latter; then both on the rows
    /// that were held out, where some were. Empty for a network that learns masked k-mers.
    pub lines: Vec<Line>,
    /// The best possible Pearson's r with the measured labels; known for simulated rows only.
    pub noise_ceiling: Option<f64>,
    /// What the filter removed, for people.
    pub filter: String,
    /// Rows that trained.
    pub train_rows: usize,
    /// Rows that validated.
    pub validation_rows: usize,
    /// Rows that were held out.
    #[serde(default)]
    pub test_rows: usize,
    /// Trainable parameters of the network.
    pub parameters: usize,
    /// Training rows per second, over all epochs.
    pub rows_per_second: f64,
    /// Epoch whose network was kept, from 0.
    pub best_epoch: u64,
}

impl Summary {
    pub(crate) const FILE: &str = "summary.json";

    /// The kept network on the validation rows.
    pub fn validation(&self) -> Option<&Scores> {
        self.lines.get(1).map(|line| &line.scores)
    }

    /// Ridge regression on the validation rows.
    pub fn ridge(&self) -> Option<&Scores> {
        self.lines.get(2).map(|line| &line.scores)
    }

    /// The kept network on the rows that were held out, if any were.
    pub fn test(&self) -> Option<&Scores> {
        self.lines.get(3).map(|line| &line.scores)
    }

    /// What a reader should be warned of; `None` when the network's squared error is not above ridge regression's.
    pub fn warning(&self) -> Option<String> {
        let (network, ridge) = (self.validation()?, self.ridge()?);
        (network.mse > ridge.mse).then(|| {
            format!(
                "the network's mean squared error on the validation rows, {:.4}, is above that of ridge regression, \
                 {:.4}: its predictions are not right in units of the label",
                network.mse, ridge.mse
            )
        })
    }
}
