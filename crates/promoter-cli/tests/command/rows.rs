//! `promoter simulate` and `promoter filter`.

use std::fs;

use serde_json::Value;

#[test]
fn simulated_rows_come_with_their_truth_and_sites() {
    let folder = tempfile::tempdir().unwrap();
    let files = "-o {}/rows.tsv --truth {}/truth.tsv --sites {}/sites.jsonl";
    assert_eq!(super::succeeds(&format!("simulate --rows 50 --seed 3 {files}"), folder.path()), "");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let (rows, truth) = (read("rows.tsv"), read("truth.tsv"));
    assert_eq!((rows.lines().count(), truth.lines().count()), (50, 50));
    for (row, truth) in rows.lines().zip(truth.lines()) {
        assert_eq!(row.split('\t').next(), truth.split('\t').next());
        assert_eq!(row.split('\t').next().unwrap().len(), 110);
    }
    let sites: Vec<Value> = read("sites.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(sites.len(), 50);
    assert!(sites.iter().flat_map(|row| row.as_array().unwrap()).any(|site| site["planted"] == true));
    assert_eq!(super::succeeds("simulate --rows 50 --seed 3", folder.path()), rows);
    assert_ne!(super::succeeds("simulate --rows 50 --seed 4", folder.path()), rows);

    fs::write(folder.path().join("assay.toml"), "rwos = 3").unwrap();
    super::fails("simulate {}/assay.toml", folder.path(), 1, &["assay.toml", "rwos"]);
    super::fails("simulate --rows 3 -o {}/none/out.tsv", folder.path(), 1, &["cannot write into", "No such file"]);
}

#[test]
fn a_filter_says_what_each_rule_removed() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.tsv");
    fs::write(&input, "ACGT\t1.5\nACGN\t2.5\nACG\t3.5\nACGT\t4.5\nTTTT\t5\n").unwrap();
    let call = "filter {}/in.tsv --length 4 --no-ambiguous --drop-duplicates --drop-singletons 1";
    let output = super::run(call, folder.path());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "ACGT\t1.5\n");
    let said = String::from_utf8(output.stderr).unwrap();
    let counts = "5 rows, removed 1 by length, 1 with ambiguous letters, 1 singletons, 1 duplicates, kept 1";
    assert!(said.contains(counts), "{said}");
    assert_eq!(super::succeeds("filter {}/in.tsv --length 1-3", folder.path()), "ACG\t3.5\n");
    let sample = |options: &str| {
        let output = super::run(&format!("filter {{}}/in.tsv --no-ambiguous --sample {options}"), folder.path());
        let said = String::from_utf8(output.stderr).unwrap();
        let rows = String::from_utf8(output.stdout).unwrap();
        // Every row is kept or counted: one of the five has an N.
        let kept = rows.lines().count();
        let sampled = if kept == 4 { String::new() } else { format!("{} outside the sample, ", 4 - kept) };
        assert!(said.contains(&format!("0 duplicates, {sampled}kept {kept}\n")), "{said}");
        rows
    };
    assert_eq!(sample("1").lines().count(), 4);
    assert_eq!(sample("0.5 --seed 1"), sample("0.5 --seed 1"));
    assert!((2..9).any(|seed| sample(&format!("0.5 --seed {seed}")) != sample("0.5 --seed 1")));
    super::fails("filter {}/in.tsv --sample 1.5", folder.path(), 1, &["sample", "1.5"]);
    super::fails("filter {}/in.tsv --length 9 -o {}/out.tsv", folder.path(), 1, &["no row is left", "5 by length"]);
    assert!(!folder.path().join("out.tsv").exists());
    super::fails("filter {}/in.tsv --length x", folder.path(), 2, &["--length", "such as 80-110"]);
}
