//! `promoter completions`: what a shell completes.

use std::io::Write as _;

use anyhow::Result;
use clap::{Args, Command};
use clap_complete::Shell;

/// Print a shell script that completes commands and options
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter completions bash > ~/.local/share/bash-completion/completions/promoter
  promoter completions zsh > ~/.zfunc/_promoter
  promoter completions fish > ~/.config/fish/completions/promoter.fish")]
pub(crate) struct Arguments {
    /// Shell to write the script for
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments, mut command: Command) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "promoter", &mut script);
    Ok(std::io::stdout().write_all(&script)?)
}
