//! Mutation, shifts and shuffles.

#![allow(clippy::unwrap_used)] // tests

use promoter_encode::random::Stream;
use promoter_encode::{Codes, Error, base, mutate, shift, shuffle};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn counts(symbols: &[u8], size: usize) -> BTreeMap<&[u8], usize> {
    let mut counts = BTreeMap::new();
    symbols.windows(size).for_each(|word| *counts.entry(word).or_default() += 1);
    counts
}

proptest! {
    #[test]
    fn shuffles_keep_what_they_promise(
        letters in prop_oneof!["[ACGT]{0,120}", "[ACGTN]{0,10}", "[AC]{0,40}"],
        seed in any::<u64>(),
    ) {
        let shuffled = shuffle::dinucleotide(letters.as_bytes(), &mut Stream::new(seed, "test", 0));
        prop_assert_eq!(counts(&shuffled, 2), counts(letters.as_bytes(), 2));
        prop_assert_eq!(counts(&shuffled, 1), counts(letters.as_bytes(), 1));
        prop_assert_eq!(shuffled.first(), letters.as_bytes().first());
        prop_assert_eq!(shuffled.last(), letters.as_bytes().last());
        let shuffled = shuffle::uniform(letters.as_bytes(), &mut Stream::new(seed, "test", 1));
        prop_assert_eq!(counts(&shuffled, 1), counts(letters.as_bytes(), 1));
    }

    #[test]
    fn shifting_is_reading_from_elsewhere(letters in "[ACGT]{0,60}", offset in -70isize..70) {
        let mut shifted = letters.clone().into_bytes();
        shift::by(&mut shifted, offset, b'N');
        for (position, &letter) in shifted.iter().enumerate() {
            let source = position.checked_add_signed(-offset).and_then(|source| letters.as_bytes().get(source));
            prop_assert_eq!(letter, *source.unwrap_or(&b'N'));
        }
    }

    #[test]
    fn codes_mutate_as_their_letters(letters in "[ACGTNR]{0,200}", rate in 0.0..=1.0, seed in any::<u64>()) {
        let (mutated, replaced) = mutate::substitute(&*letters, rate, &mut Stream::new(seed, "test", 0)).unwrap();
        prop_assert_eq!(mutated.iter().zip(letters.as_bytes()).filter(|(new, old)| new != old).count(), replaced);
        let codes: Vec<u8> = letters.bytes().map(base::from_ascii).collect();
        let of_codes = mutate::substitute(Codes(&codes), rate, &mut Stream::new(seed, "test", 0)).unwrap();
        let expected: Vec<u8> = mutated.iter().map(|&letter| base::from_ascii(letter)).collect();
        prop_assert_eq!(of_codes, (expected, replaced));
    }
}

/// Every sequence with the pairs, first and last letter of one, found by trying all orders.
fn shuffles_of(letters: &[u8]) -> Vec<Vec<u8>> {
    let mut grown = vec![vec![]];
    for _ in letters {
        grown =
            grown.iter().flat_map(|word| b"ACGT".iter().map(move |&letter| [&word[..], &[letter]].concat())).collect();
    }
    grown
        .retain(|word| word[0] == letters[0] && word.last() == letters.last() && counts(word, 2) == counts(letters, 2));
    grown
}

#[test]
fn every_dinucleotide_shuffle_is_equally_likely() {
    for (letters, number) in [(b"AACGACTAG", 12), (b"AACAGCATA", 24)] {
        let all = shuffles_of(letters);
        assert_eq!(all.len(), number);
        let mut seen: BTreeMap<Vec<u8>, f64> = BTreeMap::new();
        let draws = 20_000;
        for index in 0..draws {
            *seen.entry(shuffle::dinucleotide(letters, &mut Stream::new(5, "test", index))).or_default() += 1.0;
        }
        assert!(seen.keys().eq(&all));
        let expected = draws as f64 / number as f64;
        let chi_squared: f64 = seen.values().map(|count| (count - expected).powi(2) / expected).sum();
        // Mean n - 1, variance 2 (n - 1): six standard deviations.
        let freedom = (number - 1) as f64;
        assert!(chi_squared < freedom + 6.0 * (2.0 * freedom).sqrt(), "{chi_squared} of {freedom}");
    }
}

#[test]
fn mutations_come_at_their_rate_and_to_every_other_base() {
    let (codes, replaced) = mutate::substitute(Codes(&[2; 30_000]), 0.3, &mut Stream::new(1, "test", 0)).unwrap();
    assert!((8_700..9_300).contains(&replaced), "{replaced}");
    for base in [0, 1, 3] {
        let found = codes.iter().filter(|&&code| code == base).count();
        assert!((2_800..3_200).contains(&found), "{found}");
    }
}

#[test]
fn jitter_reaches_every_offset_alike() {
    let mut counts = [0; 5];
    for index in 0..5_000 {
        let mut codes = [0, 1, 2, 3, 2, 1, 0];
        let offset = shift::jitter(&mut codes, 2, 4, &mut Stream::new(1, "test", index));
        let mut expected = [0, 1, 2, 3, 2, 1, 0];
        shift::by(&mut expected, offset, 4);
        assert_eq!(codes, expected);
        counts[(offset + 2) as usize] += 1;
    }
    assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
}

#[test]
fn bad_input_is_an_error() {
    let mut stream = Stream::new(1, "test", 0);
    for rate in [-0.1, 1.1, f64::NAN] {
        let mutated = mutate::substitute("A", rate, &mut stream);
        assert!(matches!(mutated, Err(Error::Setting { setting: "rate", .. })));
    }
    assert_eq!(mutate::substitute("ACG-", 1.0, &mut stream), Err(Error::Byte { position: 3, byte: b'-' }));
    assert_eq!(mutate::substitute(Codes(&[0, 16]), 1.0, &mut stream), Err(Error::Code { position: 1, code: 16 }));
}
