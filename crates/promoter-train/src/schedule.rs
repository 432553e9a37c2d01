//! How the learning rate changes over a run.
//!
//! | name | factor of the learning rate | source |
//! |---|---|---|
//! | `constant` | 1 | auth, Peppa, MadLab |
//! | `one_cycle` | up and down along cosines, momentum the other way | autosome.org |
//! | `linear` | straight down to `end` | NAD |
//! | `cosine` | half a cosine down to `end` | BHI |
//! | `exponential` | a share of itself in each epoch | Noisy Chardonnay |
//! | `noam` | straight up, then down with the root of the step | UnlockDNA |
//! | `plateau` | lower when the validation metric stands still | Keras |

pub mod plateau;

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::experiment;
pub use plateau::{Plateau, PlateauState};

/// Where a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Step, from 0 over the whole run.
    pub step: u64,
    /// Steps of the whole run.
    pub steps: u64,
    /// Epoch, from 0.
    pub epoch: u64,
    /// Epochs of the whole run.
    pub epochs: u64,
}

/// A factor of the optimiser's learning rate, which is the largest that a schedule reaches.
///
/// ```
/// use promoter_train::schedule::{Every, Moment, Schedule};
/// let schedule = Schedule::Linear { end: 0.0, every: Every::Epoch, warm_up: 0 };
/// let middle = Moment { step: 25, steps: 40, epoch: 2, epochs: 4 };
/// assert_eq!(schedule.factor(&middle), 0.5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Schedule {
    /// Always 1.
    Constant {
        /// Steps in which the factor rises from 0, before anything else.
        #[serde(default)]
        warm_up: u64,
    },
    /// PyTorch's `OneCycleLR`: along cosines from 1/25 up to 1 and down to 1/250,000.
    ///
    /// # Source
    /// Challenge report of autosome.org, 2022: 0.3 of the steps upwards, momentum 0.95 to 0.85 and back; without
    /// momentum in Penzar et al. 2023, <https://doi.org/10.1093/bioinformatics/btad457>.
    OneCycle {
        /// Share of the steps on the way up.
        #[serde(default = "Schedule::rise")]
        rise: f64,
        /// Lowest and highest momentum, or first beta: highest at both ends, lowest where the learning rate is highest.
        /// If omitted, the optimiser's own throughout.
        #[serde(default)]
        momentum: Option<[f64; 2]>,
    },
    /// Down by as much in each epoch, or in each step.
    ///
    /// # Source
    /// Challenge report of NAD, 2022: to 0.01 in 50 epochs.
    Linear {
        /// Factor that would be reached after the last epoch or step.
        #[serde(default)]
        end: f64,
        /// When the factor changes.
        #[serde(default)]
        every: Every,
        /// Steps in which the factor rises from 0, before anything else.
        #[serde(default)]
        warm_up: u64,
    },
    /// Half a cosine, PyTorch's `CosineAnnealingLR` over the whole run.
    ///
    /// # Source
    /// Loshchilov and Hutter 2017, <https://arxiv.org/abs/1608.03983>. Challenge report of BHI, 2022.
    Cosine {
        /// Factor that would be reached after the last epoch or step.
        #[serde(default)]
        end: f64,
        /// When the factor changes.
        #[serde(default = "Every::step")]
        every: Every,
        /// Steps in which the factor rises from 0, before anything else.
        #[serde(default)]
        warm_up: u64,
    },
    /// PyTorch's `ExponentialLR`; with steps Keras' `ExponentialDecay` over the steps of an epoch.
    Exponential {
        /// Share of the factor that is left after an epoch.
        decay: f64,
        /// When the factor changes.
        #[serde(default)]
        every: Every,
    },
    /// `min(t / w, sqrt(w / t))` in step t, counted from 1.
    ///
    /// # Source
    /// Vaswani et al. 2017, <https://arxiv.org/abs/1706.03762>, whose factor of the width is in the learning rate here.
    /// Challenge report of UnlockDNA, 2022.
    Noam {
        /// Steps on the way up, w.
        warm_up: u64,
    },
    /// 1 until the validation metric stands still.
    Plateau(Plateau),
}

