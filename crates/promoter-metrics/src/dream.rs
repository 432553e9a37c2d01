//! The official score of the Random Promoter DREAM Challenge 2022.
//!
//! A [`Challenge`] knows which test rows belong to which of the nine subsets and which were public; truth and
//! predictions are [`Values`] by test row. [`Challenge::select`] brings the three together and checks them,
//! [`Selection::score`] gives the score, [`Bootstrap`] its intervals.
//!
//! ```no_run
//! use promoter_metrics::dream::{Bootstrap, Challenge, Rows, Values};
//! let challenge = Challenge::read("dream2022")?;
//! let truth = Values::read("dream2022/public_leaderboard_ids/ground.json")?;
//! let predictions = Values::read("predictions.tsv")?;
//! let selection = challenge.select(Rows::Public, &truth, &predictions)?;
//! let score = selection.score()?;
//! let intervals = Bootstrap::default().intervals(&selection)?;
//! println!("{}", score.table(Some(&intervals)));
//! # Ok::<(), promoter_metrics::dream::Error>(())
//! ```
//!
//! # Source
//! Random Promoter DREAM Challenge 2022, evaluation of the final and of the leaderboard submissions.

mod bootstrap;
mod challenge;
mod error;
mod plot;
mod score;
mod selection;
mod subset;
mod values;

pub use crate::Bootstrap;
pub use bootstrap::{Comparison, Difference, Differences, Interval, Intervals, SubsetIntervals};
pub use challenge::Challenge;
pub use error::Error;
pub use score::{Correlation, Score};
pub use selection::Selection;
pub use subset::{Rows, Subset};
pub use values::Values;
