//! What can go wrong in a reproduction.

use std::path::{Path, PathBuf};

/// An error of a reproduction. Runs that are finished are kept after every one of them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read or written.
    #[error("{path} cannot be read or written", path = path.display())]
    Io {
        /// File or folder.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// A file of the catalogue is not what it should be.
    #[error("{path}", path = path.display())]
    Toml {
        /// File.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A file of the catalogue contradicts itself or the others.
    #[error("{path}: {reason}", path = path.display())]
    Catalogue {
        /// File.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A result is not what this program writes.
    #[error("{path} is not a result of this program: remove it, and it is made again", path = path.display())]
    Json {
        /// File.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// An unknown reproduction or team.
    #[error("unknown experiment or team {name:?}{}", suggestion(nearest))]
    Unknown {
        /// What was asked for.
        name: String,
        /// Names like it.
        nearest: Vec<String>,
    },
    /// Data that the scale needs are not there.
    #[error("{path}: {reason}", path = path.display())]
    Data {
        /// File or folder.
        path: PathBuf,
        /// What is missing, or what it should be.
        reason: String,
    },
    /// Another process works in the folder.
    #[error("another process is using {path}: let it end, or name another folder with --runs", path = path.display())]
    Busy {
        /// Folder.
        path: PathBuf,
    },
    /// A protocol or a run of the catalogue does not make an experiment.
    #[error("{what}")]
    Experiment {
        /// Protocol, or reproduction and run.
        what: String,
        /// Why.
        source: Box<promoter_train::Error>,
    },
    /// A measure asks for what is not there.
    #[error("measure {measure:?}: {reason}")]
    Measure {
        /// Its name.
        measure: String,
        /// What is missing.
        reason: String,
    },
    /// A network of a measure is not one.
    #[error("a measure's network is not valid")]
    NetworkTable {
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A run cannot be trained.
    #[error("{id}, run {run} with seed {seed}")]
    Run {
        /// Reproduction.
        id: String,
        /// Run of it.
        run: String,
        /// Its seed.
        seed: u64,
        /// Cause.
        source: Box<Error>,
    },
    /// Training or its data failed.
    #[error(transparent)]
    Train(#[from] promoter_train::Error),
    /// A predictor failed.
    #[error(transparent)]
    Predictor(#[from] promoter::Error),
    /// Sequences cannot be read, filtered or split.
    #[error(transparent)]
    Sequences(#[from] promoter_seq::Error),
    /// The official score cannot be made.
    #[error(transparent)]
    Dream(#[from] promoter_metrics::dream::Error),
    /// A metric does not exist for the predictions.
    #[error(transparent)]
    Metric(#[from] promoter_metrics::Error),
    /// Labels cannot be transformed.
    #[error(transparent)]
    Label(#[from] promoter_label::Error),
    /// A network cannot be built.
    #[error(transparent)]
    Network(#[from] promoter_zoo::Error),
    /// Weights cannot be read.
    #[error(transparent)]
    Weights(#[from] promoter_torch::Error),
    /// LibTorch failed.
    #[error("LibTorch error while {doing}")]
    Torch {
        /// What was done.
        doing: &'static str,
        /// Cause.
        source: tch::TchError,
    },
    /// A page cannot be written from its template.
    #[error("the page cannot be written")]
    Page(#[from] minijinja::Error),
    /// A figure cannot be drawn.
    #[error("figure {title:?} cannot be drawn")]
    Figure {
        /// Its title.
        title: String,
        /// Cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Pages and results do not agree.
    #[error("{} not what the results say: run `cargo xtask report` and commit what it writes", are(.pages))]
    Stale {
        /// Pages that differ.
        pages: Vec<PathBuf>,
    },
    /// Some runs did not end.
    #[error("{count} of the runs failed; the others are kept. The first: {first}")]
    Failed {
        /// How many.
        count: usize,
        /// The first one's message.
        first: String,
    },
}

impl Error {
    /// Says which file an [`std::io::Error`] is about.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    /// Whether the disk is full: every further run would fail too.
    pub fn is_full_disk(&self) -> bool {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(error) = cause {
            if let Some(io) = error.downcast_ref::<std::io::Error>()
                && matches!(io.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
            {
                return true;
            }
            cause = error.source();
        }
        false
    }

    /// Whether another process has what is needed.
    pub(crate) fn is_busy(&self) -> bool {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(error) = cause {
            if matches!(error.downcast_ref(), Some(Self::Busy { .. }))
                || matches!(error.downcast_ref(), Some(promoter_train::Error::Busy { .. }))
            {
                return true;
            }
            cause = error.source();
        }
        false
    }

    /// The message with its causes.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            let more = error.to_string();
            if !text.ends_with(more.trim()) {
                text = format!("{text}: {}", more.trim());
            }
            cause = error.source();
        }
        text
    }
}

fn suggestion(nearest: &[String]) -> String {
    if nearest.is_empty() {
        ": --list prints them all".into()
    } else {
        format!(": did you mean {}? --list prints them all", nearest.join(", "))
    }
}

fn are(pages: &[PathBuf]) -> String {
    let names: Vec<String> = pages.iter().map(|page| page.display().to_string()).collect();
    format!("{} {}", names.join(", "), if names.len() == 1 { "is" } else { "are" })
}
