//! Metrics of predicted expression: regression metrics in one pass, rank correlation, and metrics by name.
//!
//! All sums are in `f64` over all rows; no result depends on the number of threads. Two policies hold everywhere:
//! a NaN or infinite value is an error that names its row, and a correlation with a constant side does not exist and is
//! NaN.
//!
//! ```
//! use promoter_metrics::{Regression, spearman};
//! let measured = [3.0_f32, 11.0, 7.5, 16.0];
//! let predicted = [4.0_f32, 10.0, 9.0, 12.0];
//! let metrics = Regression::of(&measured, &predicted)?;
//! assert!(metrics.pearson > 0.95 && metrics.mse > 4.0);
//! assert_eq!(spearman(&measured, &predicted)?, 1.0);
//! # Ok::<(), promoter_metrics::Error>(())
//! ```

pub mod agreement;
mod bootstrap;
#[cfg(feature = "dream")]
pub mod dream;
mod error;
mod metric;
mod precision_recall;
pub mod regression;
pub mod ridge;
pub mod scatter;
pub mod seeds;
mod spearman;
mod value;

pub use agreement::Agreement;
pub use bootstrap::Bootstrap;
pub use error::{Error, Side};
pub use metric::Metric;
pub use precision_recall::PrecisionRecall;
pub use regression::Regression;
pub use ridge::Ridge;
pub use spearman::spearman;
pub use value::Value;
