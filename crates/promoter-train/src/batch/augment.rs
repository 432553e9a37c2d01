//! How training rows are varied.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::encoding::Encoding;
use crate::error::experiment;

/// How training rows are varied: mutated, then read from either strand, then seen through a window that moves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Augment {
    /// The window of each row moves by up to so many bases to either side.
    pub shift: usize,
    /// Whether an epoch has every shift of a row or one.
    pub shifts: Shifts,
    /// Whether rows come as their reverse complements, of the window. An encoding with the flag `is_reverse` says of
    /// each which it is.
    pub reverse_complement: ReverseComplement,
    /// Probability of each base to be replaced by one of the three others, drawn for each epoch, row and copy.
    pub mutate: f64,
}

/// Whether an epoch has every shift of a row or one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Shifts {
    /// Every row comes in `2 shift + 1` copies.
    ///
    /// # Source
    /// Challenge report of Peppa, 2022, with a shift of 1.
    #[default]
    Stacked,
    /// Every row comes once, its shift drawn anew in each epoch.
    Random,
}

/// Whether rows come as their reverse complements.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ReverseComplement {
    /// Never.
    #[default]
    None,
    /// Every row comes twice, once as it is and once as its reverse complement.
    ///
    /// # Source
    /// Challenge report of autosome.org, 2022; Noisy Chardonnay tried it without the flag.
    Stacked,
    /// Every row comes once, its strand drawn anew in each epoch.
    Random,
}

impl Augment {
    /// Copies of each row in one epoch.
    pub fn copies(&self) -> usize {
        let shifts = if self.shifts == Shifts::Stacked { self.choices() } else { 1 };
        if self.reverse_complement == ReverseComplement::Stacked { 2 * shifts } else { shifts }
    }

    /// Places that the window may have.
    pub(super) fn choices(&self) -> usize {
        2 * self.shift + 1
    }

    /// Checks the values against an encoding.
    ///
    /// # Errors
    /// [`Error::Experiment`].
    pub fn check(&self, encoding: &Encoding) -> Result<(), Error> {
        let room = encoding.room();
        if self.shift > room {
            return Err(experiment("augment.shift", self.shift, format_args!("at most {room} beyond the window")));
        }
        if !(0.0..=1.0).contains(&self.mutate) {
            return Err(experiment("augment.mutate", self.mutate, "a probability, 0 to 1"));
        }
        Ok(())
    }
}
