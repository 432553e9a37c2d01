//! What a run's folder says, read without changing anything.

use std::path::{Path, PathBuf};

use promoter_encode::embed::Vectors;
use promoter_encode::embed::io::Format;
use promoter_label::{Affine, Fitted};
use promoter_torch::file::Tensors;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Summary;
use crate::readout::OfLabel;
use crate::state::NETWORK;
use crate::{Environment, EpochRecord, Error, Experiment, Readout};

/// The experiment, every value written out.
pub(super) const CONFIG: &str = "config.toml";
/// Where the run takes place.
pub(super) const ENVIRONMENT: &str = "env.json";
/// One line per epoch.
pub(super) const RECORDS: &str = "metrics.jsonl";
/// Everything that the run needs to go on.
pub(super) const LAST: &str = "checkpoints/last.safetensors";
/// The network at its best epoch.
pub(super) const BEST: &str = "checkpoints/best.safetensors";
/// Validation rows: sequence, measured, predicted.
pub(super) const PREDICTIONS: &str = "predictions.tsv";
pub(super) const TEST_PREDICTIONS: &str = "test_predictions.tsv";
/// Vectors of k-mers.
pub(super) const VECTORS: &str = "vectors.safetensors";

/// A run's folder as a reader sees it; the run may still go on.
///
/// ```no_run
/// use promoter_train::run::Folder;
/// let run = Folder::open("runs/first".as_ref())?;
/// let best = run.best()?;
/// println!("epoch {} of {}", best.epoch + 1, run.records()?.len());
/// # Ok::<(), promoter_train::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
}

/// The network of a run's best epoch.
#[derive(Debug)]
pub struct Best {
    /// Epoch, from 0.
    pub epoch: u64,
    /// For each label its transform, fitted to the training labels, and what brings the network's outputs to it: the
    /// identity for a run that has not ended, or is neither calibrated nor joined by ridge regression.
    pub labels: Vec<(Fitted, Readout)>,
    /// The weights and buffers.
    pub tensors: Tensors,
}

/// What `checkpoints/best.safetensors` says beside its tensors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BestMetadata {
    pub(crate) epoch: u64,
    pub(crate) label: Fitted,
    pub(crate) calibration: Affine,
    /// Weight of ridge regression.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) ridge: f64,
    /// The line in units of the label.
    #[serde(default = "identity", skip_serializing_if = "is_identity")]
    pub(crate) of_label: Affine,
    /// The same of further labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) further: Vec<OfLabel>,
}

impl BestMetadata {
    /// Of at least one label.
    pub(crate) fn new(epoch: u64, labels: Vec<OfLabel>) -> Option<Self> {
        let mut labels = labels.into_iter();
        let OfLabel { label, calibration, ridge, of_label } = labels.next()?;
        Some(Self { epoch, label, calibration, ridge, of_label, further: labels.collect() })
    }

    /// What it says of each label.
    fn labels(self) -> Vec<OfLabel> {
        let Self { label, calibration, ridge, of_label, further, .. } = self;
        let first = OfLabel { label, calibration, ridge, of_label };
        std::iter::once(first).chain(further).collect()
    }
}

fn identity() -> Affine {
    Affine::IDENTITY
}

fn is_identity(line: &Affine) -> bool {
    *line == Affine::IDENTITY
}

fn is_zero(weight: &f64) -> bool {
    *weight == 0.0
}

/// A validation row; of several labels the first.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The sequence, in letters.
    pub sequence: String,
    /// The label.
    pub measured: f32,
    /// What the kept network predicts, in the units of the label where the transform can be inverted.
    pub predicted: f32,
}

impl Folder {
    /// The folder of a run.
    ///
    /// # Errors
    /// [`Error::NoRun`] for any other folder.
    pub fn open(path: &Path) -> Result<Self, Error> {
        for missing in [CONFIG, ENVIRONMENT] {
            if !path.join(missing).is_file() {
                return Err(Error::NoRun { path: path.to_owned(), missing });
            }
        }
        Ok(Self { path: path.to_owned() })
    }

    /// A folder that is about to become a run's.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The checkpoint that the run goes on from.
    pub fn last_path(&self) -> PathBuf {
        self.path.join(LAST)
    }

    /// The network at its best epoch, a safetensors file.
    pub fn best_path(&self) -> PathBuf {
        self.path.join(BEST)
    }

    /// The page that shows a finished run.
    pub fn report_path(&self) -> PathBuf {
        self.path.join("report.html")
    }

