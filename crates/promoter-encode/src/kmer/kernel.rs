//! The innermost loop of tokens: every k-mer of a row at once, instead of one rolling along it.

use super::Token;
use crate::letters::{code, windows};
use crate::sequence::Alphabet;
use multiversion::multiversion;

/// Writes the `count` k-mers that begin at `first` in each row of `length` symbols, all of which are A, C, G or T.
#[multiversion(targets = "simd")]
pub(super) fn tokens<T: Token>(
    alphabet: Alphabet,
    symbols: &[u8],
    length: usize,
    first: usize,
    count: usize,
    k: usize,
    out: &mut [T],
) {
    for (row, out) in symbols.chunks_exact(length).zip(out.chunks_exact_mut(count)) {
        let row = &row[first..][..count + k - 1];
        match (alphabet, count) {
            (Alphabet::Letters, 64..) => in_windows::<T, 64>(row, k, code, out),
            (Alphabet::Letters, 8..) => in_windows::<T, 8>(row, k, code, out),
            (Alphabet::Letters, _) => in_windows::<T, 1>(row, k, code, out),
            (Alphabet::Codes, 64..) => in_windows::<T, 64>(row, k, |code| code, out),
            (Alphabet::Codes, 8..) => in_windows::<T, 8>(row, k, |code| code, out),
            (Alphabet::Codes, _) => in_windows::<T, 1>(row, k, |code| code, out),
        }
    }
}

#[inline(always)]
fn in_windows<T: Token, const SIZE: usize>(row: &[u8], k: usize, code: impl Fn(u8) -> u8, out: &mut [T]) {
    for start in windows(out.len(), SIZE) {
        let mut tokens = [T::default(); SIZE];
        let mut at = start;
        // Four bases fit a byte: they are joined as bytes, of which a register holds more.
        for _ in 0..k / 4 {
            let four = &row[at..][..SIZE + 3];
            for (i, token) in tokens.iter_mut().enumerate() {
                let codes = code(four[i]) << 6 | code(four[i + 1]) << 4 | code(four[i + 2]) << 2 | code(four[i + 3]);
                *token = token.push(4, codes);
            }
            at += 4;
        }
        for _ in 0..k % 4 {
            for (token, &symbol) in tokens.iter_mut().zip(&row[at..][..SIZE]) {
                *token = token.push(1, code(symbol));
            }
            at += 1;
        }
        out[start..][..SIZE].copy_from_slice(&tokens);
    }
}
