//! Shifts along the sequence, as training sees a promoter a few bases off.

#[cfg(feature = "random")]
use crate::random::Stream;

/// Moves the symbols of a sequence, letters or codes, to the right by `offset` places, or to the left if it is
/// negative.
///
/// What leaves at one end is lost; `fill` comes in at the other.
///
/// ```
/// use promoter_encode::shift;
/// let mut letters = *b"ACGTA";
/// shift::by(&mut letters, 2, b'N');
/// assert_eq!(&letters, b"NNACG");
/// shift::by(&mut letters, -3, b'.');
/// assert_eq!(&letters, b"CG...");
/// ```
pub fn by(symbols: &mut [u8], offset: isize, fill: u8) {
    let length = symbols.len();
    let distance = offset.unsigned_abs().min(length);
    if offset >= 0 {
        symbols.copy_within(..length - distance, distance);
        symbols[..distance].fill(fill);
    } else {
        symbols.copy_within(distance.., 0);
        symbols[length - distance..].fill(fill);
    }
}

/// [`by`] an offset from `-most` to `most`, each equally likely; returns it.
///
/// ```
/// use promoter_encode::{random::Stream, shift};
/// let mut letters = *b"ACGTA";
/// let offset = shift::jitter(&mut letters, 1, b'N', &mut Stream::new(1, "jitter", 0));
/// assert!((-1..=1).contains(&offset));
/// ```
#[cfg(feature = "random")]
pub fn jitter(symbols: &mut [u8], most: u16, fill: u8, draws: &mut Stream) -> isize {
    let offset = draws.below(2 * u64::from(most) + 1) as isize - most as isize;
    by(symbols, offset, fill);
    offset
}
