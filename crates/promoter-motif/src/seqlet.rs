//! Seqlets: stretches of a sequence to which a model attributes much.
//!
//! Attributions come as tracks, one value per base: how much the base that is there raises the prediction. What
//! explains a model often gives four values per position; [`observed`] takes the one of the base that is there.

mod recursive;
mod windowed;

pub use recursive::Recursive;
pub use windowed::Windowed;

use promoter_encode::base;

use crate::{Error, Result};

/// A stretch to which much is attributed.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Seqlet {
    /// Which sequence.
    pub sequence: usize,
    /// First base.
    pub start: usize,
    /// One past the last base.
    pub end: usize,
    /// Sum of the attributions, in their units; negative for a stretch that lowers the prediction.
    pub score: f64,
    /// Probability of a sum so far from 0, to the same side, under the null distribution of the caller. It ranks
    /// seqlets; neighbouring attributions depend on each other, so that it is smaller than the share of chance
    /// seqlets.
    pub p_value: f64,
}

/// The attributions of the bases that are there.
///
/// # Shapes
/// `attributions` is `(length, 4)` with channels A, C, G, T, and `codes` has `length` base codes
/// ([`promoter_encode::base`]). Other letters than A, C, G and T get 0.
///
/// # Errors
/// [`Error::Length`] when the two differ in length.
///
/// ```
/// use promoter_motif::seqlet;
/// let attributions = [[0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 0.8], [0.9, 1.0, 1.1, 1.2]];
/// assert_eq!(seqlet::observed(&attributions, &[3, 0, 4])?, [0.4, 0.5, 0.0]);
/// # Ok::<(), promoter_motif::Error>(())
/// ```
pub fn observed(attributions: &[[f32; 4]], codes: &[u8]) -> Result<Vec<f32>> {
    if attributions.len() != codes.len() {
        return Err(Error::Length { what: "the attributions", expected: codes.len(), found: attributions.len() });
    }
    let of_base = |(row, &code): (&[f32; 4], &u8)| if code < base::N { row[usize::from(code)] } else { 0.0 };
    Ok(attributions.iter().zip(codes).map(of_base).collect())
}

/// Bases that may be added at an end.
pub(crate) const LONGEST_FLANK: usize = 1000;

/// Refuses attributions that are NaN or infinite.
pub(crate) fn check<T: AsRef<[f32]>>(tracks: &[T]) -> Result<()> {
    for (sequence, track) in tracks.iter().enumerate() {
        if let Some(position) = track.as_ref().iter().position(|value| !value.is_finite()) {
            return Err(Error::NotFinite { sequence, position, value: track.as_ref()[position] });
        }
    }
    Ok(())
}

/// The sum over part of a track.
fn sum(track: &[f32]) -> f64 {
    track.iter().map(|&value| f64::from(value)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributions_of_another_length_are_refused() {
        assert!(matches!(observed(&[[0.0; 4]], &[0, 1]), Err(Error::Length { expected: 2, found: 1, .. })));
    }

    #[test]
    fn attributions_that_are_not_finite_are_refused_with_their_place() {
        let tracks = [vec![0.0; 30], vec![0.0, f32::NAN]];
        let refused =
            |result: Result<Vec<Seqlet>>| matches!(result, Err(Error::NotFinite { sequence: 1, position: 1, .. }));
        assert!(refused(Recursive::default().find(&tracks)) && refused(Windowed::default().find(&tracks)));
    }
}
