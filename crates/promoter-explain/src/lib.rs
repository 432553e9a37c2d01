#![doc = include_str!("../README.md")]

mod ablation;
mod background;
mod contributions;
mod discovery;
mod effects;
mod element;
mod ensemble;
mod epistasis;
mod error;
mod marginal;
mod predict;
mod recovery;
mod spacing;

pub use ablation::{Ablation, RegionPair};
pub use background::shuffled;
pub use contributions::Contributions;
pub use discovery::{Discovered, Discovery, Found, Site};
pub use effects::{Effects, centred, substitutions};
pub use element::Element;
pub use ensemble::Ensemble;
pub use epistasis::Epistasis;
pub use error::{Error, Failure, Result};
pub use marginal::{Entry, Marginal};
pub use predict::Predict;
pub use promoter_metrics::PrecisionRecall;
pub use promoter_metrics::seeds::Interval;
pub use recovery::recovery;
pub use spacing::{Spaced, Spacing};
