//! `promoter motifs`.

use std::fs;

use super::rows_of;
use super::train::{HERE, trained};

const JASPAR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/motifs/JASPAR2024_fungi.meme");

#[test]
fn the_table_the_motifs_and_the_page_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    super::succeeds("simulate --rows 120 --seed 5 -o {}/rows.tsv", folder.path());
    let model = trained().join("run/predictor.safetensors");
    let call = format!(
        "motifs {} {{}}/rows.tsv --database {JASPAR} --method gradient --meme {{}}/motifs.meme --html {{}}/page.html \
         --tracks 3 {HERE}",
        model.display()
    );
    let text = super::succeeds(&call, folder.path());
    let rows = rows_of(&text);
    assert!(rows.len() >= 2, "{text}");
    let meme = fs::read_to_string(folder.path().join("motifs.meme")).unwrap();
    let page = fs::read_to_string(folder.path().join("page.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n") && !page.contains("src="));
    assert_eq!(page.matches("<svg ").count(), rows.len() + 1, "a logo for each motif, and the tracks");
    assert_eq!(page.matches("id=\"A\"").count(), 1, "letters are defined once");
    for row in &rows {
        let (sites, sequences) = (row["sites"].parse::<usize>().unwrap(), row["sequences"].parse::<usize>().unwrap());
        assert!(sites >= 10 && (1..=sites.min(120)).contains(&sequences), "{row:?}");
        let effect: f64 = row["effect"].parse().unwrap();
        assert_eq!(effect > 0.0, row["motif"].starts_with("positive"));
        assert!(meme.contains(&format!("MOTIF {}\n", row["motif"])) && page.contains(&row["consensus"]));
        let q_value: f64 = row["q_value"].parse().unwrap();
        assert!(if row["match"].is_empty() { q_value.is_nan() } else { q_value <= 0.05 }, "{row:?}");
    }
    assert_eq!(meme.matches("letter-probability matrix").count(), rows.len());
    // What was written is read: of itself every motif is the best match.
    let own = call.replace(JASPAR, "{}/motifs.meme").replace("--meme {}/motifs.meme ", "");
    for row in rows_of(&super::succeeds(&own, folder.path())) {
        assert_eq!(row["match"], row["motif"], "{row:?}");
    }
}

#[test]
fn sequences_without_motifs_give_an_empty_table_and_a_page_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    super::succeeds("simulate --rows 3 -o {}/rows.tsv", folder.path());
    let model = trained().join("run/predictor.safetensors");
    let call = format!(
        "motifs {} {{}}/rows.tsv --method gradient --html {{}}/page.html --meme {{}}/motifs.meme {HERE}",
        model.display()
    );
    let columns = "motif\tconsensus\tsites\tsequences\teffect\tmatch\taccession\tq_value\n";
    assert_eq!(super::succeeds(&call, folder.path()), columns);
    assert!(fs::read_to_string(folder.path().join("page.html")).unwrap().contains("No motifs"));
    assert!(fs::read_to_string(folder.path().join("motifs.meme")).unwrap().starts_with("MEME version 4"));
}
