//! The `promoter` command: one file for each subcommand.

#[cfg(feature = "torch")]
mod device;
#[cfg(feature = "torch")]
mod explain;
mod explanation;
mod filter;
mod form;
#[cfg(feature = "torch")]
mod info;
mod input;
#[cfg(feature = "torch")]
mod models;
mod npz;
mod output;
#[cfg(feature = "torch")]
mod predict;
mod progress;
mod score;
mod simulate;
mod table;
#[cfg(feature = "torch")]
mod train;
#[cfg(feature = "torch")]
mod variants;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Sequence-to-expression models of yeast promoters: score, train, predict.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, after_help = "Each command shows an example: promoter score --help")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[cfg(feature = "torch")]
    Explain(explain::Arguments),
    Filter(filter::Arguments),
    #[cfg(feature = "torch")]
    Info(info::Arguments),
    #[cfg(feature = "torch")]
    Predict(predict::Arguments),
    Score(score::Arguments),
    Simulate(simulate::Arguments),
    #[cfg(feature = "torch")]
    Train(train::Arguments),
    #[cfg(feature = "torch")]
    Variants(variants::Arguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        #[cfg(feature = "torch")]
        Command::Explain(arguments) => explain::run(&arguments),
        #[cfg(feature = "torch")]
        Command::Info(arguments) => info::run(&arguments),
        #[cfg(feature = "torch")]
        Command::Predict(arguments) => predict::run(&arguments),
        Command::Filter(arguments) => filter::run(&arguments),
        Command::Score(arguments) => score::run(&arguments),
        Command::Simulate(arguments) => simulate::run(&arguments),
        #[cfg(feature = "torch")]
        Command::Train(arguments) => train::run(&arguments),
        #[cfg(feature = "torch")]
        Command::Variants(arguments) => variants::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Who reads our output has seen enough: `promoter ... | head`.
        Err(error) if explanation::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            explanation::print(&error);
            ExitCode::FAILURE
        }
    }
}
