//! Gaussian noise on training labels.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::error::Error;

/// Gaussian noise that is drawn anew for every row in every epoch, then clipped.
///
/// It acts on transformed labels, so `sd` and `clip` are in their units.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Noise {
    /// Standard deviation; 0 adds nothing.
    pub sd: f32,
    /// Lowest and highest value after the noise; no clipping when absent.
    #[cfg_attr(feature = "serde", serde(default))]
    pub clip: Option<[f32; 2]>,
}

/// 32-bit words of the generator that one row takes: two uniform numbers of 64 bits.
const WORDS_PER_ROW: u128 = 4;

impl Noise {
    /// NAD's noise: sd 0.05 on labels in [0, 1], clipped to [0, 1].
    ///
    /// # Source
    /// Challenge report of NAD; the clipping is in its code only.
    pub const NAD: Self = Self { sd: 0.05, clip: Some([0.0, 1.0]) };

    /// Adds noise to a batch in place. `rows` says which row of the training data each label is of; the noise of a row
    /// depends on `seed`, `epoch` and its number alone, so batches may come in any order and on any thread.
    ///
    /// # Shapes
    /// `rows` and `labels`: the same length.
    ///
    /// # Errors
    /// [`Error::Noise`] for a negative or non-finite `sd` or a `clip` that is not an interval; [`Error::Length`].
    ///
    /// ```
    /// use promoter_label::Noise;
    /// let mut batch = [0.5, 1.0, 0.5];
    /// Noise::NAD.add(1, 0, &[7, 8, 9], &mut batch)?;
    /// let mut alone = [0.5];
    /// Noise::NAD.add(1, 0, &[9], &mut alone)?;
    /// assert_eq!(alone[0], batch[2]);
    /// assert_ne!(alone[0], batch[0]);
    /// assert!(batch[1] <= 1.0);
    /// # Ok::<(), promoter_label::Error>(())
    /// ```
    pub fn add(&self, seed: u64, epoch: u64, rows: &[u32], labels: &mut [f32]) -> Result<(), Error> {
        self.check()?;
        if rows.len() != labels.len() {
            return Err(Error::Length { what: "row numbers", expected: labels.len(), found: rows.len() });
        }
        let mut key = *b"........ promoter label noise v1";
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(epoch);
        let mut next_row = 0_u64;
        for (&row, label) in rows.iter().zip(labels) {
            // Seeking makes the generator start a block; rows in a run read on.
            let row = u64::from(row);
            if row != next_row {
                rng.set_word_pos(u128::from(row) * WORDS_PER_ROW);
            }
            next_row = row + 1;
            let noisy = f64::from(*label) + f64::from(self.sd) * normal(&mut rng);
            *label = match self.clip {
                Some([low, high]) => noisy.clamp(f64::from(low), f64::from(high)),
                None => noisy,
            } as f32;
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Error> {
        if !(self.sd.is_finite() && self.sd >= 0.0) {
            return Err(Error::Noise { name: "sd", value: self.sd, expected: "a finite number of at least 0" });
        }
        match self.clip {
            Some([low, high]) if !low.is_finite() || !high.is_finite() || low > high => Err(Error::Noise {
                name: "clip",
                value: if low.is_finite() { high } else { low },
                expected: "two finite numbers, the lower first",
            }),
            _ => Ok(()),
        }
    }
}

/// Standard normal by Box and Muller; `libm` so that the bytes are the same on every platform.
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let mut uniform = || (rng.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64);
    let radius = (-2.0 * libm::log(1.0 - uniform())).sqrt();
    radius * libm::cos(std::f64::consts::TAU * uniform())
}
