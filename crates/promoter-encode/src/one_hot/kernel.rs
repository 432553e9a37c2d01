//! The innermost loops: plain, and compiled for several instruction sets of which the best is chosen at run time.
//!
//! A symbol is a letter or a code; `mask` clears the bit of lower case where case is folded. A symbol that is none of
//! the four channels' gets any row, and the loop reports that there was one: such rows are rare and mended afterwards.

use super::Element;
use crate::letters::windows;
use multiversion::multiversion;

/// Symbols that fill the widest registers. What is left of a row is done as one more window that overlaps the last,
/// since compilers turn a shorter rest into a slow loop.
pub(super) const WINDOW: usize = 64;

/// Whether every symbol is one of the four.
#[multiversion(targets = "simd")]
pub(super) fn are_known(symbols: &[u8], mask: u8, order: [u8; 4]) -> bool {
    let mut unknown = false;
    for &symbol in symbols {
        let symbol = symbol & mask;
        // Not `contains`, which stops at the first and cannot be vectorised.
        unknown |= !((symbol == order[0]) | (symbol == order[1]) | (symbol == order[2]) | (symbol == order[3]));
    }
    !unknown
}

/// Encodes as (length, channels); whether every symbol was one of the four.
#[multiversion(targets = "simd")]
pub(super) fn channels_last<T: Element>(
    symbols: &[u8],
    mask: u8,
    order: [u8; 4],
    channels: usize,
    out: &mut [T],
) -> bool {
    if channels == 4 {
        return T::encode_rows(symbols, mask, order, out.as_chunks_mut().0);
    }
    let mut clean = true;
    for (row, &symbol) in out.chunks_exact_mut(channels).zip(symbols) {
        let (bases, flags) = row.split_at_mut(4);
        flags.fill(T::ZERO);
        if let Some(bases) = bases.first_chunk_mut() {
            clean &= encode(symbol & mask, order, bases);
        }
    }
    clean
}

/// Encodes each symbol by comparing it with the four of the channels.
#[inline(always)]
pub(super) fn encode_rows<T: Element>(symbols: &[u8], mask: u8, order: [u8; 4], rows: &mut [[T; 4]]) -> bool {
    // A long slice is best left whole, since its rest is a small part.
    if symbols.len() < WINDOW || symbols.len() >= 16 * WINDOW {
        return compare(symbols, mask, order, rows);
    }
    let mut clean = true;
    for start in windows(symbols.len(), WINDOW) {
        clean &= compare(&symbols[start..][..WINDOW], mask, order, &mut rows[start..][..WINDOW]);
    }
    clean
}

/// Encodes as bytes: a row is one number, a 1 shifted by eight bits a channel, which takes a quarter less time.
#[inline(always)]
pub(super) fn encode_bytes(symbols: &[u8], mask: u8, order: [u8; 4], rows: &mut [[u8; 4]]) -> bool {
    match symbols.len() {
        256.. => shift::<256>(symbols, mask, order, rows),
        WINDOW.. => shift::<WINDOW>(symbols, mask, order, rows),
        _ => compare(symbols, mask, order, rows),
    }
}

#[inline(always)]
#[allow(clippy::needless_range_loop)] // zipped iterators are not vectorised here, and three times slower
fn shift<const SIZE: usize>(symbols: &[u8], mask: u8, order: [u8; 4], rows: &mut [[u8; 4]]) -> bool {
    let mut unknown = [false; SIZE];
    for start in windows(symbols.len(), SIZE) {
        let symbols = &symbols[start..][..SIZE];
        let mut bits = [0u8; SIZE];
        for i in 0..SIZE {
            let symbol = symbols[i] & mask;
            let (second, third, fourth) = (symbol == order[1], symbol == order[2], symbol == order[3]);
            bits[i] = u8::from(second) * 8 + u8::from(third) * 16 + u8::from(fourth) * 24;
            unknown[i] |= !((symbol == order[0]) | second | third | fourth);
        }
        for (row, bits) in rows[start..][..SIZE].iter_mut().zip(bits) {
            *row = (1u32 << bits).to_le_bytes();
        }
    }
    !unknown.iter().fold(false, |any, &unknown| any | unknown)
}

#[inline(always)]
fn compare<T: Element>(symbols: &[u8], mask: u8, order: [u8; 4], rows: &mut [[T; 4]]) -> bool {
    let mut clean = true;
    for (row, &symbol) in rows.iter_mut().zip(symbols) {
        clean &= encode(symbol & mask, order, row);
    }
    clean
}

#[inline(always)]
fn encode<T: Element>(symbol: u8, order: [u8; 4], row: &mut [T; 4]) -> bool {
    let mut known = false;
    for (value, channel) in row.iter_mut().zip(order) {
        known |= symbol == channel;
        *value = if symbol == channel { T::ONE } else { T::ZERO };
    }
    known
}

/// Encodes each row of `length` symbols as (channels, length); whether every symbol was one of the four.
#[multiversion(targets = "simd")]
pub(super) fn channels_first<T: Element>(
    symbols: &[u8],
    length: usize,
    mask: u8,
    order: [u8; 4],
    channels: usize,
    out: &mut [T],
) -> bool {
    for (row, encoded) in symbols.chunks_exact(length).zip(out.chunks_exact_mut(channels * length)) {
        let (bases, flags) = encoded.split_at_mut(4 * length);
        flags.fill(T::ZERO);
        for (channel, symbol) in bases.chunks_exact_mut(length).zip(order) {
            if length < WINDOW {
                mark(row, mask, symbol, channel);
            } else {
                for start in windows(length, WINDOW) {
                    mark(&row[start..][..WINDOW], mask, symbol, &mut channel[start..][..WINDOW]);
                }
            }
        }
    }
    are_known(symbols, mask, order)
}

#[inline(always)]
fn mark<T: Element>(row: &[u8], mask: u8, symbol: u8, channel: &mut [T]) {
    for (value, &found) in channel.iter_mut().zip(row) {
        *value = if found & mask == symbol { T::ONE } else { T::ZERO };
    }
}