/// When a factor changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Every {
    /// At the start of an epoch.
    #[default]
    Epoch,
    /// In every step.
    Step,
}

impl Every {
    fn step() -> Self {
        Self::Step
    }
}

impl Default for Schedule {
    fn default() -> Self {
        Self::Constant { warm_up: 0 }
    }
}

/// First factor of a cycle, and its last.
const CYCLE: [f64; 2] = [1.0 / 25.0, 1.0 / 25.0 / 1e4];

impl Schedule {
    fn rise() -> f64 {
        0.3
    }

    /// The factor at a moment. [`Self::Plateau`]'s comes from its state, and is 1 here.
    pub fn factor(&self, moment: &Moment) -> f64 {
        match *self {
            Self::Constant { warm_up } => moment.rise(warm_up),
            Self::OneCycle { rise, .. } => moment.cycle(rise, CYCLE[0], 1.0, CYCLE[1]),
            Self::Linear { end, every, warm_up } => {
                moment.rise(warm_up) * (1.0 - (1.0 - end) * moment.share(every, warm_up))
            }
            Self::Cosine { end, every, warm_up } => {
                moment.rise(warm_up) * cosine(1.0, end, moment.share(every, warm_up))
            }
            Self::Exponential { decay, every } => decay.powf(moment.share(every, 0) * moment.epochs as f64),
            Self::Noam { warm_up } => {
                let t = (moment.step + 1) as f64 / warm_up as f64;
                t.min(t.sqrt().recip())
            }
            Self::Plateau(_) => 1.0,
        }
    }

    /// The momentum of SGD, or the first beta of the others, at a moment; `None`: the optimiser's own.
    pub fn momentum(&self, moment: &Moment) -> Option<f64> {
        match *self {
            Self::OneCycle { rise, momentum: Some([low, high]) } => Some(moment.cycle(rise, high, low, high)),
            _ => None,
        }
    }

    /// The rule that lowers the factor further after an epoch, in a [`PlateauState`] that goes with the run.
    pub fn plateau(&self) -> Option<&Plateau> {
        match self {
            Self::Plateau(plateau) => Some(plateau),
            _ => None,
        }
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// [`Error::Experiment`] naming the key, its value and what it may be.
    pub fn check(&self) -> Result<(), Error> {
        let within = |key, value: f64, range: std::ops::RangeInclusive<f64>| {
            let expected = format_args!("{} to {}", range.start(), range.end()).to_string();
            if range.contains(&value) { Ok(()) } else { Err(experiment(key, value, expected)) }
        };
        match *self {
            Self::Constant { .. } => Ok(()),
            Self::OneCycle { rise, momentum } => {
                within("schedule.rise", rise, 0.0..=1.0)?;
                match momentum {
                    Some([low, high]) if !(0.0 <= low && low <= high && high < 1.0) => {
                        let expected = "the lowest and the highest, from 0 to below 1";
                        Err(experiment("schedule.momentum", format_args!("[{low}, {high}]"), expected))
                    }
                    _ => Ok(()),
                }
            }
            Self::Linear { end, .. } | Self::Cosine { end, .. } => within("schedule.end", end, 0.0..=1.0),
            Self::Exponential { decay, .. } if decay <= 0.0 => Err(experiment("schedule.decay", decay, "above 0")),
            Self::Exponential { decay, .. } => within("schedule.decay", decay, 0.0..=1.0),
            Self::Noam { warm_up: 0 } => Err(experiment("schedule.warm_up", 0, "at least 1")),
            Self::Noam { .. } => Ok(()),
            Self::Plateau(ref plateau) => plateau.check(),
        }
    }
}

impl Moment {
    /// Straight up to 1 in the steps of a warm-up.
    fn rise(&self, warm_up: u64) -> f64 {
        if self.step < warm_up { (self.step + 1) as f64 / warm_up as f64 } else { 1.0 }
    }

