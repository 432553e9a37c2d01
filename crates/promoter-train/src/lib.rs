//! Training of promoter networks.
//!
//! One [`Experiment`] says everything that a run depends on: data, filter, split, encoding, label, network, loss,
//! optimiser, schedule. [`Prepared`] is its data, [`Run`] the folder that the run explains itself in, and [`Trainer`]
//! trains: base codes stay on the device, are gathered, varied and encoded there, and nothing is sent per step.
//!
//! A [`search::Search`] is many runs of one experiment with some of its values drawn or enumerated.
//!
//! A run that was stopped at any moment goes on from its last checkpoint and ends with the same bytes as if it had not
//! been stopped, on the same kind of CPU with the same number of threads.

pub mod average;
pub mod batch;
pub mod checkpoint;
pub mod encoding;
pub mod environment;
pub mod error;
pub mod experiment;
pub mod loss;
mod memory;
pub mod optimiser;
pub mod precision;
pub mod prepared;
pub mod record;
pub mod report;
pub mod run;
mod scalars;
pub mod schedule;
pub mod search;
pub mod setting;
pub mod sharpness;
pub mod start;
mod sums;
pub mod tensorboard;
pub mod trainer;
pub mod vectors;

pub use environment::Environment;
pub use error::Error;
pub use experiment::Experiment;
pub use prepared::Prepared;
pub use record::{EpochRecord, Scores};
pub use run::Run;
pub use trainer::{Outcome, Progress, Trainer};
