//! Networks that predict expression from promoter DNA.
//!
//! One file per system, each with its source, its parameter count, its configuration with presets, and its blocks in
//! the order the data takes. A network is built from its configuration into [`promoter_torch::Params`]; its forward
//! pass returns errors that name the layer.

pub mod architecture;
pub mod auth;
pub mod auth_cnn;
pub mod auth_rnn;
pub mod bert;
mod check;
pub mod dream_attn;
pub mod dream_cnn;
pub mod dream_rnn;
pub mod error;
pub mod info;
pub mod layers;
pub mod legnet;
pub mod madlab;
pub mod nad;
pub mod network;
pub mod noisy_chardonnay;
pub mod noisy_chardonnay_attention;
pub mod noisy_chardonnay_sweep;
pub mod peppa;
pub mod registry;
pub mod ridge;
pub mod trace;
pub mod upstream;

pub use architecture::Architecture;
pub use error::Error;
pub use network::{Input, Mode, Network};
