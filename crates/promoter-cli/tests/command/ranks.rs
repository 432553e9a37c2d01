//! Several processes that train one network, started as torchrun starts them.
#![cfg(unix)]

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};
use std::time::Duration;

use super::kills::{Draws, EXPERIMENT, OF_A_RUN};

const KILL: i32 = 9;
const TERM: i32 = 15;
const USR2: i32 = 12;

/// A folder with an experiment whose batches are uneven shares.
fn input() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let experiment = EXPERIMENT.replace("batch_size = 8", "batch_size = 9").replace("epochs = 3", "epochs = 10");
    fs::write(folder.path().join("small.toml"), experiment).unwrap();
    folder
}

/// The processes of one start, `{}` being the folder; each has the arguments that `of_rank` adds.
fn start(size: usize, arguments: &str, folder: &Path, of_rank: impl Fn(usize) -> &'static str) -> Vec<Child> {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = |rank: usize| {
        let words = format!("{arguments} --device cpu {}", of_rank(rank));
        super::command(words.split_whitespace().map(|word| word.replace("{}", folder.to_str().unwrap())))
            .envs([("RANK", rank.to_string()), ("WORLD_SIZE", size.to_string()), ("MASTER_PORT", port.to_string())])
            .envs([("MASTER_ADDR", "127.0.0.1"), ("OMP_NUM_THREADS", "1")])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    (0..size).map(child).collect()
}

/// Status, standard output and standard error of each.
fn ends(children: Vec<Child>) -> Vec<(i32, String, String)> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let end = |child: Child| {
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        (status.code().unwrap_or(-1), text(stdout), text(stderr))
    };
    children.into_iter().map(end).collect()
}

fn train(out: &Path) -> String {
    let run = out.file_name().unwrap().to_str().unwrap();
    match out.exists() {
        true => format!("train --resume --out {{}}/{run}"),
        false => format!("train {{}}/small.toml --out {{}}/{run}"),
    }
}

fn files(run: &Path) -> Vec<Vec<u8>> {
    let path = |name: &str| match name.ends_with("safetensors") {
        true => run.join("checkpoints").join(name),
        false => run.join(name),
    };
    OF_A_RUN.iter().map(|name| fs::read(path(name)).unwrap()).collect()
}

/// Waits until the run has been at this epoch for a while.
fn wait_for_epoch(run: &Path, epoch: usize) {
    while fs::read_to_string(run.join("metrics.jsonl")).unwrap_or_default().lines().count() < epoch {
        std::thread::sleep(Duration::from_millis(2));
    }
    std::thread::sleep(Duration::from_millis(7));
}

fn send(child: &Child, signal: i32) {
    let sent = std::process::Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

/// A run of two processes that was left alone.
fn whole(input: &Path) -> PathBuf {
    let run = input.join("whole");
    let ended = ends(start(2, &train(&run), input, |_| ""));
    for (status, _, error) in &ended {
        assert_eq!(*status, 0, "{error}");
    }
    let [(_, lead, _), (_, other, _)] = &ended[..] else { unreachable!() };
    assert!(lead.contains("processes  2, started by torchrun, meeting at 127.0.0.1:"), "{lead}");
    assert!(lead.contains("report.html") && other.is_empty(), "{other}");
    run
}

#[test]
fn a_lost_process_ends_the_others_and_the_run_goes_on_to_the_same_bytes() {
    let input = input();
    let expected = files(&whole(input.path()));
    // `cargo xtask test --cluster` asks for 20.
    let kills: usize = std::env::var("PROMOTER_RANK_KILLS").map_or(2, |text| text.parse().unwrap());
    let mut draws = Draws(1);
    for kill in 0..kills {
        let killed = kill % 2;
        let run = input.path().join(format!("killed-{kill}"));
        let children = start(2, &train(&run), input.path(), |_| "");
        wait_for_epoch(&run, 1 + draws.below(8));
        send(&children[killed], KILL);
        let ended = ends(children);
        let (status, _, error) = &ended[1 - killed];
        assert_eq!(*status, 1, "{error}");
        assert!(error.contains(&format!("rank {killed} of 2 has ended or does not answer")), "{error}");
        let ended = ends(start(2, &train(&run), input.path(), |_| ""));
        assert!(ended.iter().all(|(status, _, _)| *status == 0), "{ended:?}");
        assert!(files(&run) == expected);
    }
}

/// The signal goes to one of the processes, and twice to both as torchrun and srun forward it.
#[test]
fn a_signal_writes_a_checkpoint_and_ends_all_with_a_status_of_its_own() {
    let input = input();
    let expected = files(&whole(input.path()));
    for (name, signal, to) in [("both", TERM, [true, true]), ("one", USR2, [false, true])] {
        let run = input.path().join(name);
        let children = start(2, &train(&run), input.path(), |_| "");
        wait_for_epoch(&run, 3);
        for _ in 0..2 {
            children.iter().zip(to).filter(|(_, to)| *to).for_each(|(child, _)| send(child, signal));
        }
        for (status, _, error) in ends(children) {
            assert_eq!(
                (status, error.as_str()),
                (75, "error: stopped on request: go on with `promoter train --resume`\n")
            );
        }
        let ended = ends(start(2, &train(&run), input.path(), |_| ""));
        assert!(ended.iter().all(|(status, _, _)| *status == 0), "{ended:?}");
        assert!(files(&run) == expected);
    }
    // Taken up by one process: it says so.
    let run = input.path().join("alone");
    let children = start(2, &train(&run), input.path(), |_| "");
    wait_for_epoch(&run, 3);
    children.iter().for_each(|child| send(child, TERM));
    assert!(ends(children).iter().all(|(status, _, _)| *status == 75));
    let text = super::succeeds(&format!("{} --device cpu --threads 1", train(&run)), input.path());
    assert!(text.contains("2 processes before, 1 now: results agree to rounding"), "{text}");
}

#[test]
fn processes_that_do_not_fit_each_other_are_refused_before_the_first_step() {
    let input = input();
    super::succeeds("simulate --rows 80 -o {}/a.tsv", input.path());
    super::succeeds("simulate --rows 80 --seed 2 -o {}/b.tsv", input.path());
    type OfRank = fn(usize) -> &'static str;
    let cases: [(OfRank, &str); 3] = [
        (|rank| ["--threads 1", "--threads 2"][rank], "rank 1 has threads 2, rank 0 has 1"),
        (|rank| ["", "--set seed=5"][rank], "rank 1 has experiment seed = 5, rank 0 has seed = 0"),
        (
            |rank| ["--set data.file.path={}/a.tsv", "--set data.file.path={}/b.tsv"][rank],
            "b.tsv\", rank 0 has path = ",
        ),
    ];
    for (of_rank, text) in cases {
        for (status, _, error) in ends(start(2, "train {}/small.toml --out {}/run", input.path(), of_rank)) {
            assert_eq!(status, 1);
            assert!(error.contains("the processes cannot train together") && error.contains(text), "{error}");
        }
        assert!(!input.path().join("run").exists());
    }
    // Half of what a launcher says.
    let file = input.path().join("small.toml");
    let mut command = super::command(["train", file.to_str().unwrap()]);
    let output = command.env("RANK", "0").output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.starts_with("error: the environment has no WORLD_SIZE"), "{error}");
}