    /// The experiment, every value written out.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Config`].
    pub fn experiment(&self) -> Result<Experiment, Error> {
        Experiment::read(&self.path.join(CONFIG))
    }

    /// Where the run takes place.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Json`].
    pub fn environment(&self) -> Result<Environment, Error> {
        self.json(ENVIRONMENT)
    }

    /// The epochs recorded so far.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Json`].
    pub fn records(&self) -> Result<Vec<EpochRecord>, Error> {
        let path = self.path.join(RECORDS);
        let text = match std::fs::read_to_string(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
            other => other.map_err(|source| Error::Io { path: path.clone(), source })?,
        };
        let records = text.lines().map(serde_json::from_str).collect::<Result<_, _>>();
        records.map_err(|source| Error::Json { path, source })
    }

    /// The network of the best epoch so far.
    ///
    /// # Errors
    /// [`Error::Unfinished`] before the first epoch has ended, [`Error::Params`], [`Error::Json`].
    pub fn best(&self) -> Result<Best, Error> {
        let path = self.finished(BEST)?;
        let mut tensors = Tensors::read(&path)?;
        let metadata = serde_json::from_str(&tensors.metadata);
        let metadata: BestMetadata = metadata.map_err(|source| Error::Json { path, source })?;
        let epoch = metadata.epoch;
        let take = |(i, said): (usize, OfLabel)| Ok((Readout::take(&said, i, &mut tensors)?, said.label));
        let labels = metadata.labels().into_iter().enumerate().map(take).collect::<Result<Vec<_>, Error>>()?;
        Ok(Best { epoch, labels: labels.into_iter().map(|(readout, label)| (label, readout)).collect(), tensors })
    }

    /// The network of a checkpoint, this run's or a copy that was put aside on the way.
    ///
    /// # Errors
    /// [`Error::Params`] for a file that cannot be read.
    pub fn network_of(checkpoint: &Path) -> Result<Tensors, Error> {
        let mut network = Tensors::default();
        for (name, tensor) in Tensors::read(checkpoint)?.tensors {
            if let Some(name) = name.strip_prefix(NETWORK) {
                network.tensors.insert(name.to_owned(), tensor);
            }
        }
        Ok(network)
    }

    /// The validation rows with their predictions by the kept network.
    ///
    /// # Errors
    /// [`Error::Unfinished`] for a run that has not ended, or that learns masked k-mers; [`Error::Io`],
    /// [`Error::Predictions`].
    pub fn predictions(&self) -> Result<Vec<Prediction>, Error> {
        let path = self.finished(PREDICTIONS)?;
        let row = |(number, line): (usize, &str)| {
            let mut fields = line.split('\t');
            let mut next = || fields.next();
            let (sequence, measured, predicted) = (next(), next(), next());
            let number_of = |field: Option<&str>| field.and_then(|field| field.parse::<f32>().ok());
            match (sequence, number_of(measured), number_of(predicted)) {
                (Some(sequence), Some(measured), Some(predicted)) => {
                    Ok(Prediction { sequence: sequence.to_owned(), measured, predicted })
                }
                _ => Err(Error::Predictions { path: path.clone(), line: number as u64 + 1 }),
            }
        };
        self.text(PREDICTIONS)?.lines().enumerate().skip(1).map(row).collect()
    }

    /// The vectors of the k-mers; `None` where the encoding has none.
    ///
    /// # Errors
    /// [`Error::Vectors`].
    pub fn vectors(&self) -> Result<Option<Vectors>, Error> {
        let path = self.path.join(VECTORS);
        if !path.is_file() {
            return Ok(None);
        }
        Ok(Some(Vectors::load(&path, Format::Safetensors)?))
    }

    /// Scores, rows and speed of a finished run.
    ///
    /// # Errors
    /// [`Error::Unfinished`], [`Error::Io`], [`Error::Json`].
    pub fn summary(&self) -> Result<Summary, Error> {
        self.finished(Summary::FILE)?;
        self.json(Summary::FILE)
    }

    fn finished(&self, missing: &'static str) -> Result<PathBuf, Error> {
        let path = self.path.join(missing);
        if path.is_file() { Ok(path) } else { Err(Error::Unfinished { path: self.path.clone(), missing }) }
    }

    fn text(&self, name: &str) -> Result<String, Error> {
        let path = self.path.join(name);
        std::fs::read_to_string(&path).map_err(|source| Error::Io { path, source })
    }

    fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, Error> {
        let value = serde_json::from_str(&self.text(name)?);
        value.map_err(|source| Error::Json { path: self.path.join(name), source })
    }
}
