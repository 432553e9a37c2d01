//! `promoter embed`: vectors of k-mers.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use promoter::encode::Codes;
use promoter::encode::embed::io::{self, Format};
use promoter::encode::embed::word2vec::Architecture;
use promoter::encode::embed::{Corpus, Vectors, glove, word2vec};
use promoter::encode::kmer::{Kmers, Oov};
use promoter::seq::read::Record;

use crate::input::Sequences;
use crate::output::Output;
use crate::{memory, preset, progress};

/// Learn vectors of k-mers from sequences with GloVe or word2vec
///
/// Every k-mer is a word, every sequence a sentence. Prints the training cost of every epoch. K-mers with letters other
/// than A, C, G and T are skipped and counted. The same file, options and seed give the same vectors, whatever the
/// number of threads.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter embed train_sequences.txt.gz -o vectors.safetensors --kmers nad --nearest TATAA
  promoter embed promoters.fa -o vectors.txt --method skip-gram --kmers 6 --dimension 64 --epochs 10")]
pub(crate) struct Arguments {
    #[command(flatten)]
    sequences: Sequences,
    /// Output file: .txt, .bin (word2vec's binary format) or .safetensors
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// Format of the output file [default: from the extension of --out]
    #[arg(long, value_enum, value_name = "FORMAT")]
    to: Option<Form>,
    /// Training method
    #[arg(long, value_enum, default_value_t = Method::Glove)]
    method: Method,
    /// K-mers: their length; `nad`, which is the 80 5-mers around the insert of a 110-base construct, as team NAD took
    /// them; or a TOML table
    #[arg(long, value_name = "K|nad|TABLE", value_parser = preset::kmers, default_value = "5")]
    kmers: Kmers,
    /// Size of a vector
    #[arg(long, value_name = "NUMBER", default_value_t = 128)]
    dimension: usize,
    /// Number of neighbouring words that are the context of a word
    #[arg(long, value_name = "WORDS", default_value_t = 10)]
    window: usize,
    /// Passes over the data [default: 50 for GloVe, 5 for word2vec]
    #[arg(long, value_name = "NUMBER")]
    epochs: Option<usize>,
    /// Leave out words that occur less often than this
    #[arg(long, value_name = "COUNT", default_value_t = 5)]
    min_count: u64,
    /// Random seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print the words whose vectors are most similar to this word's; can be repeated
    #[arg(long, value_name = "WORD")]
    nearest: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    /// GloVe: products of vectors approximate the logarithms of co-occurrence counts
    Glove,
    /// word2vec, predicting the context from the word
    SkipGram,
    /// word2vec, predicting the word from its context (continuous bag of words)
    Cbow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// One line per word, no header: .txt
    Glove,
    /// The same with a header line
    Word2vec,
    /// word2vec's binary format: .bin
    Binary,
    /// Tensors `vectors` and `words`: .safetensors
    Safetensors,
}

/// Bytes that a number of a vector takes in training: both vectors of a word, and the squares of their gradients.
const OF_A_NUMBER: u64 = 16;

/// Words that --nearest prints.
const NEAREST: usize = 10;

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let format = format(arguments)?;
    let mut file = Output::create(&arguments.out)?;
    let mut rows = arguments.sequences.open(&[])?;
    let kmers = match arguments.kmers.oov {
        Oov::Error => Kmers { oov: Oov::Skip, ..arguments.kmers.clone() },
        _ => arguments.kmers.clone(),
    };
    // Misspelt words are reported before anything is learnt.
    let tokenizer = kmers.tokenizer()?;
    for word in &arguments.nearest {
        tokenizer.token(word.as_str()).with_context(|| format!("--nearest {word}"))?;
    }
    let mut corpus = Corpus::of_kmers(&kmers)?;
    let bar = progress::count("sequences");
    let mut record = Record::default();
    while rows.read(&mut record)? {
        let place = || format!("{}:{}", arguments.sequences.input.display(), record.line);
        corpus.push_sequence(Codes(&record.codes)).with_context(place)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    if corpus.is_empty() {
        bail!("{}: no k-mers to learn from ({})", arguments.sequences.input.display(), rows.report());
    }
    let words = corpus.len().min(1 << (2 * kmers.k));
    let bytes = (words as u64).saturating_mul(OF_A_NUMBER).saturating_mul(arguments.dimension as u64);
    memory::check(bytes, || format!("--dimension {} for up to {words} words", arguments.dimension))?;
    let vectors = train(&corpus, arguments)?;
    // Looked up before the file is there: a word that is too rare is an error.
    let nearest = arguments.nearest.iter().map(|word| Ok(vectors.nearest(&word.to_ascii_uppercase(), NEAREST)?));
    let nearest = nearest.collect::<Result<Vec<_>>>()?;
    io::write(&vectors, &mut file, format)?;
    file.finish()?;
    let mut out = std::io::stdout().lock();
    for (word, others) in arguments.nearest.iter().zip(nearest) {
        let others: Vec<String> = others.iter().map(|(other, cosine)| format!("{other} {cosine:.3}")).collect();
        writeln!(out, "nearest to {word}: {}", others.join(", "))?;
    }
    let (count, dimension) = (vectors.words().len(), vectors.dimension());
    writeln!(out, "{count} vectors of size {dimension}: {}", arguments.out.display())?;
    let (words, left_out) = (corpus.len(), corpus.left_out());
    progress::tell(format_args!("{}; {words} words, {left_out} skipped", rows.report()));
    Ok(())
}

fn train(corpus: &Corpus, arguments: &Arguments) -> Result<Vectors> {
    let &Arguments { dimension, window, min_count, seed, .. } = arguments;
    let mut out = std::io::stdout();
    let mut written = Ok(());
    // Learning goes on when standard output is closed.
    let mut tell = |epoch: usize, cost: f64| {
        if epoch == 1 {
            written = writeln!(out, "epoch   cost");
        }
        if written.is_ok() {
            written = writeln!(out, "{epoch:>5}   {cost:.6}");
        }
    };
    let architecture = match arguments.method {
        Method::Glove => {
            let nad = glove::Config::nad();
            let iterations = arguments.epochs.unwrap_or(nad.iterations);
            let config = glove::Config { dimension, window, min_count, seed, iterations, ..nad };
            let model = glove::train(corpus, &config, |progress| tell(progress.iteration, progress.cost))?;
            return Ok(model.vectors()?);
        }
        Method::SkipGram => Architecture::SkipGram,
        Method::Cbow => Architecture::Cbow,
    };
    let default = word2vec::Config::default();
    let epochs = arguments.epochs.unwrap_or(default.epochs);
    let config = word2vec::Config { architecture, dimension, window, min_count, seed, epochs, ..default };
    Ok(word2vec::train(corpus, &config, |progress| tell(progress.epoch, progress.cost))?)
}

fn format(arguments: &Arguments) -> Result<Format> {
    if arguments.out == Path::new("-") {
        bail!("-o -: standard output shows the training cost; name a file");
    }
    Ok(match (arguments.to, arguments.out.extension().and_then(|extension| extension.to_str())) {
        (Some(Form::Glove), _) | (None, Some("txt")) => Format::GloveText,
        (Some(Form::Word2vec), _) => Format::Word2vecText,
        (Some(Form::Binary), _) | (None, Some("bin")) => Format::Word2vecBinary,
        (Some(Form::Safetensors), _) | (None, Some("safetensors")) => Format::Safetensors,
        (None, _) => bail!(
            "{}: expected the extension .txt, .bin or .safetensors, or a format with --to",
            arguments.out.display()
        ),
    })
}
