//! What can go wrong with a predictor.

use std::path::PathBuf;

use tch::TchError;

/// An error of a predictor, its file or its input; its source says why, where there is one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Reading sequences failed.
    #[error(transparent)]
    Sequences(#[from] promoter_seq::Error),
    /// A weight file is damaged, or its tensors are not those of the network.
    #[error(transparent)]
    Weights(#[from] promoter_torch::Error),
    /// The network refused its configuration or its input.
    #[error(transparent)]
    Network(#[from] promoter_zoo::Error),
    /// A file of a run cannot be read, or rows cannot be encoded.
    #[error(transparent)]
    Training(#[from] promoter_train::Error),
    /// Predictions cannot be brought back to the units of the labels.
    #[error("the predictions cannot be brought back to the units of the labels")]
    Label(#[from] promoter_label::Error),
    /// References cannot be drawn from a sequence.
    #[error("references cannot be drawn")]
    References(#[from] promoter_explain::Error),
    /// LibTorch refused an operation.
    #[error("LibTorch error while {doing}")]
    Torch {
        /// What was being done.
        doing: &'static str,
        /// Cause.
        source: TchError,
    },
    /// A file cannot be read or written.
    #[error("{path} cannot be read or written", path = path.display())]
    Io {
        /// File.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// A file is a pickle, as `torch.save` writes it.
    #[error(
        "{path} is a pickle of Python, expected a predictor, which is a safetensors file: train one with \
         `promoter train`",
        path = path.display()
    )]
    Pickle {
        /// File.
        path: PathBuf,
    },
    /// A safetensors file holds weights, but does not say of what.
    #[error(
        "{path} has weights without a description, expected a predictor: give the folder of the run, or train one \
         with `promoter train`",
        path = path.display()
    )]
    NoDescription {
        /// File.
        path: PathBuf,
    },
    /// The network of a run does not predict expression.
    #[error(
        "the run in {path} has learnt masked k-mers, not expression: train on from its checkpoints/best.safetensors \
         with `start.weights`",
        path = path.display()
    )]
    NoExpression {
        /// Folder.
        path: PathBuf,
    },
    /// A predictor was written in another format.
    #[error(
        "{path} has predictor format {found}, this version reads formats up to {expected}: \
         use the version that wrote it",
        path = path.display()
    )]
    Version {
        /// File.
        path: PathBuf,
        /// Format found.
        found: u64,
        /// Latest format that can be read.
        expected: u64,
    },
    /// A description is not what it should be.
    #[error("the description in {path} cannot be read", path = path.display())]
    Description {
        /// File.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// A run has no network to predict with yet.
    #[error("{path} has no {missing}: finish the run with `promoter train --resume`", path = path.display())]
    Unfinished {
        /// Folder of the run.
        path: PathBuf,
        /// What is missing.
        missing: &'static str,
    },
    /// Encoded sequences do not have the shape of the network's input.
    #[error("the encoding gives {found} positions and channels, the network takes {expected}")]
    Window {
        /// What the network takes.
        expected: String,
        /// What the encoding gives.
        found: String,
    },
    /// A sequence is refused by the policies of the encoding.
    #[error("sequence {row} does not fit the model")]
    Row {
        /// Number of the sequence in the input, from 1.
        row: u64,
        /// Cause.
        source: promoter_encode::Error,
    },
    /// A setting is out of range.
    #[error("{name} is {value}, expected {expected}")]
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// Value found.
        value: String,
        /// Values it may have.
        expected: String,
    },
}
