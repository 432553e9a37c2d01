//! `docs/guide.md`, `docs/your_own_data.md` and `docs/understand.md`, command by command, at sizes that take seconds.
#![cfg(all(feature = "torch", unix))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

/// A page, and what is run in place of what it says.
struct Page {
    name: &'static str,
    text: &'static str,
    reduced: &'static [(&'static str, &'static str)],
}

/// Rows of simulations do not depend on how many there are.
const GUIDE: Page = Page {
    name: "guide.md",
    text: include_str!("../../../docs/guide.md"),
    reduced: &[
        ("--rows 25000", "--rows 400"),
        ("--rows 200", "--rows 4"),
        ("--bootstrap 1000", "--bootstrap 10"),
        ("filters = [64, 64, 32]", "filters = [4, 4, 4]"),
        ("lstm_units = 32", "lstm_units = 2"),
        ("epochs = 6", "epochs = 2"),
        ("epochs 10", "epochs 3"),
    ],
};

const YOUR_OWN_DATA: Page = Page {
    name: "your_own_data.md",
    text: include_str!("../../../docs/your_own_data.md"),
    reduced: &[("head -3001", "head -401")],
};

const UNDERSTAND: Page = Page {
    name: "understand.md",
    text: include_str!("../../../docs/understand.md"),
    reduced: &[
        ("--rows 40000", "--rows 300"),
        ("--rows 400 ", "--rows 12 "),
        ("filters = [64, 64, 32]", "filters = [4, 4, 4]"),
        ("lstm_units = 32", "lstm_units = 2"),
        ("epochs = 8", "epochs = 1"),
    ],
};

/// A fenced block: its language and its lines.
struct Block {
    language: &'static str,
    lines: Vec<&'static str>,
}

fn blocks(page: &Page) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in page.text.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(language), None) => open = Some(Block { language, lines: Vec::new() }),
            (None, Some(block)) => block.lines.push(line),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "the last block of {} is not closed", page.name);
    blocks
}

/// A command with the lines that it prints.
struct Call {
    command: String,
    output: Vec<&'static str>,
}

fn calls(block: &Block) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    let mut goes_on = false;
    for &line in &block.lines {
        match (line.strip_prefix("$ "), calls.last_mut()) {
            (Some(command), _) => calls.push(Call { command: command.to_owned(), output: Vec::new() }),
            (None, Some(call)) if goes_on => call.command += &format!("\n{line}"),
            (None, Some(call)) => call.output.push(line),
            (None, None) => panic!("output without a command: {line}"),
        }
        goes_on = (goes_on || line.starts_with("$ ")) && line.ends_with('\\');
    }
    calls
}

fn reduced(page: &Page, text: &str) -> String {
    page.reduced.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// A line without what depends on sizes and time: numbers are `#`, 5-mers `K`, blanks single, a best epoch like others.
fn pattern(line: &str) -> String {
    let mut pattern = String::new();
    let mut rest = line.trim_end().trim_end_matches("best");
    while let Some(first) = rest.chars().next() {
        let digits = rest.strip_prefix('-').unwrap_or(rest);
        let taken = if digits.starts_with(|c: char| c.is_ascii_digit()) {
            pattern.push('#');
            let goes_on = |(at, c): (usize, char)| {
                c.is_ascii_digit() || c == '.' || c == 'e' || (c == '-' && digits[..at].ends_with('e'))
            };
            let length = digits.char_indices().position(|place| !goes_on(place)).unwrap_or(digits.len());
            rest.len() - digits.len() + length
        } else if first.is_whitespace() {
            pattern.push(' ');
            rest.len() - rest.trim_start().len()
        } else {
            let word = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len()).max(first.len_utf8());
            let is_kmer = word == 5 && rest[..word].bytes().all(|letter| b"ACGT".contains(&letter));
            pattern += if is_kmer { "K" } else { &rest[..word] };
            word
        };
        rest = &rest[taken..];
    }
    // A minus takes the place of a blank between the bounds of an interval.
    pattern.replace("[ ", "[").replace(",#", ", #").trim().to_owned()
}

