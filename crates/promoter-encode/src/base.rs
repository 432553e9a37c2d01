//! Base codes: one byte per base, the form in which sequences are kept in memory and on the device.
//!
//! | code | letter | | code | letter | | code | letter | | code | letter |
//! |---|---|---|---|---|---|---|---|---|---|---|
//! | 0 | A | | 4 | N | | 8 | W | | 12 | D |
//! | 1 | C | | 5 | R | | 9 | K | | 13 | H |
//! | 2 | G | | 6 | Y | | 10 | M | | 14 | V |
//! | 3 | T | | 7 | S | | 11 | B | | 15 | padding `.` |
//!
//! Policies and reports of all crates name four kinds of letters: *bases* are A, C, G and T; *N* is any base; *IUPAC*
//! are the ten other ambiguity codes (R, Y, ...); *other* are all other bytes. *Ambiguous* means N or IUPAC.

/// Number of codes: four bases, `N`, ten more IUPAC letters, padding.
pub const CODES: usize = 16;

/// Code of any base, `N`.
pub const N: u8 = 4;

/// Code of a position that was added to reach a length; its letter is `.`.
pub const PAD: u8 = 15;

/// What [`from_ascii`] returns for a byte that is not an IUPAC letter and not `.`.
pub const INVALID: u8 = 255;

/// Letter of each code.
pub const LETTERS: [u8; CODES] = *b"ACGTNRYSWKMBDHV.";

/// Code of the complementary base of each code.
pub const COMPLEMENT: [u8; CODES] = [3, 2, 1, 0, N, 6, 5, 7, 8, 10, 9, 14, 13, 12, 11, PAD];

/// The bases (bit 0 = A, 1 = C, 2 = G, 3 = T) that each code stands for; none for padding.
pub const POSSIBLE: [u8; CODES] = [
    0b0001, 0b0010, 0b0100, 0b1000, 0b1111, 0b0101, 0b1010, 0b0110, 0b1001, 0b1100, 0b0011, 0b1110, 0b1101, 0b1011,
    0b0111, 0,
];

/// Code of every byte, upper and lower case alike; [`INVALID`] for bytes that are not IUPAC letters.
pub const FROM_ASCII: [u8; 256] = {
    let mut table = [INVALID; 256];
    let mut code = 0;
    while code < CODES {
        table[LETTERS[code] as usize] = code as u8;
        table[LETTERS[code].to_ascii_lowercase() as usize] = code as u8;
        code += 1;
    }
    table
};

/// Code of one letter, upper or lower case; [`INVALID`] when it is not one.
///
/// ```
/// use promoter_encode::base;
/// assert_eq!(base::from_ascii(b'g'), 2);
/// assert_eq!(base::from_ascii(b'-'), base::INVALID);
/// ```
#[inline]
pub const fn from_ascii(letter: u8) -> u8 {
    FROM_ASCII[letter as usize]
}

/// Letter of a code; `?` for a byte that is not a code.
///
/// ```
/// use promoter_encode::base;
/// assert_eq!(base::to_ascii(3), b'T');
/// ```
#[inline]
pub const fn to_ascii(code: u8) -> u8 {
    if (code as usize) < CODES { LETTERS[code as usize] } else { b'?' }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complement_is_an_involution_and_complements_every_possible_base() {
        for code in 0..CODES as u8 {
            let complement = COMPLEMENT[code as usize];
            assert_eq!(COMPLEMENT[complement as usize], code);
            assert_eq!(POSSIBLE[complement as usize], POSSIBLE[code as usize].reverse_bits() >> 4);
        }
    }

    #[test]
    fn letters_round_trip_in_both_cases() {
        for code in 0..CODES as u8 {
            assert_eq!(from_ascii(to_ascii(code)), code);
            assert_eq!(from_ascii(to_ascii(code).to_ascii_lowercase()), code);
        }
        assert_eq!((0..=255u8).filter(|&byte| from_ascii(byte) != INVALID).count(), 2 * 15 + 1);
    }
}
