//! Forms in which a table of results is written.

use std::path::Path;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::output::Output;

/// Where a table goes, and in which form.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// Output file
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub(crate) out: std::path::PathBuf,
    /// Format of the output [default: from the extension of --out, else TSV]
    #[arg(long, value_enum, value_name = "FORMAT")]
    to: Option<Form>,
}

/// A form of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// Columns separated by tabs: .tsv, .txt
    Tsv,
    /// Columns separated by commas, with a header: .csv
    Csv,
    /// One JSON object per line: .json, .jsonl
    Json,
    /// Parquet: .parquet
    Parquet,
    /// NumPy arrays: .npz
    Npz,
}

impl Form {
    /// Whether files of this form, one after the other, are one file of it.
    pub(crate) fn can_be_joined(self) -> bool {
        matches!(self, Self::Tsv | Self::Csv | Self::Json)
    }
}

/// A place that is open, and the form of what is written there.
pub(crate) struct Sink {
    pub(crate) form: Form,
    pub(crate) out: Output,
}

/// Opens a file whose name says the form.
pub(crate) fn sink(path: &Path) -> Result<Sink> {
    Target { out: path.to_owned(), to: None }.open()
}

impl Target {
    /// Opens the place; to be called before anything is computed.
    pub(crate) fn open(&self) -> Result<Sink> {
        Ok(Sink { form: self.form()?, out: Output::create(&self.out)? })
    }

    /// The form that was asked for, or that the file's name says.
    fn form(&self) -> Result<Form> {
        if self.to == Some(Form::Npz) && self.out == Path::new("-") {
            bail!("--to npz needs an output file: name one with -o");
        }
        if let Some(form) = self.to {
            return Ok(form);
        }
        Ok(match self.out.extension().and_then(|extension| extension.to_str()) {
            None | Some("tsv" | "txt") => Form::Tsv,
            Some("csv") => Form::Csv,
            Some("json" | "jsonl") => Form::Json,
            Some("parquet") => Form::Parquet,
            Some("npz") => Form::Npz,
            Some(_) => bail!(
                "{}: expected the extension .tsv, .txt, .csv, .json, .jsonl, .parquet or .npz, or a format with --to",
                self.out.display()
            ),
        })
    }
}
