//! `promoter explain`: what each base contributes.

mod picture;
mod sites;

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use promoter::encode::base;
use promoter::predictor::Effects;
use promoter::seq;
use promoter::seq::read::Record;

use crate::form::{Form, Target};
use crate::input::Sequences;
use crate::models::Models;
use crate::npz::{self, Array};
use crate::output::{self, Output};
use crate::progress;
use crate::table::{Header, Kind, Table, Value};

/// Show what every single-base change does to the prediction
///
/// Each base of each sequence is changed to each other one. The table has a row for each change: sequence (its name, or
/// its number from 1), position (from 1), reference, alternative, effect, in the units of the training labels. An .npz
/// file has the effects as an array of (sequences, positions, A C G T).
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter explain runs/peppa-1 promoters.fa -o effects.tsv --logo promoters.html
  promoter explain runs/peppa-1 simulated.tsv -o effects.parquet --sites sites.jsonl")]
pub(crate) struct Arguments {
    #[command(flatten)]
    models: Models,
    #[command(flatten)]
    sequences: Sequences,
    #[command(flatten)]
    target: Target,
    /// How the effects are computed
    #[arg(long, value_enum, default_value_t = Method::Mutagenesis)]
    method: Method,
    /// Draw the sequences into this .svg or .html file, letters as high as they raise the prediction
    #[arg(long, value_name = "FILE")]
    logo: Option<PathBuf>,
    /// Sequences that are drawn, from the first
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    logos: usize,
    /// Compare with known binding sites, as `promoter simulate --sites` writes them
    #[arg(long, value_name = "FILE")]
    sites: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    /// In-silico mutagenesis: every changed sequence is predicted
    Mutagenesis,
    /// The gradient times the change of the input: a first-order estimate, much faster
    Gradient,
}

/// Sequences that are explained together.
const CHUNK: usize = 64;

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let averaging = arguments.models.averaging();
    if arguments.method == Method::Gradient && averaging.is_some() {
        bail!("--both-strands and --shift go with --method mutagenesis only");
    }
    let drawn = arguments.logo.as_deref().map(picture::Form::of).transpose()?;
    let mut known = arguments.sites.as_deref().map(sites::Known::read).transpose()?;
    let ensemble = arguments.models.open()?;
    let mut rows = arguments.sequences.open()?;
    let mut writer = Writer::create(&arguments.target)?;
    let mut logos = Vec::new();

    let bar = progress::count("sequences");
    let (mut chunk, mut total) = (Chunk::default(), 0);
    while chunk.read(&mut rows, total)? {
        let effects = match arguments.method {
            Method::Mutagenesis => ensemble.mutagenesis(&chunk.table, averaging)?,
            Method::Gradient => ensemble.gradients(&chunk.table)?,
        };
        for ((name, (codes, _)), effects) in chunk.names.iter().zip(chunk.table.rows()).zip(&effects) {
            writer.write(name, codes, effects)?;
            let sites = known.as_mut().map(|known| known.compare(codes, effects)).transpose()?;
            if drawn.is_some() && logos.len() < arguments.logos {
                logos.push(picture::logo(name, codes, effects, sites.unwrap_or_default()));
            }
        }
        total += chunk.names.len();
        bar.set_position(total as u64);
    }
    bar.finish_and_clear();
    if total == 0 {
        bail!("{}: no sequence to explain ({})", arguments.sequences.input.display(), rows.report());
    }
    let found = known.map(sites::Known::found).transpose()?;
    if let (Some(form), Some(path)) = (drawn, &arguments.logo) {
        output::write(path, picture::draw(form, &logos).as_bytes())?;
    }
    writer.finish()?;
    let mut text = rows.report().to_string();
    if let Some(found) = found {
        text += &format!("\n{found}");
    }
    // When standard error is closed there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{text}");
    Ok(())
}

/// Some sequences with their names.
#[derive(Default)]
struct Chunk {
    names: Vec<String>,
    table: seq::Table,
}

impl Chunk {
    /// Reads the next sequences; false when there are no more. Those without a name are numbered from 1.
    fn read(&mut self, rows: &mut seq::read::Rows, before: usize) -> Result<bool> {
        self.names.clear();
        self.table.clear();
        let mut record = Record::default();
        while self.names.len() < CHUNK && rows.read(&mut record)? {
            let number = before + self.names.len() + 1;
            self.names.push(match &record.name[..] {
                b"" => number.to_string(),
                name => String::from_utf8_lossy(name).into_owned(),
            });
            self.table.push(&record.codes, f32::NAN);
        }
        Ok(!self.names.is_empty())
    }
}

/// The effects on their way into a file.
enum Writer {
    Rows(Table),
    Arrays { out: Output, sequence: Array, prediction: Array, effects: Option<(usize, Array)> },
}

impl Writer {
    fn create(target: &Target) -> Result<Self> {
        if target.form()? == Form::Npz {
            let (sequence, prediction) = (Array::text("sequence")?, Array::numbers("prediction", "<f4", &[])?);
            return Ok(Self::Arrays { out: Output::create(&target.out)?, sequence, prediction, effects: None });
        }
        let columns = [
            ("sequence", Kind::Text),
            ("position", Kind::Whole),
            ("reference", Kind::Text),
            ("alternative", Kind::Text),
            ("effect", Kind::Real),
        ];
        Ok(Self::Rows(Table::create(target, Header::Yes, &columns)?))
    }

    fn write(&mut self, name: &str, codes: &[u8], found: &Effects) -> Result<()> {
        match self {
            Self::Rows(table) => {
                for (position, (&code, changes)) in codes.iter().zip(&found.changes).enumerate() {
                    let reference = base::to_ascii(code);
                    for (&alternative, &effect) in base::LETTERS[..4].iter().zip(changes) {
                        if alternative == reference {
                            continue;
                        }
                        let letters = [reference, alternative].map(char::from);
                        let mut buffers = [[0; 4]; 2];
                        let [reference, alternative] = &mut buffers;
                        table.row(&[
                            Value::Text(name),
                            Value::Whole(position as u64 + 1),
                            Value::Text(letters[0].encode_utf8(reference)),
                            Value::Text(letters[1].encode_utf8(alternative)),
                            Value::Real(effect),
                        ])?;
                    }
                }
            }
            Self::Arrays { sequence, prediction, effects, .. } => {
                let letters: String = codes.iter().map(|&code| char::from(base::to_ascii(code))).collect();
                sequence.push_text(&letters)?;
                prediction.push(&found.prediction.to_le_bytes())?;
                if effects.is_none() {
                    *effects = Some((codes.len(), Array::numbers("effects", "<f4", &[codes.len(), 4])?));
                }
                if let Some((length, array)) = effects {
                    if *length != codes.len() {
                        bail!(
                            "sequence {name} has {} bases, the first has {length}: an array needs sequences of one length",
                            codes.len()
                        );
                    }
                    let bytes: Vec<u8> =
                        found.changes.iter().flatten().flat_map(|effect| effect.to_le_bytes()).collect();
                    array.push(&bytes)?;
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<()> {
        match self {
            Self::Rows(table) => table.finish(),
            Self::Arrays { out, sequence, prediction, effects } => {
                let arrays = [sequence, prediction].into_iter().chain(effects.map(|(_, array)| array));
                npz::write(arrays.collect(), out)
            }
        }
    }
}
