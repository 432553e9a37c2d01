//! Tables that nothing, or next to nothing, can be learnt from: an error that says why, or a run that ends.

use std::fs;
use std::path::Path;

use super::train::HERE;

/// An experiment in seconds on `rows.tsv`.
fn experiment(folder: &Path, rows: &[(String, f32)]) {
    let text: String = rows.iter().map(|(sequence, label)| format!("{sequence}\t{label}\n")).collect();
    fs::write(folder.join("rows.tsv"), text).unwrap();
    let file = format!("[data.file]\npath = '{}'\n", folder.join("rows.tsv").display());
    let rest = super::kills::EXPERIMENT.split_once("[split]").unwrap().1;
    fs::write(folder.join("run.toml"), format!("title = 'edges'\n{file}[split]{rest}")).unwrap();
}

/// 80 rows of 110 bases, each with its own sequence.
fn different() -> Vec<(String, f32)> {
    let base = |row: usize, at: usize| char::from(b"ACGT"[((row >> (2 * (at % 4))) ^ (at / 4)) & 3]);
    (0..80).map(|row| ((0..110).map(|at| base(row, at)).collect(), (row % 13) as f32)).collect()
}

const TRAIN: &str = "train {}/run.toml --out {}/run";

#[track_caller]
fn is_refused(folder: &Path, sets: &str, parts: &[&str]) {
    super::fails(&format!("{TRAIN} {HERE} {sets}"), folder, 1, parts);
    assert!(!folder.join("run").exists(), "a refused experiment leaves no folder");
}

#[test]
fn equal_labels_have_no_ranks_and_no_scale() {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<_> = different().into_iter().map(|(sequence, _)| (sequence, 4.5)).collect();
    experiment(folder.path(), &rows);
    for transform in ["rank", "z_score", "quantile"] {
        is_refused(folder.path(), &format!("--set label.transform={transform}"), &["labels", "4.5"]);
    }
    let text = (0..2).map(|_| fs::read_to_string(folder.path().join("rows.tsv")).unwrap()).collect::<String>();
    fs::write(folder.path().join("rows.tsv"), text).unwrap();
    super::fails("new {}/own.toml --data {}/rows.tsv", folder.path(), 1, &["all labels are 4.5"]);
    assert!(!folder.path().join("own.toml").exists());
}

/// Equal predictions have no correlation, so that no epoch is best by it; by another metric the run ends as any other.
#[test]
fn sequences_that_say_nothing_end_in_a_predictor() {
    for letter in ["N", "A"] {
        let folder = tempfile::tempdir().unwrap();
        let rows: Vec<_> = different().into_iter().map(|(_, label)| (letter.repeat(110), label)).collect();
        experiment(folder.path(), &rows);
        let output = super::run(&format!("{TRAIN} {HERE}"), folder.path());
        assert_eq!(output.status.code(), Some(1));
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains("`training.best` is pearson, expected a metric that exists"), "{error}");
        fs::remove_dir_all(folder.path().join("run")).unwrap();
        let said = super::succeeds(&format!("{TRAIN} {HERE} --set training.best=mse"), folder.path());
        assert!(said.contains("NaN") && said.contains("16 of 16 validation rows have a sequence"), "{said}");
        let predict = format!("predict {{}}/run {{}}/rows.tsv {HERE}");
        let predicted = super::succeeds(&predict, folder.path());
        assert_eq!(predicted.lines().count(), 80);
        fs::remove_dir_all(folder.path().join("run")).unwrap();
        // All rows but the first are repeats.
        is_refused(
            folder.path(),
            "--set filter.drop_duplicates=true",
            &["cannot split", "that leaves rows to train on"],
        );
    }
}

#[test]
fn windows_that_leave_nothing_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    experiment(folder.path(), &different());
    for (sets, parts) in [
        ("encoding.one_hot.fit={length=110,crop=[60,50]}", ["bases 60..50", "a window within"]),
        ("encoding.one_hot.fit={length=110,crop=[110,110]}", ["bases 110..110", "a window within"]),
        ("encoding.one_hot.fit={length=0}", ["bases 0..0", "a window within"]),
        ("filter.length={exact=109}", ["no row is left", "removed 80 by length"]),
        // Nothing is left to look at, so that all rows are one group.
        ("split={kind='kmers',validation=0.2,seed=1,left=200,right=200}", ["split", "at least 2 rows"]),
    ] {
        is_refused(folder.path(), &format!("--set {sets}"), &parts);
    }
}

#[test]
fn patience_of_zero_epochs_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    experiment(folder.path(), &different());
    is_refused(folder.path(), "--set training.patience=0", &["`training.patience` is 0", "at least 1"]);
    let plateau = "--set schedule={name='plateau',patience=0}";
    is_refused(folder.path(), plateau, &["`schedule.patience` is 0", "at least 1"]);
}

#[test]
fn sequences_in_both_parts_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut rows = different();
    experiment(folder.path(), &rows);
    let said = super::succeeds(&format!("{TRAIN} {HERE}"), folder.path());
    assert!(!said.contains("have a sequence"), "{said}");
    fs::remove_dir_all(folder.path().join("run")).unwrap();
    // The last 16 rows validate: ten of them equal others.
    for row in 0..10 {
        rows[70 + row].0 = rows[row].0.clone();
    }
    experiment(folder.path(), &rows);
    let positional = "--set split={kind='positional',validation=16}";
    let said = super::succeeds(&format!("{TRAIN} {HERE} {positional}"), folder.path());
    assert!(said.contains("warning    10 of 16 validation rows have a sequence that is trained on too"), "{said}");
}
