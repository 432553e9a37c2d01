//! `cargo xtask fuzz`: searches for inputs that break a reader.

use crate::{project, setup};
use std::fs;
use std::path::Path;
use std::process::Command;

pub(crate) const HELP: &str = "\
Usage: cargo xtask fuzz [TARGET] [--seconds N]

Feeds mutated inputs to the readers, each target for N seconds (60 by default), with libFuzzer on stable Rust. The first
run builds everything with coverage, in minutes. An input that breaks a target is written to
xtask/fuzz/libfuzzer/artifacts/TARGET/; add it to xtask/fuzz/corpus/TARGET/ together with the repair, so that the
ordinary tests run it from then on. What is found on the way stays in xtask/fuzz/libfuzzer/found/TARGET/.

The targets are the folders of xtask/fuzz/corpus/.
";

/// Coverage for libFuzzer; no sanitizer, as those need a nightly compiler.
const FLAGS: [&str; 8] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "-Cdebug-assertions",
    "--cfg=fuzzing",
];

/// Longest input in bytes, and the most memory that reading one may take, in MB.
const LIMITS: [&str; 2] = ["-max_len=4096", "-rss_limit_mb=2048"];

/// What is fuzzed, and for how long.
#[derive(Debug, PartialEq)]
struct Choice<'a> {
    target: Option<&'a str>,
    seconds: u32,
}

pub(crate) fn main(arguments: &[String]) -> Result<(), String> {
    let choice = parse(arguments)?;
    let folder = project::root().join("xtask/fuzz");
    let mut targets = names(&folder.join("corpus")).map_err(|error| format!("cannot read the corpus: {error}"))?;
    if let Some(target) = choice.target {
        if !targets.iter().any(|name| name == target) {
            return Err(format!("unknown target {target:?}, expected one of {}", targets.join(", ")));
        }
        targets = vec![target.to_owned()];
    }
    setup::set_up(false)?;
    let libfuzzer = folder.join("libfuzzer");
    let program = build(&libfuzzer)?;
    for target in &targets {
        println!("== {target}");
        let (found, artifacts) = (libfuzzer.join("found").join(target), libfuzzer.join("artifacts").join(target));
        for made in [&found, &artifacts] {
            fs::create_dir_all(made).map_err(|error| format!("cannot create {}: {error}", made.display()))?;
        }
        let mut command = Command::new(&program);
        command.env("PROMOTER_FUZZ_TARGET", target).current_dir(&libfuzzer);
        command.args(LIMITS).arg(format!("-max_total_time={}", choice.seconds));
        command.arg(format!("-artifact_prefix={}/", artifacts.display()));
        project::show(command.arg(&found).arg(folder.join("corpus").join(target)))?;
    }
    Ok(())
}

fn parse(arguments: &[String]) -> Result<Choice<'_>, String> {
    let mut choice = Choice { target: None, seconds: 60 };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--seconds" {
            let seconds = rest.next().and_then(|text| text.parse().ok()).filter(|&seconds| seconds > 0);
            choice.seconds = seconds.ok_or("--seconds: expected a whole number above 0")?;
        } else if argument.starts_with('-') || choice.target.is_some() {
            return Err(format!("unexpected argument {argument:?}: it takes [TARGET] [--seconds N]"));
        } else {
            choice.target = Some(argument);
        }
    }
    Ok(choice)
}

/// Folders in a folder, in order.
fn names(folder: &Path) -> std::io::Result<Vec<String>> {
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<std::io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

/// Builds the fuzzer and returns its path.
fn build(libfuzzer: &Path) -> Result<std::path::PathBuf, String> {
    // With a target named, build scripts and procedural macros are built as always.
    let version = project::output(Command::new("rustc").arg("-vV")).ok_or("cannot start rustc")?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc names no host")?;
    let mut command = project::cargo();
    command.current_dir(libfuzzer).args(["build", "--release", "--target", host, "--target-dir", "target"]);
    project::show(command.env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}")))?;
    Ok(libfuzzer.join("target").join(host).join("release/promoter-libfuzzer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_and_seconds_stand_in_any_order() {
        let words = |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
        let choice = Choice { target: Some("tsv"), seconds: 5 };
        for text in ["tsv --seconds 5", "--seconds 5 tsv"] {
            assert_eq!(parse(&words(text)), Ok(Choice { ..choice }));
        }
        assert_eq!(parse(&[]), Ok(Choice { target: None, seconds: 60 }));
        for text in ["tsv csv", "--seconds", "--seconds 0", "--minutes 1"] {
            assert!(parse(&words(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn an_unknown_target_is_refused_with_the_known_ones() {
        let error = main(&["tvs".into()]).unwrap_err();
        assert!(error.contains("\"tvs\"") && error.contains("csv, "), "{error}");
    }
}
