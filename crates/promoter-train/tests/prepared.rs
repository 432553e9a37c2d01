//! The data of an experiment.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use promoter_seq::read::{Columns, ReadOptions};
use promoter_seq::{Filter, Replicates};
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

#[test]
fn replicates_are_one_row_with_the_weighted_mean_of_their_labels() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.tsv");
    let base = |row: usize, at: usize| ["A", "C", "G", "T"][(row >> (2 * at)) % 4];
    let row = |i: usize| {
        let sequence: String = (0..4).map(|at| base(i % 100, at)).collect();
        format!("{}{sequence}\t{}\t{}\n", "A".repeat(106), i / 100, 1 + i / 100)
    };
    let rows: String = (0..300).map(row).collect();
    std::fs::write(&path, format!("sequence\tlabel\treads\n{rows}")).unwrap();
    let mut experiment = Experiment::example();
    let columns = Columns::Named { sequence: "sequence".into(), label: Some("label".into()) };
    let read = ReadOptions { columns, ..ReadOptions::default() };
    experiment.data = Data::File { path, read, cache: None };
    let unweighted = experiment.to_toml();
    assert!(!unweighted.contains("replicates"), "{unweighted}");
    experiment.label.replicates = Some(Replicates::Weight("reads".into()));
    assert_eq!(Experiment::from_toml(&experiment.to_toml()).unwrap(), experiment);
    let prepared = Prepared::read(&experiment).unwrap();
    assert_eq!((prepared.filter.kept, prepared.filter.merged), (100, 200));
    assert!(prepared.filter.to_string().contains("merged 200 with the same sequence, kept 100"), "{}", prepared.filter);
    let labels = prepared.train.labels().iter().chain(prepared.validation.labels());
    // (1 * 0 + 2 * 1 + 3 * 2) / 6
    assert!(labels.clone().all(|label| (label - 8.0 / 6.0).abs() < 1e-6));
    assert_eq!(labels.count(), 100);
    experiment.filter.drop_duplicates = true;
    let refused = experiment.check().unwrap_err().to_string();
    assert!(refused.starts_with("`label.replicates` cannot be combined"), "{refused}");
}
