//! `promoter shrink`: half of a predictor's size.

use std::fs;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use tch::Device;

use crate::progress;

/// Write a predictor with its weights in f16, at about half the size
///
/// f16 keeps three digits of each weight. Commands read such a file as any other; compare its predictions with those
/// of the whole one. The model card is written beside it.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter shrink runs/peppa-1 -o peppa.safetensors
  promoter predict peppa.safetensors sequences.fa -o predictions.tsv")]
pub(crate) struct Arguments {
    /// Predictor file or run folder
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// Predictor file that is written
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if arguments.out.is_dir() {
        bail!("{} is a folder: name a file with -o", arguments.out.display());
    }
    promoter_models::open(&arguments.model, Device::Cpu)?.save_f16(&arguments.out)?;
    let megabytes = fs::metadata(&arguments.out)?.len() as f64 / 1e6;
    progress::tell(format_args!("{}: {megabytes:.1} MB", arguments.out.display()));
    Ok(())
}
