//! `promoter report`: pages of runs.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use promoter::train::run::Folder;
use promoter::train::{report, search};

use crate::output::Output;
use crate::progress;

/// Write the report of a run again, or compare several runs on one page
///
/// For one run, report.html is written anew from the other files of its folder. For several runs, one page shows their
/// scores, training curves and the differences between their configurations. For the folder of a search, which may
/// still go on, the trials that are finished are ranked: trials.txt and trials.json are written anew.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter report runs/peppa-1
  promoter report runs/peppa-1 runs/peppa-2 runs/legnet-1 -o comparison.html
  promoter report searches/first")]
pub(crate) struct Arguments {
    /// Run folders, or the folder of a search
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// Output file; `-` is standard output [default: report.html in the run folder; comparison.html
    /// for several runs; standard output for a search]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let path = match (&arguments.runs[..], &arguments.out) {
        ([folder], out) if search::Folder::is_one(folder) => {
            let ranking = search::Folder::rank(folder)?;
            let path = out.clone().unwrap_or_else(|| "-".into());
            let mut out = Output::create(&path)?;
            out.write_all(ranking.to_text().as_bytes())?;
            out.finish()?;
            folder.join("trials.txt")
        }
        ([run], None) => {
            let folder = Folder::open(run)?;
            report::write(&folder)?;
            folder.report_path()
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
