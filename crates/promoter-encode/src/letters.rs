//! Plain arithmetic on the letters A, C, G and T of either case, which compilers turn into vector instructions.

use crate::sequence::Alphabet;
use crate::{Error, Result, base};
use multiversion::multiversion;

/// Code of a letter that is A, C, G or T; some number below 4 for other bytes.
#[inline(always)]
pub(crate) fn code(letter: u8) -> u8 {
    // Bits 1 and 2 of the letters: A 00, C 01, T 10, G 11.
    (letter >> 1 ^ letter >> 2) & 3
}

/// Whether a letter is A, C, G or T.
#[inline(always)]
pub(crate) fn is_base(letter: u8) -> bool {
    let letter = letter & !0x20;
    (letter == b'A') | (letter == b'C') | (letter == b'G') | (letter == b'T')
}

/// Whether every letter is A, C, G or T.
#[multiversion(targets = "simd")]
pub(crate) fn are_bases(letters: &[u8]) -> bool {
    let mut others = false;
    for &letter in letters {
        others |= !is_base(letter);
    }
    !others
}

/// Whether every code is that of A, C, G or T.
#[multiversion(targets = "simd")]
pub(crate) fn are_base_codes(codes: &[u8]) -> bool {
    let mut others = false;
    for &code in codes {
        others |= code > 3;
    }
    !others
}

/// Writes the letters of codes, all of which are those of A, C, G or T, in their place.
#[multiversion(targets = "simd")]
pub(crate) fn to_letters(codes: &mut [u8]) {
    for code in codes {
        // A shift of the four letters, which vectorises where a look-up does not.
        *code = (u32::from_le_bytes(*b"ACGT") >> (8 * u32::from(*code & 3))) as u8;
    }
}

impl Alphabet {
    /// Whether every symbol is A, C, G or T.
    pub(crate) fn are_bases(self, symbols: &[u8]) -> bool {
        match self {
            Self::Letters => are_bases(symbols),
            Self::Codes => are_base_codes(symbols),
        }
    }

    /// The code of one symbol.
    pub(crate) fn code(self, symbol: u8, position: usize) -> Result<u8> {
        match self {
            Self::Letters => match base::from_ascii(symbol) {
                base::INVALID => Err(Error::Byte { position, byte: symbol }),
                code => Ok(code),
            },
            Self::Codes if usize::from(symbol) < base::CODES => Ok(symbol),
            Self::Codes => Err(Error::Code { position, code: symbol }),
        }
    }

    /// The letter that a message shows for one symbol.
    pub(crate) fn letter(self, symbol: u8) -> char {
        char::from(match self {
            Self::Letters => symbol,
            Self::Codes => base::to_ascii(symbol),
        })
    }
}

/// Where the windows of `size` begin that cover `count` places, of which there must be at least `size`. The last window
/// overlaps the one before it, which is cheaper than to treat the rest apart.
#[inline(always)]
pub(crate) fn windows(count: usize, size: usize) -> impl Iterator<Item = usize> {
    (0..count.div_ceil(size)).map(move |window| (window * size).min(count - size))
}
