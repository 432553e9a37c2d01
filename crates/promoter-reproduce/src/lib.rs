//! Reproductions of the experiments that the challenge's reports mention.
//!
//! The code goes one way: `catalogue` (what is asked, one TOML file each) -> `plan` (experiments with every value, and
//! the hashes they are known by) -> `run` (training) -> `measure` (values of networks, rows and runs) -> `verdict` ->
//! `page`. The `runner` goes through them for what is missing and keeps what is finished; an [`Outcome`] is what came
//! out, one JSON file for each reproduction.
//!
//! A run is known by what decides its numbers: its experiment, its data and the version of the numbers. Reproductions
//! that want the same run share it, and nothing that is finished is run again.

mod catalogue;
mod data;
mod error;
mod full;
mod measure;
mod outcome;
mod page;
mod plan;
mod run;
mod runner;
mod scale;
mod text;
mod value;
mod verdict;

pub use catalogue::Catalogue;
pub use catalogue::reproduction::Reproduction;
pub use data::{Rows, Source, hash};
pub use error::Error;
pub use full::{CHALLENGE, Expected, Known, check, estimate, seconds};
pub use measure::Leaderboard;
pub use outcome::{Compared, Measured, Moment, Outcome, Point, RunOutcome, SearchOutcome, Trial, Verdict, read};
pub use page::{current, write};
pub use plan::{Plan, Planned, plan};
pub use runner::{Event, Hold, Options, run, work};
pub use scale::Scale;
pub use text::duration;
pub use value::{Name, Value};
