//! Four bases to a byte: A 0, C 1, G 2, T 3.

use crate::letters::{Alphabet, code, is_base, windows};
use crate::{Error, Result};
use multiversion::multiversion;

/// Bytes that `length` bases pack into.
pub const fn packed_length(length: usize) -> usize {
    length.div_ceil(4)
}

/// Packs letters; lower case is packed as upper case.
///
/// # Errors
/// [`Error::Letter`] for an ambiguous letter, [`Error::Byte`] for a byte that is no letter.
///
/// ```
/// use promoter_encode::pack::two_bit;
/// let packed = two_bit::pack(b"ACGTT")?;
/// assert_eq!(packed, [0b11_10_01_00, 0b11]);
/// assert_eq!(two_bit::unpack(&packed, 5)?, b"ACGTT");
/// assert!(two_bit::pack(b"ACGN").is_err());
/// # Ok::<(), promoter_encode::Error>(())
/// ```
pub fn pack(letters: &[u8]) -> Result<Vec<u8>> {
    let mut out = vec![0; packed_length(letters.len())];
    pack_rows(Alphabet::Letters, letters, letters.len(), &mut out)?;
    Ok(out)
}

/// Packs the letters of many sequences of one length, which lie one after the other; each begins with a byte of its own.
///
/// # Shapes
/// Input: `(sequences, length)`. Output: `(sequences, length / 4 rounded up)`.
///
/// # Errors
/// As [`pack`]; [`Error::Rows`] unless the letters divide into rows of `length`, [`Error::Buffer`] unless the buffer has
/// the length of the output.
pub fn pack_batch_into(letters: &[u8], length: usize, out: &mut [u8]) -> Result<()> {
    pack_rows(Alphabet::Letters, letters, length, out)
}

/// Packs base codes.
///
/// # Errors
/// [`Error::Letter`] for the code of another letter than A, C, G and T, [`Error::Code`] for a number that is no code.
pub fn pack_codes(codes: &[u8]) -> Result<Vec<u8>> {
    let mut out = vec![0; packed_length(codes.len())];
    pack_rows(Alphabet::Codes, codes, codes.len(), &mut out)?;
    Ok(out)
}

/// [`pack_batch_into`] for base codes.
///
/// # Errors
/// As [`pack_codes`] and [`pack_batch_into`].
pub fn pack_codes_batch_into(codes: &[u8], length: usize, out: &mut [u8]) -> Result<()> {
    pack_rows(Alphabet::Codes, codes, length, out)
}

/// The letters of the first `length` bases.
///
/// # Errors
/// [`Error::Buffer`] if there are fewer.
pub fn unpack(packed: &[u8], length: usize) -> Result<Vec<u8>> {
    let mut letters = unpack_codes(packed, length)?;
    to_letters(&mut letters);
    Ok(letters)
}

/// The base codes of the first `length` bases.
///
/// # Errors
/// [`Error::Buffer`] if there are fewer.
pub fn unpack_codes(packed: &[u8], length: usize) -> Result<Vec<u8>> {
    let (expected, found) = (packed_length(length), packed.len());
    if found < expected {
        return Err(Error::Buffer { expected, found });
    }
    let mut codes = vec![0; 4 * expected];
    spread(packed, &mut codes);
    codes.truncate(length);
    Ok(codes)
}

#[multiversion(targets = "simd")]
fn to_letters(codes: &mut [u8]) {
    for code in codes {
        // A shift of the four letters, which vectorises where a look-up does not.
        *code = (u32::from_le_bytes(*b"ACGT") >> (8 * u32::from(*code & 3))) as u8;
    }
}

#[multiversion(targets = "simd")]
fn spread(packed: &[u8], codes: &mut [u8]) {
    for (four, &byte) in codes.as_chunks_mut::<4>().0.iter_mut().zip(packed) {
        *four = [byte & 3, byte >> 2 & 3, byte >> 4 & 3, byte >> 6];
    }
}

