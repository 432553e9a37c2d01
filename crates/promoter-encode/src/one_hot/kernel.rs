//! The innermost loops: plain, and compiled for several instruction sets of which the best is chosen at run time.
//!
//! A symbol is a letter or a code; `mask` clears the bit of lower case where case is folded. A symbol that is none of
//! the four channels' gets zeros, and the loop reports that there was one: such rows are rare and mended afterwards.

use super::Element;
use multiversion::multiversion;

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
        let (rows, _) = out.as_chunks_mut::<4>();
        let mut clean = true;
        for (row, &symbol) in rows.iter_mut().zip(symbols) {
            clean &= encode(row, symbol & mask, order);
        }
        return clean;
    }
    let mut clean = true;
    for (row, &symbol) in out.chunks_exact_mut(channels).zip(symbols) {
        let (bases, flags) = row.split_at_mut(4);
        flags.fill(T::ZERO);
        if let Some(bases) = bases.first_chunk_mut() {
            clean &= encode(bases, symbol & mask, order);
        }
    }
    clean
}

#[inline(always)]
fn encode<T: Element>(row: &mut [T; 4], symbol: u8, order: [u8; 4]) -> bool {
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
            for (value, &found) in channel.iter_mut().zip(row) {
                *value = if found & mask == symbol { T::ONE } else { T::ZERO };
            }
        }
    }
    let mut unknown = false;
    for &symbol in symbols {
        let symbol = symbol & mask;
        unknown |= order.iter().all(|&channel| channel != symbol);
    }
    !unknown
}
