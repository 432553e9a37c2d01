//! A learning rate that falls when the validation metric stands still.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::experiment;

/// Keras' `ReduceLROnPlateau`.
///
/// ```
/// use promoter_train::schedule::{Plateau, PlateauState};
/// let rule = Plateau { patience: 2, ..Plateau::default() };
/// let mut state = PlateauState::default();
/// for pearson in [0.5, 0.6, 0.6, 0.6] {
///     rule.after_epoch(&mut state, pearson, true);
/// }
/// assert_eq!(state.factor, 0.1);
/// ```
///
/// # Source
/// <https://keras.io/api/callbacks/reduce_lr_on_plateau/>, with its defaults.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Plateau {
    /// Share of the learning rate that is left.
    pub factor: f64,
    /// Epochs without gain that it takes.
    pub patience: u64,
    /// What a value must be better by to be a gain.
    pub min_delta: f64,
    /// Where the factor of the optimiser's learning rate ends.
    pub min_factor: f64,
}

impl Default for Plateau {
    fn default() -> Self {
        Self { factor: 0.1, patience: 10, min_delta: 1e-4, min_factor: 0.0 }
    }
}

/// Where a [`Plateau`] stands; it goes with the run's checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlateauState {
    /// Factor of the learning rate so far.
    pub factor: f64,
    /// Best value that was a gain.
    pub best: Option<f64>,
    /// Epochs without gain since then, or since the last fall.
    pub waited: u64,
}

impl Default for PlateauState {
    fn default() -> Self {
        Self { factor: 1.0, best: None, waited: 0 }
    }
}

impl Plateau {
    /// Takes note of an epoch's value of the metric that chooses the best epoch. A value that does not exist is not a
    /// gain.
    pub fn after_epoch(&self, state: &mut PlateauState, value: f64, higher_is_better: bool) {
        let gain = match state.best {
            None => !value.is_nan(),
            Some(best) if higher_is_better => value > best + self.min_delta,
            Some(best) => value < best - self.min_delta,
        };
        if gain {
            (state.best, state.waited) = (Some(value), 0);
            return;
        }
        state.waited += 1;
        if state.waited >= self.patience {
            (state.factor, state.waited) = ((state.factor * self.factor).max(self.min_factor), 0);
        }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        if !(self.factor > 0.0 && self.factor < 1.0) {
            return Err(experiment("schedule.factor", self.factor, "above 0 and below 1"));
        }
        if self.patience == 0 {
            return Err(experiment("schedule.patience", 0, "at least 1"));
        }
        if !(self.min_delta >= 0.0 && self.min_delta.is_finite()) {
            return Err(experiment("schedule.min_delta", self.min_delta, "0 or more"));
        }
        if !(0.0..=1.0).contains(&self.min_factor) {
            return Err(experiment("schedule.min_factor", self.min_factor, "0 to 1"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factors(rule: Plateau, values: &[f64], higher_is_better: bool) -> Vec<f64> {
        let mut state = PlateauState::default();
        let after = |&value: &f64| {
            rule.after_epoch(&mut state, value, higher_is_better);
            state.factor
        };
        values.iter().map(after).collect()
    }

    #[test]
    fn it_falls_after_its_patience_in_either_direction_down_to_its_floor() {
        let rule = Plateau { factor: 0.5, patience: 2, min_delta: 0.1, min_factor: 0.2 };
        // 2.95 is less than 0.1 better than 3.
        let losses = [3.0, 2.95, 2.95, 2.0, 2.0, 2.0, 2.0, 2.0];
        let expected = [1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.2];
        assert_eq!(factors(rule, &losses, false), expected);
        assert_eq!(factors(rule, &losses.map(|x| -x), true), expected);
    }

    #[test]
    fn a_value_that_does_not_exist_is_no_gain() {
        let rule = Plateau { factor: 0.5, patience: 1, ..Plateau::default() };
        assert_eq!(factors(rule, &[f64::NAN, 0.5, f64::NAN, 0.6], true), [0.5, 0.5, 0.25, 0.25]);
    }

    #[test]
    fn impossible_numbers_are_named() {
        let good = Plateau::default();
        good.check().unwrap();
        for (plateau, key) in [
            (Plateau { factor: f64::NAN, ..good }, "factor"),
            (Plateau { patience: 0, ..good }, "patience"),
            (Plateau { min_delta: -1.0, ..good }, "min_delta"),
            (Plateau { min_factor: 2.0, ..good }, "min_factor"),
        ] {
            let text = plateau.check().unwrap_err().to_string();
            assert!(text.starts_with(&format!("`schedule.{key}` is ")), "{text}");
        }
    }
}
