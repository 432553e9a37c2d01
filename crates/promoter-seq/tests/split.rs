//! Splits against reference numbers.
#![allow(clippy::unwrap_used)]

use promoter_encode::base;
use promoter_seq::split::{Parts, Size, Split};
use promoter_seq::{Error, Filter, Table, Trim};
use serde_json::Value;
use sha2::{Digest, Sha256};

fn fixture(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// `rows` rows of one base each.
fn table(rows: usize) -> Table {
    Table::from_parts(vec![0; rows], (1..=rows as u64).collect(), vec![0.0; rows]).unwrap()
}

fn numbers(value: &Value) -> Vec<u32> {
    serde_json::from_value(value.clone()).unwrap()
}

fn sha256(rows: &[u32]) -> String {
    let bytes: Vec<u8> = rows.iter().flat_map(|row| row.to_le_bytes()).collect();
    Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

const NAD: Split = Split::ScikitLearn { validation: Size::Fraction(0.1), seed: 1 };

#[test]
fn scikit_learn_split_of_nad_is_reproduced() {
    let expected = fixture(include_str!("fixtures/nad_split.json"));
    let parts = NAD.parts(&table(20)).unwrap();
    assert_eq!(parts.validation, numbers(&expected["n20"]["val"]));
    assert_eq!(parts.train, numbers(&expected["n20"]["train"]));

    let parts = NAD.parts(&table(1000)).unwrap();
    assert_eq!(parts.validation[..20], numbers(&expected["n1000"]["val_first20"]));
    assert_eq!(parts.train[..20], numbers(&expected["n1000"]["train_first20"]));

    let parts = NAD.parts(&table(5_511_002)).unwrap();
    let expected = &expected["n5511002"];
    assert_eq!(parts.validation.len() as u64, expected["n_val"].as_u64().unwrap());
    assert_eq!(parts.train.len() as u64, expected["n_train"].as_u64().unwrap());
    assert_eq!(sha256(&parts.validation), expected["sha256_val_indices_u32le"].as_str().unwrap());
    assert_eq!(sha256(&parts.train), expected["sha256_train_indices_u32le"].as_str().unwrap());
}

#[test]
fn sizes_are_those_of_the_teams() {
    let size = |split: Split, rows| split.parts(&table(rows)).map(|parts| (parts.train.len(), parts.validation.len()));
    let auth = Split::ScikitLearn { validation: Size::Fraction(0.015), seed: 0 };
    assert_eq!(size(auth, 5_511_002).unwrap(), (5_428_336, 82_666));
    let madlab = Split::Positional { validation: Size::Fraction(0.02) };
    assert_eq!(size(madlab, 4_799_133).unwrap(), (4_703_150, 95_983));
    let peppa = Split::Random { validation: Size::Rows(10_000), seed: 0, test: Size::default() };
    assert_eq!(size(peppa, 6_739_258).unwrap(), (6_729_258, 10_000));
}

#[test]
fn folds_are_those_of_murmur3() {
    let folds = fixture(include_str!("fixtures/murmur3_folds.json"));
    for (letters, fold) in folds.as_object().unwrap() {
        let codes: Vec<u8> = letters.bytes().map(base::from_ascii).collect();
        let mut table = Table::default();
        table.push(&codes, 0.0);
        for candidate in 0..10 {
            let parts = Split::Hash { fold: candidate }.parts(&table).unwrap();
            assert_eq!(parts.validation.len(), usize::from(u64::from(candidate) == fold.as_u64().unwrap()));
        }
    }
}

#[test]
fn every_row_is_in_one_part() {
    let mut rows = Table::default();
    let mut stream = promoter_encode::random::Stream::new(1, "test", 0);
    for _ in 0..500 {
        let codes: Vec<u8> = (0..12).map(|_| stream.below(4) as u8).collect();
        rows.push(&codes, 0.0);
    }
    let validation = Size::Fraction(0.25);
    for split in [
        Split::Random { validation, seed: 3, test: Size::default() },
        Split::Random { validation, seed: 3, test: validation },
        NAD,
        Split::Positional { validation },
        Split::Hash { fold: 3 },
        Split::Kmers { validation, seed: 3, k: 8, left: 0, right: 0, test: Size::default() },
    ] {
        let Parts { train, validation, test } = split.parts(&rows).unwrap();
        assert!(!train.is_empty() && !validation.is_empty(), "{split:?}");
        let mut all = [train, validation, test].concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..500), "{split:?}");
    }
}

