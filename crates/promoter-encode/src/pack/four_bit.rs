//! Two letters to a byte: the base codes themselves, so that every IUPAC letter and padding keep their meaning.

use crate::letters::{Alphabet, are_bases, code};
use crate::{Error, Result, base};
use multiversion::multiversion;

/// Bytes that `length` letters pack into.
pub const fn packed_length(length: usize) -> usize {
    length.div_ceil(2)
}

/// Packs letters; lower case is packed as upper case.
///
/// # Errors
/// [`Error::Byte`] for a byte that is no IUPAC letter and not `.`.
///
/// ```
/// use promoter_encode::pack::four_bit;
/// let packed = four_bit::pack(b"GAn")?;
/// assert_eq!(packed, [0x02, 0x04]);
/// assert_eq!(four_bit::unpack(&packed, 3)?, b"GAN");
/// # Ok::<(), promoter_encode::Error>(())
/// ```
pub fn pack(letters: &[u8]) -> Result<Vec<u8>> {
    if are_bases(letters) {
        // Arithmetic instead of a look-up for each letter.
        return pack_codes(&letters.iter().map(|&letter| code(letter)).collect::<Vec<u8>>());
    }
    let codes: Result<Vec<u8>> =
        letters.iter().enumerate().map(|(position, &letter)| Alphabet::Letters.code(letter, position)).collect();
    pack_codes(&codes?)
}

/// Packs base codes.
///
/// # Errors
/// [`Error::Code`] for a number that is no code.
pub fn pack_codes(codes: &[u8]) -> Result<Vec<u8>> {
    if let Some(position) = codes.iter().position(|&code| usize::from(code) >= base::CODES) {
        return Err(Error::Code { position, code: codes[position] });
    }
    let mut out = vec![0; packed_length(codes.len())];
    join(codes, &mut out);
    Ok(out)
}

/// The first `length` letters.
///
/// # Errors
/// [`Error::Buffer`] if there are fewer.
pub fn unpack(packed: &[u8], length: usize) -> Result<Vec<u8>> {
    let mut letters = unpack_codes(packed, length)?;
    letters.iter_mut().for_each(|code| *code = base::to_ascii(*code));
    Ok(letters)
}

/// The codes of the first `length` letters.
///
/// # Errors
/// [`Error::Buffer`] if there are fewer.
pub fn unpack_codes(packed: &[u8], length: usize) -> Result<Vec<u8>> {
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
