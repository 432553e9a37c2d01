//! What a search found.

use std::collections::BTreeMap;

use promoter_metrics::Metric;
use serde::{Deserialize, Serialize};
use toml::Value;

/// A trial that is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// Number, from 0.
    pub trial: u64,
    /// What it tried.
    pub settings: BTreeMap<String, Value>,
    /// The metric in its best epoch; none when it failed.
    pub value: Option<f64>,
    /// Its best epoch, from 0.
    pub best_epoch: Option<u64>,
    /// Epochs that it ran for.
    pub epochs: u64,
    /// Round of a halving that it came to, from 0; 0 in other searches.
    #[serde(default, skip_serializing_if = "is_first")]
    pub round: usize,
    /// Why it failed, when it did: its loss was no number any more, or no epoch had a metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

fn is_first(round: &usize) -> bool {
    *round == 0
}

/// Trials, the best first; failed ones last. Those that came to a later round of a halving are before those that did
/// not. Equal ones are in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranking {
    /// Metric that they are ranked by.
    pub metric: Metric,
    /// Whether a larger value is better.
    pub higher_is_better: bool,
    /// Trials of the search, done or not.
    pub of: u64,
    /// Those that are done.
    pub trials: Vec<Trial>,
}

impl Ranking {
    /// No trials yet.
    pub fn new(metric: Metric, of: u64) -> Self {
        Self { metric, higher_is_better: metric.higher_is_better(), of, trials: Vec::new() }
    }

    /// Puts a trial into its place.
    pub fn insert(&mut self, trial: Trial) {
        self.trials.push(trial);
        let better = |a: f64, b: f64| if self.higher_is_better { b.total_cmp(&a) } else { a.total_cmp(&b) };
        self.trials.sort_by(|a, b| {
            let by_value = match (a.value, b.value) {
                (Some(value), Some(other)) => b.round.cmp(&a.round).then(better(value, other)),
                (value, other) => other.is_some().cmp(&value.is_some()),
            };
            by_value.then(a.trial.cmp(&b.trial))
        });
    }

    /// The best trial.
    pub fn best(&self) -> Option<&Trial> {
        self.trials.first().filter(|trial| trial.value.is_some())
    }

    /// A table for people, a line for each trial.
    ///
    /// ```
    /// use promoter_train::search::Ranking;
    /// let ranking = Ranking::new(promoter_metrics::Metric::Mse, 3);
    /// assert_eq!(ranking.to_text(), "rank  trial  mse  best epoch  epochs\n");
    /// ```
    pub fn to_text(&self) -> String {
        let keys: Vec<&String> = self.trials.first().map(|trial| trial.settings.keys().collect()).unwrap_or_default();
        let heads = ["rank", "trial", self.metric.name(), "best epoch", "epochs"].map(str::to_owned);
        let mut lines = vec![heads.into_iter().chain(keys.iter().map(|key| (*key).clone())).collect::<Vec<_>>()];
        for (rank, trial) in self.trials.iter().enumerate() {
            let epoch = trial.best_epoch.map_or_else(|| "-".into(), |epoch| (epoch + 1).to_string());
            let value = trial.value.map_or_else(|| "failed".into(), |value| format!("{value:.6}"));
            let numbers =
                [(rank + 1).to_string(), format!("{:03}", trial.trial), value, epoch, trial.epochs.to_string()];
            let settings = keys.iter().map(|key| trial.settings.get(*key).map_or_else(String::new, short));
            lines.push(numbers.into_iter().chain(settings).collect());
        }
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..lines[0].len()).map(width).collect();
        let join = |line: &Vec<String>| {
            let cells: Vec<String> = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            format!("{}\n", cells.join("  ").trim_end())
        };
        lines.iter().map(join).collect()
    }
}

/// A value with as many digits as tell trials apart.
fn short(value: &Value) -> String {
    match value {
        Value::Float(number) if number.abs() >= 1e-3 || *number == 0.0 => format!("{number:.5}"),
        Value::Float(number) => format!("{number:.3e}"),
        Value::String(word) => word.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(trial: u64, value: Option<f64>) -> Trial {
        let settings = BTreeMap::from([
            ("optimiser.lr".to_owned(), Value::Float(0.000_321_987)),
            ("schedule.name".to_owned(), Value::String("cosine".into())),
        ]);
        let failure = value.is_none().then(|| "the loss is inf".to_owned());
        Trial { trial, settings, value, best_epoch: value.map(|_| 1), epochs: 3, round: 0, failure }
    }

    fn order(metric: Metric) -> Vec<u64> {
        let mut ranking = Ranking::new(metric, 9);
        for (number, value) in [Some(0.5), None, Some(0.25), Some(0.5), None].into_iter().enumerate() {
            ranking.insert(trial(number as u64, value));
        }
        ranking.trials.iter().map(|trial| trial.trial).collect()
    }

    #[test]
    fn the_best_is_first_and_failures_are_last() {
        assert_eq!(order(Metric::Pearson), [0, 3, 2, 1, 4]);
        assert_eq!(order(Metric::Mse), [2, 0, 3, 1, 4]);
        let mut ranking = Ranking::new(Metric::Mse, 2);
        ranking.insert(trial(0, None));
        assert_eq!(ranking.best(), None);
        ranking.insert(trial(1, Some(0.1)));
        ranking.insert(Trial { round: 1, ..trial(2, Some(0.2)) });
        assert_eq!(ranking.best().unwrap().trial, 2, "what was trained for longer is not compared with the rest");
    }

    #[test]
    fn tables_are_aligned_and_files_round_trip() {
        let mut ranking = Ranking::new(Metric::Mse, 2);
        ranking.insert(trial(0, None));
        ranking.insert(trial(1, Some(0.5)));
        let expected = "\
rank  trial  mse       best epoch  epochs  optimiser.lr  schedule.name
1     001    0.500000  2           3       3.220e-4      cosine
2     000    failed    -           3       3.220e-4      cosine
";
        assert_eq!(ranking.to_text(), expected);
        let text = serde_json::to_string(&ranking).unwrap();
        assert_eq!(serde_json::from_str::<Ranking>(&text).unwrap(), ranking);
    }
}
