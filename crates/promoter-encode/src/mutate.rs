//! Random mutation.

use crate::letters::Alphabet;
use crate::random::Stream;
use crate::{Error, Result};

/// Replaces each base by one of the three others with probability `rate`; the number replaced.
///
/// Case is kept. Other letters than A, C, G and T stay, and take no draw.
///
/// # Errors
/// [`Error::Setting`] for a rate outside 0 to 1, [`Error::Byte`] for a byte that is no letter.
///
/// ```
/// use promoter_encode::{mutate, random::Stream};
/// let mut letters = *b"ACgtN";
/// assert_eq!(mutate::letters(&mut letters, 1.0, &mut Stream::new(1, "mutate", 0))?, 4);
/// assert!(letters.iter().zip(b"ACgtN").all(|(new, old)| (new == old) == (*old == b'N')));
/// # Ok::<(), promoter_encode::Error>(())
/// ```
pub fn letters(letters: &mut [u8], rate: f64, draws: &mut Stream) -> Result<usize> {
    // Bit 5 is lower case.
    mutate(Alphabet::Letters, letters, rate, draws, |old, base| b"ACGT"[usize::from(base)] | old & 0x20)
}

/// [`letters`] for base codes.
///
/// # Errors
/// [`Error::Setting`] for a rate outside 0 to 1, [`Error::Code`] for a number that is no code.
pub fn codes(codes: &mut [u8], rate: f64, draws: &mut Stream) -> Result<usize> {
    mutate(Alphabet::Codes, codes, rate, draws, |_, base| base)
}

fn mutate(
    alphabet: Alphabet,
    symbols: &mut [u8],
    rate: f64,
    draws: &mut Stream,
    symbol: impl Fn(u8, u8) -> u8,
) -> Result<usize> {
    if !(0.0..=1.0).contains(&rate) {
        return Err(Error::Setting { setting: "rate", value: rate.to_string(), expected: "from 0 to 1" });
    }
    for (position, &symbol) in symbols.iter().enumerate() {
        alphabet.code(symbol, position)?;
    }
    let mut replaced = 0;
    for (position, old) in symbols.iter_mut().enumerate() {
        let code = alphabet.code(*old, position)?;
        if code < 4 && draws.uniform() < rate {
            // 1 to 3 further on is every base but the old one.
            *old = symbol(*old, (code + 1 + draws.below(3) as u8) % 4);
            replaced += 1;
        }
    }
    Ok(replaced)
}