/// Patterns of lines; equal ones below each other, such as epochs, are one.
fn patterns<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut patterns: Vec<String> = lines.into_iter().map(pattern).collect();
    patterns.dedup();
    patterns
}

fn check(page: &Page, call: &Call, folder: &Path) {
    let programs = Path::new(env!("CARGO_BIN_EXE_promoter")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
    let command = reduced(page, &call.command);
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {command}\n}} 2>&1")])
        .current_dir(folder)
        .env("PATH", path)
        .env("HOME", folder)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    // A network that has seen a few hundred rows is worse than ridge regression, and the command says so.
    let printed = match text.split_once("\nwarning ") {
        Some((before, after)) => before.to_owned() + after.split_once('\n').map_or("", |(_, rest)| rest),
        None => text.clone(),
    };
    let (mut found, mut expected) = (patterns(printed.lines()), patterns(call.output.iter().copied()));
    if expected.last().is_some_and(|line| line == "...") {
        expected.pop();
        found.truncate(expected.len());
    }
    assert_eq!(found, expected, "docs/{} is stale: `{command}` prints\n{text}", page.name);
}

/// The keys of a block are those of experiments: it replaces what the first experiment has.
fn check_experiment(block: &Block, folder: &Path) {
    let text = fs::read_to_string(folder.join("first.toml")).unwrap();
    let mut experiment: toml::Table = text.parse().unwrap();
    experiment.extend(block.lines.join("\n").parse::<toml::Table>().unwrap());
    fs::write(folder.join("changed.toml"), experiment.to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_promoter"));
    let output = command.args(["train", "changed.toml", "--print-config"]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Runs every command of a page, and returns their number.
fn run(page: &Page) -> usize {
    let folder = tempfile::tempdir().unwrap();
    for data in ["dream2022", "motifs"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data").join(data);
        std::os::unix::fs::symlink(fs::canonicalize(path).unwrap(), folder.path().join(data)).unwrap();
    }
    fs::create_dir_all(folder.path().join(".local/share/bash-completion/completions")).unwrap();
    let mut commands = 0;
    for block in blocks(page) {
        match (block.language, block.lines[0].strip_prefix("# ")) {
            ("console", _) => {
                for call in calls(&block) {
                    check(page, &call, folder.path());
                    commands += 1;
                }
            }
            ("toml", Some(name)) => {
                fs::write(folder.path().join(name), reduced(page, &block.lines.join("\n"))).unwrap();
            }
            ("toml", None) => check_experiment(&block, folder.path()),
            (language, _) => panic!("a block of {language:?}: this test knows console and toml"),
        }
    }
    for (from, _) in page.reduced {
        assert!(page.text.contains(from), "{from} is not in {} any more: take it out of the table", page.name);
    }
    commands
}

#[test]
fn the_guide_shows_what_the_program_does() {
    let commands = run(&GUIDE);
    assert!(commands >= 17, "{commands} commands: has the guide lost some?");
}

#[test]
fn the_page_about_your_own_data_shows_what_the_program_does() {
    let commands = run(&YOUR_OWN_DATA);
    assert!(commands >= 10, "{commands} commands: has the page lost some?");
}

#[test]
fn the_page_about_understanding_shows_what_the_program_does() {
    let commands = run(&UNDERSTAND);
    assert!(commands >= 9, "{commands} commands: has the page lost some?");
}

#[test]
fn a_stale_line_would_be_seen() {
    assert_eq!(pattern("    1      19.2538   -0.0341     530  best"), "# # # #");
    assert_eq!(pattern("nearest to TATAA: ATAAA 0.852"), "nearest to K: K #");
    assert_eq!(pattern("all 9045  1e-3 [ 0.39, -0.42]"), "all # # [#, #]");
    assert_ne!(pattern("200 rows"), pattern("200 row"));
    assert_eq!(patterns(["1 a", "2 a", "b"]), ["# a", "b"]);
}
