//! The project's own tasks: `cargo xtask help` lists them.
//!
//! One file per task; the standard library only, so that it builds in a second or two and before LibTorch is there.

// A program whose output is its purpose.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod bundle;
mod cluster;
mod doctor;
mod fuzz;
mod libtorch;
mod project;
mod reproduce;
mod run;
mod setup;
mod soak;
mod test;
mod tidy;

use std::process::ExitCode;

/// A task: its name, what `cargo xtask help` says of it, its own help, and what runs it.
struct Task {
    name: &'static str,
    summary: &'static str,
    help: &'static str,
    run: fn(&[String]) -> Result<(), String>,
}

const TASKS: [Task; 10] = [
    Task { name: "setup", summary: "put LibTorch into .libtorch/", help: setup::HELP, run: setup::main },
    Task {
        name: "doctor",
        summary: "say what is there and what to do about what is not",
        help: doctor::HELP,
        run: doctor::main,
    },
    Task { name: "run", summary: "set up, then train the slim Enformer", help: run::HELP, run: run::main },
    Task {
        name: "reproduce",
        summary: "run the experiments that the challenge's reports mention",
        help: reproduce::HELP,
        run: reproduce::main,
    },
    Task {
        name: "report",
        summary: "write the pages of what was reproduced, or check them",
        help: reproduce::REPORT_HELP,
        run: reproduce::report,
    },
    Task { name: "fuzz", summary: "search for inputs that break a reader", help: fuzz::HELP, run: fuzz::main },
    Task { name: "soak", summary: "kill programs while they write, many times", help: soak::HELP, run: soak::main },
    Task {
        name: "bundle",
        summary: "put the command promoter into a folder that can be moved",
        help: bundle::HELP,
        run: bundle::main,
    },
    Task { name: "test", summary: "every check of the project, cheapest first", help: test::HELP, run: test::main },
    Task { name: "tidy", summary: "the checks that compilers do not make", help: tidy::HELP, run: tidy::main },
];

fn help() -> String {
    let tasks: String = TASKS.iter().map(|task| format!("  {:<9} {}\n", task.name, task.summary)).collect();
    format!("Usage: cargo xtask TASK [ARGUMENTS]\n\nTasks:\n{tasks}\n`cargo xtask TASK --help` tells more.\n")
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        print!("{}", help());
        return ExitCode::SUCCESS;
    };
    if ["help", "--help", "-h"].contains(&name.as_str()) {
        print!("{}", help());
        return ExitCode::SUCCESS;
    }
    let Some(task) = TASKS.iter().find(|task| task.name == name) else {
        eprint!("xtask: unknown task {name:?}\n\n{}", help());
        return ExitCode::from(2);
    };
    // What `run` passes on belongs to the program it starts, `--help` too, unless it is the first word.
    if rest.first().is_some_and(|first| first == "--help" || first == "-h") {
        print!("{}", task.help);
        return ExitCode::SUCCESS;
    }
    match (task.run)(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask {name}: {message}");
            ExitCode::FAILURE
        }
    }
}
