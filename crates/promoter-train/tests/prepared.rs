//! The data of an experiment.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use promoter_seq::read::{Columns, ReadOptions};
use promoter_seq::split::{Size, Split};
use promoter_seq::{Filter, Replicates, Table};
use promoter_train::experiment::Data;
use promoter_train::loss::Loss;
use promoter_train::{Experiment, Prepared};
use promoter_zoo::registry::NetworkConfig;
use promoter_zoo::upstream;

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

/// An experiment on a file with labels `a` and `b`, of which rows lack some.
fn of_two_labels(folder: &std::path::Path) -> Experiment {
    let path = folder.join("rows.tsv");
    let base = |row: usize, at: usize| ["A", "C", "G", "T"][(row >> (2 * at)) % 4];
    let row = |i: usize| {
        let sequence: String = (0..4).map(|at| base(i, at)).collect();
        let a = if i.is_multiple_of(4) { "NA".into() } else { i.to_string() };
        let b = if i.is_multiple_of(6) { String::new() } else { (1000 + i).to_string() };
        format!("{}{sequence}\t{a}\t{b}\n", "A".repeat(106))
    };
    std::fs::write(&path, format!("sequence\ta\tb\n{}", (0..240).map(row).collect::<String>())).unwrap();
    let mut experiment = Experiment::example();
    let columns = Columns::Named { sequence: "sequence".into(), label: None };
    experiment.data = Data::File { path, read: ReadOptions { columns, ..ReadOptions::default() }, cache: None };
    experiment.label.columns = vec!["a".into(), "b".into()];
    experiment.label.transform = promoter_label::Transform::ZScore;
    experiment.loss = Loss::Mse;
    let network = upstream::Config { labels: 2, ..upstream::Config::small() };
    experiment.network = NetworkConfig::Upstream(network);
    experiment
}

#[test]
fn each_column_of_labels_has_a_transform_and_what_is_missing_stays_missing() {
    let folder = tempfile::tempdir().unwrap();
    let experiment = of_two_labels(folder.path());
    experiment.check().unwrap();
    assert_eq!(Experiment::from_toml(&experiment.to_toml()).unwrap(), experiment);
    let Prepared { train, validation, labels, filter, .. } = Prepared::read(&experiment).unwrap();
    // Every twelfth row has neither.
    assert_eq!((filter.unlabelled, filter.kept, train.columns(), labels.len()), (20, 220, 2, 2));
    assert!(filter.to_string().contains("20 without a label"), "{filter}");
    let (a, b) = (train.column(0), train.column(1));
    assert!(a.iter().any(|label| label.is_nan()) && b.iter().any(|label| label.is_nan()));
    assert!(a.iter().zip(&b).all(|(a, b)| a.is_nan() || b.is_nan() || b - a == 1000.0), "labels are of their rows");
    let transformed = train.transformed(&labels).unwrap();
    for (i, column) in [&a, &b].into_iter().enumerate() {
        let own: Vec<f32> = transformed.iter().skip(i).step_by(2).copied().collect();
        assert!(own.iter().zip(column).all(|(own, label)| own.is_nan() == label.is_nan()));
        let there: Vec<f32> = own.into_iter().filter(|value| !value.is_nan()).collect();
        let mean = there.iter().sum::<f32>() / there.len() as f32;
        let square = there.iter().map(|value| value * value).sum::<f32>() / there.len() as f32;
        assert!(mean.abs() < 1e-5 && (square - 1.0).abs() < 1e-4, "{mean} {square}");
        assert_eq!(train.labelled(i).1, column.iter().copied().filter(|label| !label.is_nan()).collect::<Vec<_>>());
    }
    assert_eq!(validation.select(&[1]).labels().to_vec().len(), 2);
    assert_eq!(validation.select(&[1]).column(1)[0].to_bits(), validation.column(1)[1].to_bits());
}

#[test]
fn columns_of_labels_that_cannot_be_learnt_together_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |change: fn(&mut Experiment)| {
        let mut experiment = of_two_labels(folder.path());
        change(&mut experiment);
        experiment.check().err().or_else(|| Prepared::read(&experiment).err()).unwrap().to_string()
    };
    for (change, text) in [
        ((|e| e.label.columns = vec!["a".into(); 2]) as fn(&mut Experiment), "`label.columns` is a, a"),
        (|e| e.label.columns.truncate(1), "`network.labels` is 2, expected 1"),
        (|e| e.network = NetworkConfig::Upstream(upstream::Config::small()), "`network.labels` is 1, expected 2"),
        (|e| e.network = NetworkConfig::by_name("peppa").unwrap(), "`label.columns` needs the network upstream"),
        (|e| e.loss = Loss::SoftBins, "`label.columns` cannot be combined with soft bins"),
        (|e| e.label.noise = Some(promoter_label::Noise::NAD), "`label.columns` cannot be combined with `label.noise`"),
        (|e| e.label.standardise_by = Some("a".into()), "`label.columns` cannot be combined"),
        (|e| e.data = Experiment::example().data, "`label.columns` needs a file"),
        (|e| e.label.columns[1] = "c".into(), "no column `c`"),
        (|e| e.label.columns[1] = "sequence".into(), "column `sequence`: expected a number"),
    ] {
        let found = refused(change);
        assert!(found.contains(text), "{found}");
    }
}
