#![doc = include_str!("../README.md")]

pub mod brief;
pub mod constraints;
pub mod design;
mod difference;
mod edit;
pub mod enzyme;
mod error;
mod inserts;
pub mod method;
mod moves;
mod outcome;
mod search;
pub mod trace;
mod word;

pub use brief::{Brief, Target};
pub use constraints::{Constraints, Violation};
pub use design::{Design, Progress};
pub use difference::Difference;
pub use edit::{Edit, Site};
pub use error::{Error, Result};
pub use inserts::Inserts;
pub use method::Method;
pub use outcome::Outcome;
pub use promoter_explain::{Ensemble, Failure, Predict};
pub use trace::{Step, Trace};
pub use word::Word;
