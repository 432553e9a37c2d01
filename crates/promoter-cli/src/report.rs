//! `promoter report`: pages of runs.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use promoter::train::report;

use crate::output::Output;
use crate::progress;

/// Write the report of a finished run again, or one page of several runs beside each other
///
/// With one run its report.html is written from the other files of its folder. With several, a page has their scores, their
/// curves and what differs between their configurations.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter report runs/peppa-1
  promoter report runs/peppa-1 runs/peppa-2 runs/legnet-1 -o comparison.html")]
pub(crate) struct Arguments {
    /// Run folders
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// Where the page goes; `-` is standard output [default: the run's report.html; comparison.html for several]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let path = match (&arguments.runs[..], &arguments.out) {
        ([run], None) => {
            report::rewrite(run)?;
            run.join("report.html")
        }
        (runs, out) => {
            let path = out.clone().unwrap_or_else(|| "comparison.html".into());
            let mut out = Output::create(&path)?;
            out.write_all(report::compare(runs)?.as_bytes())?;
            out.finish()?;
            path
        }
    };
    progress::tell(path.display());
    Ok(())
}
