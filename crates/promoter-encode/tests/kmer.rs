//! k-mers: NAD's tokens, and every path against a slow reference on strings.

#![allow(clippy::unwrap_used)] // tests

use promoter_encode::kmer::{Kmers, Oov, Span, Strand, Token, Tokenizer};
use promoter_encode::random::Stream;
use promoter_encode::{Codes, Error, Letters, base};
use proptest::prelude::*;

fn codes(letters: &[u8]) -> Vec<u8> {
    letters.iter().map(|&letter| base::from_ascii(letter)).collect()
}

#[test]
fn nad_tokens_are_those_of_its_own_code() {
    let fixture: serde_json::Value = serde_json::from_str(include_str!("fixtures/nad_tokenise.json")).unwrap();
    let tokenizer = Kmers::nad().tokenizer().unwrap();
    for (sequence, words) in fixture["sequences"].as_array().unwrap().iter().zip(fixture["tokens"].as_array().unwrap())
    {
        let tokens = tokenizer.tokens::<u16>(sequence.as_str().unwrap()).unwrap();
        let expected: Vec<&str> = words.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
        let found: Vec<String> =
            tokens.iter().map(|&token| String::from_utf8(tokenizer.kmer(token.into()).unwrap()).unwrap()).collect();
        assert_eq!(found, expected);
    }
    assert_eq!(tokenizer.vocabulary_size(), 1024);
}

fn complement(letter: char) -> char {
    match letter {
        'A' => 'T',
        'C' => 'G',
        'G' => 'C',
        _ => 'A',
    }
}

/// The vocabulary as sorted strings.
fn vocabulary(kmers: &Kmers) -> Vec<String> {
    let mut words = vec![String::new()];
    for _ in 0..kmers.k {
        words = words.iter().flat_map(|word| "ACGT".chars().map(move |letter| format!("{word}{letter}"))).collect();
    }
    words.retain(|word| kmers.strand == Strand::Forward || *word == canonical(word));
    words
}

fn canonical(word: &str) -> String {
    let partner: String = word.chars().rev().map(complement).collect();
    word.to_owned().min(partner)
}

/// Slow and plain: look every k-mer up in the list of words; the position of a refused letter if one is refused.
fn reference(kmers: &Kmers, words: &[String], letters: &str) -> Result<Vec<u32>, usize> {
    let starts: Vec<usize> = match kmers.span {
        Span::Whole => (0..=letters.len() - kmers.k).step_by(kmers.stride).collect(),
        Span::Centred { start, end } => (start..end).step_by(kmers.stride).map(|centre| centre - kmers.k / 2).collect(),
    };
    let mut tokens = Vec::new();
    for start in starts {
        let word = letters[start..start + kmers.k].to_ascii_uppercase();
        let odd = word.find(|letter| !"ACGT".contains(letter));
        match (odd, kmers.oov) {
            (None, _) => {
                let word = if kmers.strand == Strand::Canonical { canonical(&word) } else { word };
                tokens.push(words.binary_search(&word).unwrap() as u32);
            }
            (Some(_), Oov::Skip) => {}
            (Some(_), Oov::Token) => tokens.push(words.len() as u32),
            (Some(position), Oov::Error) => return Err(start + position),
        }
    }
    Ok(tokens)
}

fn check<T: Token + Into<u32>>(tokenizer: &Tokenizer, letters: &str, expected: &Result<Vec<u32>, usize>) {
    let wide = |tokens: Vec<T>| tokens.into_iter().map(Into::into).collect::<Vec<u32>>();
    let of_letters = tokenizer.tokens::<T>(letters);
    let of_codes = tokenizer.tokens::<T>(Codes(&codes(letters.as_bytes())));
    match expected {
        Ok(expected) => {
            assert_eq!(&wide(of_letters.unwrap()), expected);
            assert_eq!(&wide(of_codes.unwrap()), expected);
        }
        Err(expected) => {
            assert!(matches!(of_letters, Err(Error::Letter { position, .. }) if position == *expected));
            assert!(matches!(of_codes, Err(Error::Letter { position, .. }) if position == *expected));
        }
    }
}

