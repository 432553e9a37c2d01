//! `promoter design`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::rows_of as rows;
use super::train::{HERE, trained};

fn model() -> String {
    trained().join("run/predictor.safetensors").display().to_string()
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap()
}

/// Three promoters of 110 bases as FASTA.
fn promoters(folder: &Path) {
    let text = super::succeeds("simulate --rows 3 --seed 5", folder);
    let record = |(row, line): (usize, &str)| format!(">p{row}\n{}\n", line.split('\t').next().unwrap());
    fs::write(folder.join("starts.fa"), text.lines().enumerate().map(record).collect::<String>()).unwrap();
}

fn predictions(folder: &Path, sequences: &[&str]) -> Vec<f64> {
    fs::write(folder.join("designs.txt"), sequences.join("\n")).unwrap();
    let text = super::succeeds(&format!("predict {} {{}}/designs.txt {HERE}", model()), folder);
    text.lines().map(|line| line.split('\t').nth(1).unwrap().parse().unwrap()).collect()
}

#[test]
fn designs_hold_their_limits_and_their_steps_lead_to_them() {
    let folder = tempfile::tempdir().unwrap();
    promoters(folder.path());
    let call = format!(
        "design {} --start {{}}/starts.fa --maximise --protect 1..17 --protect 98..110 --edits 4 --gc 0.3..0.7 \
         --forbid GATC --homopolymer 7 --distance 3 --trace {{}}/steps.tsv --fasta {{}}/designs.fa {HERE}",
        model()
    );
    let text = super::succeeds(&call, folder.path());
    let designs = rows(&text);
    assert_eq!(designs.iter().map(|row| row["name"].as_str()).collect::<Vec<_>>(), ["p0", "p1", "p2"]);
    let steps = rows(&fs::read_to_string(folder.path().join("steps.tsv")).unwrap());
    let fasta = fs::read_to_string(folder.path().join("designs.fa")).unwrap();
    let sequences: Vec<&str> = designs.iter().map(|row| row["design"].as_str()).collect();
    for (row, prediction) in designs.iter().zip(predictions(folder.path(), &sequences)) {
        let (start, design) = (&row["start"], &row["design"]);
        assert!((number(row, "predicted") - prediction).abs() < 1e-3 * prediction.abs());
        assert!(number(row, "predicted") > number(row, "before"), "{row:?}");
        let differ = start.bytes().zip(design.bytes()).filter(|(a, b)| a != b).count();
        assert!(differ <= 4 && number(row, "edits") == differ as f64);
        assert!(start[..17] == design[..17] && start[97..] == design[97..]);
        assert!(!design.contains("GATC") && !["AAAAAAAA", "TTTTTTTT"].iter().any(|run| design.contains(run)));
        assert!(row["violations"].is_empty() && row["spread"] == "NaN");
        assert!(fasta.contains(&format!("\n{design}\n")));
        let mut replayed = start.clone();
        for step in steps.iter().filter(|step| step["name"] == row["name"]) {
            let first = step["position"].parse::<usize>().unwrap() - 1;
            let range = first..first + step["from"].len();
            assert_eq!(replayed[range.clone()], step["from"]);
            replayed.replace_range(range, &step["to"]);
        }
        assert_eq!(&replayed, design);
    }
    assert_eq!(super::succeeds(&call, folder.path()), text, "the same seed, the same designs");
}

#[test]
fn every_method_makes_designs_of_random_starts() {
    let folder = tempfile::tempdir().unwrap();
    let methods = ["greedy", "beam:2", "annealing:20", "evolution:3", "gradient:40"];
    let mut starts = Vec::new();
    for method in methods {
        let call = format!(
            "design {} --random 2 --length 110 --minimise --edits 5 --method {method} -o {{}}/designs.json {HERE}",
            model()
        );
        super::succeeds(&call, folder.path());
        let text = fs::read_to_string(folder.path().join("designs.json")).unwrap();
        let designs: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(designs.len(), 2);
        for design in &designs {
            assert!(design["predicted"].as_f64() < design["before"].as_f64(), "{method}: {design}");
            assert!(design["edits"].as_u64().unwrap() <= 5);
        }
        starts.push(designs.iter().map(|design| design["start"].clone()).collect::<Vec<_>>());
    }
    assert!(starts.iter().all(|these| *these == starts[0]) && starts[0][0] != starts[0][1]);
}

#[test]
fn a_model_minus_itself_is_0_and_several_models_have_a_spread() {
    let folder = tempfile::tempdir().unwrap();
    promoters(folder.path());
    let text = super::succeeds(
        &format!("design {0} --minus {0} --start {{}}/starts.fa --target 0 {HERE}", model()),
        folder.path(),
    );
    for row in rows(&text) {
        assert_eq!((&row["predicted"], &row["edits"], &row["start"]), (&"0".into(), &"0".into(), &row["design"]));
    }
    let text = super::succeeds(
        &format!(
            "design {0} {0} --start {{}}/starts.fa --maximise --edits 1 --spread-weight 1 --method beam:2 {HERE}",
            model()
        ),
        folder.path(),
    );
    assert!(rows(&text).iter().all(|row| row["spread"] == "0" && row["edits"] == "1"), "{text}");
}

/// Sites of a motif are written whole, and standard input is read.
#[test]
fn motifs_are_written_and_starts_come_through_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let motifs = folder.path().join("motifs.jaspar");
    fs::write(&motifs, ">M1 own\nA [ 0 9 0 0 ]\nC [ 9 0 0 9 ]\nG [ 0 0 9 0 ]\nT [ 0 0 0 0 ]\n").unwrap();
    let mut words: Vec<String> =
        format!("design {} --start - --maximise --edits 4 --motifs", model()).split(' ').map(str::to_owned).collect();
    words.push(motifs.display().to_string());
    words.extend(format!("--trace {}/steps.tsv {HERE}", folder.path().display()).split(' ').map(str::to_owned));
    let mut child =
        super::command(words).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let start = "T".repeat(110);
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), start.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && rows(&text)[0]["start"] == start);
    let steps = rows(&fs::read_to_string(folder.path().join("steps.tsv")).unwrap());
    for step in steps {
        let site = ["own", ""].contains(&step["motif"].as_str());
        assert!(site && (step["motif"].is_empty() == (step["to"].len() == 1)), "{step:?}");
        assert!(step["motif"].is_empty() || ["CAGC", "GCTG"].contains(&step["to"].as_str()), "{step:?}");
    }
}
