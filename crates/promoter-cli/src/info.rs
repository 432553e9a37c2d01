//! `promoter info`: what a network is made of.

use std::io::Write as _;

use anyhow::Result;
use clap::Args;
use clap::builder::PossibleValuesParser;
use promoter::zoo::info::Info;
use promoter::zoo::registry::NetworkConfig;

/// Show the layers, shapes, parameters and multiply-adds of a network
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter info peppa
  promoter info legnet --json")]
pub(crate) struct Arguments {
    /// Name of the network
    #[arg(value_parser = PossibleValuesParser::new(NetworkConfig::names()))]
    name: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut info = Info::of(&NetworkConfig::by_name(&arguments.name)?)?;
    let mut out = std::io::stdout().lock();
    // The preset, not only the system it belongs to.
    if let Some(name) = NetworkConfig::names().into_iter().find(|name| *name == arguments.name) {
        info.name = name;
    }
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&info)?)?;
    } else {
        write!(out, "{info}")?;
    }
    Ok(())
}