proptest! {
    #[test]
    fn equals_the_reference(
        k in 1usize..=6,
        stride in prop_oneof![3 => Just(1usize), 1 => 2usize..9],
        canonical in any::<bool>(),
        oov in proptest::sample::select(vec![Oov::Error, Oov::Skip, Oov::Token]),
        centred in proptest::option::of((0usize..20, 1usize..60)),
        letters in prop_oneof!["[ACGT]{1,200}", "[ACGTacgt]{1,30}", "[ACGTNR.]{1,200}", "[ACGT]{40,60}N[ACGT]{40,60}"],
    ) {
        let kmers = Kmers {
            k,
            stride,
            span: centred.map_or(Span::Whole, |(start, size)| {
                Span::Centred { start: start + k / 2, end: start + k / 2 + size }
            }),
            strand: if canonical { Strand::Canonical } else { Strand::Forward },
            oov,
        };
        let tokenizer = kmers.tokenizer().unwrap();
        let words = vocabulary(&kmers);
        prop_assert_eq!(tokenizer.words(), words.len());
        match tokenizer.count(letters.len()) {
            Ok(count) => {
                let expected = reference(&kmers, &words, &letters);
                check::<u16>(&tokenizer, &letters, &expected);
                check::<u32>(&tokenizer, &letters, &expected);
                if let Ok(expected) = expected {
                    prop_assert!(expected.len() == count || oov == Oov::Skip);
                    let mut counts = vec![0u32; tokenizer.vocabulary_size()];
                    expected.iter().for_each(|&token| counts[token as usize] += 1);
                    prop_assert_eq!(tokenizer.counts(letters.as_str()).unwrap(), counts.clone());
                    prop_assert_eq!(tokenizer.counts(Codes(&codes(letters.as_bytes()))).unwrap(), counts);
                }
            }
            Err(error) => {
                let Error::Length { expected, found } = error else { panic!("{error}") };
                prop_assert!(found == letters.len() && expected > found);
                prop_assert_eq!(tokenizer.tokens::<u32>(letters.as_str()), Err(error));
            }
        }
    }

    #[test]
    fn a_batch_is_its_rows(rows in 0usize..60, length in 5usize..130, letter in 0usize..4000, k in 1usize..=5) {
        let mut stream = Stream::new(1, "test", letter as u64);
        let mut letters: Vec<u8> = (0..rows * length).map(|_| b"ACGTacgt"[stream.below(8) as usize]).collect();
        if let Some(letter) = letters.get_mut(letter) {
            *letter = b'N';
        }
        let tokenizer = Kmers { k, oov: Oov::Token, ..Kmers::default() }.tokenizer().unwrap();
        let expected: Vec<u16> =
            letters.chunks(length).flat_map(|row| tokenizer.tokens(Letters(row)).unwrap()).collect();
        let mut batch = vec![7u16; expected.len()];
        tokenizer.tokens_batch_into(Letters(&letters), length, &mut batch).unwrap();
        prop_assert_eq!(&batch, &expected);
        batch.fill(7);
        tokenizer.tokens_batch_into(Codes(&codes(&letters)), length, &mut batch).unwrap();
        prop_assert_eq!(&batch, &expected);
    }

    #[test]
    fn the_reverse_complement_of_a_sequence_has_the_reversed_reverse_complements(
        letters in "[ACGT]{12,90}",
        k in 1usize..=12,
    ) {
        let reversed: Vec<u8> = letters.chars().rev().map(|letter| complement(letter) as u8).collect();
        let tokenizer = Kmers { k, ..Kmers::default() }.tokenizer().unwrap();
        let mut expected: Vec<u32> = tokenizer.tokens(Letters(&reversed)).unwrap();
        expected.reverse();
        let tokens: Vec<u32> = tokenizer.tokens(letters.as_str()).unwrap();
        let found: Vec<u32> = tokens.iter().map(|&token| tokenizer.reverse_complement(token).unwrap()).collect();
        prop_assert_eq!(found, expected);
        for (start, &token) in tokens.iter().enumerate() {
            prop_assert_eq!(tokenizer.kmer(token).unwrap(), &letters.as_bytes()[start..start + k]);
            prop_assert_eq!(tokenizer.token(Letters(&letters.as_bytes()[start..start + k])).unwrap(), token);
        }
    }
}

#[test]
fn canonical_tokens_do_not_know_the_strand() {
    for k in [1, 2, 3, 4, 5, 8, 11, 12] {
        let tokenizer = Kmers { k, strand: Strand::Canonical, ..Kmers::default() }.tokenizer().unwrap();
        let palindromes = if k % 2 == 0 { 1 << k } else { 0 };
        assert_eq!(tokenizer.words(), ((1usize << (2 * k)) + palindromes) / 2);
        let mut forward: Vec<u32> = tokenizer.tokens("GATTACAGATTACATCG").unwrap();
        forward.reverse();
        assert_eq!(forward, tokenizer.tokens::<u32>("CGATGTAATCTGTAATC").unwrap());
        assert_eq!(tokenizer.reverse_complement(forward[0]).unwrap(), forward[0]);
    }
}

