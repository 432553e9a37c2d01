//! Folds by a hash of the letters.

use promoter_encode::base;

/// Number of folds.
pub(super) const FOLDS: u32 = 10;

const SEED: u32 = 42;

/// Fold of a sequence: murmur3 of its upper-case letters, modulo [`FOLDS`].
pub(super) fn fold(codes: &[u8]) -> u32 {
    let letters: Vec<u8> = codes.iter().map(|&code| base::to_ascii(code)).collect();
    hash(&letters, SEED) % FOLDS
}

/// murmur3, the variant of 32 bits for x86, as an unsigned number.
///
/// # Source
/// Appleby, MurmurHash3 (public domain).
fn hash(bytes: &[u8], seed: u32) -> u32 {
    let mix = |word: u32| word.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    let (words, rest) = bytes.as_chunks::<4>();
    let mut hash = seed;
    for &word in words {
        hash = (hash ^ mix(u32::from_le_bytes(word))).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    hash ^= mix(rest.iter().rev().fold(0, |word, &byte| word << 8 | u32::from(byte)));
    hash ^= bytes.len() as u32;
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of the reference implementation's verification and of `mmh3.hash(..., signed=False)`.
    #[test]
    fn hashes_are_those_of_the_reference() {
        for (text, seed, expected) in [
            ("", 0, 0),
            ("", 1, 0x514e_28b7),
            ("", u32::MAX, 0x81f1_6f39),
            ("aaaa", 0x9747_b28c, 0x5a97_808a),
            ("aaa", 0x9747_b28c, 0x283e_0130),
            ("aa", 0x9747_b28c, 0x5d21_1726),
            ("a", 0x9747_b28c, 0x7fa0_9ea6),
            ("Hello, world!", 0x9747_b28c, 0x2488_4cba),
        ] {
            assert_eq!(hash(text.as_bytes(), seed), expected, "{text}");
        }
    }
}
