//! `promoter marginalize`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::rows_of;
use super::train::{HERE, trained};

const JASPAR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/motifs/JASPAR2024_fungi.meme");

fn marginalize(options: &str, folder: &Path) -> Vec<BTreeMap<String, String>> {
    let model = trained().join("run/predictor.safetensors");
    rows_of(&super::succeeds(&format!("marginalize {} {options} {HERE}", model.display()), folder))
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap()
}

fn predict(folder: &Path, sequences: &[String]) -> Vec<f64> {
    fs::write(folder.join("changed.tsv"), sequences.join("\n")).unwrap();
    let model = trained().join("run/predictor.safetensors");
    let text = super::succeeds(&format!("predict {} {{}}/changed.tsv {HERE}", model.display()), folder);
    text.lines().map(|line| line.split('\t').nth(1).unwrap().parse().unwrap()).collect()
}

/// The effect of a word is the mean difference of predictions with and without it, on either strand.
#[test]
fn the_effect_of_a_word_is_what_predictions_say() {
    let folder = tempfile::tempdir().unwrap();
    let text = super::succeeds("simulate --rows 5 --seed 5", folder.path());
    let backgrounds: Vec<String> = text.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect();
    fs::write(folder.path().join("rows.tsv"), backgrounds.join("\n")).unwrap();
    let rows = marginalize("--word TGACTCT --position 40 --backgrounds {}/rows.tsv", folder.path());
    let without = predict(folder.path(), &backgrounds);
    for (row, (strand, word)) in rows.iter().zip([("+", "TGACTCT"), ("-", "AGAGTCA")]) {
        assert_eq!((row["strand"].as_str(), row["position"].as_str(), row["width"].as_str()), (strand, "40", "7"));
        let written: Vec<String> =
            backgrounds.iter().map(|codes| format!("{}{word}{}", &codes[..39], &codes[46..])).collect();
        let with = predict(folder.path(), &written);
        let effect = with.iter().zip(&without).map(|(a, b)| a - b).sum::<f64>() / 5.0;
        assert!((number(row, "effect") - effect).abs() < 1e-3 * effect.abs().max(1.0), "{row:?} {effect}");
        assert!(number(row, "low") < number(row, "effect") && number(row, "effect") < number(row, "high"));
        assert_eq!(row["backgrounds"], "5");
    }
}

#[test]
fn motifs_are_chosen_by_name_or_accession_and_put_into_random_backgrounds() {
    let folder = tempfile::tempdir().unwrap();
    let options = format!("--motifs {JASPAR} --name REB1 --name MA0303.3 --word CACGTG");
    let rows = marginalize(&options, folder.path());
    let names: Vec<&str> = rows.iter().map(|row| row["motif"].as_str()).collect();
    assert_eq!(names, ["CACGTG", "CACGTG", "REB1", "REB1", "GCN4", "GCN4"]);
    assert!(rows.iter().all(|row| row["backgrounds"] == "100"));
    assert_eq!(rows, marginalize(&options, folder.path()), "the same seed");
    assert_ne!(rows, marginalize(&format!("{options} --seed 2"), folder.path()));
}

#[test]
fn two_motifs_are_put_at_every_distance() {
    let folder = tempfile::tempdir().unwrap();
    super::succeeds("simulate --rows 2 -o {}/rows.tsv", folder.path());
    let options = "--word TGACTCA --word CACGTG --spacing --position 50 --backgrounds {}/rows.tsv --shuffles 2";
    let rows = marginalize(options, folder.path());
    // 44 places before 50..56 and 49 behind, on two strands.
    assert_eq!(rows.len(), 2 * (44 + 49));
    for row in &rows {
        let (position, gap) = (number(row, "position"), number(row, "gap"));
        let expected = if position < 50.0 { 50.0 - position - 6.0 } else { position - 57.0 };
        assert_eq!(gap, expected, "{row:?}");
        assert!(number(row, "interaction_low") <= number(row, "interaction"));
    }
}
