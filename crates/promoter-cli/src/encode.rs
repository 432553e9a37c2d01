//! `promoter encode`: sequences to numbers for other programs.

use anyhow::{Context as _, Result, bail};
use clap::Args;
use promoter::encode::base;
use promoter::encode::fit::Fit;
use promoter::encode::kmer::{Kmers, Oov, Tokenizer};
use promoter::encode::one_hot::{Layout, OneHot};
use promoter::seq::read::Record;

use crate::input::Sequences;
use crate::npz::{self, Array};
use crate::output::Output;
use crate::{preset, progress};

/// Encode sequences for NumPy: one-hot, or tokens of k-mers
///
/// An .npy file is one array: f32 for one-hot, (sequences, positions, channels) or (sequences, channels, positions) as the
/// encoding says, or i32 for k-mers, (sequences, k-mers), in alphabetical order from 0. An .npz file has it as `encoded`,
/// and the sequences as `sequence`.
///
/// Presets of --one-hot: auth, crested, deepsea, enformer, grelu, legnet, madlab, noisy_chardonnay, peppa,
/// prix_fixe_predict, prix_fixe_train, tangermeme. Presets of --fit: auth, madlab, noisy_chardonnay_sweep, peppa, prix_fixe.
/// Each may be a table instead, as an experiment file has it.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter encode promoters.fa -o encoded.npz
  promoter encode train_sequences.txt.gz -o encoded.npy --one-hot prix_fixe_predict --fit prix_fixe
  promoter encode promoters.tsv -o tokens.npy --kmers nad
  promoter encode promoters.tsv -o tokens.npy --kmers '{ k = 6, strand = \"canonical\", oov = \"token\" }'")]
pub(crate) struct Arguments {
    #[command(flatten)]
    sequences: Sequences,
    /// Where to write: .npz or .npy; the file gets its name when it is whole
    #[arg(short, long, value_name = "FILE")]
    out: std::path::PathBuf,
    /// A channel for each base [default: A, C, G, T, other letters zeros]
    #[arg(long, value_name = "PRESET|TABLE", value_parser = preset::one_hot, conflicts_with = "kmers")]
    one_hot: Option<OneHot>,
    /// A number for each k-mer: the bases of a word, `nad`, or a table
    #[arg(long, value_name = "K|nad|TABLE", value_parser = preset::kmers)]
    kmers: Option<Kmers>,
    /// How sequences are brought to one length [default: all must have the length of the first]
    #[arg(long, value_name = "PRESET|TABLE", value_parser = preset::fit)]
    fit: Option<Fit>,
}

/// From base codes to the bytes of a row.
enum Encoder {
    OneHot(OneHot),
    Kmers(Tokenizer),
}

impl Encoder {
    fn of(arguments: &Arguments) -> Result<Self> {
        Ok(match (&arguments.kmers, &arguments.one_hot) {
            (Some(kmers), _) if kmers.oov == Oov::Skip => {
                bail!("--kmers with oov = \"skip\" gives rows of different lengths: error and token do not");
            }
            (Some(kmers), _) => Self::Kmers(kmers.tokenizer()?),
            (None, one_hot) => Self::OneHot(one_hot.clone().unwrap_or_default()),
        })
    }

    /// Type and shape of the row of a sequence of this length.
    fn row(&self, length: usize) -> Result<(&'static str, Vec<usize>)> {
        Ok(match self {
            Self::OneHot(one_hot) if one_hot.layout == Layout::ChannelsLast => {
                ("<f4", vec![length, one_hot.channels()])
            }
            Self::OneHot(one_hot) => ("<f4", vec![one_hot.channels(), length]),
            Self::Kmers(tokenizer) => ("<i4", vec![tokenizer.count(length)?]),
        })
    }

    fn encode(&self, codes: &[u8]) -> promoter::encode::Result<Vec<u8>> {
        Ok(match self {
            Self::OneHot(one_hot) => {
                one_hot.encode_codes::<f32>(codes)?.into_iter().flat_map(f32::to_le_bytes).collect()
            }
            Self::Kmers(tokenizer) => {
                tokenizer.tokens_of_codes::<u32>(codes)?.into_iter().flat_map(u32::to_le_bytes).collect()
            }
        })
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let is_archive = match arguments.out.extension().and_then(|extension| extension.to_str()) {
        Some("npz") => true,
        Some("npy") => false,
        _ => bail!("{}: expected the extension .npz or .npy", arguments.out.display()),
    };
    let encoder = Encoder::of(arguments)?;
    let mut out = Output::create(&arguments.out)?;
    let mut rows = arguments.sequences.open()?;
    let mut sequences = Array::text("sequence")?;
    let mut encoded: Option<(usize, Array)> = None;
    let bar = progress::count("sequences");
    let (mut record, mut number) = (Record::default(), 0u64);
    while rows.read(&mut record)? {
        number += 1;
        let refused = || format!("{}:{}: sequence {number}", arguments.sequences.input.display(), record.line);
        if is_archive {
            let letters: String = record.codes.iter().map(|&code| char::from(base::to_ascii(code))).collect();
            sequences.push_text(&letters)?;
        }
        let codes = match &arguments.fit {
            Some(fit) => &fit.codes(&record.codes).with_context(refused)?,
            None => &record.codes,
        };
        let (length, array) = match &mut encoded {
            Some(array) => array,
            none => {
                let (dtype, shape) = encoder.row(codes.len()).with_context(refused)?;
                none.insert((codes.len(), Array::numbers("encoded", dtype, &shape)?))
            }
        };
        if codes.len() != *length {
            bail!(
                "{} has {} bases, the first has {length}: bring them to one length with --fit",
                refused(),
                codes.len()
            );
        }
        let bytes = encoder.encode(codes).with_context(refused)?;
        array.push(&bytes)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    let Some((_, encoded)) = encoded else {
        bail!("{}: no sequence to encode ({})", arguments.sequences.input.display(), rows.report());
    };
    let shape = encoded.to_string();
    if is_archive {
        npz::write(vec![sequences, encoded], out)?;
    } else {
        encoded.write(&mut out)?;
        out.finish()?;
    }
    progress::tell(format_args!("{}; {shape}", rows.report()));
    Ok(())
}
