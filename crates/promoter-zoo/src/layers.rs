//! Layers that several networks share.
//!
//! Activations lie as (B, C, L), channels before positions, unless a function says otherwise.

pub mod attention;
pub mod conv;
pub mod linear;
pub mod norm;
pub mod pool;

pub use conv::{Conv1d, Padding};
pub use linear::Linear;
pub use norm::{BatchNorm, LayerNorm};
