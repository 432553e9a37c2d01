//! The program as people start it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use promoter_reproduce::{Hold, Outcome, RunOutcome, read};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_promoter-reproduce"));
    command.arg("--root").arg(root()).arg("reproduce").args(arguments);
    command.arg("--runs").arg(folder.join("runs")).arg("--results").arg(folder.join("results"));
    command.args(["--device", "cpu", "--threads", "1"]).env("OMP_WAIT_POLICY", "passive");
    command
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn fails(folder: &Path, arguments: &[&str], message: &str) {
    let output = program(folder, arguments).output().unwrap();
    assert!(!output.status.success(), "{arguments:?}");
    assert!(text(&output).contains(message), "{arguments:?}: {}", text(&output));
}

#[test]
fn what_cannot_be_done_is_said_before_anything_is_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let file = folder.path().join("train.txt");
    fs::write(&file, format!("{}\t11.5\n{}\t7\n", "A".repeat(110), "C".repeat(90))).unwrap();
    let file = file.to_str().unwrap();
    let one = "E-Peppa-3";
    fails(folder.path(), &["E-Peppa-33"], "did you mean E-Peppa-3");
    fails(folder.path(), &[one, "--scale", "small", "--data", "nowhere"], "nowhere: does not exist");
    fails(folder.path(), &[one, "--scale", "small", "--data", file], "is not a folder");
    fails(folder.path(), &[one, "--scale", "small", "--data", path], "train_sequences_sample.txt.gz: is missing");
    fails(folder.path(), &[one, "--data", path], "omit --data");
    fails(folder.path(), &[one, "--scale", "full"], "--data PATH");
    fails(folder.path(), &[one, "--scale", "full", "--data", path], "is a folder");
    fails(folder.path(), &[one, "--scale", "full", "--data", file], "it has 2 rows, 1 of length 110 without N");
    assert!(!folder.path().join("results/E-Peppa-3.json").exists());
}

#[test]
fn the_list_has_every_experiment_and_its_status() {
    let folder = tempfile::tempdir().unwrap();
    let output = program(folder.path(), &["--list"]).output().unwrap();
    let list = fs::read_to_string(root().join("xtask/experiments/list.tsv")).unwrap();
    for (shown, line) in text(&output).lines().zip(list.lines()) {
        let columns: Vec<&str> = line.split('\t').collect();
        assert!(shown.starts_with(columns[0]) && shown.contains(columns[1]) && shown.contains(columns[2]), "{shown}");
        assert!(shown.ends_with("not run with this code yet"), "{shown}");
    }
    assert_eq!(text(&output).lines().count(), list.lines().count());
}

/// Without any option the small scale has its data, and a plan trains nothing.
#[test]
fn a_plan_says_what_would_be_trained_and_how_long_it_takes() {
    let folder = tempfile::tempdir().unwrap();
    let output = program(folder.path(), &["Peppa", "--scale", "small", "--dry-run"]).output().unwrap();
    let text = text(&output);
    assert!(output.status.success(), "{text}");
    let line = text.lines().find(|line| line.starts_with("E-Peppa-3, centre")).unwrap();
    assert!(line.contains("781") && line.contains(" s"), "60 s of 64 rows at 1.2 ms: {line}");
    assert!(text.contains("all, on two idle cores") && text.contains("nothing was started"), "{text}");
    assert!(!folder.path().join("runs").exists() && !folder.path().join("results").exists());
}

#[test]
fn two_runners_in_one_folder_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let _hold = Hold::take(&folder.path().join("runs")).unwrap();
    fails(folder.path(), &["E-Peppa-5"], "another process is using");
}

