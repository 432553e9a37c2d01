//! Sequences that a command reads.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, ValueEnum};
use promoter::seq::read::{Columns, Format, ReadOptions, Rows};

/// Sequences that a command reads.
#[derive(Debug, Args)]
pub(crate) struct Sequences {
    /// Input file: a table with the sequences in its first column, FASTA or FASTQ; plain, .gz or .zst; `-` is standard
    /// input
    #[arg(value_name = "INPUT")]
    pub(crate) input: PathBuf,
    #[command(flatten)]
    reading: Reading,
}

/// How sequences are read.
#[derive(Debug, Args)]
pub(crate) struct Reading {
    /// Format of the input [default: from its extension; TSV for standard input]
    #[arg(long, value_enum)]
    format: Option<Kind>,
    /// Column of the sequences, for a table with a header
    #[arg(long, value_name = "COLUMN")]
    sequence: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// Columns separated by tabs
    Tsv,
    /// Columns separated by commas
    Csv,
    /// FASTA
    Fasta,
    /// FASTQ
    Fastq,
}

impl Sequences {
    /// The rows of the input, without labels.
    pub(crate) fn open(&self) -> Result<Rows> {
        self.reading.open(&self.input)
    }
}

impl Reading {
    /// The rows of a file, without labels; `-` is standard input.
    pub(crate) fn open(&self, input: &Path) -> Result<Rows> {
        let columns = match &self.sequence {
            None => Columns::Sequence,
            Some(sequence) => Columns::Named { sequence: sequence.clone(), label: None },
        };
        let stdin = input == Path::new("-");
        let format = self.format.or(stdin.then_some(Kind::Tsv)).map(|kind| match kind {
            Kind::Tsv => Format::Tsv,
            Kind::Csv => Format::Csv,
            Kind::Fasta => Format::Fasta,
            Kind::Fastq => Format::Fastq,
        });
        let options = ReadOptions { columns, format, ..ReadOptions::default() };
        Ok(if stdin { Rows::new(std::io::stdin(), "-", &options)? } else { Rows::open(input, &options)? })
    }
}
