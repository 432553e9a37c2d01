//! Expression as a distribution over the 18 sorting bins.
//!
//! A label y becomes the mass of a normal distribution around y + 0.5, with sd 0.5, in (-inf, 1), [1, 2), ..., [16,
//! 17), [17, inf). A network with 18 outputs learns these classes; [`expectation`] turns its probabilities back into
//! sorting bins.
//!
//! # Source
//! Challenge report of autosome.org (LegNet).

use std::f64::consts::FRAC_1_SQRT_2;

use crate::error::{Error, finite};

/// Number of classes: sorting bins 0..=17.
pub const BINS: usize = 18;

/// Standard deviation of the normal distribution, in bins.
const SD: f64 = 0.5;

/// Distance from a label to the mean of its distribution: half a bin, the middle of the class.
const SHIFT: f64 = 0.5;

/// Class probabilities of each label.
///
/// # Shapes
/// `labels`: (n), in sorting bins. Returns (n, 18), row-major; every row sums to 1.
///
/// # Errors
/// [`Error::NotFinite`].
///
/// ```
/// use promoter_label::soft_bins;
/// let mass = soft_bins::mass(&[7.0])?;
/// assert!((mass[7] - 0.68269).abs() < 1e-5);
/// assert_eq!(mass[6], mass[8]);
/// # Ok::<(), promoter_label::Error>(())
/// ```
pub fn mass(labels: &[f32]) -> Result<Vec<f32>, Error> {
    let mut masses = Vec::with_capacity(labels.len() * BINS);
    for &label in finite(labels)? {
        let mean = f64::from(label) + SHIFT;
        masses.extend((0..BINS).map(|bin| {
            let low = if bin == 0 { f64::NEG_INFINITY } else { (bin as f64 - mean) / SD };
            let high = if bin == BINS - 1 { f64::INFINITY } else { ((bin + 1) as f64 - mean) / SD };
            normal_mass(low, high) as f32
        }));
    }
    Ok(masses)
}

/// Expected bin of each row of class probabilities: the sum of i times p_i.
///
/// Masses that are not normalised are taken as they are. For labels from 1 to 16 it gives the label back to 0.01; at
/// the ends the outermost classes hold the tails, which pulls 0 to 0.16 and 17 to 16.84.
///
/// # Shapes
/// `mass`: (n, 18), row-major. Returns (n), in sorting bins.
///
/// # Errors
/// [`Error::Length`] if the length is not a multiple of 18.
///
/// ```
/// use promoter_label::soft_bins;
/// let bins = soft_bins::expectation(&soft_bins::mass(&[11.25])?)?;
/// assert!((bins[0] - 11.25).abs() < 0.01);
/// # Ok::<(), promoter_label::Error>(())
/// ```
pub fn expectation(mass: &[f32]) -> Result<Vec<f32>, Error> {
    let (rows, []) = mass.as_chunks::<BINS>() else {
        let expected = mass.len().next_multiple_of(BINS);
        return Err(Error::Length { what: "class probabilities", expected, found: mass.len() });
    };
    Ok(rows
        .iter()
        .map(|row| row.iter().zip(0..).map(|(&p, bin)| f64::from(p) * f64::from(bin)).sum::<f64>() as f32)
        .collect())
}

/// Mass of the standard normal distribution in [low, high). Taken on the side where both tails are small, so that the
/// difference does not cancel.
fn normal_mass(low: f64, high: f64) -> f64 {
    let upper_tail = |z: f64| 0.5 * libm::erfc(z * FRAC_1_SQRT_2);
    if low > 0.0 { upper_tail(low) - upper_tail(high) } else { upper_tail(-high) - upper_tail(-low) }
}
