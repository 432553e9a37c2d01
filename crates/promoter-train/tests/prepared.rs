//! The data of an experiment.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use promoter_seq::read::ReadOptions;
use promoter_seq::split::{Size, Split};
use promoter_seq::{Filter, Table};
use promoter_train::experiment::Data;
use promoter_train::{Experiment, Prepared};

/// A second start reads the packed copy and ends with the same rows, counts included.
#[test]
fn a_packed_copy_gives_the_rows_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("rows.tsv"), folder.path().join("rows.cache"));
    let row =
        |i: usize| format!("{}{}\t{}\n", "ACGT".repeat(27), if i.is_multiple_of(7) { "AN" } else { "GT" }, i % 17);
    std::fs::write(&path, (0..500).map(row).collect::<String>()).unwrap();
    let prepared = |cache| {
        let mut experiment = Experiment::example();
        experiment.data = Data::File { path: path.clone(), read: ReadOptions::default(), cache };
        experiment.filter = Filter { no_ambiguous: true, drop_singletons: 0.3, sample: Some(0.5), ..Filter::default() };
        Prepared::read(&experiment).unwrap()
    };
    let parsed = prepared(None);
    assert!(parsed.filter.ambiguous > 0 && parsed.filter.unsampled > 0, "{}", parsed.filter);
    assert!(!copy.exists());
    for _ in 0..2 {
        let packed = prepared(Some(copy.clone()));
        assert!(copy.exists());
        assert_eq!((&packed.train, &packed.validation), (&parsed.train, &parsed.validation));
        assert_eq!((packed.read, packed.filter), (parsed.read, parsed.filter));
    }
}

/// Each row of the other part counts, and none twice, whatever number of training rows it equals.
#[test]
fn sequences_that_are_trained_on_too_are_counted() {
    let mut table = Table::default();
    // 50 sequences, ten times each.
    for row in 0..500 {
        let codes: Vec<u8> = (0..4).map(|base| (((row % 50) >> (2 * base)) & 3) as u8).collect();
        table.push(&codes, row as f32);
    }
    let mut experiment = Experiment::example();
    experiment.split = Split::Random { validation: Size::Fraction(0.2), test: Size::Fraction(0.2), seed: 1 };
    let prepared = Prepared::of_table(&experiment, table.clone(), None).unwrap();
    for part in [&prepared.validation, &prepared.test] {
        let is_known = |codes: &[u8]| prepared.train.rows().any(|(other, _)| other == codes);
        let expected = part.rows().filter(|(codes, _)| is_known(codes)).count();
        assert!(expected > 90);
        assert_eq!(prepared.known(part), expected);
    }
    experiment.filter.drop_duplicates = true;
    let prepared = Prepared::of_table(&experiment, table, None).unwrap();
    assert_eq!([prepared.known(&prepared.validation), prepared.known(&prepared.test)], [0, 0]);
}
