//! Label transforms for expression: fit, apply, invert; noise, ranks, soft bins, calibration.
//!
//! Labels are `f32` in sorting bins (0..17); all arithmetic inside is `f64`. A [`Transform`] is a choice in a
//! configuration. Fitted to the training labels it becomes a [`Fitted`], which is saved with the model, so that
//! predictions come back in the units of the labels.
//!
//! ```
//! use promoter_label::Transform;
//! let labels = [8.0, 11.0, 12.5, 17.0];
//! let fitted = Transform::Nad.fit(&labels)?;
//! let scaled = fitted.apply(&labels)?;
//! assert_eq!(scaled, [0.25, 0.5, 0.625, 1.0]);
//! assert_eq!(fitted.invert(&scaled)?, labels);
//! # Ok::<(), promoter_label::Error>(())
//! ```
//!
//! [`PerGroup`] standardises labels of several sources, [`Affine`] calibrates predictions.
//!
//! With the feature `serde`, [`Transform`], [`Fitted`], [`PerGroup`], [`Affine`] and [`Noise`] can be written to files.
//! JSON gives a [`Fitted`] back exactly only if its reader rounds correctly: `serde_json` needs its feature
//! `float_roundtrip`.

mod affine;
pub mod error;
pub mod noise;
mod per_group;
pub mod quantiles;
pub mod rank;
pub mod soft_bins;
pub mod transform;

pub use affine::Affine;
pub use error::Error;
pub use noise::Noise;
pub use per_group::PerGroup;
pub use rank::rank;
pub use transform::{Fitted, Scale, Transform};
