//! `cargo xtask reproduce` and `cargo xtask report`: what the challenge's reports mention, run and reported.

use crate::{project, setup};
use std::env;
use std::path::Path;

pub(crate) const HELP: &str = "\
Usage: cargo xtask reproduce [ID|TEAM|all]... [--list] [--scale smoke|small|full] [--data PATH] [--dry-run]
                             [--device auto|cpu|cuda] [--jobs N] [--threads N] [--start] [--runs DIR] [--results DIR]
                             [--task I --tasks N [--dead-after SECONDS]]

Runs the experiments that the challenge's reports mention and keeps what came out beside what was reported.
Sets LibTorch up and builds what is missing. Stop it whenever you like: the same command goes on where it was, and runs
that are finished are not run again.

  --list     every experiment with its team, title and status
  --scale    smoke: a few steps of everything on simulated promoters, in a quarter of an hour (the default)
             small: the real rows in examples/data, cut so that all of it takes twelve hours on two cores at most
             full:  the challenge's 6.7 million rows with the teams' settings; checks the file and estimates, and
                    starts with --start
  --data     small: another folder of the challenge's files; full: its training file
  --dry-run  print what would be trained and how long it takes, and train nothing
  --jobs     runs at the same time, each in a process of its own that shares the cores
  --task     this one's number, from 0, of --tasks processes, on machines that share the project's folder; each run is
             trained by one of them, and those of a task that dies are taken over after --dead-after seconds (120)

The files are in xtask/experiments/, the runs in runs/reproduce/SCALE/, the results of `small` in docs/results/.
";

pub(crate) const REPORT_HELP: &str = "\
Usage: cargo xtask report [--check] [--results DIR] [--pages DIR]

Writes docs/experiments.md, docs/results/index.html and the table of README.md from the results in docs/results/. A
result of other files, data or code is not shown. With --check it writes nothing and fails when a page shows anything
but current results.
";

pub(crate) fn main(arguments: &[String]) -> Result<(), String> {
    start("reproduce", arguments)
}

pub(crate) fn report(arguments: &[String]) -> Result<(), String> {
    start("report", arguments)
}

fn start(task: &str, arguments: &[String]) -> Result<(), String> {
    setup::set_up(false)?;
    let root = project::root();
    // The check comes after the tests, which have built what it needs in the development profile.
    let release = !arguments.iter().any(|argument| argument == "--check");
    let mut command = project::cargo();
    command.args(["build", "--quiet", "--package", "promoter-reproduce", "--manifest-path"]);
    command.arg(root.join("Cargo.toml"));
    if release {
        command.arg("--release");
    }
    project::show(&mut command)?;
    // Cargo's own process would be in the way of a kill; in the user's folder, so that paths mean what they say.
    let target =
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| Path::new(&folder).into());
    let profile = if release { "release" } else { "debug" };
    let mut command = std::process::Command::new(target.join(profile).join("promoter-reproduce"));
    // As .cargo/config.toml sets it for what cargo starts.
    if env::var_os("OMP_WAIT_POLICY").is_none() {
        command.env("OMP_WAIT_POLICY", "passive");
    }
    project::show(command.arg("--root").arg(&root).arg(task).args(arguments))
}
