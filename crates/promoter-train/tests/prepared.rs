//! The data of an experiment.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use promoter_seq::Filter;
use promoter_seq::read::ReadOptions;
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
