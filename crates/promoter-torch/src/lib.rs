//! LibTorch's edge.
//!
//! - [`params`]: named parameters and buffers in the order they were made, each with an explicit initialiser
//! - [`init`]: the initialisers of Keras, Sonnet and PyTorch, drawn on the host, the same for every device
//! - [`mod@file`]: safetensors, loaded only when names, shapes and kinds all match
//! - [`state_dict`]: PyTorch's own weight files, read without running them
//! - [`group`]: arithmetic over all parameters in one call, for optimisers
//! - [`random`]: dropout from a generator of this thread
//! - [`distributed`]: processes that train one network, by PyTorch's c10d
//! - [`backend`]: autocast, TF32, deterministic algorithms, memory of a device
//! - [`memory`]: what the allocator does with freed memory of the host

mod shim;

pub mod backend;
pub mod distributed;
pub mod error;
pub mod file;
pub mod group;
pub mod init;
pub mod memory;
pub mod params;
pub mod random;
pub mod state_dict;

pub use error::Error;
pub use init::Init;
pub use params::{Params, Planned, Scope};