#[test]
fn odd_lengths_equal_the_reference() {
    let mut stream = Stream::new(2, "test", 0);
    for k in [1, 4, 5, 8] {
        let kmers = Kmers { k, ..Kmers::default() };
        let tokenizer = kmers.tokenizer().unwrap();
        let words = vocabulary(&kmers);
        for length in [k, k + 1, k + 6, k + 7, k + 8, k + 62, k + 63, k + 64, 4096, (1 << 16) + 1] {
            let letters: String = (0..length).map(|_| b"ACGT"[stream.below(4) as usize] as char).collect();
            check::<u16>(&tokenizer, &letters, &reference(&kmers, &words, &letters));
            check::<u32>(&tokenizer, &letters, &reference(&kmers, &words, &letters));
        }
        for length in [0, k - 1] {
            assert_eq!(
                tokenizer.tokens::<u16>(Letters(&vec![b'A'; length])),
                Err(Error::Length { expected: k, found: length })
            );
        }
    }
}

#[test]
fn bad_settings_are_errors() {
    let setting = |kmers: Kmers| match kmers.tokenizer() {
        Err(Error::Setting { setting, .. }) => setting,
        other => panic!("{other:?}"),
    };
    assert_eq!(setting(Kmers { k: 0, ..Kmers::default() }), "k");
    assert_eq!(setting(Kmers { k: 13, ..Kmers::default() }), "k");
    assert_eq!(setting(Kmers { stride: 0, ..Kmers::default() }), "stride");
    assert_eq!(setting(Kmers { span: Span::Centred { start: 1, end: 5 }, ..Kmers::default() }), "span");
    assert_eq!(setting(Kmers { span: Span::Centred { start: 5, end: 5 }, ..Kmers::default() }), "span");
    let far = Kmers { span: Span::Centred { start: usize::MAX - 1, end: usize::MAX }, ..Kmers::default() };
    assert!(matches!(far.tokenizer().unwrap().count(110), Err(Error::Length { .. })));
}

#[test]
fn bad_input_is_an_error() {
    let tokenizer = Kmers { k: 3, ..Kmers::default() }.tokenizer().unwrap();
    let refused = |position, letter| Error::Letter { position, letter, policy: "oov" };
    assert_eq!(tokenizer.tokens::<u16>("ACGTN"), Err(refused(4, 'N')));
    assert_eq!(tokenizer.tokens::<u16>(Codes(&[0, 1, 4, 1])), Err(refused(2, 'N')));
    assert_eq!(tokenizer.tokens::<u16>("ACGé"), Err(Error::Byte { position: 3, byte: 0xc3 }));
    assert_eq!(tokenizer.tokens::<u16>(Codes(&[0, 1, 2, 99])), Err(Error::Code { position: 3, code: 99 }));
    assert_eq!(tokenizer.tokens_into("ACGT", &mut [0u16; 1]), Err(Error::Buffer { expected: 2, found: 1 }));
    assert_eq!(tokenizer.tokens_batch_into("ACGTACG", 4, &mut [0u16; 4]), Err(Error::Rows { found: 7, length: 4 }));
    assert_eq!(tokenizer.tokens_batch_into("ACGT", 0, &mut [0u16; 4]), Err(Error::Rows { found: 4, length: 0 }));
    assert_eq!(tokenizer.tokens_batch_into("ACGT", 4, &mut [0u16; 3]), Err(Error::Buffer { expected: 2, found: 3 }));
    assert_eq!(tokenizer.tokens_batch_into("", 0, &mut [0u16; 0]), Err(Error::Length { expected: 3, found: 0 }));
    let mut letters = vec![b'A'; 110 * 200];
    letters[11_111] = b'N';
    assert_eq!(
        tokenizer.tokens_batch_into(Letters(&letters), 110, &mut vec![0u16; 108 * 200]),
        Err(refused(11_111, 'N'))
    );
    assert_eq!(tokenizer.token("ACN"), Err(refused(2, 'N')));
    assert_eq!(tokenizer.token("AC"), Err(Error::Length { expected: 3, found: 2 }));
    assert_eq!(tokenizer.kmer(64), Err(Error::Token { position: 0, token: 64, size: 64 }));
    let skipping = Kmers { oov: Oov::Skip, ..Kmers::default() }.tokenizer().unwrap();
    let batch = skipping.tokens_batch_into("ACGTA", 5, &mut [0u16; 1]);
    assert!(matches!(batch, Err(Error::Setting { setting: "oov", .. })));
    let wide = Kmers { k: 9, ..Kmers::default() }.tokenizer().unwrap();
    assert!(matches!(wide.tokens::<u16>("ACGTACGTA"), Err(Error::Setting { setting: "k", .. })));
    let full = Kmers { k: 8, oov: Oov::Token, ..Kmers::default() }.tokenizer().unwrap();
    assert!(matches!(full.tokens::<u16>("ACGTACGTA"), Err(Error::Setting { setting: "k", .. })));
    assert_eq!((full.oov_token(), wide.oov_token()), (Some(1 << 16), None));
    assert_eq!(full.token("ACGTNNNN"), Ok(1 << 16));
}
