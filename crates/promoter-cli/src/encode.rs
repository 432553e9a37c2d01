//! `promoter encode`: sequences to numbers for other programs.

use anyhow::{Context as _, Result, bail};
use clap::Args;
use promoter::encode::fit::Fit;
use promoter::encode::kmer::{Kmers, Oov, Tokenizer};
use promoter::encode::one_hot::{Layout, OneHot};
use promoter::encode::{Codes, base};
use promoter::seq::read::Record;

use crate::input::Sequences;
use crate::keep::Keep;
use crate::npz::{self, Array};
use crate::output::Output;
use crate::{preset, progress};

/// Encode sequences as NumPy arrays, one-hot or as k-mer tokens
///
/// An .npy file holds one array: one-hot as f32 of shape (sequences, positions, channels), or (sequences, channels,
/// positions) for encodings with channels first; k-mers as i32 of shape (sequences, k-mers), numbered alphabetically
/// from 0. An .npz file holds that array as `encoded` and the sequences as `sequence`.
///
/// Presets of --one-hot, named after the program or the DREAM 2022 team that encodes so: auth, crested, deepsea,
/// enformer, grelu, legnet, madlab, noisy_chardonnay, peppa, prix_fixe_predict, prix_fixe_train, tangermeme. They
/// differ in the order of the channels, in what N and lower case become, and in additional channels. Presets of --fit,
/// which sets the length: auth (the 80-base insert), madlab (the last 110 bases), noisy_chardonnay_sweep (with its
/// plasmid, before and after), peppa (85 bases around the insert), prix_fixe (150 bases, with the plasmid before).
/// Instead of a preset each takes a TOML table as in an experiment file.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter encode promoters.fa -o encoded.npz
  promoter encode train_sequences.txt.gz -o encoded.npy --one-hot prix_fixe_predict --fit prix_fixe
  promoter encode promoters.tsv -o tokens.npy --kmers nad
  promoter encode promoters.tsv -o tokens.npy --kmers '{ k = 6, strand = \"canonical\", oov = \"token\" }'")]
pub(crate) struct Arguments {
    #[command(flatten)]
    sequences: Sequences,
    #[command(flatten)]
    keep: Keep,
    /// Output file: .npz or .npy
    #[arg(short, long, value_name = "FILE")]
    out: std::path::PathBuf,
    /// Encode one-hot [default: channels A, C, G, T; zeros for other letters]
    #[arg(long, value_name = "PRESET|TABLE", value_parser = preset::one_hot, conflicts_with = "kmers")]
    one_hot: Option<OneHot>,
    /// Encode as k-mer tokens: the length of a k-mer; `nad`, which is the 80 5-mers around the insert of a 110-base
    /// construct, as team NAD took them; or a TOML table
    #[arg(long, value_name = "K|nad|TABLE", value_parser = preset::kmers)]
    kmers: Option<Kmers>,
    /// Bring all sequences to one length [default: all must be as long as the first]
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
                bail!("--kmers with oov = \"skip\" gives rows of different lengths: use \"error\" or \"token\"");
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
                one_hot.encode::<f32>(Codes(codes))?.into_iter().flat_map(f32::to_le_bytes).collect()
            }
            Self::Kmers(tokenizer) => {
                tokenizer.tokens::<u32>(Codes(codes))?.into_iter().flat_map(u32::to_le_bytes).collect()
            }
        })
    }
}

/// What an archive has beside the encoded sequences: the kept columns, and the sequences.
struct Texts(Vec<Array>);

impl Texts {
    fn new(keep: &Keep) -> Result<Self> {
        keep.check(&["sequence", "encoded"])?;
        let names = keep.columns().iter().map(String::as_str).chain(["sequence"]);
        Ok(Self(names.map(Array::text).collect::<Result<_>>()?))
    }

    fn push(&mut self, record: &Record) -> Result<()> {
        let letters: String = record.codes.iter().map(|&code| char::from(base::to_ascii(code))).collect();
        let texts = record.cells.iter().chain([&letters]);
        self.0.iter_mut().zip(texts).try_for_each(|(array, text)| array.push_text(text))
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
    if !is_archive && !arguments.keep.columns().is_empty() {
        bail!("--keep needs an archive of arrays: use the extension .npz");
    }
    let mut rows = arguments.sequences.open(arguments.keep.columns())?;
    let mut texts = Texts::new(&arguments.keep)?;
    let mut encoded: Option<(usize, Array)> = None;
    let bar = progress::count("sequences");
    let (mut record, mut number) = (Record::default(), 0u64);
    while rows.read(&mut record)? {
        number += 1;
        let refused = || format!("{}:{}: sequence {number}", arguments.sequences.input.display(), record.line);
        if is_archive {
            texts.push(&record)?;
        }
        let codes = match &arguments.fit {
            Some(fit) => &fit.apply(Codes(&record.codes)).with_context(refused)?,
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
                "{} has {} bases, the first has {length}: use --fit to bring them to one length",
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
        bail!("{}: no sequences to encode ({})", arguments.sequences.input.display(), rows.report());
    };
    let shape = encoded.to_string();
    if is_archive {
        npz::write(texts.0.into_iter().chain([encoded]).collect(), out)?;
    } else {
        encoded.write(&mut out)?;
        out.finish()?;
    }
    progress::tell(format_args!("{}; {shape}", rows.report()));
    Ok(())
}
