//! How bootstraps draw, and the intervals that they give.

/// Percentile bootstrap: in every round as many rows as there are, drawn with replacement.
///
/// A draw in which a column is constant has no correlation and is drawn again. The seed decides every draw; the number
/// of threads does not.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct Bootstrap {
    /// Number of rounds.
    pub rounds: u32,
    /// Share of the rounds within an interval, 0..1.
    pub level: f64,
    /// Seed of the draws.
    pub seed: u64,
}

impl Default for Bootstrap {
    /// 10,000 rounds, 95 %.
    fn default() -> Self {
        Self { rounds: 10_000, level: 0.95, seed: 0 }
    }
}

impl Bootstrap {
    pub(crate) fn is_valid(&self) -> bool {
        self.rounds >= 2 && self.level > 0.0 && self.level < 1.0
    }

    /// The middle of the values, ends interpolated between neighbours.
    pub(crate) fn interval(&self, mut values: Vec<f64>) -> (f64, f64) {
        values.sort_unstable_by(f64::total_cmp);
        let quantile = |q: f64| {
            let place = q * (values.len() - 1) as f64;
            let (below, above) = (values[place.floor() as usize], values[place.ceil() as usize]);
            below + (above - below) * place.fract()
        };
        (quantile((1.0 - self.level) / 2.0), quantile((1.0 + self.level) / 2.0))
    }
}
