//! `promoter train`, and `promoter predict` with what it leaves behind.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::Once;

use promoter::predictor::FORMAT;
use serde_json::{Map, Value};

/// The example's experiment, small enough for seconds.
fn small() -> String {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/enformer_slim.toml");
    let sizes = "network.channels=32 network.heads=2 network.key=8 network.blocks=1";
    let split = "split={kind='random',validation=0.1,seed=1}";
    let training = "training.epochs=2 training.precision=f32 training.batch_norm_averages=moving";
    let sets = format!("data.simulated.rows=600 {split} {training} {sizes}");
    let sets: String = sets.split(' ').map(|set| format!(" --set {set}")).collect();
    format!("train {file}{sets}")
}

/// One thread, so that tests beside each other do not wait for each other's threads.
pub(super) const HERE: &str = "--device cpu --threads 1";

/// A folder with a finished run, `run`, trained once for all tests.
pub(super) fn trained() -> &'static Path {
    static TRAINED: Once = Once::new();
    // Nothing cleans up after the last test, so the next start does.
    let folder = Path::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/promoter-train"));
    TRAINED.call_once(|| {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).unwrap();
        let text = super::succeeds(&format!("{} --out {{}}/run {HERE}", small()), folder);
        for part in ["validation rows", "ridge on 2..6-mers", "noise ceiling", "report.html", "predictor.safetensors"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    });
    folder
}

/// Sequence and prediction of each line.
fn rows(text: &str) -> Vec<(String, f32)> {
    let row = |line: &str| line.split_once('\t').map(|(sequence, value)| (sequence.to_owned(), value.parse().unwrap()));
    text.lines().map(|line| row(line).unwrap()).collect()
}

/// The validation rows: sequence, measured, predicted in training.
fn validation(run: &Path) -> Vec<(String, f32)> {
    let text = fs::read_to_string(run.join("run/predictions.tsv")).unwrap();
    let row = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        (fields[0].to_owned(), fields[2].parse().unwrap())
    };
    text.lines().skip(1).map(row).collect()
}

fn sequences(rows: &[(String, f32)]) -> String {
    rows.iter().map(|(sequence, _)| format!("{sequence}\n")).collect()
}

#[track_caller]
fn assert_close(found: &[(String, f32)], expected: &[(String, f32)]) {
    assert_eq!(found.len(), expected.len());
    for ((found, a), (expected, b)) in found.iter().zip(expected) {
        assert_eq!(found, expected);
        assert!((a - b).abs() < 1e-4, "{a} is not {b}");
    }
}

/// A new process predicts what training predicted, from the predictor file and from the run folder, from a file and
/// from a pipe, in the input's order.
#[test]
fn what_was_trained_predicts_the_same_in_a_new_process() {
    let run = trained();
    let folder = tempfile::tempdir().unwrap();
    let expected = validation(run);
    assert_eq!(expected.len(), 60);
    let input = folder.path().join("input.tsv");
    fs::write(&input, sequences(&expected)).unwrap();
    let model = run.join("run/predictor.safetensors");
    let (model, run) = (model.display(), run.join("run"));
    for model in [model.to_string(), run.display().to_string()] {
        let out = format!("predict {model} {{}}/input.tsv -o {{}}/out.tsv {HERE}");
        assert_eq!(super::succeeds(&out, folder.path()), "");
        assert_close(&rows(&fs::read_to_string(folder.path().join("out.tsv")).unwrap()), &expected);
    }
    let piped = format!("predict {model} - {HERE}");
    let output = super::command(piped.split(' ')).stdin(fs::File::open(&input).unwrap()).output().unwrap();
    assert_close(&rows(&String::from_utf8(output.stdout).unwrap()), &expected);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("60 rows") && said.contains("sequences per second"), "{said}");

    // The mean of a model and itself is the model; other strands and windows are other predictions.
    let twice = super::succeeds(&format!("predict {model} {model} {{}}/input.tsv {HERE}"), folder.path());
    assert_close(&rows(&twice), &expected);
    for option in ["--strands both", "--shift 2"] {
        let averaged =
            rows(&super::succeeds(&format!("predict {model} {{}}/input.tsv {option} {HERE}"), folder.path()));
        assert!(averaged.iter().zip(&expected).any(|(a, b)| (a.1 - b.1).abs() > 1e-3), "{option}");
    }

    let card = fs::read_to_string(run.join("predictor.md")).unwrap();
    for part in ["# Enformer-slim on yeast promoters", "`peppa`", "KeepFirst", "| pearson | ", "[data.simulated]"] {
        assert!(card.contains(part), "{part}: {card}");
    }
}

