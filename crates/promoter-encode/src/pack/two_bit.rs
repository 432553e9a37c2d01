//! Four bases to a byte: A 0, C 1, G 2, T 3.

use crate::letters::{code, windows};
use crate::sequence::Alphabet;
use crate::{Error, Result, Sequence};
use multiversion::multiversion;

/// Bases that are packed at a time; a multiple of four.
const BLOCK: usize = 4096;

/// Bytes that `length` bases pack into.
pub const fn packed_length(length: usize) -> usize {
    length.div_ceil(4)
}

/// Packs a sequence; lower case is packed as upper case.
///
/// # Errors
/// [`Error::Letter`] for another letter than A, C, G and T, [`Error::Byte`] or [`Error::Code`] for what is not a letter
/// or a code.
///
/// ```
/// use promoter_encode::pack::two_bit;
/// let packed = two_bit::pack("ACGTT")?;
/// assert_eq!(packed, [0b11_10_01_00, 0b11]);
/// assert_eq!(two_bit::unpack(&packed, 5)?, [0, 1, 2, 3, 3]);
/// assert!(two_bit::pack("ACGN").is_err());
/// # Ok::<(), promoter_encode::Error>(())
/// ```
pub fn pack(sequence: impl Sequence) -> Result<Vec<u8>> {
    let symbols = sequence.symbols();
    let mut out = vec![0; packed_length(symbols.len())];
    pack_rows(sequence.alphabet(), symbols, symbols.len(), &mut out)?;
    Ok(out)
}

/// Packs many sequences of one length, which lie one after the other; each begins with a byte of its own.
///
/// # Shapes
/// Input: `(sequences, length)`. Output: `(sequences, length / 4 rounded up)`.
///
/// # Errors
/// As [`pack`]; [`Error::Rows`] unless the sequences divide into rows of `length`, [`Error::Buffer`] unless the buffer
/// has the length of the output.
pub fn pack_batch_into(sequences: impl Sequence, length: usize, out: &mut [u8]) -> Result<()> {
    pack_rows(sequences.alphabet(), sequences.symbols(), length, out)
}

/// The base codes of the first `length` bases; [`Codes::to_letters`](crate::Codes::to_letters) gives their letters.
///
/// # Errors
/// [`Error::Buffer`] if there are fewer.
pub fn unpack(packed: &[u8], length: usize) -> Result<Vec<u8>> {
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
    // As much at a time as stays in the cache between the check and the packing: many short rows, or a piece of one
    // long sequence. Both at once would be slower: only the check reads ahead as fast as memory delivers.
    let length = if symbols.len() == length { length.min(BLOCK) } else { length };
    let (rows, width) = ((BLOCK / length).max(1), packed_length(length));
    for (index, (symbols, out)) in symbols.chunks(rows * length).zip(out.chunks_mut(rows * width)).enumerate() {
        if !alphabet.are_bases(symbols) {
            return Err(refused(alphabet, symbols).shifted(index * rows * length));
        }
        join(alphabet, symbols, length.min(symbols.len()), out);
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

/// Packs rows that hold nothing but A, C, G and T.
#[multiversion(targets = "simd")]
fn join(alphabet: Alphabet, symbols: &[u8], length: usize, out: &mut [u8]) {
    for (row, out) in symbols.chunks_exact(length).zip(out.chunks_exact_mut(length.div_ceil(4))) {
        match (alphabet, length) {
            (Alphabet::Letters, 64..) => join_in_windows::<16>(row, code, out),
            (Alphabet::Letters, _) => join_in_windows::<1>(row, code, out),
            (Alphabet::Codes, 64..) => join_in_windows::<16>(row, |code| code, out),
            (Alphabet::Codes, _) => join_in_windows::<1>(row, |code| code, out),
        }
    }
}

/// Packs windows that fill `SIZE` bytes.
#[inline(always)]
fn join_in_windows<const SIZE: usize>(row: &[u8], code: impl Fn(u8) -> u8, out: &mut [u8]) {
    let (fours, rest) = row.as_chunks::<4>();
    for start in windows(fours.len(), SIZE) {
        for (out, four) in out[start..][..SIZE].iter_mut().zip(&fours[start..][..SIZE]) {
            *out = join_four(four.map(&code));
        }
    }
    if let Some(last) = out.get_mut(fours.len()) {
        // Shifting the last four right is cheaper than a loop over the rest; a row of less than four has no last four.
        *last = match row.last_chunk::<4>() {
            Some(four) => join_four(four.map(&code)) >> (2 * (4 - rest.len())),
            None => rest.iter().rev().fold(0, |byte, &symbol| byte << 2 | code(symbol)),
        };
    }
}

/// Four codes to a byte, as one number, which vectorises.
#[inline(always)]
fn join_four(codes: [u8; 4]) -> u8 {
    let codes = u32::from_le_bytes(codes);
    (codes | codes >> 6 | codes >> 12 | codes >> 18) as u8
}
