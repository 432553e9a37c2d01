//! Sequences that a command reads.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::{Args, ValueEnum, value_parser};
use promoter::seq::read::{Columns, Format, ReadOptions, Rows};
use promoter::seq::{Bed, Genome};

/// Sequences that a command reads.
#[derive(Debug, Args)]
pub(crate) struct Sequences {
    /// Input file: a table with the sequences in its first column, FASTA or FASTQ; plain, .gz or .zst; `-` is standard
    /// input. With --genome a BED file
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
    /// Genome, FASTA and not compressed: the input is then a BED file, and its regions are read from it, on their
    /// strands; by its index, FASTA.fai, if there is one
    #[arg(long, value_name = "FASTA", conflicts_with_all = ["format", "sequence"])]
    genome: Option<PathBuf>,
    /// Read this many bases around the middle of each region, N where the chromosome ends
    #[arg(long, value_name = "BASES", requires = "genome", value_parser = value_parser!(u16).range(1..))]
    width: Option<u16>,
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
    /// The rows of the input, without labels, with the columns `keep` as text.
    pub(crate) fn open(&self, keep: &[String]) -> Result<Rows> {
        self.reading.open(&self.input, keep)
    }
}

impl Reading {
    /// The rows of a file, without labels, with the columns `keep` as text; `-` is standard input.
    pub(crate) fn open(&self, input: &Path, keep: &[String]) -> Result<Rows> {
        if let Some(genome) = &self.genome {
            let stdin = input == Path::new("-");
            let bed = if stdin { Bed::new(std::io::stdin(), "-")? } else { Bed::open(input)? };
            return Ok(Rows::regions(bed, Genome::open(genome)?, self.width.map(u64::from), keep)?);
        }
        if input.extension().is_some_and(|extension| extension == "bed") && self.format.is_none() {
            bail!("{}: the regions of a BED file need the genome that they are of: --genome FASTA", input.display());
        }
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
        let options = ReadOptions { columns, format, keep: keep.to_vec(), ..ReadOptions::default() };
        Ok(if stdin { Rows::new(std::io::stdin(), "-", &options)? } else { Rows::open(input, &options)? })
    }
}
