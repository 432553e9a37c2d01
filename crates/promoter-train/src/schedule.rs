//! How the learning rate changes.

use serde::{Deserialize, Serialize};

/// A factor of the optimiser's learning rate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Schedule {
    /// Always 1.
    #[default]
    Constant,
}

impl Schedule {
    /// The factor of a step, counted from 0 over the whole run.
    pub fn factor(&self, _step: u64) -> f64 {
        match self {
            Self::Constant => 1.0,
        }
    }
}
