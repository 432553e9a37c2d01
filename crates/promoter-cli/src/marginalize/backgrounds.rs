//! Sequences that elements are put into.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Args, value_parser};
use promoter::encode::random::Stream;
use promoter::explain::shuffled;
use promoter::predictor::Ensemble;

use crate::chunk::Chunk;
use crate::input::Reading;
use crate::models;

/// Backgrounds where no file is given.
const RANDOM: u64 = 100;

/// Sequences that elements are put into.
#[derive(Debug, Args)]
pub(super) struct Backgrounds {
    /// Backgrounds: a table with the sequences in its first column, FASTA or FASTQ; plain, .gz or .zst; `-` is standard
    /// input [default: 100 random sequences of the model's length]
    #[arg(long, value_name = "FILE")]
    backgrounds: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// Take this many dinucleotide shuffles of each background in its place
    #[arg(long, value_name = "COUNT", value_parser = value_parser!(u16).range(1..))]
    shuffles: Option<u16>,
}

/// Sequences with their names.
pub(super) struct Named {
    pub(super) names: Vec<String>,
    /// Base codes.
    pub(super) sequences: Vec<Vec<u8>>,
}

impl Backgrounds {
    pub(super) fn read(&self, ensemble: &Ensemble, seed: u64) -> Result<Named> {
        let (mut chunk, length) = (Chunk::default(), models::bases(ensemble));
        match &self.backgrounds {
            None => {
                for row in 0..RANDOM {
                    let mut draws = Stream::new(seed, "marginalize background", row);
                    let codes: Vec<u8> = (0..length).map(|_| draws.below(4) as u8).collect();
                    chunk.names.push((row + 1).to_string());
                    chunk.table.push(&codes, f32::NAN);
                }
            }
            Some(path) => {
                let mut rows = self.reading.open(path, &[])?;
                if !chunk.read(&mut rows, usize::MAX, 0)? {
                    bail!("{}: no backgrounds ({})", path.display(), rows.report());
                }
            }
        }
        chunk.check(ensemble)?;
        let sequences = chunk.codes();
        if let Some((name, codes)) = chunk.names.iter().zip(&sequences).find(|(_, codes)| codes.len() > length) {
            bail!("background {name} has {} bases, but the model reads {length}: cut it to those", codes.len());
        }
        let Some(shuffles) = self.shuffles.map(usize::from) else {
            return Ok(Named { sequences: sequences.into_iter().map(<[u8]>::to_vec).collect(), names: chunk.names });
        };
        let sequences = shuffled(&sequences, shuffles, seed)?;
        let names = chunk.names.iter().flat_map(|name| std::iter::repeat_n(name.clone(), shuffles)).collect();
        Ok(Named { names, sequences })
    }
}
