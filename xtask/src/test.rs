//! `cargo xtask test`: every check of the project, cheapest first.

use crate::{cluster, project, reproduce, setup, tidy};
use std::time::Instant;

pub(crate) const HELP: &str = "\
Usage: cargo xtask test [--only STEP]
       cargo xtask test --cluster

Runs the steps below in this order and stops at the first that fails. LibTorch is set up where it is not there yet.

  fmt      rustfmt changes nothing
  tidy     cargo xtask tidy
  deny     licences, versions and sources of dependencies are as deny.toml says; left out where cargo-deny is missing
  setup    cargo xtask setup
  clippy   no warning, in libraries, programs, examples, tests and benches
  doc      the documentation builds without a warning
  test     unit, integration and documentation tests of every crate; docs/guide.md, command by command
  report   cargo xtask report --check: the pages are what the results say

With --cluster it makes the checks that need launchers instead, and says which are not installed: runs by torchrun
(of torch 2.11.0, in the PATH), Open MPI and Slurm on two emulated nodes end with the bytes of one that is started by
hand; the job scripts of examples/slurm; a network that is cut or slow; 100 trials by 4 tasks with 20 kills. As root.
";

type Step = (&'static str, fn() -> Result<(), String>);

const STEPS: [Step; 8] = [
    ("fmt", || cargo(&["fmt", "--all", "--check"])),
    ("tidy", || tidy::main(&[])),
    ("deny", deny),
    ("setup", || setup::set_up(false).map(drop)),
    ("clippy", || cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])),
    ("doc", doc),
    // Unoptimised dependencies would make the tests slow, release would build everything again: the development
    // profile of this workspace is optimised where it matters.
    ("test", || cargo(&["test", "--workspace", "--no-fail-fast"])),
    ("report", || reproduce::report(&["--check".into()])),
];

pub(crate) fn main(arguments: &[String]) -> Result<(), String> {
    let only = match arguments {
        [] => None,
        [flag] if flag == "--cluster" => return cluster::main(),
        [flag, step] if flag == "--only" => Some(step.as_str()),
        _ => return Err(format!("unexpected arguments {arguments:?}: it takes --only STEP, or --cluster")),
    };
    let names: Vec<&str> = STEPS.iter().map(|(name, _)| *name).collect();
    if let Some(only) = only.filter(|only| !names.contains(only)) {
        return Err(format!("unknown step {only:?}: the steps are {}", names.join(", ")));
    }
    let mut done = Vec::new();
    for (name, step) in STEPS.into_iter().filter(|(name, _)| only.is_none_or(|only| only == *name)) {
        eprintln!("== {name}");
        let start = Instant::now();
        let result = step();
        let verdict = if result.is_ok() { "ok" } else { "FAILED" };
        done.push(format!("{name:<8}{verdict:<8}{:>7.1} s", start.elapsed().as_secs_f64()));
        if let Err(error) = result {
            println!("{}", done.join("\n"));
            return Err(format!("{name}: {error}\nagain, this step alone: cargo xtask test --only {name}"));
        }
    }
    println!("{}", done.join("\n"));
    Ok(())
}

fn cargo(arguments: &[&str]) -> Result<(), String> {
    project::show(project::cargo().current_dir(project::root()).args(arguments))
}

/// cargo-deny is a program of its own, and takes minutes to build: what it checks changes with Cargo.lock only.
fn deny() -> Result<(), String> {
    if project::output(project::cargo().args(["deny", "--version"])).is_none() {
        println!("cargo-deny is not installed: dependencies are not checked (cargo install --locked cargo-deny)");
        return Ok(());
    }
    cargo(&["deny", "check", "bans", "licenses", "sources"])
}

fn doc() -> Result<(), String> {
    let mut command = project::cargo();
    command.current_dir(project::root()).args(["doc", "--workspace", "--no-deps"]);
    project::show(command.env("RUSTDOCFLAGS", "-D warnings"))
}
