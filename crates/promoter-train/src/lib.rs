//! Training of promoter networks.
//!
//! One [`Experiment`] says everything that a run depends on: data, filter, split, encoding, label, network, loss,
//! optimiser, schedule. A [`Session`] prepares its data, trains, and writes a report: base codes stay on the device,
//! are gathered, varied and encoded there, and nothing is sent per step. [`run::Folder`] reads what a run has left.
//!
//! A [`search::Search`] is many runs of one experiment with some of its values drawn or enumerated.
//!
//! A run that was stopped at any moment goes on from its last checkpoint and ends with the same bytes as if it had not
//! been stopped, on the same kind of CPU with the same numbers of threads and replicas.

mod agreement;
pub mod average;
pub mod batch;
pub mod batch_norm;
pub mod encoding;
pub mod environment;
pub mod error;
pub mod experiment;
pub mod loss;
mod memory;
mod model;
mod objective;
pub mod optimiser;
pub mod place;
pub mod precision;
pub mod prepared;
pub mod probe;
mod readout;
pub mod recipe;
mod record;
mod replicas;
pub mod report;
pub mod run;
mod scalars;
pub mod schedule;
pub mod search;
pub mod session;
pub mod setting;
pub mod share;
pub mod sharpness;
pub mod start;
mod state;
mod sums;
pub mod tensorboard;
pub mod vectors;

pub use environment::Environment;
pub use error::Error;
pub use experiment::Experiment;
pub use place::Place;
pub use prepared::Prepared;
pub use readout::{OfLabel, Readout};
pub use recipe::Recipe;
pub use record::{EpochRecord, Scores};
pub use session::{Outcome, Progress, Session};

/// Version of what training computes: it is raised whenever the same experiment gives other numbers, so that results
/// can tell which code they came from.
pub const NUMERICS: u32 = 2;
