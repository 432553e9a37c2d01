//! The sequences that designs start from.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Args, value_parser};
use promoter::encode::base;
use promoter::encode::random::Stream;
use promoter::predictor::Ensemble;

use crate::chunk::Chunk;
use crate::input::Reading;
use crate::models;

/// The sequences that designs start from.
#[derive(Debug, Args)]
pub(super) struct Starts {
    /// Sequences to start from: a table with the sequences in its first column, FASTA or FASTQ; plain, .gz or .zst; `-`
    /// is standard input
    #[arg(long, value_name = "FILE", required_unless_present = "random", conflicts_with = "random")]
    start: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// Number of random sequences to start from
    #[arg(long, value_name = "COUNT", requires = "length", value_parser = value_parser!(u32).range(1..=1_000_000))]
    random: Option<u32>,
    /// Bases of a random sequence
    #[arg(long, value_name = "BASES", requires = "random", value_parser = value_parser!(u16).range(1..))]
    length: Option<u16>,
}

/// Sequences with their names.
pub(super) struct Named {
    pub(super) names: Vec<String>,
    /// Base codes.
    pub(super) sequences: Vec<Vec<u8>>,
}

impl Starts {
    pub(super) fn read(&self, seed: u64) -> Result<Named> {
        let Some(path) = &self.start else {
            let (count, length) = (self.random.unwrap_or(0), self.length.unwrap_or(0));
            let random = |row: u32| -> Vec<u8> {
                let mut draws = Stream::new(seed, "design random start", u64::from(row));
                (0..length).map(|_| draws.below(4) as u8).collect()
            };
            let names = (1..=count).map(|number| number.to_string()).collect();
            return Ok(Named { names, sequences: (0..count).map(random).collect() });
        };
        let mut rows = self.reading.open(path, &[])?;
        let mut chunk = Chunk::default();
        if !chunk.read(&mut rows, usize::MAX, 0)? {
            bail!("{}: no sequences to start from ({})", path.display(), rows.report());
        }
        let sequences = chunk.table.rows().map(|(codes, _)| codes.to_vec()).collect();
        Ok(Named { names: chunk.names, sequences })
    }
}

impl Named {
    /// Refuses sequences of which a model would see a part only, or which cannot be edited.
    pub(super) fn check(&self, ensemble: &Ensemble) -> Result<()> {
        let most = models::bases(ensemble);
        for (name, codes) in self.names.iter().zip(&self.sequences) {
            if let Some(position) = codes.iter().position(|&code| code > 3) {
                let letter = char::from(base::to_ascii(codes[position]));
                bail!("sequence {name} has {letter} at position {}, expected A, C, G or T", position + 1);
            }
            if codes.len() > most {
                bail!("sequence {name} has {} bases, but the model reads {most}: cut it to those", codes.len());
            }
            if let Err(promoter::Error::Row { source, .. }) = ensemble.check([&codes[..]]) {
                return Err(anyhow::Error::from(source).context(format!("sequence {name} does not fit the model")));
            }
        }
        Ok(())
    }
}
