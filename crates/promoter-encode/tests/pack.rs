//! Packing against a slow reference, and back.

#![allow(clippy::unwrap_used)] // tests

use promoter_encode::pack::{four_bit, two_bit};
use promoter_encode::random::Stream;
use promoter_encode::{Codes, Error, Letters, base};
use proptest::prelude::*;

/// Slow and plain: set one code after the other.
fn reference(letters: &[u8], bits: usize) -> Vec<u8> {
    let mut packed = vec![0; (letters.len() * bits).div_ceil(8)];
    for (index, &letter) in letters.iter().enumerate() {
        packed[index * bits / 8] |= base::from_ascii(letter) << (index * bits % 8);
    }
    packed
}

fn codes(letters: &[u8]) -> Vec<u8> {
    letters.iter().map(|&letter| base::from_ascii(letter)).collect()
}

fn check_two_bit(letters: &[u8]) {
    let packed = two_bit::pack(Letters(letters)).unwrap();
    assert_eq!(packed, reference(letters, 2));
    assert_eq!(packed, two_bit::pack(Codes(&codes(letters))).unwrap());
    let unpacked = two_bit::unpack(&packed, letters.len()).unwrap();
    assert_eq!(unpacked, codes(letters));
    assert_eq!(Codes(&unpacked).to_letters().unwrap(), letters.to_ascii_uppercase());
    assert_eq!(Letters(letters).to_codes().unwrap(), unpacked);
}

fn check_four_bit(letters: &[u8]) {
    let packed = four_bit::pack(Letters(letters)).unwrap();
    assert_eq!(packed, reference(letters, 4));
    assert_eq!(packed, four_bit::pack(Codes(&codes(letters))).unwrap());
    let unpacked = four_bit::unpack(&packed, letters.len()).unwrap();
    assert_eq!(unpacked, codes(letters));
    assert_eq!(Codes(&unpacked).to_letters().unwrap(), letters.to_ascii_uppercase());
    assert_eq!(Letters(letters).to_codes().unwrap(), unpacked);
}

proptest! {
    #[test]
    fn packing_round_trips(letters in prop_oneof!["[ACGTacgt]{0,20}", "[ACGT]{0,300}"]) {
        check_two_bit(letters.as_bytes());
    }

    #[test]
    fn packing_every_letter_round_trips(letters in "[ACGTNRYSWKMBDHV.acgtnryswkmbdhv]{0,300}") {
        check_four_bit(letters.as_bytes());
    }

    #[test]
    fn a_batch_is_its_rows(rows in 0usize..80, length in 1usize..130) {
        let mut stream = Stream::new(1, "test", length as u64);
        let letters: Vec<u8> = (0..rows * length).map(|_| b"ACGTacgt"[stream.below(8) as usize]).collect();
        let expected: Vec<u8> = letters.chunks(length).flat_map(|row| reference(row, 2)).collect();
        let mut out = vec![7; expected.len()];
        two_bit::pack_batch_into(Letters(&letters), length, &mut out).unwrap();
        prop_assert_eq!(&out, &expected);
        out.fill(7);
        two_bit::pack_batch_into(Codes(&codes(&letters)), length, &mut out).unwrap();
        prop_assert_eq!(&out, &expected);
    }
}

#[test]
fn odd_lengths_equal_the_reference() {
    let mut stream = Stream::new(3, "test", 0);
    for length in [0, 1, 2, 3, 4, 5, 63, 64, 65, 66, 67, 4096, (1 << 16) + 1] {
        let letters: Vec<u8> = (0..length).map(|_| b"ACGTacgt"[stream.below(8) as usize]).collect();
        check_two_bit(&letters);
        check_four_bit(&letters);
    }
}

#[test]
fn bad_input_is_an_error() {
    let refused = |position, letter| Error::Letter { position, letter, policy: "two-bit packing" };
    assert_eq!(two_bit::pack("ACNT"), Err(refused(2, 'N')));
    assert_eq!(two_bit::pack(Codes(&[0, 5])), Err(refused(1, 'R')));
    assert_eq!(two_bit::pack("A-"), Err(Error::Byte { position: 1, byte: b'-' }));
    assert_eq!(two_bit::pack(Codes(&[0, 77])), Err(Error::Code { position: 1, code: 77 }));
    assert_eq!(two_bit::pack_batch_into("ACGT", 3, &mut [0; 2]), Err(Error::Rows { found: 4, length: 3 }));
    assert_eq!(two_bit::pack_batch_into("ACGT", 0, &mut [0; 2]), Err(Error::Rows { found: 4, length: 0 }));
    assert_eq!(two_bit::pack_batch_into("ACGT", 2, &mut [0; 1]), Err(Error::Buffer { expected: 2, found: 1 }));
    assert_eq!(two_bit::pack_batch_into("", 110, &mut [0; 1]), Err(Error::Buffer { expected: 0, found: 1 }));
    let mut letters = vec![b'A'; 110 * 100];
    letters[9_999] = b'N';
    assert_eq!(two_bit::pack_batch_into(Letters(&letters), 110, &mut vec![0; 2_800]), Err(refused(9_999, 'N')));
    assert_eq!(Letters(b"A-").to_codes(), Err(Error::Byte { position: 1, byte: b'-' }));
    assert_eq!(Codes(&[3, 16]).to_letters(), Err(Error::Code { position: 1, code: 16 }));
    assert_eq!(two_bit::unpack(&[0], 5), Err(Error::Buffer { expected: 2, found: 1 }));
    assert_eq!(four_bit::pack("A-"), Err(Error::Byte { position: 1, byte: b'-' }));
    assert_eq!(four_bit::pack(Codes(&[16])), Err(Error::Code { position: 0, code: 16 }));
    assert_eq!(four_bit::unpack(&[0], 3), Err(Error::Buffer { expected: 2, found: 1 }));
}
