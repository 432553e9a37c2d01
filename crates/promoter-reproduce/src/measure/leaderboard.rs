//! The official score of a run on the public leaderboard's rows, and its predictions of the whole test set.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use promoter::Predictor;
use promoter::predictor::Averaging;
use promoter_encode::file::write_whole;
use promoter_metrics::dream::{Bootstrap, Challenge, Comparison, Interval, Rows, Selection, Subset, Values};
use promoter_seq::Table;
use promoter_seq::read::{self, ReadOptions};
use tch::Device;

use super::trained;
use crate::Error;
use crate::data::Source;
use crate::value::Name;

/// Rounds of the intervals.
const BOOTSTRAP: Bootstrap = Bootstrap { rounds: 1000, level: 0.95, seed: 0 };

/// The public leaderboard: its sequences, and what was measured of them.
#[derive(Debug)]
pub struct Leaderboard {
    challenge: Challenge,
    truth: Values,
    /// All test sequences.
    all: Table,
    /// Test rows that are public, and their sequences.
    rows: Vec<u32>,
    sequences: Table,
}

impl Leaderboard {
    /// Reads test sequences, subsets and truth; none without the challenge's files.
    ///
    /// # Errors
    /// [`Error::Dream`], [`Error::Sequences`].
    pub(crate) fn of(source: &Source) -> Result<Option<Self>, Error> {
        let (Some(folder), Some(test), Some(truth)) = (source.challenge(), source.test_sequences(), source.truth())
        else {
            return Ok(None);
        };
        let truth = Values::read(&truth)?;
        let (all, _) = read::read(test, &ReadOptions::default())?;
        let rows: Vec<u32> = (0..all.len() as u32).filter(|&row| truth.get(row).is_some()).collect();
        let sequences = all.select(&rows);
        Ok(Some(Self { challenge: Challenge::read(folder)?, truth, all, rows, sequences }))
    }

    /// The public sequences, in the order of predictions.
    pub(super) fn sequences(&self) -> &Table {
        &self.sequences
    }

    /// The run's predictions of the public rows, made once and kept in its folder; averaged as in its training unless
    /// `averaging` says how.
    ///
    /// # Errors
    /// [`Error::Predictor`], [`Error::Io`], [`Error::Dream`].
    pub(super) fn predictions(
        &self,
        run: &Path,
        device: Device,
        averaging: Option<Averaging>,
    ) -> Result<Vec<f32>, Error> {
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
        let predictions = trained::kept(run, device)?.predict_table(&self.sequences, averaging)?;
        let lines = self.rows.iter().zip(&predictions).map(|(row, prediction)| format!("{row}\t{prediction}\n"));
        write_whole(&path, lines.collect::<String>().as_bytes()).map_err(Error::io(&path))?;
        Ok(predictions)
    }

    /// Writes the run's predictions of every test sequence in the leaderboard's form, row to value, with gzip.
    ///
    /// # Errors
    /// [`Error::Predictor`], [`Error::Io`].
    pub(crate) fn write_predictions(&self, run: &Path, device: Device, path: &Path) -> Result<(), Error> {
        let predictions = trained::kept(run, device)?.predict_table(&self.all, None)?;
        write_submission(path, &predictions)
    }

    fn select(&self, predictions: &[f32]) -> Result<Selection, Error> {
        let pairs = self.rows.iter().zip(predictions).map(|(&row, &value)| (row, f64::from(value)));
        let values = Values::of_pairs("predictions", pairs)?;
        Ok(self.challenge.select(Rows::Public, &self.truth, &values)?)
    }

    /// Scores of predictions of the public rows with their 95 % intervals.
    ///
    /// # Errors
    /// [`Error::Dream`].
    pub(super) fn scores(&self, predictions: &[f32]) -> Result<[Scored; 3], Error> {
        let selection = self.select(predictions)?;
        let (score, intervals) = (selection.score()?, BOOTSTRAP.intervals(&selection)?);
        let ends = |interval: &Interval| (interval.low, interval.high);
        Ok([
            (Name::PublicPearsonScore, score.pearson_score, ends(&intervals.pearson_score)),
            (Name::PublicSpearmanScore, score.spearman_score, ends(&intervals.spearman_score)),
            (Name::PublicPearson, score.subsets[&Subset::All].pearson, ends(&intervals.subsets[&Subset::All].pearson)),
        ])
    }

    /// Scores of a network on its way, without intervals.
    ///
    /// # Errors
    /// [`Error::Predictor`], [`Error::Dream`].
    pub(super) fn scores_of(&self, predictor: &Predictor) -> Result<[(Name, f64); 2], Error> {
        let score = self.select(&predictor.predict_table(&self.sequences, None)?)?.score()?;
        Ok([(Name::PublicPearsonScore, score.pearson_score), (Name::PublicSpearmanScore, score.spearman_score)])
    }

    /// One set of predictions against another.
    ///
    /// # Errors
    /// [`Error::Dream`].
    pub(super) fn compare(&self, first: &[f32], second: &[f32]) -> Result<Comparison, Error> {
        Ok(BOOTSTRAP.compare(&self.select(first)?, &self.select(second)?)?)
    }
}

/// A score, its value and its 95 % interval.
pub(super) type Scored = (Name, f64, (f64, f64));

/// Writes predictions of test rows 0, 1, ... as a JSON object of row to value, with six digits after the point.
fn write_submission(path: &Path, predictions: &[f32]) -> Result<(), Error> {
    let mut text = String::from("{");
    for (row, value) in predictions.iter().enumerate() {
        let comma = if row > 0 { ",\n" } else { "\n" };
        // Writing to a string cannot fail.
        let _ = write!(text, "{comma}\"{row}\":{value:.6}");
    }
    text += "\n}\n";
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let bytes = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()).map_err(Error::io(path))?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
    }
    write_whole(path, &bytes).map_err(Error::io(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_submission_is_read_back_as_the_leaderboard_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("predictions/auth.json.gz");
        write_submission(&path, &[11.25, -0.5, 1e-7]).unwrap();
        let values = Values::read(&path).unwrap();
        assert_eq!([0, 1, 2, 3].map(|row| values.get(row)), [Some(11.25), Some(-0.5), Some(0.0), None]);
    }
}