#[test]
fn strands_are_averaged_over_the_windows_reverse_complement() {
    let run = trained();
    let folder = tempfile::tempdir().unwrap();
    let model = run.join("run/predictor.safetensors");
    let forward: Vec<String> = validation(run).into_iter().map(|row| row.0).take(5).collect();
    let complement = |letter: char| "TGCAN".chars().nth("ACGTN".find(letter).unwrap()).unwrap();
    // The window that Peppa's network sees is turned; its surroundings stay.
    let turn = |s: &String| {
        let window: String = s[15..100].chars().rev().map(complement).collect();
        format!("{}{window}{}", &s[..15], &s[100..])
    };
    let reverse: Vec<String> = forward.iter().map(turn).collect();
    let predict = |name: &str, sequences: &[String], option: &str| -> Vec<f32> {
        fs::write(folder.path().join(name), sequences.join("\n")).unwrap();
        let call = format!("predict {} {{}}/{name} {option} {HERE}", model.display());
        rows(&super::succeeds(&call, folder.path())).into_iter().map(|row| row.1).collect()
    };
    let (a, b) = (predict("forward.tsv", &forward, ""), predict("reverse.tsv", &reverse, ""));
    let both = predict("forward.tsv", &forward, "--strands both");
    for ((a, b), both) in a.iter().zip(b).zip(both) {
        assert!(((a + b) / 2.0 - both).abs() < 1e-4);
    }
}

