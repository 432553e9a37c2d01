//! Sequence-to-expression models of yeast promoters.
//!
//! One crate for all of them: each module is a crate of this project under its own name. `encode`, `seq`, `sim`,
//! `label`, `metrics`, `motif`, `explain` and `design` are plain Rust; the feature `torch` (on by default) adds the
//! networks, their training and predictors, which need LibTorch. The program `promoter` is the crate `promoter-cli`.
//!
//! ```
//! use promoter::metrics::Regression;
//! use promoter::sim::{Assay, simulate};
//! let simulation = simulate(&Assay { rows: 100, ..Assay::default() })?;
//! let best = Regression::of(simulation.table.labels(), &simulation.truth)?;
//! assert!((best.pearson - simulation.noise_ceiling).abs() < 1e-9);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use promoter_design as design;
pub use promoter_encode as encode;
pub use promoter_explain as explain;
pub use promoter_label as label;
#[cfg(feature = "torch")]
pub use promoter_libtorch as libtorch;
pub use promoter_metrics as metrics;
pub use promoter_motif as motif;
pub use promoter_motif::logo;
pub use promoter_seq as seq;
pub use promoter_sim as sim;
#[cfg(feature = "torch")]
pub use promoter_torch as torch;
#[cfg(feature = "torch")]
pub use promoter_train as train;
#[cfg(feature = "torch")]
pub use promoter_zoo as zoo;

#[cfg(feature = "torch")]
mod error;
#[cfg(feature = "torch")]
pub mod predictor;

#[cfg(feature = "torch")]
pub use error::Error;
#[cfg(feature = "torch")]
pub use predictor::Predictor;

/// The code of the project's README, compiled and run with the other documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;
