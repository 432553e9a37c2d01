//! What a command refuses, or warns of, because its result would say little.

use std::fs;
use std::path::Path;

use super::train::{HERE, trained};

/// Standard output and standard error of a run that succeeds.
#[track_caller]
fn says(arguments: &str, folder: &Path) -> (String, String) {
    let output = super::run(arguments, folder);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{arguments}: {error}");
    (String::from_utf8(output.stdout).unwrap(), error)
}

/// A copy of the run that all tests share.
fn copy(folder: &Path) {
    for file in
        ["config.toml", "env.json", "metrics.jsonl", "checkpoints/last.safetensors", "checkpoints/best.safetensors"]
    {
        let to = folder.join("run").join(file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(trained().join("run").join(file), to).unwrap();
    }
}

#[test]
fn models_of_different_data_are_averaged_only_if_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    copy(folder.path());
    // The copy says that it was trained on other rows.
    let config = folder.path().join("run/config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replacen("rows = 600", "rows = 700", 1)).unwrap();
    fs::write(folder.path().join("in.tsv"), "ACGTACGT\n").unwrap();
    let model = trained().join("run");
    let call = |rest: &str| format!("predict {} {{}}/run {{}}/in.tsv {HERE}{rest}", model.display());
    super::fails(&call(""), folder.path(), 1, &["differ in data (600 simulated rows", "700", "--mixed"]);
    let mixed = super::succeeds(&call(" --mixed"), folder.path());
    let same = super::succeeds(&call("").replace("{}/run ", &format!("{} ", model.display())), folder.path());
    assert_eq!(mixed, same, "the weights are the same");
}

#[test]
fn sequences_that_are_cut_or_padded_are_counted_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let (long, short) = ("ACGTA".repeat(30), "ACGTA");
    fs::write(folder.path().join("in.tsv"), format!("{long}\n{short}\n{}\n", "ACGTA".repeat(22))).unwrap();
    fs::write(folder.path().join("short.tsv"), format!("{short}\n")).unwrap();
    fs::write(folder.path().join("pairs.tsv"), format!("{short}\tACGTT\n")).unwrap();
    let model = trained().join("run");
    for (command, input, part) in [
        ("predict", "in.tsv", "1 cut to the length of the model; 1 padded to it"),
        ("explain --method gradient", "in.tsv", "3 rows; 1 cut to the length of the model; 1 padded to it"),
        ("motifs --method gradient", "in.tsv", "3 sequences; 1 cut to the length of the model; 1 padded to it"),
        ("variants", "pairs.tsv", "1 variants, 2 sequences; 2 padded to it"),
        ("marginalize --word ACG --backgrounds", "short.tsv", "1 backgrounds; 1 padded to it"),
    ] {
        let (command, option) =
            command.split_once(" --").map_or((command, String::new()), |(a, b)| (a, format!("--{b}")));
        let (before, after) = if command == "marginalize" { ("", option) } else { (&option[..], String::new()) };
        let call = format!("{command} {before} {} {after} {{}}/{input} {HERE}", model.display());
        let (_, said) = says(&call, folder.path());
        assert!(said.contains(part), "{call}: {said}");
    }
}

#[test]
fn a_model_of_one_strand_warns_when_both_are_averaged() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.tsv"), "ACGTACGT\n").unwrap();
    let call = format!("predict {} {{}}/in.tsv {HERE}", trained().join("run").display());
    let warning = "run was trained on the forward strand only";
    assert!(!says(&call, folder.path()).1.contains(warning));
    assert!(says(&format!("{call} --strands both"), folder.path()).1.contains(warning));
}

#[test]
fn a_run_goes_on_with_other_threads_if_that_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    copy(folder.path());
    let call = "train --resume --out {}/run --device cpu --threads 2";
    super::fails(call, folder.path(), 1, &["threads was 1, is 2", "--allow-different-threads"]);
    let (text, _) = says(&format!("{call} --allow-different-threads"), folder.path());
    assert!(text.contains("warning    1 threads up to epoch 2: results agree to rounding"), "{text}");
    let environment = fs::read_to_string(folder.path().join("run/env.json")).unwrap();
    assert!(environment.contains("\"threads\":2"), "{environment}");
    assert!(environment.contains("\"earlier_threads\":[{\"threads\":1,\"epochs\":2}]"), "{environment}");
    // Once allowed, the number is the run's.
    says(call, folder.path());
    super::fails("train x.toml --allow-different-threads", folder.path(), 2, &["--resume"]);
}

#[test]
fn the_last_table_warns_of_a_heavy_tail_and_the_first_lines_count_cut_rows() {
    let folder = tempfile::tempdir().unwrap();
    let sequences = super::succeeds("simulate --rows 200 --seed 7", folder.path());
    let row = |(i, line): (usize, &str)| {
        let sequence = line.split('\t').next().unwrap();
        let label = if i % 100 == 9 { 900 } else { i % 7 };
        format!("{}\t{label}\n", if i == 3 { &sequence[..50] } else { sequence })
    };
    let rows: String = sequences.lines().enumerate().map(row).collect();
    fs::write(folder.path().join("rows.tsv"), rows).unwrap();
    let config = trained().join("run/config.toml");
    let rows = "--set data={file={path='{}/rows.tsv'}} --set split={kind='random',validation=0.5,seed=1} \
                --set filter={drop_duplicates=false}";
    let sets = "--set training.epochs=1 --set loss.name=mse --set evaluation.strands=true";
    let call = format!("train {} {rows} {sets} --out {{}}/run {HERE}", config.display());
    let (text, _) = says(&call, folder.path());
    for part in [
        "one validation row in a hundred holds",
        "log1p",
        "length     0 rows cut to 110 bases, 1 padded to them",
        "both strands are averaged, one is trained on",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let page = fs::read_to_string(folder.path().join("run/report.html")).unwrap();
    assert!(page.contains("one validation row in a hundred holds"));
}
