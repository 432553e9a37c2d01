//! `promoter models`: what is part of the program.

use std::io::Write as _;

use anyhow::{Context as _, Result};
use clap::Args;
use clap::builder::PossibleValuesParser;
use promoter_models::{MODELS, Model};

/// List the trained models that are part of this program, or show the card of one
///
/// Their names stand for a predictor file wherever a command takes a MODEL.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter models
  promoter models yeast
  promoter predict yeast sequences.fa")]
pub(crate) struct Arguments {
    /// Model whose card is shown: data, licence, scores, and what it is not for
    #[arg(value_name = "NAME", value_parser = PossibleValuesParser::new(MODELS.iter().map(|model| model.name)))]
    name: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let Some(name) = &arguments.name else {
        for Model { name, about, .. } in MODELS {
            writeln!(out, "{name}  {about}")?;
        }
        return Ok(());
    };
    let model = Model::named(name).context("this program has no such model")?;
    write!(out, "{}", model.card)?;
    Ok(())
}