/// Two tasks at once: each run is trained by one of them, and the results are those of one process.
#[test]
fn tasks_share_the_runs_of_a_catalogue() {
    let (shared, whole) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let arguments = ["E-NC-10", "E-Peppa-3"];
    let task = |number: &'static str| {
        let mut command = program(shared.path(), &[&arguments[..], &["--task", number, "--tasks", "2"]].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let tasks = ["0", "1"].map(task).map(|child| child.wait_with_output().unwrap());
    let said: String = tasks.iter().map(text).collect();
    assert!(tasks.iter().all(|output| output.status.success()), "{said}");
    assert!(program(whole.path(), &arguments).output().unwrap().status.success());
    assert_eq!(said.matches("trained ").count(), finished(whole.path()).len(), "{said}");
    for (a, b) in results(shared.path()).iter().zip(results(whole.path())) {
        let values = |outcome: &Outcome| outcome.runs.iter().map(|run| run.values.clone()).collect::<Vec<_>>();
        assert_eq!(values(a), values(&b));
        assert_eq!((&a.because, &a.comparisons, &a.measures), (&b.because, &b.comparisons, &b.measures));
    }
    let held = Hold::take(&shared.path().join("runs")).unwrap();
    fails(shared.path(), &["E-NC-10", "--task", "0", "--tasks", "2"], "another process is using");
    drop(held);
    fails(shared.path(), &["E-NC-10", "--task", "2", "--tasks", "2"], "--task 2: expected 0 to 1");
}

/// Outcomes by run folder, with when they were written.
fn finished(folder: &Path) -> BTreeMap<PathBuf, (RunOutcome, std::time::SystemTime)> {
    let Ok(entries) = fs::read_dir(folder.join("runs/runs")) else { return BTreeMap::new() };
    let paths = entries.map(|entry| entry.unwrap().path().join("outcome.json")).filter(|path| path.is_file());
    paths
        .map(|path| {
            let one = read(&path).unwrap().unwrap();
            let written = path.metadata().unwrap().modified().unwrap();
            (path.strip_prefix(folder).unwrap().to_owned(), (one, written))
        })
        .collect()
}

fn results(folder: &Path) -> Vec<Outcome> {
    let ids = ["E-NC-10", "E-Peppa-3"];
    ids.iter().map(|id| read(&folder.join(format!("results/{id}.json"))).unwrap().unwrap()).collect()
}

/// Killed after its first run, the program keeps that run, makes the others and ends with the numbers of a program that
/// was left alone; a third start has nothing to do.
#[test]
fn a_killed_program_goes_on_without_repeating_what_is_finished() {
    let (killed, whole) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let arguments = ["E-NC-10", "E-Peppa-3"];
    let mut child = program(killed.path(), &arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    while finished(killed.path()).is_empty() {
        assert!(start.elapsed() < Duration::from_secs(300), "no run was finished");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = finished(killed.path());
    for folder in [killed.path(), whole.path()] {
        let output = program(folder, &arguments).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
    }
    let after = finished(killed.path());
    assert!(before.len() < after.len(), "it was killed too late");
    before.iter().for_each(|(path, one)| assert_eq!(&after[path], one));
    for (a, b) in results(killed.path()).iter().zip(results(whole.path())) {
        let values = |outcome: &Outcome| outcome.runs.iter().map(|run| run.values.clone()).collect::<Vec<_>>();
        assert_eq!(values(a), values(&b));
        assert_eq!((&a.because, &a.comparisons, &a.measures), (&b.because, &b.comparisons, &b.measures));
    }
    pages_show_current_results_only(killed.path());
    let output = program(killed.path(), &arguments).output().unwrap();
    assert_eq!(text(&output).matches("up to date").count(), 2, "{}", text(&output));
    assert_eq!(finished(killed.path()), after);
}

/// `report --check` passes for pages of current results, and fails when one of them was made with other files, data or
/// code; written again, the pages say so.
fn pages_show_current_results_only(folder: &Path) {
    let (results, pages) = (folder.join("shown"), folder.join("pages"));
    fs::create_dir_all(&results).unwrap();
    let result = results.join("E-NC-10.json");
    fs::copy(folder.join("results/E-NC-10.json"), &result).unwrap();
    let report = |check: bool| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_promoter-reproduce"));
        command.arg("--root").arg(project(folder)).arg("report").args(check.then_some("--check"));
        command.arg("--results").arg(&results).arg("--pages").arg(&pages).output().unwrap()
    };
    let shown = || fs::read_to_string(pages.join("experiments.md")).unwrap();
    assert!(report(false).status.success());
    assert!(report(true).status.success(), "{}", text(&report(true)));
    assert!(shown().contains("8 units against 32 units"));
    let row = |text: &str| text.lines().find(|line| line.starts_with("| [E-NC-10]")).unwrap().to_owned();
    assert!(row(&shown()).ends_with("| did not hold |"), "{}", row(&shown()));
    let json = fs::read_to_string(&result).unwrap();
    let key = json.lines().find(|line| line.trim_start().starts_with("\"key\"")).unwrap();
    fs::write(&result, json.replacen(key, "  \"key\": \"another\",", 1)).unwrap();
    let output = report(true);
    assert!(!output.status.success() && text(&output).contains("experiments.md"), "{}", text(&output));
    assert!(report(false).status.success() && report(true).status.success());
    assert!(row(&shown()).ends_with("| not run with this code yet |"), "{}", row(&shown()));
}

/// The project's folder as links, with a README of its own that may be written.
fn project(folder: &Path) -> PathBuf {
    let project = folder.join("project");
    if !project.exists() {
        fs::create_dir_all(&project).unwrap();
        for part in ["examples", "xtask"] {
            std::os::unix::fs::symlink(fs::canonicalize(root().join(part)).unwrap(), project.join(part)).unwrap();
        }
        fs::copy(root().join("README.md"), project.join("README.md")).unwrap();
    }
    project
}
