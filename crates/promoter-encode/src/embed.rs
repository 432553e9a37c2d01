//! Vectors of words learnt from sequences: GloVe and word2vec over k-mers, files of vectors, and what they hold.
//!
//! Sentences of words go into a [`Corpus`]; [`glove::train`] and [`word2vec::train`] turn it into [`Vectors`], which
//! load and save the common files ([`io::Format`]), find neighbours and can be drawn ([`projection::principal`]).
//! Training gives the same bytes for any number of threads and on any processor.
//!
//! ```
//! use promoter_encode::embed::{Corpus, glove};
//! use promoter_encode::kmer::Kmers;
//!
//! let mut corpus = Corpus::of_kmers(&Kmers { k: 3, ..Kmers::default() })?;
//! for sequence in ["ACGTACGGTACCA", "TTACGTACGATTT", "ACGTTTACGTACG"] {
//!     corpus.push_sequence(sequence)?;
//! }
//! let config = glove::Config { dimension: 8, min_count: 1, iterations: 5, ..glove::Config::nad() };
//! let mut costs = Vec::new();
//! let model = glove::train(&corpus, &config, |progress| costs.push(progress.cost))?;
//! assert!(costs[4] < costs[0]);
//! assert_eq!(model.vectors()?.nearest("ACG", 2)?.len(), 2);
//! # Ok::<(), promoter_encode::embed::Error>(())
//! ```

mod cooccurrence;
mod corpus;
mod error;
pub mod glove;
pub mod io;
mod lanes;
pub mod projection;
pub mod similarity;
mod vectors;
pub mod word2vec;

pub use corpus::Corpus;
pub use error::{Error, Result};
pub use vectors::Vectors;