#[test]
fn submissions_and_ranks_are_forms_of_the_output() {
    let run = trained();
    let folder = tempfile::tempdir().unwrap();
    let expected = validation(run);
    fs::write(folder.path().join("input.tsv"), sequences(&expected)).unwrap();
    fs::write(folder.path().join("ids.json"), r#"{"10": 0.5, "2": 0.25, "59": 0}"#).unwrap();
    let call = format!("predict {} {{}}/input.tsv {HERE}", run.join("run").display());
    let text = super::succeeds(&format!("{call} --ids {{}}/ids.json"), folder.path());
    let object: Map<String, Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(object.len(), 3);
    for row in [2usize, 10, 59] {
        assert!((object[&row.to_string()].as_f64().unwrap() - f64::from(expected[row].1)).abs() < 1e-4);
    }
    let ranked = rows(&super::succeeds(&format!("{call} --rank"), folder.path()));
    let mut order: Vec<usize> = (0..60).collect();
    order.sort_by(|&a, &b| expected[a].1.total_cmp(&expected[b].1));
    assert!(order.windows(2).all(|pair| ranked[pair[0]].1 <= ranked[pair[1]].1));
    assert!(ranked.iter().all(|row| (0.0..=1.0).contains(&row.1)));

    fs::write(folder.path().join("ids.json"), r#"{"60": 0}"#).unwrap();
    super::fails(&format!("{call} --ids {{}}/ids.json"), folder.path(), 1, &["row 60", "60 sequences"]);
    fs::write(folder.path().join("ids.json"), "[1]").unwrap();
    super::fails(&format!("{call} --ids {{}}/ids.json"), folder.path(), 1, &["ids.json", "object"]);
}

#[test]
fn files_that_are_no_predictor_are_refused_with_what_they_are() {
    let run = trained();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    fs::write(folder.path().join("input.tsv"), "ACGT\n").unwrap();
    let call = format!("predict {{}}/model.safetensors {{}}/input.tsv -o {{}}/out.tsv {HERE}");
    let fails = |bytes: &[u8], parts: &[&str]| {
        fs::write(&path, bytes).unwrap();
        super::fails(&call, folder.path(), 1, &[&["model.safetensors"], parts].concat());
        assert!(!folder.path().join("out.tsv").exists());
    };
    let bytes = fs::read(run.join("run/predictor.safetensors")).unwrap();
    fails(&bytes[..bytes.len() / 2], &["not a whole safetensors file"]);
    fails(b"PK\x03\x04 and more", &["pickle", "promoter train"]);
    fails(b"\x80\x02}q\x00.", &["pickle"]);
    fails(b"", &["not a whole safetensors file"]);
    fails(&fs::read(run.join("run/checkpoints/best.safetensors")).unwrap(), &["without a description", "folder"]);
    // The header is JSON in JSON; what replaces a text has its length.
    let edited = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
    };
    fails(&edited("\\\"format\\\":4", "\\\"format\\\":9"), &["format 9", &format!("reads formats up to {FORMAT}")]);
    fails(&edited("\\\"heads\\\":2", "\\\"heads\\\":4"), &["do not fit", "expected"]);
    fails(&edited("\\\"heads\\\"", "\\\"haeds\\\""), &["haeds"]);
    // A file of format 1 has fewer keys; what is left out has its default.
    fs::write(&path, edited("\\\"format\\\":4", "\\\"format\\\":1")).unwrap();
    super::succeeds(&call, folder.path());
    fs::remove_file(&path).unwrap();
    fs::remove_file(folder.path().join("out.tsv")).unwrap();
    super::fails(&call, folder.path(), 1, &["model.safetensors", "No such file"]);
    fs::create_dir(&path).unwrap();
    super::fails(&call, folder.path(), 1, &["is not a run folder", "config.toml"]);
}

#[test]
fn sequences_follow_the_models_policies_and_are_counted() {
    let run = trained();
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{}\n{}\nacgtNR\n", "A".repeat(200), "C".repeat(110));
    fs::write(folder.path().join("input.tsv"), text).unwrap();
    let call = format!("predict {} {{}}/input.tsv {HERE}", run.join("run").display());
    let output = super::run(&call, folder.path());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    for part in ["3 rows", "1 cut to", "1 padded to", "1 with letters", "folded to upper case"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(rows(&String::from_utf8(output.stdout).unwrap())[2].0 == "ACGTNR");
    super::fails(&format!("{call} --shift 11"), folder.path(), 1, &["shift is 11", "at most 10"]);
    for (text, parts) in [("", ["no sequences", "input.tsv"]), ("ACGT\nAC!T\n", [":2:3", "IUPAC"])] {
        fs::write(folder.path().join("input.tsv"), text).unwrap();
        let out = format!("{call} -o {{}}/out.tsv");
        super::fails(&out, folder.path(), 1, &parts);
        assert!(!folder.path().join("out.tsv").exists(), "nothing is left under the final name");
    }
}

/// Killed while its input is still open: no file under the final name.
#[test]
fn a_killed_prediction_leaves_no_half_file() {
    use std::io::Write as _;
    let run = trained();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.tsv");
    let call = format!("predict {} - -o {} {HERE}", run.join("run").display(), out.display());
    let mut child = super::command(call.split(' ')).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    // More than one batch and the pipe hold: when all is written, some is predicted.
    input.write_all(sequences(&validation(run)).repeat(200).as_bytes()).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!out.exists());
}

#[test]
fn overrides_are_checked_and_shown() {
    let nowhere = Path::new(".");
    let config = super::succeeds(&format!("{} --set seed=7 --print-config", small()), nowhere);
    for part in ["seed = 7", "rows = 600", "epochs = 2", "channels = 32", "momentum = 0.9", "evaluation_batch_size"] {
        assert!(config.contains(part), "{part}: {config}");
    }
    for (set, parts) in [
        ("training.epocs=3", ["--set training.epocs=3", "unknown field `epocs`"]),
        ("epochs=3", ["--set epochs=3", "unknown field `epochs`"]),
        ("network.name=pepa", ["unknown network `pepa`", "peppa"]),
        ("training.best=person", ["person", "pearson"]),
        ("training.epochs=many", ["--set training.epochs=many", "many"]),
        ("training.epochs", ["--set training.epochs", "KEY=VALUE"]),
        ("seed.deep=1", ["--set seed.deep=1", "not a table"]),
    ] {
        super::fails(&format!("{} --set {set} --print-config", small()), nowhere, 1, &parts);
    }
    super::fails(
        &format!("{} --set training.epochs=0 --out {{}}/run", small()),
        nowhere,
        1,
        &["`training.epochs` is 0"],
    );
    super::fails("train", nowhere, 2, &["FILE"]);
    super::fails("train none.toml", nowhere, 1, &["none.toml", "No such file"]);
}

#[test]
fn a_run_is_resumed_by_its_own_experiment_only_and_never_overwritten() {
    let run = trained();
    let again = format!("{} --out {{}}/run {HERE}", small());
    super::fails(&again, run, 1, &["exists", "resume"]);
    let other = format!("{} --set seed=2 --out {{}}/run --resume {HERE}", small());
    super::fails(&other, run, 1, &["belongs to another experiment"]);
    super::fails("train --resume --out {}/none", run, 1, &["is not a run folder"]);
}

/// The authors' own parts: the rows that they held out are scored once, at the end, beside ridge regression.
#[test]
fn rows_that_were_held_out_are_scored_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let rows = super::succeeds("simulate --rows 300 --seed 4", folder.path());
    let part = |i: usize| ["train", "train", "train", "validation", "test"][i % 5];
    let table: String = rows.lines().enumerate().map(|(i, line)| format!("{line}\t{}\n", part(i))).collect();
    fs::write(folder.path().join("rows.tsv"), format!("sequence\tlabel\tpart\n{table}")).unwrap();
    let experiment = format!(
        "data.file = {{ path = '{}', read.columns.named = {{ sequence = 'sequence', label = 'label' }} }}
        split = {{ kind = 'column', column = 'part' }}
        encoding.one_hot.fit = 'peppa'
        network = {{ name = 'peppa', channels = 32, heads = 2, key = 8, blocks = 1 }}
        loss.name = 'mse'
        optimiser = {{ name = 'adam', lr = 0.001 }}
        training = {{ epochs = 1, batch_size = 32 }}",
        folder.path().join("rows.tsv").display()
    );
    fs::write(folder.path().join("parts.toml"), experiment).unwrap();
    let text = super::succeeds(&format!("train {{}}/parts.toml --out {{}}/run {HERE}"), folder.path());
    assert!(text.contains("180 train, 60 validate, 60 held out for the end"), "{text}");
    assert!(text.contains("network, held-out test rows") && text.contains("ridge on 2..6-mers, test"), "{text}");
    let held_out = fs::read_to_string(folder.path().join("run/test_predictions.tsv")).unwrap();
    let expected: Vec<&str> = rows.lines().skip(4).step_by(5).map(|line| line.split('\t').next().unwrap()).collect();
    assert!(held_out.lines().skip(1).map(|line| line.split('\t').next().unwrap()).eq(expected));

    // A word that is not a part is named with its line.
    let odd = table.replacen("\tvalidation\n", "\tdevelopment\n", 1);
    fs::write(folder.path().join("rows.tsv"), format!("sequence\tlabel\tpart\n{odd}")).unwrap();
    let output = super::run(&format!("train {{}}/parts.toml --out {{}}/odd {HERE}"), folder.path());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("rows.tsv") && error.contains("development"), "{error}");
    assert!(!folder.path().join("odd").exists());
}

/// Where the processor emulates it, and only there.
#[test]
#[cfg(target_arch = "x86_64")]
fn bf16_without_instructions_for_it_is_warned_of() {
    let input = super::kills::input();
    let call = format!("train {{}}/kills.toml --set training.precision=bf16 --out {{}}/run {HERE}");
    let said = super::succeeds(&call, input.path());
    let is_emulated = !std::arch::is_x86_feature_detected!("avx512bf16");
    assert_eq!(said.contains("warning    bf16 without instructions for it"), is_emulated, "{said}");
}
