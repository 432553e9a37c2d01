//! Random mutation.

use crate::random::Stream;
use crate::sequence::Alphabet;
use crate::{Error, Result, Sequence};

/// The sequence with each base replaced by one of the three others with probability `rate`, and the number replaced.
///
/// Case is kept. Other letters than A, C, G and T stay, and take no draw.
///
/// # Errors
/// [`Error::Setting`] for a rate outside 0 to 1, [`Error::Byte`] or [`Error::Code`] for what is not a letter or a code.
///
/// ```
/// use promoter_encode::{mutate, random::Stream};
/// let (mutated, replaced) = mutate::substitute("ACgtN", 1.0, &mut Stream::new(1, "mutate", 0))?;
/// assert_eq!(replaced, 4);
/// assert!(mutated.iter().zip(b"ACgtN").all(|(new, old)| (new == old) == (*old == b'N')));
/// # Ok::<(), promoter_encode::Error>(())
/// ```
pub fn substitute(sequence: impl Sequence, rate: f64, draws: &mut Stream) -> Result<(Vec<u8>, usize)> {
    if !(0.0..=1.0).contains(&rate) {
        return Err(Error::Setting { setting: "rate", value: rate.to_string(), expected: "from 0 to 1" });
    }
    let alphabet = sequence.alphabet();
    let mut mutated = sequence.symbols().to_vec();
    let mut replaced = 0;
    for (position, symbol) in mutated.iter_mut().enumerate() {
        let code = alphabet.code(*symbol, position)?;
        if code < 4 && draws.uniform() < rate {
            // 1 to 3 further on is every base but the old one.
            let base = (code + 1 + draws.below(3) as u8) % 4;
            *symbol = match alphabet {
                Alphabet::Codes => base,
                // Bit 5 is lower case.
                Alphabet::Letters => b"ACGT"[usize::from(base)] | *symbol & 0x20,
            };
            replaced += 1;
        }
    }
    Ok((mutated, replaced))
}
