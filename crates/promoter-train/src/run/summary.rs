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

    /// What a reader should be warned of, given the labels of the validation rows: squared errors above ridge
    /// regression's, labels with a heavy tail, a Pearson's r far from Spearman's rho.
    pub fn warnings(&self, measured: &[f32]) -> Vec<String> {
        let (Some(network), Some(ridge)) = (self.validation(), self.ridge()) else { return Vec::new() };
        [worse_than_ridge(network, ridge), heavy_tail(measured), disagreement(network)].into_iter().flatten().collect()
    }

    /// Scores, [`warnings`](Self::warnings) and speed as lines of text, given the labels of the validation rows.
    pub fn table(&self, measured: &[f32]) -> String {
        let mut text =
            format!("\n{:<38} {:>7}  {:>9}  {:>9}  {:>7}  {:>7}\n", "", "rows", "Pearson", "Spearman", "R2", "MSE");
        for Line { what, scores } in &self.lines {
            let Scores { n, pearson, spearman, r2, mse, .. } = scores;
            text += &format!("{what:<38} {n:>7}  {pearson:>9.4}  {spearman:>9.4}  {r2:>7.4}  {mse:>7.3}\n");
        }
        if let Some(ceiling) = self.noise_ceiling {
            text += &format!("{:<38} {:>7}  {ceiling:>9.4}\n", "noise ceiling (best possible)", "");
        }
        for warning in self.warnings(measured) {
            text += &format!("\nwarning    {warning}\n");
        }
        match self.rows_per_second > 0.0 {
            true => text + &format!("\nspeed      {:.0} training rows per second\n", self.rows_per_second),
            false => text,
        }
    }
}

fn worse_than_ridge(network: &Scores, ridge: &Scores) -> Option<String> {
    // Ridge regression beside itself differs by rounding.
    (network.mse > ridge.mse * (1.0 + 1e-5)).then(|| {
        format!(
            "the network's mean squared error on the validation rows, {:.4}, is above that of ridge regression, {:.4}: \
             its predictions are not right in units of the label",
            network.mse, ridge.mse
        )
    })
}

/// Rows below which a tail or a disagreement is chance.
const FEW: usize = 20;

/// Share of the variance from which one row in a hundred is a heavy tail; it is 0.08 for a normal distribution.
const HEAVY: f64 = 0.3;

/// Distance of r and rho that is told.
const APART: f64 = 0.15;

fn heavy_tail(measured: &[f32]) -> Option<String> {
    let rows = measured.len();
    let mean = measured.iter().map(|&label| f64::from(label)).sum::<f64>() / rows as f64;
    let mut squares: Vec<f64> = measured.iter().map(|&label| (f64::from(label) - mean).powi(2)).collect();
    squares.sort_by(|a, b| b.total_cmp(a));
    let share = squares[..rows.div_ceil(100)].iter().sum::<f64>() / squares.iter().sum::<f64>();
    (rows >= FEW && share > HEAVY).then(|| {
        format!(
            "one validation row in a hundred holds {:.0} % of the variance of the labels: Pearson's r, R2 and MSE are \
             mostly theirs; go by Spearman's rho, and try label.transform = \"log1p\" or \"quantile\"",
            100.0 * share
        )
    })
}

fn disagreement(scores: &Scores) -> Option<String> {
    let Scores { n, pearson, spearman, .. } = *scores;
    (n as usize >= FEW && (pearson - spearman).abs() > APART).then(|| {
        format!(
            "Pearson's r of the validation rows, {pearson:.2}, is far from Spearman's rho, {spearman:.2}: a few rows \
             or a curved relation decide r; look at the scatter plot of the report"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Labels whose order and spread are those of a normal, or after `of` another, distribution.
    fn labels(of: impl Fn(f32) -> f32) -> Vec<f32> {
        // A sum of three uniform draws is near enough.
        let mut state = 1u32;
        let mut uniform = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state as f32 / u32::MAX as f32
        };
        (0..1000).map(|_| of(uniform() + uniform() + uniform())).collect()
    }

    #[test]
    fn a_heavy_tail_is_told_and_a_light_one_is_not() {
        assert_eq!(heavy_tail(&labels(|x| x)), None);
        assert_eq!(heavy_tail(&labels(|x| 1e6 + x)), None);
        let text = heavy_tail(&labels(|x| (5.0 * x).exp())).unwrap();
        assert!(text.contains("log1p"), "{text}");
        assert_eq!(heavy_tail(&[]), None);
        assert_eq!(heavy_tail(&[3.0; 50]), None, "constant labels have no tail");
    }

    #[test]
    fn r_far_from_rho_is_told() {
        let scores = |pearson, spearman| Scores { pearson, spearman, ..Scores::none(100) };
        assert_eq!(disagreement(&scores(0.7, 0.6)), None);
        assert!(disagreement(&scores(0.3, 0.6)).unwrap().contains("0.30, is far from Spearman's rho, 0.60"));
        assert_eq!(disagreement(&scores(f64::NAN, 0.6)), None);
        assert_eq!(disagreement(&Scores { n: 5, ..scores(0.3, 0.9) }), None);
    }
}
