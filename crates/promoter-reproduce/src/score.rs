//! The official score of a run on the public leaderboard's rows.

use std::path::Path;

use promoter::Predictor;
use promoter::predictor::Averaging;
use promoter_metrics::dream::{Bootstrap, Challenge, Comparison, Rows, Selection, Values};
use promoter_seq::Table;
use promoter_seq::read::{self, ReadOptions};
use promoter_torch::file::write_whole;
use tch::Device;

use crate::{Error, Source};

/// Rounds of the intervals.
const BOOTSTRAP: Bootstrap = Bootstrap { rounds: 1000, level: 0.95, seed: 0 };

/// The public leaderboard: its sequences, and what was measured of them.
#[derive(Debug)]
pub struct Leaderboard {
    challenge: Challenge,
    truth: Values,
    /// Test rows that are public, and their sequences.
    rows: Vec<u32>,
    sequences: Table,
}

impl Leaderboard {
    /// Reads test sequences, subsets and truth; none without the challenge's files.
    ///
    /// # Errors
    /// [`Error::Dream`], [`Error::Sequences`].
    pub fn of(source: &Source) -> Result<Option<Self>, Error> {
        let (Some(folder), Some(test), Some(truth)) = (source.challenge(), source.test_sequences(), source.truth())
        else {
            return Ok(None);
        };
        let truth = Values::read(&truth)?;
        let (table, _) = read::read(test, &ReadOptions::default())?;
        let rows: Vec<u32> = (0..table.len() as u32).filter(|&row| truth.get(row).is_some()).collect();
        let sequences = table.select(&rows);
        Ok(Some(Self { challenge: Challenge::read(folder)?, truth, rows, sequences }))
    }

    /// The run's predictions of the public rows, made once and kept in its folder; averaged as in its training unless it
    /// is told otherwise.
    ///
    /// # Errors
    /// [`Error::Predictor`], [`Error::Io`], [`Error::Dream`].
    pub fn predictions(&self, run: &Path, device: Device, averaging: Option<Averaging>) -> Result<Vec<f32>, Error> {
        let kind = averaging.map_or(String::new(), |Averaging { strands, shift }| {
            format!("-{}-shift{shift}", if strands { "strands" } else { "forward" })
        });
        let path = run.join(format!("public{kind}.tsv"));
        if let Ok(text) = std::fs::read_to_string(&path) {
            let values: Vec<f32> = text.lines().filter_map(|line| line.split_once('\t')?.1.parse().ok()).collect();
            if values.len() == self.rows.len() {
                return Ok(values);
            }
        }
        let predictions = Predictor::of_run(run, device)?.predict_table(&self.sequences, averaging)?;
        let lines = self.rows.iter().zip(&predictions).map(|(row, prediction)| format!("{row}\t{prediction}\n"));
        write_whole(&path, lines.collect::<String>().as_bytes()).map_err(Error::io(&path))?;
        Ok(predictions)
    }

    /// Predictions beside the truth.
    ///
    /// # Errors
    /// [`Error::Dream`].
    pub fn select(&self, predictions: &[f32]) -> Result<Selection, Error> {
        let pairs = self.rows.iter().zip(predictions).map(|(&row, &value)| (row, f64::from(value)));
        let values = Values::of_pairs("predictions", pairs)?;
        Ok(self.challenge.select(Rows::Public, &self.truth, &values)?)
    }

    /// Names, values and intervals of the scores.
    ///
    /// # Errors
    /// [`Error::Dream`].
    pub fn scores(&self, predictions: &[f32]) -> Result<[Scored; 3], Error> {
        use promoter_metrics::dream::Subset;
        let selection = self.select(predictions)?;
        let (score, intervals) = (selection.score()?, BOOTSTRAP.intervals(&selection)?);
        let all = (&score.subsets[&Subset::All], &intervals.subsets[&Subset::All].pearson);
        let scored = |name, value, interval: &promoter_metrics::dream::Interval| Scored {
            name,
            value,
            interval: (interval.low, interval.high),
        };
        Ok([
            scored("public_pearson_score", score.pearson_score, &intervals.pearson_score),
            scored("public_spearman_score", score.spearman_score, &intervals.spearman_score),
            scored("public_pearson", all.0.pearson, all.1),
        ])
    }

    /// One run's predictions against another's.
    ///
    /// # Errors
    /// [`Error::Dream`].
    pub fn compare(&self, first: &[f32], second: &[f32]) -> Result<Comparison, Error> {
        Ok(BOOTSTRAP.compare(&self.select(first)?, &self.select(second)?)?)
    }
}

/// A score with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// Name among a run's values.
    pub name: &'static str,
    /// The score.
    pub value: f64,
    /// Its 95 % interval.
    pub interval: (f64, f64),
}
