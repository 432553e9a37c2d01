//! How the learning rate changes.

use serde::{Deserialize, Serialize};

/// A factor of the optimiser's learning rate, which is the largest that a schedule reaches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Schedule {
    /// Always 1.
    #[default]
    Constant,
    /// PyTorch's one cycle: along cosines from 1/25 up to 1 and down to 1/250,000.
    ///
    /// # Source
    /// Challenge report of autosome.org, 2022: 0.3 of the steps upwards.
    OneCycle {
        /// Share of the steps on the way up.
        #[serde(default = "Schedule::rise")]
        rise: f64,
    },
}

/// First factor of a cycle, and its last.
const CYCLE: (f64, f64) = (1.0 / 25.0, 1.0 / 25.0 / 1e4);

impl Schedule {
    fn rise() -> f64 {
        0.3
    }

    /// The factor of a step of so many, counted from 0 over the whole run.
    pub fn factor(&self, step: u64, steps: u64) -> f64 {
        match *self {
            Self::Constant => 1.0,
            Self::OneCycle { rise } => {
                let (step, top, end) = (step as f64, rise * steps as f64 - 1.0, steps as f64 - 1.0);
                let cosine = |from: f64, to: f64, share: f64| {
                    to + (from - to) / 2.0 * (1.0 + (std::f64::consts::PI * share).cos())
                };
                if step <= top {
                    cosine(CYCLE.0, 1.0, step / top)
                } else {
                    cosine(1.0, CYCLE.1, (step - top) / (end - top))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Learning rates of PyTorch's `OneCycleLR` with 80 x 1000 steps and a largest rate of 0.005.
    #[test]
    fn one_cycle_is_pytorchs() {
        let schedule = Schedule::OneCycle { rise: 0.3 };
        for (step, lr) in [
            (0, 0.0002),
            (1, 0.000_200_000_020_563_389_2),
            (100, 0.000_200_205_630_957_694_25),
            (12_000, 0.002_600_157_086_177_824_5),
            (23_999, 0.005),
            (24_000, 0.004_999_999_996_066_022),
            (40_000, 0.004_058_618_616_125_681),
            (60_000, 0.001_415_178_632_667_657_2),
            (79_999, 2e-8),
        ] {
            let found = 0.005 * schedule.factor(step, 80_000);
            assert!((found - lr).abs() < 1e-12, "step {step}: {found} for {lr}");
        }
    }
}
