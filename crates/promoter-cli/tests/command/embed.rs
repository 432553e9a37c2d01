//! `promoter embed`.

use std::fs;

use promoter::encode::embed::Vectors;
use promoter::encode::embed::io::Format;

const SMALL: &str = "--kmers 3 --dimension 6 --epochs 4 --min-count 1";

#[test]
fn every_form_holds_the_same_vectors_and_costs_are_told() {
    let folder = tempfile::tempdir().unwrap();
    super::succeeds("simulate --rows 40 -o {}/in.tsv", folder.path());
    for method in ["glove", "skip-gram", "cbow"] {
        let mut found: Vec<Vectors> = Vec::new();
        for (name, format) in [
            ("out.txt", Format::GloveText),
            ("out.bin", Format::Word2vecBinary),
            ("out.safetensors", Format::Safetensors),
        ] {
            let call = format!("embed {{}}/in.tsv -o {{}}/{name} --method {method} {SMALL} --nearest acg");
            let text = super::succeeds(&call, folder.path());
            let costs: Vec<f64> = text.lines().skip(1).take(4).map(|line| line[5..].trim().parse().unwrap()).collect();
            assert!(costs[3] < costs[0], "{method}: {costs:?}");
            let near = text.lines().find(|line| line.starts_with("nearest to acg: ")).unwrap();
            assert_eq!(near.matches(", ").count(), 9, "{near}");
            found.push(Vectors::load(folder.path().join(name), format).unwrap());
        }
        assert_eq!((found[0].words().len(), found[0].dimension()), (64, 6));
        assert!(found.windows(2).all(|pair| pair[0] == pair[1]), "{method}");
    }
    let call = format!("embed {{}}/in.tsv -o {{}}/word2vec.vec --to word2vec {SMALL}");
    super::succeeds(&call, folder.path());
    assert!(fs::read_to_string(folder.path().join("word2vec.vec")).unwrap().starts_with("64 6\n"));
}

#[test]
fn bad_input_is_told_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let text = "ACGTACGTTTAACGT\nACGNNACGTACCAGT\n";
    fs::write(folder.path().join("in.tsv"), text).unwrap();
    for (options, status, parts) in [
        (format!("{SMALL} --nearest AXG"), 1, ["--nearest AXG", "X"]),
        ("--kmers 3 --dimension 0".to_owned(), 1, ["dimension", "at least 1"]),
        ("--kmers 3 --min-count 99".to_owned(), 1, ["99", ""]),
        ("--kmers 13".to_owned(), 2, ["--kmers", "13"]),
        ("--kmers nad".to_owned(), 1, ["in.tsv:1", "15"]),
    ] {
        super::fails(&format!("embed {{}}/in.tsv -o {{}}/out.txt {options}"), folder.path(), status, &parts);
        assert!(!folder.path().join("out.txt").exists(), "{options}");
    }
    super::fails("embed {}/in.tsv -o {}/out.csv", folder.path(), 1, &["out.csv", ".safetensors", "--to"]);
    let output = super::run(&format!("embed {{}}/in.tsv -o {{}}/out.txt {SMALL}"), folder.path());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("2 rows; 22 words, 4 skipped"), "{said}");
}
