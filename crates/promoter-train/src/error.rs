//! What can go wrong in a run.

use std::path::PathBuf;

use promoter_torch::error::brief;
use tch::TchError;

use crate::{recipe, search, setting};

/// An error before or in the course of a run; its source says why, where there is one. The run folder, where there is
/// one, can be resumed after it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// LibTorch refused an operation of the training loop.
    #[error("LibTorch error while {doing}")]
    Torch {
        /// What was being done.
        doing: &'static str,
        /// Cause.
        source: TchError,
    },
    /// Reading, filtering or splitting failed.
    #[error(transparent)]
    Sequences(#[from] promoter_seq::Error),
    /// The rows of each sequence cannot be made one.
    #[error("cannot average the rows of each sequence in {}", path.display())]
    Replicates {
        /// The file.
        path: PathBuf,
        /// Cause.
        source: Box<promoter_seq::Error>,
    },
    /// The rows of a file cannot be split as the experiment wants it.
    #[error("cannot split the rows of {}", path.display())]
    Split {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: promoter_seq::Error,
    },
    /// The simulated assay is misconfigured.
    #[error(transparent)]
    Simulation(#[from] promoter_sim::Error),
    /// A sequence does not fit the encoding.
    #[error("row {row} does not fit the encoding")]
    Row {
        /// Row of the table, from 0.
        row: usize,
        /// Cause.
        source: promoter_encode::Error,
    },
    /// Vectors of k-mers cannot be learnt, read or written.
    #[error("vectors of k-mers")]
    Vectors(#[from] promoter_encode::embed::Error),
    /// The thread that sends rows to the device ended early.
    #[error("the thread that sends rows to the device ended before item {item} of the epoch")]
    Feed {
        /// Item, from 0.
        item: usize,
    },
    /// The labels cannot be transformed.
    #[error(transparent)]
    Label(#[from] promoter_label::Error),
    /// The network refused its configuration or its input.
    #[error(transparent)]
    Network(#[from] promoter_zoo::Error),
    /// Weights or grouped arithmetic failed.
    #[error(transparent)]
    Params(#[from] promoter_torch::Error),
    /// A metric does not exist for the predictions.
    #[error("{what} cannot be measured")]
    Metric {
        /// What was measured.
        what: &'static str,
        /// Cause.
        source: promoter_metrics::Error,
    },
    /// A weight file whose description and tensors do not say the same of ridge regression.
    #[error(
        "ridge regression has weight {weight} in the description, and {} in the tensors",
        if *is_there { "is" } else { "is not" }
    )]
    Readout {
        /// Its weight in the prediction; 0 for none.
        weight: f64,
        /// Whether its tensor is there.
        is_there: bool,
    },
    /// A value of the experiment is out of range, or values do not fit each other.
    #[error("`{key}` is {value}, expected {expected}")]
    Experiment {
        /// Key, with dots between the tables.
        key: &'static str,
        /// Value found.
        value: String,
        /// Values it may have.
        expected: String,
    },
    /// Two parts of the experiment exclude each other.
    #[error("`{key}` {reason}")]
    Conflict {
        /// Key, with dots between the tables.
        key: &'static str,
        /// What it does not go with, and what would.
        reason: String,
    },
    /// A network cannot learn from a table, or not so.
    #[error("{path}", path = path.display())]
    Table {
        /// File.
        path: PathBuf,
        /// Why.
        source: recipe::Fault,
    },
    /// A configuration file is not what it should be.
    #[error("{path} is not a valid experiment file", path = path.display())]
    Config {
        /// File.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A value of an experiment cannot be replaced so.
    #[error("{setting}")]
    Setting {
        /// Key and value.
        setting: String,
        /// What is wrong.
        source: setting::Fault,
    },
    /// A file is not a search.
    #[error("{path} is not a valid search file", path = path.display())]
    Search {
        /// File.
        path: PathBuf,
        /// Where and why.
        source: search::Fault,
    },
    /// A folder is of another search.
    #[error("the search in {path} is another one: {differences}", path = path.display())]
    OtherSearch {
        /// Folder.
        path: PathBuf,
        /// What differs.
        differences: String,
    },
    /// A file cannot be read or written.
    #[error("{path} cannot be read or written", path = path.display())]
    Io {
        /// File or folder.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// A run would be written into a folder that exists.
    #[error("{path} exists: choose another folder for the run, or resume the run in it", path = path.display())]
    Exists {
        /// Folder.
        path: PathBuf,
    },
    /// A folder is not a run's.
    #[error("{path} is not a run folder: {missing} is missing", path = path.display())]
    NoRun {
        /// Folder.
        path: PathBuf,
        /// File that a run folder has.
        missing: &'static str,
    },
    /// A run has not come to its end.
    #[error(
        "the run in {path} has not written {missing} yet: finish it with `promoter train --resume`",
        path = path.display()
    )]
    Unfinished {
        /// Folder.
        path: PathBuf,
        /// File that a finished run has.
        missing: &'static str,
    },
    /// Another process trains in this folder.
    #[error("another process is using the run in {path}", path = path.display())]
    Busy {
        /// Folder.
        path: PathBuf,
    },
    /// Exact resume depends on conditions that have changed since the run started.
    #[error("the run in {path} cannot be resumed exactly here: {differences}", path = path.display())]
    OtherEnvironment {
        /// Folder.
        path: PathBuf,
        /// What differs.
        differences: String,
    },
    /// A checkpoint belongs to another experiment, or its tensors are not those of the run.
    #[error("the checkpoint {path} {fault}", path = path.display())]
    Checkpoint {
        /// File.
        path: PathBuf,
        /// What is wrong.
        fault: String,
    },
    /// A JSON file of a run or a search is damaged.
    #[error("{path} is damaged", path = path.display())]
    Json {
        /// File.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// A line of a table of predictions is damaged.
    #[error("{path}, line {line}: expected a sequence and two numbers", path = path.display())]
    Predictions {
        /// File.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
    },
    /// A callback or a signal asked to stop. The last checkpoint is of this moment.
    #[error("stopped on request: go on with `promoter train --resume`")]
    Stopped,
    /// A signal asked to stop a search. The trial at hand has a checkpoint of this moment.
    #[error("stopped on request: the same command goes on")]
    SearchStopped,
    /// The processes that are to train together do not fit each other.
    #[error("the processes cannot train together: {differences}")]
    Disagreement {
        /// Which rank differs from rank 0, in what.
        differences: String,
    },
    /// Processes that train together have come to different weights.
    #[error(
        "{ranks} of {size} no longer has rank 0's weights after epoch {epoch}: use the same type of CPU for all \
         processes; the last checkpoint is from before"
    )]
    Drifted {
        /// The ranks that differ from rank 0.
        ranks: String,
        /// Processes in all.
        size: usize,
        /// Epoch, from 0.
        epoch: u64,
    },
    /// What several processes cannot do.
    #[error("training on several processes {reason}")]
    Processes {
        /// What does not work, and what would.
        reason: &'static str,
    },
    /// The thread of a replica ended.
    #[error("the thread of replica {replica} ended")]
    Replica {
        /// Replica, from 0.
        replica: usize,
    },
    /// There is not enough memory for a step.
    #[error("out of memory: lower `training.batch_size`, or raise `training.accumulate` to pass a batch in pieces")]
    OutOfMemory {
        /// Cause.
        source: Box<Error>,
    },
    /// The loss or a gradient is not finite.
    #[error(
        "training diverged: loss {loss}, gradient norm {norm}, summed up to step {step} of epoch {epoch}: lower the \
         learning rate, clip the gradients or check the labels; the last checkpoint is from before"
    )]
    NotFinite {
        /// The loss, summed over the epoch so far.
        loss: f64,
        /// The gradients' length, likewise.
        norm: f64,
        /// Epoch, from 0.
        epoch: u64,
        /// Step of the epoch, from 0.
        step: u64,
    },
    /// A plot of the report could not be drawn.
    #[error("a plot of the report cannot be drawn")]
    Plot(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The page of the report could not be written.
    #[error("the page of the report cannot be written")]
    Page(#[from] minijinja::Error),
}

impl Error {
    /// [`Error::OutOfMemory`] when that is what LibTorch says at the root of this error.
    pub(crate) fn or_out_of_memory(self) -> Self {
        let mut cause: &dyn std::error::Error = &self;
        while let Some(source) = cause.source() {
            cause = source;
        }
        let text = cause.to_string();
        // The allocators of CUDA and of the CPU.
        let is_memory =
            ["out of memory", "not enough memory", "can't allocate memory"].iter().any(|t| text.contains(t));
        if is_memory { Self::OutOfMemory { source: Box::new(self) } } else { self }
    }
}

/// Says what LibTorch was doing when it failed.
pub(crate) trait Doing<T> {
    fn doing(self, what: &'static str) -> Result<T, Error>;
}

impl<T> Doing<T> for Result<T, TchError> {
    fn doing(self, doing: &'static str) -> Result<T, Error> {
        self.map_err(|source| Error::Torch { doing, source: brief(source) })
    }
}

/// An [`Error::Experiment`].
pub(crate) fn experiment(key: &'static str, value: impl ToString, expected: impl ToString) -> Error {
    Error::Experiment { key, value: value.to_string(), expected: expected.to_string() }
}

/// An [`Error::Conflict`].
pub(crate) fn conflict(key: &'static str, reason: impl Into<String>) -> Error {
    Error::Conflict { key, reason: reason.into() }
}
