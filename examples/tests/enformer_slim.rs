//! The program as a person runs it: what it leaves behind, bad input, and a kill in the middle.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The example, which cargo builds beside this test.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().unwrap().with_file_name("examples").join("enformer_slim")
}

/// One thread, so that tests beside each other do not wait for each other's threads.
fn command(arguments: &[&str], out: &Path) -> Command {
    let mut command = Command::new(program());
    command.args(arguments).arg("--out").arg(out).args(["--threads", "1"]);
    command.env("OMP_WAIT_POLICY", "passive");
    command
}

fn run(arguments: &[&str], out: &Path) -> Output {
    command(arguments, out).output().unwrap()
}

/// A few simulated promoters.
const SMALL: [&str; 7] = [
    "--simulated",
    "--set=data.simulated.rows=300",
    "--set=training.epochs=2",
    "--set=training.batch_size=64",
    "--set=training.checkpoint_steps=3",
    "--set=training.precision=f32",
    "--set=network.blocks=1",
];

#[test]
fn a_run_explains_itself_and_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let output = run(&SMALL, &out);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for part in ["validation rows", "ridge on 2..6-mers", "noise ceiling", "rows per second", "report.html"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    for file in ["config.toml", "env.json", "metrics.jsonl", "predictions.tsv", "report.html"] {
        assert!(out.join(file).metadata().unwrap().len() > 0, "{file}");
    }
    assert_eq!(std::fs::read_to_string(out.join("metrics.jsonl")).unwrap().lines().count(), 2);
    assert_eq!(std::fs::read_to_string(out.join("predictions.tsv")).unwrap().lines().count(), 31);
    let report = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(report.contains("<svg") && report.trim_end().ends_with("</html>"));
    assert!(!report.contains("http://") || !report.contains("src="), "the page needs nothing from outside");

    let again = run(&SMALL, &out);
    let error = String::from_utf8_lossy(&again.stderr).into_owned();
    assert_eq!(again.status.code(), Some(1));
    assert!(error.contains("exists: choose another folder for the run, or resume"), "{error}");
}

/// Killed with signal 9 at three moments, resumed each time: the same bytes as without a stop.
#[test]
fn a_killed_run_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    let started = std::time::Instant::now();
    assert!(run(&SMALL, &whole).status.success());
    let length = started.elapsed();

    let stopped = folder.path().join("stopped");
    let mut kills = 0;
    for share in [0.35, 0.5, 0.65] {
        let arguments: &[&str] = if stopped.join("config.toml").exists() { &["--resume"] } else { &SMALL };
        let mut child = command(arguments, &stopped).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(length.mul_f64(share));
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
            kills += 1;
        }
        child.wait().unwrap();
    }
    assert!(kills > 0, "the run was over before each kill");
    let arguments: &[&str] = if stopped.exists() { &["--resume"] } else { &SMALL };
    let output = run(arguments, &stopped);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for file in ["checkpoints/last.safetensors", "checkpoints/best.safetensors", "predictions.tsv"] {
        let (a, b) = (std::fs::read(whole.join(file)).unwrap(), std::fs::read(stopped.join(file)).unwrap());
        assert!(a == b, "{file} differs");
    }
    // Resuming what is done trains nothing and shows the same.
    let before = std::fs::read(stopped.join("checkpoints/last.safetensors")).unwrap();
    assert!(run(&["--resume"], &stopped).status.success());
    assert!(before == std::fs::read(stopped.join("checkpoints/last.safetensors")).unwrap());
}

#[test]
fn a_checkpoint_cut_short_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    assert!(run(&["--simulated", "--set=data.simulated.rows=80", "--set=training.epochs=1"], &out).status.success());
    let last = out.join("checkpoints/last.safetensors");
    let bytes = std::fs::read(&last).unwrap();
    std::fs::write(&last, &bytes[..bytes.len() / 2]).unwrap();
    let output = run(&["--resume"], &out);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains("last.safetensors is not a whole safetensors file"), "{error}");
    let nowhere = run(&["--resume"], &folder.path().join("none"));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("is not a run folder: config.toml is missing"));
}

