//! Tasks that share work, as the arrays of batch systems start them.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Stdio};

use super::kills::{Draws, EXPERIMENT, KILL, TERM, end, wait};
use super::train::{HERE, trained};

/// Tasks of an array.
const TASKS: usize = 4;

/// A folder with a search of so many trials.
fn input(trials: usize, kind: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let keys = "[keys]\noptimiser.lr = { log_uniform = [1e-4, 1e-1] }\n";
    let head = format!("[search]\nkind = '{kind}'\ntrials = {trials}\nseed = 1\nmetric = 'mse'\nexperiment = ");
    fs::write(folder.path().join("kills.toml"), EXPERIMENT).unwrap();
    let experiment = folder.path().join("kills.toml");
    fs::write(folder.path().join("search.toml"), format!("{head}'{}'\n{keys}", experiment.display())).unwrap();
    folder
}

/// One task; what it prints is appended to a file of its own.
fn task(number: usize, folder: &Path) -> Child {
    let words = "search {}/search.toml --out {}/array --device cpu --threads 1 --dead-after 2";
    let array = format!("{words} --task {number} --tasks {TASKS}");
    let said = File::options().create(true).append(true).open(folder.join(format!("said-{number}"))).unwrap();
    super::command(array.split_whitespace().map(|word| word.replace("{}", folder.to_str().unwrap())))
        .stdout(said)
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// The trials whose end was told, as often as it was.
fn told(folder: &Path) -> Vec<String> {
    let said = (0..TASKS).map(|number| fs::read_to_string(folder.join(format!("said-{number}"))).unwrap());
    let lines: String = said.collect();
    let trials = lines.lines().filter(|line| line.starts_with("trial "));
    trials.map(|line| line.split_whitespace().nth(1).unwrap().to_owned()).collect()
}

/// `cargo xtask test --cluster` asks for 100 trials, and so for 20 kills.
#[test]
fn an_array_whose_tasks_are_killed_runs_each_trial_once_and_ranks_as_one_process_does() {
    let trials: usize = std::env::var("PROMOTER_TRIALS").map_or(12, |text| text.parse().unwrap());
    let input = input(trials, "random");
    super::succeeds("search {}/search.toml --out {}/whole --device cpu --threads 1", input.path());

    let (array, mut draws, mut killed) = (input.path().join("array"), Draws(1), 0);
    let mut tasks: Vec<Child> = (0..TASKS).map(|number| task(number, input.path())).collect();
    while killed < (trials / 5).max(4) {
        let number = draws.below(TASKS);
        let (_, ended) = wait(&mut tasks[number], &array, draws.below(50));
        assert!(ended.is_none(), "{ended:?} before the kills were done");
        assert_eq!(end(&mut tasks[number], KILL).signal(), Some(KILL));
        tasks[number] = task(number, input.path());
        killed += 1;
    }
    for mut task in tasks {
        assert!(task.wait().unwrap().success());
    }
    let told = told(input.path());
    // A kill may come between the end of a trial and the line that tells it.
    assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), told.len(), "twice: {told:?}");
    assert!(told.len() + killed >= trials, "{told:?}");
    for name in ["search.toml", "trials.json", "trials.txt", "best.safetensors"] {
        let [one, other] = ["whole", "array"].map(|search| fs::read(input.path().join(search).join(name)).unwrap());
        assert!(one == other, "{name}");
    }
    assert_eq!(fs::read_dir(array.join("done")).unwrap().count(), trials);
}

#[test]
fn a_halving_on_an_array_ranks_as_one_process_does_and_is_ranked_on_the_way() {
    let input = input(6, "halving");
    super::succeeds("search {}/search.toml --out {}/whole --device cpu --threads 1", input.path());
    let mut first = task(0, input.path());
    wait(&mut first, &input.path().join("array/done"), 2);
    // A task that is asked to stop gives its trial back, for the others to take at once.
    assert_eq!(end(&mut first, TERM).code(), Some(75));
    let ranked = super::succeeds("report {}/array", input.path());
    assert!(ranked.starts_with("rank  trial  mse") && (2..8).contains(&ranked.lines().count()), "{ranked}");
    let tasks: Vec<Child> = (0..TASKS).map(|number| task(number, input.path())).collect();
    for mut task in tasks {
        assert!(task.wait().unwrap().success());
    }
    let [whole, array] =
        ["whole", "array"].map(|search| super::succeeds(&format!("report {{}}/{search}"), input.path()));
    assert_eq!(whole, array);
    let of_epochs = |epochs: &str| whole.lines().filter(|line| line.split_whitespace().nth(4) == Some(epochs)).count();
    assert_eq!((of_epochs("3"), of_epochs("1")), (2, 4), "{whole}");
}

#[test]
fn a_task_is_one_of_those_that_there_are() {
    let input = input(2, "random");
    let call = "search {}/search.toml --out {}/array --device cpu";
    super::fails(&format!("{call} --task 4 --tasks 4"), input.path(), 1, &["--task 4: expected 0 to 3"]);
    super::fails(&format!("{call} --task 1"), input.path(), 2, &["--tasks"]);
    assert!(!input.path().join("array").exists());
}

#[test]
fn the_parts_of_a_prediction_are_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    super::succeeds("simulate --rows 2500 -o {}/in.tsv", folder.path());
    fs::copy(trained().join("run/predictor.safetensors"), folder.path().join("model")).unwrap();
    let predict = format!("predict {{}}/model {{}}/in.tsv {HERE}");
    // 2,500 sequences are three batches: of five tasks two have nothing to do.
    for (form, tasks) in [("tsv", 1), ("tsv", 2), ("csv", 3), ("json", 5)] {
        let whole = super::succeeds(&format!("{predict} --to {form}"), folder.path());
        let part = |task: usize| format!("{predict} --to {form} --task {task} --tasks {tasks}");
        let parts: Vec<String> = (0..tasks).map(|task| super::succeeds(&part(task), folder.path())).collect();
        assert!(parts.concat() == whole, "{form}, {tasks} tasks");
        assert_eq!(parts.iter().filter(|part| part.is_empty()).count(), tasks.saturating_sub(3));
    }
    let two = "--task 0 --tasks 2";
    super::fails(&format!("{predict} {two} --to parquet"), folder.path(), 1, &["--task: expected an output in TSV"]);
    super::fails(&format!("{predict} {two} --rank"), folder.path(), 2, &["cannot be used with"]);
    let stdin = predict.replace("{}/in.tsv", "-");
    super::fails(&format!("{stdin} {two}"), folder.path(), 1, &["--task: - cannot be read twice"]);
}
