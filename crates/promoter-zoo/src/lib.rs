//! Networks that predict expression from promoter DNA.
//!
//! One file per system, each with its source, its parameter count, its configuration with presets, and its blocks in
//! the order the data takes. A network is built from its configuration into [`promoter_torch::Params`]; its forward
//! pass returns errors that name the layer.

pub mod error;
pub mod layers;
pub mod nad;
pub mod network;
pub mod peppa;
pub mod registry;
pub mod trace;

pub use error::Error;
pub use network::{Input, Mode, Network};
