//! The length policies of the challenge's entries against what their own code gave.

#![allow(clippy::unwrap_used)] // tests

use promoter_encode::fit::{Fit, Longer, PLASMID, PLASMID_AFTER, Shorter};
use promoter_encode::one_hot::OneHot;
use promoter_encode::{Codes, Error, Letters, base};
use proptest::prelude::*;
use serde_json::Value;

fn codes(letters: &[u8]) -> Vec<u8> {
    letters.iter().map(|&letter| base::from_ascii(letter)).collect()
}

fn fixture(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn check(fit: &Fit, raw: &str, expected: &str) {
    assert_eq!(String::from_utf8(fit.apply(raw).unwrap()).unwrap(), expected);
    assert_eq!(fit.apply(Codes(&codes(raw.as_bytes()))).unwrap(), codes(expected.as_bytes()));
}

#[test]
fn auth_takes_the_insert_of_constructs_of_110_bases() {
    let auth = fixture(include_str!("fixtures/auth_trim.json"));
    let raw = fixture(include_str!("fixtures/peppa_pad_truncate.json"));
    for (name, case) in raw["cases"].as_object().unwrap() {
        let raw = case["raw"].as_str().unwrap();
        match auth["kept"][name].as_str() {
            Some(kept) => check(&Fit::auth(), raw, kept),
            // Of the rows that auth drops, the one with an N has the right length: its encoding refuses the letter.
            None if raw.contains('N') => {
                assert!(Fit::auth().apply(raw).is_ok());
                let refused = OneHot::auth().encode::<f32>(raw);
                assert!(matches!(refused, Err(Error::Letter { letter: 'N', policy: "n", .. })), "{refused:?}");
            }
            None => {
                assert_eq!(Fit::auth().apply(raw), Err(Error::Length { expected: 110, found: raw.len() }))
            }
        }
    }
}

#[test]
fn madlab_keeps_the_last_bases_and_pads_on_the_left() {
    let fixture = fixture(include_str!("fixtures/madlab_pad_truncate.json"));
    for case in fixture["cases"].as_object().unwrap().values() {
        let expected = case["fixed110 (left pad with N, keep last 110)"].as_str().unwrap();
        check(&Fit::madlab(), case["raw"].as_str().unwrap(), expected);
    }
}

#[test]
fn peppa_keeps_the_first_bases_pads_on_the_right_and_crops_thrice() {
    let fixture = fixture(include_str!("fixtures/peppa_pad_truncate.json"));
    let peppa = Fit::peppa();
    for case in fixture["cases"].as_object().unwrap().values() {
        let text = |key: &str| case[key].as_str().unwrap();
        let whole = Fit { crop: None, ..peppa.clone() };
        check(&whole, text("raw"), text("fixed110 (right pad with . = all-zero, keep first 110)"));
        check(&peppa, text("raw"), text("centre_15_100"));
        check(&peppa.shifted(-1).unwrap(), text("raw"), text("shift_minus1_14_99"));
        check(&peppa.shifted(1).unwrap(), text("raw"), text("shift_plus1_16_101"));
    }
}

#[test]
fn prix_fixe_extends_into_the_plasmid() {
    let fixture = fixture(include_str!("fixtures/prix_fixe_pad.json"));
    let plasmid = fixture["left_pad_from_plasmid_last57"].as_str().unwrap();
    assert!(PLASMID.ends_with(plasmid));
    let fit = Fit::prix_fixe();
    let rows = |key: &str| fixture[key].as_array().unwrap().iter().map(|row| row.as_str().unwrap().to_owned());
    for (raw, padded) in rows("sequences_110").zip(rows("padded_150")) {
        check(&fit, &raw, &padded);
        // The flank is the plasmid's, whatever the sequence has there.
        check(&fit, &raw.replacen("TGC", "AAA", 1), &padded);
    }
    check(&fit, "ACGT", PLASMID);
    let short = Fit { shorter: Shorter::ExtendLeft("ACGT".into()), ..fit };
    assert_eq!(short.apply(Letters(&[b'A'; 162])), Err(Error::Length { expected: 150, found: 162 }));
}

/// The same plasmid on both sides, as in the file of the whole plasmid.
#[test]
fn the_sweep_of_noisy_chardonnay_extends_on_both_sides() {
    let insert = "ACGTTGCA".repeat(10);
    let construct = format!("TGCATTTTTTTCACATC{insert}GGTTACGGCTGTT");
    let expected = format!("{}{insert}GGTTACGGCTGTT{PLASMID_AFTER}", &PLASMID[150 - 54..]);
    assert_eq!(expected.len(), 231);
    check(&Fit::noisy_chardonnay_sweep(), &construct, &expected);
    // A base less in the insert is one more of the plasmid, on the left.
    let shorter = construct.replacen("ACG", "AC", 1);
    let expected = format!("{}{}GGTTACGGCTGTT{PLASMID_AFTER}", &PLASMID[150 - 55..], &shorter[17..96]);
    check(&Fit::noisy_chardonnay_sweep(), &shorter, &expected);

    let plasmid = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/dream2022/plasmid.json");
    let plasmid = std::fs::read_to_string(plasmid).unwrap();
    assert!(plasmid.contains(&format!("{PLASMID}{}GGTTACGGCTGTT{PLASMID_AFTER}ATG", "N".repeat(80))));
}

#[test]
fn bad_settings_are_errors() {
    let fit = Fit { shorter: Shorter::PadRight('-'), ..Fit::exact(4) };
    assert!(matches!(fit.apply("AC"), Err(Error::Setting { setting: "padding", .. })));
    let fit = Fit { crop: Some((3, 5)), shorter: Shorter::Error, ..fit };
    assert!(matches!(fit.apply("ACGT"), Err(Error::Setting { setting: "crop", .. })));
    let fit = Fit { crop: Some((3, 2)), ..fit };
    assert!(matches!(fit.apply("ACGT"), Err(Error::Setting { setting: "crop", .. })));
    let fit = Fit { crop: Some((0, 2)), ..fit };
    assert_eq!(fit.apply_into("ACGT", &mut [0; 3]), Err(Error::Buffer { expected: 2, found: 3 }));
    assert_eq!(fit.apply("ACG"), Err(Error::Length { expected: 4, found: 3 }));
    assert!(matches!(fit.shifted(-1), Err(Error::Setting { setting: "shift", .. })));
    assert!(matches!(fit.shifted(3), Err(Error::Setting { setting: "shift", .. })));
    assert!(matches!(Fit { crop: None, ..fit.clone() }.shifted(1), Err(Error::Setting { setting: "shift", .. })));
    let fit = Fit { shorter: Shorter::ExtendLeft("A-".into()), crop: None, ..fit };
    assert_eq!(fit.apply("ACG"), Err(Error::Byte { position: 1, byte: b'-' }));
    let fit = Fit { append: "A-".into(), ..Fit::exact(4) };
    assert_eq!(fit.apply("AC"), Err(Error::Byte { position: 1, byte: b'-' }));
    assert_eq!(fit.apply("ACG"), Err(Error::Length { expected: 4, found: 3 }));
}

/// Slow and plain: build the whole, then cut.
fn reference(fit: &Fit, letters: &[u8]) -> Vec<u8> {
    let mut whole: Vec<u8> = letters.iter().skip(fit.trim_left).copied().chain(fit.append.bytes()).collect();
    while whole.len() > fit.length {
        if fit.longer == Longer::KeepFirst {
            whole.pop().unwrap()
        } else {
            whole.remove(0)
        };
    }
    let mut extension =
        if let Shorter::ExtendLeft(extension) = &fit.shorter { extension.as_bytes().to_vec() } else { vec![] };
    while whole.len() < fit.length {
        match fit.shorter {
            Shorter::PadLeft(letter) => whole.insert(0, letter as u8),
            Shorter::PadRight(letter) => whole.push(letter as u8),
            _ => whole.insert(0, extension.pop().unwrap()),
        }
    }
    let (start, end) = fit.crop.unwrap_or((0, fit.length));
    whole[start..end].to_vec()
}

proptest! {
    #[test]
    fn equals_the_reference(
        letters in "[ACGTN]{0,40}",
        length in 0usize..30,
        trim_left in 0usize..5,
        append in "[ACGTN]{0,9}",
        first in any::<bool>(),
        side in 0usize..3,
        crop in proptest::option::of((0usize..30, 0usize..30)),
    ) {
        let mut sides = [Shorter::PadLeft('N'), Shorter::PadRight('.'), Shorter::ExtendLeft("ACGTTGCA".repeat(4))];
        let fit = Fit {
            length,
            trim_left,
            append,
            longer: if first { Longer::KeepFirst } else { Longer::KeepLast },
            shorter: std::mem::take(&mut sides[side]),
            crop: crop.map(|(a, b)| (a.min(b).min(length), a.max(b).min(length))),
        };
        let expected = reference(&fit, letters.as_bytes());
        prop_assert_eq!(&fit.apply(letters.as_str()).unwrap(), &expected);
        prop_assert_eq!(fit.apply(Codes(&codes(letters.as_bytes()))).unwrap(), codes(&expected));
    }
}
