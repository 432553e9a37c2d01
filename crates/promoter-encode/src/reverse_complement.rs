//! The other strand, read in its own direction.

use crate::letters::windows;
use crate::sequence::Alphabet;
use crate::{Error, Result, Sequence, base};
use multiversion::multiversion;

/// Reverse complement of a sequence, letters of letters and codes of codes. Case is kept; ambiguity codes become those
/// of the complementary bases.
///
/// # Errors
/// [`Error::Byte`] for a byte that is not an IUPAC letter and not `.`, [`Error::Code`] for a number that is not a code.
///
/// ```
/// use promoter_encode::{Codes, reverse_complement};
/// assert_eq!(reverse_complement::of("GATTRn.")?, b".nYAATC");
/// assert_eq!(reverse_complement::of(Codes(&[2, 0, 3, 3]))?, [0, 0, 3, 1]);
/// # Ok::<(), promoter_encode::Error>(())
/// ```
pub fn of(sequence: impl Sequence) -> Result<Vec<u8>> {
    let symbols = sequence.symbols();
    let mut out = vec![0; symbols.len()];
    batch(sequence.alphabet(), symbols, symbols.len(), &mut out)?;
    Ok(out)
}

/// [`of`] many sequences of one length, which lie one after the other, into a buffer of the same size.
///
/// # Shapes
/// Input and output: `(sequences, length)`.
///
/// # Errors
/// As [`of`]; [`Error::Rows`] unless the sequences divide into rows of `length`, [`Error::Buffer`] unless the buffer is
/// as long as they are.
pub fn batch_into(sequences: impl Sequence, length: usize, out: &mut [u8]) -> Result<()> {
    batch(sequences.alphabet(), sequences.symbols(), length, out)
}

fn batch(alphabet: Alphabet, symbols: &[u8], length: usize, out: &mut [u8]) -> Result<()> {
    if out.len() != symbols.len() {
        return Err(Error::Buffer { expected: symbols.len(), found: out.len() });
    }
    if symbols.is_empty() {
        return Ok(());
    }
    if length == 0 || !symbols.len().is_multiple_of(length) {
        return Err(Error::Rows { found: symbols.len(), length });
    }
    // As many rows at a time as stay in the cache between the check and the turning.
    let block = (4096 / length).max(1) * length;
    for (index, (symbols, out)) in symbols.chunks(block).zip(out.chunks_mut(block)).enumerate() {
        if alphabet.are_bases(symbols) {
            turn(alphabet, symbols, length, out);
            continue;
        }
        for (row, (symbols, out)) in symbols.chunks(length).zip(out.chunks_mut(length)).enumerate() {
            for (position, (&symbol, out)) in symbols.iter().zip(out.iter_mut().rev()).enumerate() {
                let code = alphabet.code(symbol, index * block + row * length + position)?;
                let complement = base::COMPLEMENT[usize::from(code)];
                *out = match alphabet {
                    Alphabet::Codes => complement,
                    // Bit 5 is lower case; `.` has it as well.
                    Alphabet::Letters => base::to_ascii(complement) | symbol & 0x20,
                };
            }
        }
    }
    Ok(())
}

/// Reverse complements of rows that hold nothing but A, C, G and T.
#[multiversion(targets = "simd")]
fn turn(alphabet: Alphabet, symbols: &[u8], length: usize, out: &mut [u8]) {
    for (row, out) in symbols.chunks_exact(length).zip(out.chunks_exact_mut(length)) {
        match (alphabet, length) {
            (Alphabet::Letters, 64..) => turn_in_windows::<64>(row, complement_letter, out),
            (Alphabet::Letters, 8..) => turn_in_windows::<8>(row, complement_letter, out),
            (Alphabet::Letters, _) => turn_in_windows::<1>(row, complement_letter, out),
            (Alphabet::Codes, 64..) => turn_in_windows::<64>(row, |code| 3 - code, out),
            (Alphabet::Codes, 8..) => turn_in_windows::<8>(row, |code| 3 - code, out),
            (Alphabet::Codes, _) => turn_in_windows::<1>(row, |code| 3 - code, out),
        }
    }
}

#[inline(always)]
fn turn_in_windows<const SIZE: usize>(row: &[u8], complement: impl Fn(u8) -> u8, out: &mut [u8]) {
    let length = row.len();
    for start in windows(length, SIZE) {
        let mut window = [0; SIZE];
        window.copy_from_slice(&row[start..][..SIZE]);
        window.reverse();
        out[length - start - SIZE..][..SIZE].copy_from_slice(&window.map(&complement));
    }
}

/// Complement of A, C, G or T in either case: A and T differ in the bits of 0x15, C and G in that of 0x04.
#[inline(always)]
fn complement_letter(letter: u8) -> u8 {
    letter ^ if letter & 2 == 0 { 0x15 } else { 0x04 }
}
