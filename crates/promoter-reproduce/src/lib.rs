//! Reproductions of the experiments that the challenge's reports mention.
//!
//! One TOML file is one [`Reproduction`]: what a team reported, and the runs, measurements and comparisons that stand
//! beside it. The [`Catalogue`] is the folder of these files; the [`runner`] runs what is missing and keeps what is
//! finished; an [`Outcome`] is what came out, one JSON file for each reproduction; the [`report`] draws them all.
//!
//! A run is known by what decides its numbers: its experiment and its data. Reproductions that want the same run share
//! it, and nothing that is finished is run again.

pub mod catalogue;
pub mod code;
pub mod comparison;
pub mod data;
pub mod error;
pub mod full;
pub mod measure;
pub mod outcome;
pub mod plan;
pub mod protocol;
pub mod report;
pub mod reproduction;
pub mod runner;
pub mod scale;
pub mod score;
pub mod training;
pub mod verdict;

pub use catalogue::Catalogue;
pub use data::Source;
pub use error::Error;
pub use outcome::Outcome;
pub use reproduction::Reproduction;
pub use scale::Scale;
