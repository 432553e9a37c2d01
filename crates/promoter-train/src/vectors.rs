//! Vectors of k-mers: where they come from, and how they lie on the device.

use std::path::{Path, PathBuf};

use promoter_encode::Codes;
use promoter_encode::embed::io::Format;
use promoter_encode::embed::{Corpus, Vectors, glove, word2vec};
use promoter_encode::kmer::Kmers;
use promoter_encode::random::Stream;
use promoter_seq::Table;
use promoter_torch::distributed::Group;
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::encoding::{Encoding, Fitter};
use crate::error::{Doing, experiment};
use crate::{Error, Experiment, Prepared};

/// Where vectors come from.
///
/// GloVe and word2vec learn from all rows that the filter leaves, those that validate as well, as NAD's did: vectors
/// see no labels.
///
/// ```
/// use promoter_encode::embed::glove;
/// use promoter_train::vectors::Source;
/// #[derive(serde::Deserialize)]
/// struct Kmer {
///     vectors: Source,
/// }
/// let kmer: Kmer = toml::from_str("vectors = { glove = {} }")?; // what is left out is NAD's
/// assert_eq!(kmer.vectors, Source::Glove(glove::Config::nad()));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Source {
    /// Learnt by GloVe.
    Glove(glove::Config),
    /// Learnt by word2vec.
    Word2vec(word2vec::Config),
    /// A file: `.safetensors`, `.bin` of word2vec, `.vec` of word2vec as text, `.txt` of GloVe.
    File(PathBuf),
    /// Standard normal numbers, drawn from the experiment's seed.
    Random {
        /// Numbers per vector.
        dimension: usize,
    },
}

/// The vectors of an experiment, learnt or read; `None` for an encoding that has none.
///
/// # Errors
/// [`Error::Vectors`] for vectors that cannot be learnt or read, [`Error::Row`].
pub fn make(experiment: &Experiment, prepared: &Prepared) -> Result<Option<Vectors>, Error> {
    let (Encoding::Kmer { vectors, .. }, Some(kmers)) = (&experiment.encoding, experiment.encoding.kmers()) else {
        return Ok(None);
    };
    let corpus = || corpus(&experiment.encoding, &kmers, [prepared.train.table(), prepared.validation.table()]);
    Ok(Some(match vectors {
        Source::Glove(config) => {
            let told = |p: glove::Progress| tracing::info!(iteration = p.iteration, cost = p.cost, "GloVe");
            glove::train(&corpus()?, config, told)?.vectors()?
        }
        Source::Word2vec(config) => {
            let told = |p: word2vec::Progress| tracing::info!(epoch = p.epoch, cost = p.cost, "word2vec");
            word2vec::train(&corpus()?, config, told)?
        }
        Source::File(path) => Vectors::load(path, format(path)?)?,
        Source::Random { dimension } => random(&kmers, *dimension, experiment.seed)?,
    }))
}

/// The vectors that rank 0 has.
///
/// # Errors
/// [`Error::Params`] when a rank is lost.
pub(crate) fn of_lead(group: &Group, own: Option<Vectors>) -> Result<Option<Vectors>, Error> {
    if group.is_alone() {
        return Ok(own);
    }
    let parts = own.as_ref().map(|own| (own.words(), own.dimension(), own.data()));
    // Words and finite numbers: there is nothing in them that JSON lacks.
    let told = group.of_lead(&serde_json::to_vec(&parts).unwrap_or_default())?;
    let parts: Option<(Vec<String>, usize, Vec<f32>)> = serde_json::from_slice(&told).unwrap_or_default();
    Ok(parts.map(|(words, dimension, data)| Vectors::new(words, dimension, data)).transpose()?)
}

fn format(path: &Path) -> Result<Format, Error> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("safetensors") => Ok(Format::Safetensors),
        Some("bin") => Ok(Format::Word2vecBinary),
        Some("vec") => Ok(Format::Word2vecText),
        Some("txt") => Ok(Format::GloveText),
        _ => Err(experiment("encoding.kmer.vectors.file", path.display(), "a .safetensors, .bin, .vec or .txt file")),
    }
}

/// One sentence of k-mers per row.
fn corpus(encoding: &Encoding, kmers: &Kmers, tables: [&Table; 2]) -> Result<Corpus, Error> {
    let fitter = Fitter::new(encoding);
    let (start, end) = encoding.fit().crop.unwrap_or((0, fitter.length()));
    let mut corpus = Corpus::of_kmers(kmers)?;
    let mut fitted = vec![0; fitter.length()];
    for table in tables {
        for (row, (codes, _)) in table.rows().enumerate() {
            fitter.codes_into(codes, &mut fitted).map_err(|source| Error::Row { row, source })?;
            corpus.push_sequence(Codes(&fitted[start..end]))?;
        }
    }
    Ok(corpus)
}

fn random(kmers: &Kmers, dimension: usize, seed: u64) -> Result<Vectors, Error> {
    let corpus = Corpus::of_kmers(kmers)?;
    let words: Vec<String> = (0..corpus.words() as u32).map(|word| corpus.word(word)).collect();
    let mut draws = Stream::new(seed, "vectors", 0);
    let data = (0..words.len() * dimension).map(|_| draws.normal() as f32).collect();
    Ok(Vectors::new(words, dimension, data)?)
}

/// The vectors as the device looks them up: by the number that a k-mer's bases are in base 4; then the vector of k-mers
/// with other letters. A k-mer without a vector, such as one too rare to learn, has zeros.
///
/// # Shapes
/// (4^k + 1, dimension) f32.
///
/// # Errors
/// [`Error::Experiment`] when there is no vector of any k-mer, [`Error::Torch`].
pub fn table(kmers: &Kmers, vectors: &Vectors) -> Result<Tensor, Error> {
    let refuse = |e: promoter_encode::Error| experiment("encoding.kmer.k", kmers.k, e);
    let tokenizer = kmers.tokenizer().map_err(refuse)?;
    let mut data = vec![0.0f32; (tokenizer.words() + 1) * vectors.dimension()];
    let mut missing = 0;
    for (row, token) in data.chunks_exact_mut(vectors.dimension()).zip(0..tokenizer.words() as u32) {
        let letters = tokenizer.kmer(token).map_err(refuse)?;
        match vectors.get(&String::from_utf8_lossy(&letters)) {
            Some(vector) => row.copy_from_slice(vector),
            None => missing += 1,
        }
    }
    if let Some(vector) = vectors.get("<unk>") {
        data[tokenizer.words() * vectors.dimension()..].copy_from_slice(vector);
    }
    if missing == tokenizer.words() {
        return Err(experiment("encoding.kmer.vectors", "without k-mers", format_args!("words of {} bases", kmers.k)));
    }
    if missing > 0 {
        tracing::warn!(missing, "k-mers have no vector, zeros instead");
    }
    let size = [tokenizer.words() as i64 + 1, vectors.dimension() as i64];
    Tensor::f_from_slice(&data).and_then(|data| data.f_view(size)).doing("vectors")
}
