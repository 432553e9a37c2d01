//! `promoter-reproduce`: what `cargo xtask reproduce` and `cargo xtask report` start.

// A program whose output is its purpose.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod lines;
mod reproduce;
mod workers;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use promoter_reproduce::{Catalogue, Error};

use self::reproduce::Reproduce;

/// Reproductions of the experiments that the challenge's reports mention.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
struct Arguments {
    /// The project's folder
    #[arg(long, value_name = "DIR", default_value = ".", global = true)]
    root: PathBuf,
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    Reproduce(Reproduce),
    Report(Report),
}

/// Write docs/experiments.md, docs/results/index.html and the table of README.md from the results
#[derive(Debug, Args)]
struct Report {
    /// Write nothing; fail when a page shows anything but current results
    #[arg(long)]
    check: bool,
    /// Folder of the results [default: docs/results]
    #[arg(long, value_name = "DIR")]
    results: Option<PathBuf>,
    /// Folder of the pages [default: docs]
    #[arg(long, value_name = "DIR")]
    pages: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    promoter_torch::memory::keep_freed();
    let result = match &arguments.task {
        Task::Reproduce(task) => reproduce::main(&arguments.root, task),
        Task::Report(task) => report(&arguments.root, task),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", error.chain());
            if error.is_full_disk() {
                eprintln!("what is finished is kept: make room and start the same command again");
            }
            ExitCode::FAILURE
        }
    }
}

fn report(root: &Path, task: &Report) -> Result<(), Error> {
    let catalogue = Catalogue::read(root)?;
    let results = task.results.clone().unwrap_or_else(|| root.join("docs/results"));
    let pages = task.pages.clone().unwrap_or_else(|| root.join("docs"));
    let written = promoter_reproduce::write(&catalogue, &results, &pages, root, task.check)?;
    for page in written {
        println!("{} {}", if task.check { "current" } else { "wrote" }, page.display());
    }
    Ok(())
}