    /// Share of the epochs that is over, or of the steps after a warm-up.
    fn share(&self, every: Every, warm_up: u64) -> f64 {
        match every {
            Every::Epoch => self.epoch as f64 / self.epochs as f64,
            Every::Step => self.step.saturating_sub(warm_up) as f64 / self.steps.saturating_sub(warm_up).max(1) as f64,
        }
    }

    /// Along one cosine to `top` in `rise` of the steps, along another to `end` in the rest.
    fn cycle(&self, rise: f64, start: f64, top: f64, end: f64) -> f64 {
        let (step, last) = (self.step as f64, self.steps as f64 - 1.0);
        let turn = rise * self.steps as f64 - 1.0;
        if step < turn {
            cosine(start, top, step / turn)
        } else if turn < last {
            cosine(top, end, (step - turn) / (last - turn))
        } else {
            top
        }
    }
}

/// From one value to another along half a cosine.
fn cosine(from: f64, to: f64, share: f64) -> f64 {
    to + (from - to) / 2.0 * (1.0 + (PI * share).cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(step: u64, steps: u64, epochs: u64) -> Moment {
        Moment { step, steps, epoch: step * epochs / steps, epochs }
    }

    fn factors(schedule: Schedule, steps: u64, epochs: u64) -> Vec<f64> {
        (0..steps).map(|step| schedule.factor(&at(step, steps, epochs))).collect()
    }

    fn assert_close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (f, e) in found.iter().zip(expected) {
            assert!((f - e).abs() < 1e-12, "{found:?} for {expected:?}");
        }
    }

    /// Learning rates and first betas of PyTorch's `OneCycleLR` with 80 x 1000 steps and a largest rate of 0.005.
    #[test]
    fn one_cycle_is_pytorchs() {
        let schedule = Schedule::OneCycle { rise: 0.3, momentum: Some([0.85, 0.95]) };
        let text = include_str!("../tests/fixtures/one_cycle.json");
        let reference: std::collections::BTreeMap<u64, [f64; 2]> = serde_json::from_str(text).unwrap();
        for (step, [lr, beta]) in reference {
            let moment = at(step, 80_000, 80);
            assert_close(&[0.005 * schedule.factor(&moment), schedule.momentum(&moment).unwrap()], &[lr, beta]);
        }
        let alone = Schedule::OneCycle { rise: 0.3, momentum: None };
        assert_eq!(alone.momentum(&at(5, 10, 1)), None);
    }

    /// PyTorch divides by zero when the way up is one step.
    #[test]
    fn short_cycles_stay_finite() {
        for steps in 1..12 {
            for rise in [0.0, 0.1, 0.25, 0.5, 1.0] {
                let factors = factors(Schedule::OneCycle { rise, momentum: None }, steps, 1);
                assert!(factors.iter().all(|f| (CYCLE[1] - 1e-12..=1.0).contains(f)), "{rise}: {factors:?}");
            }
        }
    }

    /// Learning rates of NAD's 50 epochs.
    #[test]
    fn linear_is_nads() {
        let text = include_str!("../tests/fixtures/nad_lr_schedule.json");
        let reference: serde_json::Value = serde_json::from_str(text).unwrap();
        let reference: Vec<f64> = serde_json::from_value(reference["lr_used_in_epoch_0_to_49"].clone()).unwrap();
        let schedule = Schedule::Linear { end: 0.01, every: Every::Epoch, warm_up: 0 };
        let found: Vec<f64> = factors(schedule, 150, 50).iter().map(|factor| 2e-4 * factor).collect();
        // Constant in an epoch.
        let expected: Vec<f64> = reference.iter().flat_map(|&lr| [lr; 3]).collect();
        assert_close(&found, &expected);
    }

    #[test]
    fn closed_forms() {
        let half = 0.5f64.sqrt();
        let cosine = Schedule::Cosine { end: 0.0, every: Every::Step, warm_up: 0 };
        assert_close(&factors(cosine, 4, 1), &[1.0, (1.0 + half) / 2.0, 0.5, (1.0 - half) / 2.0]);
        let steps = Schedule::Linear { end: 0.2, every: Every::Step, warm_up: 0 };
        assert_close(&factors(steps, 4, 2), &[1.0, 0.8, 0.6, 0.4]);
        let epochs = Schedule::Exponential { decay: 0.25, every: Every::Epoch };
        assert_close(&factors(epochs, 6, 3), &[1.0, 1.0, 0.25, 0.25, 0.0625, 0.0625]);
        let steps = Schedule::Exponential { decay: 0.25, every: Every::Step };
        assert_close(&factors(steps, 6, 3), &[1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125]);
        let noam = Schedule::Noam { warm_up: 4 };
        assert_close(&factors(noam, 9, 1)[..5], &[0.25, 0.5, 0.75, 1.0, (4.0f64 / 5.0).sqrt()]);
    }

    #[test]
    fn warm_up_comes_first_and_the_rest_spans_the_remaining_steps() {
        assert_close(&factors(Schedule::Constant { warm_up: 2 }, 4, 1), &[0.5, 1.0, 1.0, 1.0]);
        let cosine = |warm_up| Schedule::Cosine { end: 0.1, every: Every::Step, warm_up };
        assert_close(&factors(cosine(3), 8, 1)[3..], &factors(cosine(0), 5, 1));
        assert_close(&factors(cosine(3), 8, 1)[..3], &[1.0 / 3.0, 2.0 / 3.0, 1.0]);
        // Longer than the run.
        assert_close(&factors(cosine(4), 2, 1), &[0.25, 0.5]);
    }

    #[test]
    fn configurations_name_schedules_and_impossible_numbers_are_named() {
        let parse = |text: &str| toml::from_str::<Schedule>(text);
        assert_eq!(parse("name = \"constant\"").unwrap(), Schedule::default());
        let cycle = parse("name = \"one_cycle\"\nmomentum = [0.85, 0.95]").unwrap();
        assert_eq!(cycle, Schedule::OneCycle { rise: 0.3, momentum: Some([0.85, 0.95]) });
        let plateau = parse("name = \"plateau\"\npatience = 3").unwrap();
        assert_eq!(plateau.plateau().unwrap().patience, 3);
        assert_eq!(plateau.factor(&at(3, 4, 1)), 1.0);
        assert!(parse("name = \"plateau\"\npatiens = 3").is_err());
        assert!(parse("name = \"cosine\"\nrise = 3").is_err());
        for (text, message) in [
            ("name = \"one_cycle\"\nrise = 1.5", "`schedule.rise` is 1.5, expected 0 to 1"),
            (
                "name = \"one_cycle\"\nmomentum = [0.9, 0.8]",
                "`schedule.momentum` is [0.9, 0.8], expected the lowest and the highest, from 0 to below 1",
            ),
            ("name = \"linear\"\nend = -0.5", "`schedule.end` is -0.5, expected 0 to 1"),
            ("name = \"cosine\"\nend = nan", "`schedule.end` is NaN, expected 0 to 1"),
            ("name = \"exponential\"\ndecay = 0.0", "`schedule.decay` is 0, expected above 0"),
            ("name = \"exponential\"\ndecay = 1.5", "`schedule.decay` is 1.5, expected 0 to 1"),
            ("name = \"noam\"\nwarm_up = 0", "`schedule.warm_up` is 0, expected at least 1"),
            ("name = \"plateau\"\nfactor = 1.0", "`schedule.factor` is 1, expected above 0 and below 1"),
        ] {
            assert_eq!(parse(text).unwrap().check().unwrap_err().to_string(), message);
        }
        parse("name = \"one_cycle\"\nmomentum = [0.85, 0.95]").unwrap().check().unwrap();
    }
}
