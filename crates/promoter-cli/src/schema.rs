//! `promoter schema`: what an experiment file may hold.

mod markdown;

use std::io::Write as _;

use anyhow::Result;
use clap::Args;
use promoter::train::Experiment;

/// Print the JSON schema of experiment files
///
/// Editors complete and check an experiment file whose first line names the schema's file:
///
///   #:schema experiment.schema.json
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter schema > experiment.schema.json
  promoter schema --markdown > experiment_file.md")]
pub(crate) struct Arguments {
    /// Print the reference for people: every key with its type, default and meaning
    #[arg(long)]
    markdown: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let schema = Experiment::schema();
    let text = match arguments.markdown {
        true => markdown::page(&schema),
        false => serde_json::to_string_pretty(&schema)? + "\n",
    };
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}