fn pack_rows(alphabet: Alphabet, symbols: &[u8], length: usize, out: &mut [u8]) -> Result<()> {
    let divides = symbols.is_empty() || length > 0 && symbols.len().is_multiple_of(length);
    if !divides {
        return Err(Error::Rows { found: symbols.len(), length });
    }
    let width = packed_length(length);
    let expected = if symbols.is_empty() { 0 } else { symbols.len() / length * width };
    if out.len() != expected {
        return Err(Error::Buffer { expected, found: out.len() });
    }
    if symbols.is_empty() {
        return Ok(());
    }
    // As many rows at a time as stay in the cache, should the one that is refused have to be found.
    let rows = (4096 / length).max(1);
    for (index, (symbols, out)) in symbols.chunks(rows * length).zip(out.chunks_mut(rows * width)).enumerate() {
        if !join(alphabet, symbols, length, out) {
            return Err(refused(alphabet, symbols).shifted(index * rows * length));
        }
    }
    Ok(())
}

/// The error of the first symbol that is not A, C, G or T.
fn refused(alphabet: Alphabet, symbols: &[u8]) -> Error {
    let position = symbols.iter().position(|&symbol| !alphabet.are_bases(&[symbol])).unwrap_or(0);
    match alphabet.code(symbols[position], position) {
        Err(error) => error,
        Ok(_) => Error::Letter { position, letter: alphabet.letter(symbols[position]), policy: "two-bit packing" },
    }
}

/// Packs rows; whether they hold nothing but A, C, G and T.
#[multiversion(targets = "simd")]
fn join(alphabet: Alphabet, symbols: &[u8], length: usize, out: &mut [u8]) -> bool {
    let mut clean = true;
    for (row, out) in symbols.chunks_exact(length).zip(out.chunks_exact_mut(length.div_ceil(4))) {
        clean &= match (alphabet, length) {
            (Alphabet::Letters, 64..) => join_in_windows::<64>(row, code, is_base, out),
            (Alphabet::Letters, _) => join_in_windows::<4>(row, code, is_base, out),
            (Alphabet::Codes, 64..) => join_in_windows::<64>(row, |code| code, |code| code < 4, out),
            (Alphabet::Codes, _) => join_in_windows::<4>(row, |code| code, |code| code < 4, out),
        }
    }
    clean
}

/// Packs windows of `SIZE` symbols, a multiple of four.
#[inline(always)]
fn join_in_windows<const SIZE: usize>(
    row: &[u8],
    code: impl Fn(u8) -> u8,
    is_base: impl Fn(u8) -> bool,
    out: &mut [u8],
) -> bool {
    let (fours, rest) = row.as_chunks::<4>();
    let mut others = [false; SIZE];
    for start in windows(fours.len(), SIZE / 4) {
        let fours = &fours[start..][..SIZE / 4];
        for (out, four) in out[start..][..SIZE / 4].iter_mut().zip(fours) {
            *out = join_four(four.map(&code));
        }
        for (other, &symbol) in others.iter_mut().zip(fours.as_flattened()) {
            *other |= !is_base(symbol);
        }
    }
    if let Some(last) = out.get_mut(fours.len()) {
        // Shifting the last four right is cheaper than a loop over the rest; a row of less than four has no last four.
        *last = match row.last_chunk::<4>() {
            Some(four) => join_four(four.map(&code)) >> (2 * (4 - rest.len())),
            None => rest.iter().rev().fold(0, |byte, &symbol| byte << 2 | code(symbol) & 3),
        };
    }
    !others.iter().fold(false, |any, &other| any | other) && rest.iter().all(|&symbol| is_base(symbol))
}

/// Four codes to a byte, as one number, which vectorises.
#[inline(always)]
fn join_four(codes: [u8; 4]) -> u8 {
    let codes = u32::from_le_bytes(codes);
    (codes | codes >> 6 | codes >> 12 | codes >> 18) as u8
}