#[test]
fn settings_out_of_range_are_errors() {
    let half = Size::Fraction(0.5);
    for split in [
        Split::Random { validation: Size::Fraction(1.0), seed: 0, test: Size::default() },
        Split::Random { validation: Size::Fraction(-0.1), seed: 0, test: Size::default() },
        Split::ScikitLearn { validation: Size::Fraction(f64::NAN), seed: 0 },
        Split::Positional { validation: Size::Rows(10) },
        Split::Positional { validation: Size::Fraction(0.95) },
        Split::Hash { fold: 10 },
        Split::Kmers { validation: half, seed: 0, k: 0, left: 0, right: 0, test: Size::default() },
        Split::Kmers { validation: half, seed: 0, k: 33, left: 0, right: 0, test: Size::default() },
    ] {
        assert!(matches!(split.parts(&table(10)), Err(Error::Setting { .. })), "{split:?}");
    }
}

fn counts() -> serde_json::Value {
    serde_json::from_str(include_str!("fixtures/expected_counts.json")).unwrap()
}

#[test]
fn parts_have_the_sizes_that_the_teams_report() {
    let counts = counts();
    let count = |of: &serde_json::Value| usize::try_from(of.as_u64().unwrap()).unwrap();
    let clean = count(&counts["len110_no_N"]);
    for (rows, validation, train, held) in [
        (clean, Size::Fraction(0.015), &counts["auth"]["train"], &counts["auth"]["test"]),
        (
            clean,
            Size::Fraction(0.1),
            &counts["noisy_chardonnay_and_nad"]["train"],
            &counts["noisy_chardonnay_and_nad"]["val"],
        ),
        (
            count(&counts["madlab"]["after_filter"]),
            Size::Fraction(0.02),
            &counts["madlab"]["train"],
            &counts["madlab"]["val_actual_skip"],
        ),
        (
            count(&counts["training_total"]),
            Size::Rows(10_000),
            &counts["peppa"]["train_unique"],
            &counts["peppa"]["eval"],
        ),
    ] {
        let table = Table::from_parts(Vec::new(), vec![0; rows], vec![0.0; rows]).unwrap();
        let parts = Split::Positional { validation }.parts(&table).unwrap();
        assert_eq!((parts.train.len(), parts.validation.len()), (count(train), count(held)), "{validation:?}");
    }
}

#[test]
fn auth_keeps_constructs_of_110_bases_without_n_and_takes_their_insert() {
    let read = |text: &str| -> serde_json::Value { serde_json::from_str(text).unwrap() };
    let kept = read(include_str!("fixtures/auth_trim.json"));
    let raw = read(include_str!("fixtures/peppa_pad_truncate.json"));
    let mut dropped = 0;
    for (name, case) in raw["cases"].as_object().unwrap() {
        let codes: Vec<u8> = case["raw"].as_str().unwrap().bytes().map(base::from_ascii).collect();
        let table = Table::from_parts(codes.clone(), vec![codes.len() as u64], vec![1.0]).unwrap();
        match (Filter::exact_110().apply(table, 0), kept["kept"][name].as_str()) {
            (Ok((table, _)), Some(insert)) => {
                let (trimmed, _) = Trim::auth().apply(&table).unwrap();
                let letters: String = trimmed.codes(0).iter().map(|&code| base::to_ascii(code) as char).collect();
                assert_eq!(letters, insert);
            }
            (Err(Error::NothingLeft { report }), None) => {
                assert_eq!((report.length + report.ambiguous, report.kept), (1, 0));
                assert_eq!(report.ambiguous == 1, name == "with_N");
                dropped += 1;
            }
            other => panic!("{name}: {other:?}"),
        }
    }
    assert_eq!(dropped, 3);
}

/// Rows come in families that share their first 12 bases; a family is never in two of the three parts.
#[test]
fn a_held_out_part_shares_no_kmer_with_the_others() {
    let mut rows = Table::default();
    let mut stream = promoter_encode::random::Stream::new(2, "test", 0);
    let mut draw = |n: usize| -> Vec<u8> { (0..n).map(|_| stream.below(4) as u8).collect() };
    let families: Vec<Vec<u8>> = (0..60).map(|_| draw(12)).collect();
    for row in 0..300 {
        rows.push(&[families[row % 60].clone(), draw(10)].concat(), 0.0);
    }
    let (validation, test) = (Size::Fraction(0.2), Size::Rows(50));
    let parts = Split::Kmers { validation, seed: 1, k: 12, left: 0, right: 0, test }.parts(&rows).unwrap();
    let Parts { train, validation, test } = &parts;
    assert_eq!((validation.len(), test.len(), train.len()), (60, 50, 190));
    let families = |part: &[u32]| part.iter().map(|row| row % 60).collect::<std::collections::BTreeSet<_>>();
    let [train, validation, test] = [train, validation, test].map(|part| families(part));
    assert!(train.is_disjoint(&test) && validation.is_disjoint(&test) && train.is_disjoint(&validation));
    let all = Split::Kmers { validation: Size::Rows(150), seed: 1, k: 12, left: 0, right: 0, test: Size::Rows(150) };
    assert!(all.parts(&rows).unwrap_err().to_string().contains("leaves rows to train on"));
}
