//! How much of the challenge is run.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// How much of the challenge is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// A few steps of everything, on simulated promoters: it shows that it runs.
    Smoke,
    /// Real rows, cut so that all of it takes twelve hours on two cores at most.
    Small,
    /// The challenge's 6.7 million rows with the teams' settings.
    Full,
}

impl Scale {
    /// The name in commands and folders.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Smoke => "smoke",
            Self::Small => "small",
            Self::Full => "full",
        }
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
