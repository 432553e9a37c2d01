//! How frequent each base is where there is no motif.

use promoter_encode::base;

use crate::{Error, Result};

/// Frequencies of A, C, G and T outside motifs; each is above 0, their sum is 1.
///
/// ```
/// use promoter_motif::Background;
/// let yeast = Background::new([0.31, 0.19, 0.19, 0.31])?;
/// assert_eq!(yeast, yeast.symmetric());
/// assert_eq!(Background::default().frequencies(), [0.25; 4]);
/// # Ok::<(), promoter_motif::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "[f64; 4]", into = "[f64; 4]"))]
pub struct Background([f64; 4]);

impl Background {
    /// All bases alike.
    pub const UNIFORM: Self = Self([0.25; 4]);

    /// Frequencies or counts, divided by their sum.
    ///
    /// # Errors
    /// [`Error::Background`] unless all are finite and above 0.
    pub fn new(frequencies: [f64; 4]) -> Result<Self> {
        let sum: f64 = frequencies.iter().sum();
        if !frequencies.iter().all(|&frequency| frequency > 0.0) || !sum.is_finite() {
            return Err(Error::Background { found: frequencies });
        }
        // Frequencies that a background came from are left as they are to the last bit.
        let exact = (sum - 1.0).abs() <= 4.0 * f64::EPSILON;
        Ok(Self(if exact { frequencies } else { frequencies.map(|frequency| frequency / sum) }))
    }

    /// Frequencies in sequences of base codes ([`promoter_encode::base`]), each count plus 1. Other letters than A,
    /// C, G and T are not counted.
    pub fn of_codes<R: AsRef<[u8]>>(rows: &[R]) -> Self {
        let mut counts = [1.0; 4];
        for &code in rows.iter().flat_map(|row| row.as_ref()) {
            if code < base::N {
                counts[usize::from(code)] += 1.0;
            }
        }
        let sum: f64 = counts.iter().sum();
        Self(counts.map(|count| count / sum))
    }

    /// Frequencies of A, C, G and T.
    pub const fn frequencies(&self) -> [f64; 4] {
        self.0
    }

    /// The mean of both strands: A is as frequent as T, C as G.
    pub fn symmetric(&self) -> Self {
        let [a, c, g, t] = self.0;
        let (weak, strong) = ((a + t) / 2.0, (c + g) / 2.0);
        Self([weak, strong, strong, weak])
    }

    /// The frequencies on the other strand.
    pub(crate) fn complement(&self) -> Self {
        let [a, c, g, t] = self.0;
        Self([t, g, c, a])
    }
}

impl Default for Background {
    fn default() -> Self {
        Self::UNIFORM
    }
}

impl TryFrom<[f64; 4]> for Background {
    type Error = Error;

    fn try_from(frequencies: [f64; 4]) -> Result<Self> {
        Self::new(frequencies)
    }
}

impl From<Background> for [f64; 4] {
    fn from(background: Background) -> Self {
        background.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_are_counted_over_all_sequences() {
        let rows: [&[u8]; 2] = [&[0, 0, 1, base::N], &[3, base::PAD]];
        assert_eq!(Background::of_codes(&rows), Background::new([3.0, 2.0, 1.0, 2.0]).unwrap());
    }

    #[test]
    fn what_is_not_a_frequency_is_refused() {
        for wrong in [[0.0, 0.5, 0.25, 0.25], [-1.0, 1.0, 0.5, 0.5], [f64::NAN; 4], [f64::INFINITY, 1.0, 1.0, 1.0]] {
            assert!(matches!(Background::new(wrong), Err(Error::Background { .. })), "{wrong:?}");
        }
    }
}
