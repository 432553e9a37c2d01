//! Reverse complement against a slow reference, and what it does to an encoding.

#![allow(clippy::unwrap_used)] // tests

use promoter_encode::one_hot::{Layout, OneHot};
use promoter_encode::random::Stream;
use promoter_encode::{Codes, Error, Letters, base, reverse_complement};
use proptest::prelude::*;

fn reference(letters: &[u8]) -> Vec<u8> {
    let complement = |&letter: &u8| {
        let index = b"ACGTNRYSWKMBDHV.acgtnryswkmbdhv".iter().position(|&known| known == letter).unwrap();
        b"TGCANYRSWMKVHDB.tgcanyrswmkvhdb"[index]
    };
    letters.iter().rev().map(complement).collect()
}

fn codes(letters: &[u8]) -> Vec<u8> {
    letters.iter().map(|&letter| base::from_ascii(letter)).collect()
}

proptest! {
    #[test]
    fn equals_the_reference(
        letters in prop_oneof!["[ACGT]{0,200}", "[ACGTacgt]{0,20}", "[ACGTNRYSWKMBDHV.acgtnryswkmbdhv]{0,200}"],
    ) {
        let expected = reference(letters.as_bytes());
        prop_assert_eq!(&reverse_complement::of(letters.as_str()).unwrap(), &expected);
        prop_assert_eq!(&reverse_complement::of(Letters(&expected)).unwrap(), letters.as_bytes());
        prop_assert_eq!(reverse_complement::of(Codes(&codes(letters.as_bytes()))).unwrap(), codes(&expected));
    }

    #[test]
    fn a_batch_is_its_rows(rows in 0usize..80, length in 1usize..130, odd in 0usize..20_000) {
        let mut stream = Stream::new(1, "test", odd as u64);
        let mut letters: Vec<u8> = (0..rows * length).map(|_| b"ACGTacgt"[stream.below(8) as usize]).collect();
        if let Some(letter) = letters.get_mut(odd) {
            *letter = b'r';
        }
        let expected: Vec<u8> = letters.chunks(length).flat_map(reference).collect();
        let mut out = vec![0; letters.len()];
        reverse_complement::batch_into(Letters(&letters), length, &mut out).unwrap();
        prop_assert_eq!(&out, &expected);
        reverse_complement::batch_into(Codes(&codes(&letters)), length, &mut out).unwrap();
        prop_assert_eq!(out, codes(&expected));
    }

    #[test]
    fn its_one_hot_encoding_is_flipped_twice(letters in "[ACGTN]{0,200}") {
        let turned = reverse_complement::of(letters.as_str()).unwrap();
        for layout in [Layout::ChannelsFirst, Layout::ChannelsLast] {
            let one_hot = OneHot { layout, ..OneHot::default() };
            // With A, C, G, T the complement reverses the channels: both axes flipped are the whole array reversed.
            let mut flipped: Vec<f32> = one_hot.encode(letters.as_str()).unwrap();
            flipped.reverse();
            prop_assert_eq!(one_hot.encode::<f32>(Letters(&turned)).unwrap(), flipped);
        }
    }
}

#[test]
fn odd_lengths_equal_the_reference() {
    let mut stream = Stream::new(3, "test", 0);
    for length in [0, 1, 7, 8, 9, 63, 64, 65, 127, 128, 4095, 4096, 4097, (1 << 16) + 1] {
        let letters: Vec<u8> = (0..length).map(|_| b"ACGTacgt"[stream.below(8) as usize]).collect();
        assert_eq!(reverse_complement::of(Letters(&letters)).unwrap(), reference(&letters));
        assert_eq!(reverse_complement::of(Codes(&codes(&letters))).unwrap(), codes(&reference(&letters)));
    }
}

#[test]
fn bad_input_is_an_error() {
    assert_eq!(reverse_complement::of("AC-T"), Err(Error::Byte { position: 2, byte: b'-' }));
    assert_eq!(reverse_complement::of(Codes(&[3, 16])), Err(Error::Code { position: 1, code: 16 }));
    let into = |letters: &[u8], length, out: &mut [u8]| reverse_complement::batch_into(Letters(letters), length, out);
    assert_eq!(into(b"ACGT", 4, &mut [0; 3]), Err(Error::Buffer { expected: 4, found: 3 }));
    assert_eq!(into(b"ACGT", 3, &mut [0; 4]), Err(Error::Rows { found: 4, length: 3 }));
    assert_eq!(into(b"ACGT", 0, &mut [0; 4]), Err(Error::Rows { found: 4, length: 0 }));
    let mut letters = vec![b'A'; 110 * 100];
    letters[9_999] = b'*';
    assert_eq!(into(&letters, 110, &mut vec![0; 11_000]), Err(Error::Byte { position: 9_999, byte: b'*' }));
}
