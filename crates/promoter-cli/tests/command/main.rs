//! The program as a person or a script runs it.
#![cfg(feature = "torch")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod arrays;
mod bombs;
mod claims;
mod design;
mod disk;
mod doctor;
mod edges;
mod embed;
mod encode;
mod explain;
mod files;
mod forms;
mod genome;
mod guards;
mod info;
mod keep;
mod kills;
mod kmer;
mod launch;
mod marginalize;
mod messages;
mod motifs;
mod ranks;
mod recipe;
mod rows;
mod runs;
mod schema;
mod score;
mod shipped;
mod streams;
mod train;
mod variants;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

/// The program with these arguments.
fn command<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_promoter"));
    command.args(arguments);
    command
}

/// Arguments as a shell would split them, `{}` being the folder.
fn run(arguments: &str, folder: &Path) -> Output {
    command(arguments.split_whitespace().map(|word| word.replace("{}", folder.to_str().unwrap()))).output().unwrap()
}

/// Standard output of a run that succeeds.
#[track_caller]
fn succeeds(arguments: &str, folder: &Path) -> String {
    let output = run(arguments, folder);
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A run that ends with this status, prints nothing, and says all of `parts` on standard error.
#[track_caller]
fn fails(arguments: &str, folder: &Path, status: i32, parts: &[&str]) {
    let output = run(arguments, folder);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(status), "{arguments}: {error}");
    assert!(output.stdout.is_empty(), "{arguments}");
    assert!(error.starts_with("error: "), "{arguments}: {error}");
    for part in parts {
        assert!(error.contains(part), "{arguments} should say `{part}`: {error}");
    }
}

/// Rows of a table with a header, by column.
fn rows_of(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split('\t').collect();
    let row = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        assert_eq!(fields.len(), names.len(), "{line}");
        names.iter().zip(fields).map(|(name, field)| (name.to_string(), field.to_owned())).collect()
    };
    lines.map(row).collect()
}

#[test]
fn every_command_shows_an_example() {
    let nowhere = Path::new(".");
    let help = succeeds("--help", nowhere);
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(commands.len() >= 2, "{help}");
    for name in commands {
        let help = succeeds(&format!("{name} --help"), nowhere);
        assert!(help.contains(&format!("  promoter {name} ")), "{help}");
    }
    fails("scor", nowhere, 2, &["similar subcommand exists", "score"]);
}