/// A gzip file of `text`, cut to `keep` bytes.
fn gzip(text: &str, keep: usize) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    let mut bytes = encoder.finish().unwrap();
    bytes.truncate(keep);
    bytes
}

/// Two columns without a header; rows of any length; a header; constructs of 110 bases.
const CHALLENGE: &str = "--set=data.file.read.columns=challenge";
const STANDARD_OFF: &str = "--set=filter={}";
const NAMED: &str = "--set=data.file.read.columns.named={ sequence = 'sequence', label = 'expression' }";
const STANDARD: &str = "--set=filter.length.exact=110";

/// Bad input: the error names the file, and where there is one the line, and says what was expected; no folder is made.
#[test]
fn bad_input_is_an_error_that_names_it_and_nothing_is_written() {
    let construct = "TGCATTTTTTTCACATC\
        CCAGGCTTCGAATCCAATGGCACACGCTTTGTCGGGAATAGTTACTCTGTGGGGTCAAACATCACCCACATGACACTCTGGGTTACGGCTGTT";
    let good = format!("{construct}\t11.5\n");
    let many: String = (0..200).map(|i| format!("{construct}\t{}\n", i % 17)).collect();
    let named = |rows: &str| format!("sequence\texpression\n{rows}");
    // Name of the file, its bytes, more arguments, what the error must say.
    type Case = (&'static str, Vec<u8>, Vec<&'static str>, Vec<&'static str>);
    let cases: Vec<Case> = vec![
        ("empty.tsv", vec![], vec![], vec!["no row of data"]),
        ("header.tsv", named("").into_bytes(), vec![NAMED], vec!["no row of data"]),
        ("one-column.tsv", format!("{good}{construct}\n").into_bytes(), vec![], vec![":2:", "expected"]),
        ("word.tsv", format!("{good}{construct}\thigh\n").into_bytes(), vec![], vec![":2:112", "number", "high"]),
        ("nan.tsv", format!("{good}{construct}\tNaN\n").into_bytes(), vec![], vec![":2:112", "finite"]),
        ("inf.tsv", format!("{good}{construct}\tinf\n").into_bytes(), vec![], vec![":2:112", "finite"]),
        ("long.tsv", format!("{good}{}\t3\n", "A".repeat(10_000_000)).into_bytes(), vec![], vec![":2:", "65536"]),
        ("binary.tsv", (0..=255u8).cycle().take(4096).collect(), vec![], vec!["binary.tsv"]),
        ("cut.tsv.gz", gzip(&many, 60), vec![], vec!["damaged or cut gzip"]),
        ("plain.tsv.gz", good.clone().into_bytes(), vec![], vec!["expected gzip"]),
        ("packed.tsv", gzip(&many, usize::MAX), vec![], vec!["found gzip"]),
        ("picture.png", good.clone().into_bytes(), vec![], vec!["unknown extension", "say the format"]),
        ("short.tsv", b"ACGT\t3\nACGTN\t4\n".to_vec(), vec![STANDARD], vec!["no row is left", "2 by length"]),
        (
            "column.tsv",
            named(&good).into_bytes(),
            vec!["--set=data.file.read.columns.named={ sequence = 'sequence', label = 'level' }"],
            vec!["no column `level`", "sequence, expression"],
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let fails = |path: &Path, more: &[&str], parts: &[&str]| {
        let file = format!("--set=data.file.path={}", path.display());
        let columns = if more.iter().any(|more| more.contains("columns")) { STANDARD_OFF } else { CHALLENGE };
        let arguments = [&[file.as_str(), STANDARD_OFF, columns], more].concat();
        let output = run(&arguments, &out);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{}: {error}", path.display());
        for part in parts {
            assert!(error.contains(part), "{} should say `{part}`: {error}", path.display());
        }
        assert!(!out.exists(), "{}", path.display());
    };
    for (name, contents, more, parts) in &cases {
        let path = folder.path().join(name);
        std::fs::write(&path, contents).unwrap();
        let mut parts = parts.clone();
        if !more.contains(&STANDARD) {
            parts.push(name);
        }
        fails(&path, more, &parts);
    }
    fails(&folder.path().join("missing.tsv"), &[], &["missing.tsv", "No such file"]);
    fails(folder.path(), &[], &["is a folder"]);
}
