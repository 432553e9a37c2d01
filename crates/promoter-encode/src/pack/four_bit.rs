//! Two letters to a byte: the base codes themselves, so that every IUPAC letter and padding keep their meaning.

use crate::sequence::Alphabet;
use crate::{Error, Letters, Result, Sequence, base};
use multiversion::multiversion;

/// Bytes that `length` letters pack into.
pub const fn packed_length(length: usize) -> usize {
    length.div_ceil(2)
}

/// Packs a sequence; lower case is packed as upper case.
///
/// # Errors
/// [`Error::Byte`] for a byte that is not an IUPAC letter and not `.`, [`Error::Code`] for a number that is not a code.
///
/// ```
/// use promoter_encode::pack::four_bit;
/// let packed = four_bit::pack("GAn")?;
/// assert_eq!(packed, [0x02, 0x04]);
/// assert_eq!(four_bit::unpack(&packed, 3)?, [2, 0, 4]);
/// # Ok::<(), promoter_encode::Error>(())
/// ```
pub fn pack(sequence: impl Sequence) -> Result<Vec<u8>> {
    let symbols = sequence.symbols();
    match sequence.alphabet() {
        Alphabet::Letters => Ok(join_all(&Letters(symbols).to_codes()?)),
        Alphabet::Codes => match symbols.iter().position(|&code| usize::from(code) >= base::CODES) {
            Some(position) => Err(Error::Code { position, code: symbols[position] }),
            None => Ok(join_all(symbols)),
        },
    }
}

fn join_all(codes: &[u8]) -> Vec<u8> {
    let mut out = vec![0; packed_length(codes.len())];
    join(codes, &mut out);
    out
}

/// The base codes of the first `length` letters.
///
/// # Errors
/// [`Error::Buffer`] if there are fewer.
pub fn unpack(packed: &[u8], length: usize) -> Result<Vec<u8>> {
    let (expected, found) = (packed_length(length), packed.len());
    if found < expected {
        return Err(Error::Buffer { expected, found });
    }
    let mut codes = vec![0; 2 * expected];
    spread(packed, &mut codes);
    codes.truncate(length);
    Ok(codes)
}

#[multiversion(targets = "simd")]
fn join(codes: &[u8], out: &mut [u8]) {
    let (pairs, rest) = codes.as_chunks::<2>();
    for (out, [low, high]) in out.iter_mut().zip(pairs) {
        *out = low | high << 4;
    }
    if let (Some(&last), Some(out)) = (rest.first(), out.last_mut()) {
        *out = last;
    }
}

#[multiversion(targets = "simd")]
fn spread(packed: &[u8], codes: &mut [u8]) {
    for (pair, &byte) in codes.as_chunks_mut::<2>().0.iter_mut().zip(packed) {
        *pair = [byte & 15, byte >> 4];
    }
}
