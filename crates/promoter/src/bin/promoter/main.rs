//! The `promoter` command: one file for each subcommand.

mod completions;
#[cfg(feature = "torch")]
mod device;
mod embed;
mod encode;
#[cfg(feature = "torch")]
mod explain;
mod explanation;
mod filter;
#[cfg(feature = "torch")]
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
mod preset;
mod progress;
#[cfg(feature = "torch")]
mod report;
#[cfg(feature = "torch")]
mod rows;
mod score;
#[cfg(feature = "torch")]
mod search;
mod simulate;
#[cfg(feature = "torch")]
mod table;
#[cfg(feature = "torch")]
mod train;
#[cfg(feature = "torch")]
mod variants;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

/// Sequence-to-expression models of yeast promoters: score, train, predict.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, after_help = "Each command shows an example: promoter score --help")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Completions(completions::Arguments),
    Embed(embed::Arguments),
    Encode(encode::Arguments),
    #[cfg(feature = "torch")]
    Explain(explain::Arguments),
    Filter(filter::Arguments),
    #[cfg(feature = "torch")]
    Info(info::Arguments),
    #[cfg(feature = "torch")]
    Predict(predict::Arguments),
    #[cfg(feature = "torch")]
    Report(report::Arguments),
    Score(score::Arguments),
    #[cfg(feature = "torch")]
    Search(search::Arguments),
    Simulate(simulate::Arguments),
    #[cfg(feature = "torch")]
    Train(train::Arguments),
    #[cfg(feature = "torch")]
    Variants(variants::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    #[cfg(feature = "torch")]
    promoter_torch::memory::keep_freed();
    let result = match arguments.command {
        Command::Completions(arguments) => completions::run(&arguments, Arguments::command()),
        Command::Embed(arguments) => embed::run(&arguments),
        Command::Encode(arguments) => encode::run(&arguments),
        #[cfg(feature = "torch")]
        Command::Explain(arguments) => explain::run(&arguments),
        #[cfg(feature = "torch")]
        Command::Info(arguments) => info::run(&arguments),
        #[cfg(feature = "torch")]
        Command::Predict(arguments) => predict::run(&arguments),
        Command::Filter(arguments) => filter::run(&arguments),
        #[cfg(feature = "torch")]
        Command::Report(arguments) => report::run(&arguments),
        Command::Score(arguments) => score::run(&arguments),
        #[cfg(feature = "torch")]
        Command::Search(arguments) => search::run(&arguments),
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
