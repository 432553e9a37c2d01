//! word2vec learns which words meet, and names settings out of their range.

#![allow(clippy::unwrap_used)] // tests

use promoter_encode::embed::{Corpus, Error, word2vec};
use promoter_encode::kmer::Kmers;
use promoter_encode::random::Stream;

fn kmers(k: usize) -> Corpus {
    Corpus::of_kmers(&Kmers { k, ..Kmers::default() }).unwrap()
}

/// Two sets of words that never meet.
fn two_themes() -> Corpus {
    let mut stream = Stream::new(3, "test", 0);
    let mut corpus = kmers(2);
    for sentence in 0..400 {
        let theme = if sentence % 2 == 0 { 0 } else { 8 };
        corpus.push(&[(); 20].map(|()| theme + stream.below(8) as u32)).unwrap();
    }
    corpus
}

#[test]
fn word2vec_learns_which_words_meet() {
    let corpus = two_themes();
    for architecture in [word2vec::Architecture::SkipGram, word2vec::Architecture::Cbow] {
        let config = word2vec::Config { architecture, dimension: 20, window: 5, epochs: 12, ..Default::default() };
        let mut costs = Vec::new();
        let vectors = word2vec::train(&corpus, &config, |progress| costs.push(progress.cost)).unwrap();
        assert_eq!(costs.len(), 12);
        // The last epochs have a low rate and adapt less to the sentence at hand.
        assert!(costs[6] < 0.95 * costs[0], "{architecture:?} {costs:?}");
        let theme = |word: &str| word.starts_with(['A', 'C']);
        for word in vectors.words() {
            let near = vectors.nearest(word, 7).unwrap();
            assert!(near.iter().all(|(other, _)| theme(other) == theme(word)), "{architecture:?} {word} {near:?}");
        }
        assert_eq!(vectors, word2vec::train(&corpus, &config, |_| {}).unwrap());
        assert_ne!(vectors, word2vec::train(&corpus, &word2vec::Config { seed: 2, ..config }, |_| {}).unwrap());
    }
}

#[test]
fn word2vec_keeps_a_full_vocabulary_or_drops_the_rare() {
    let mut corpus = kmers(2);
    corpus.push(&[1, 2, 1, 2, 3]).unwrap();
    let config = word2vec::Config { dimension: 3, min_count: 0, epochs: 1, ..Default::default() };
    assert_eq!(word2vec::train(&corpus, &config, |_| {}).unwrap().words().len(), 16);
    let config = word2vec::Config { min_count: 2, ..config };
    assert_eq!(word2vec::train(&corpus, &config, |_| {}).unwrap().words(), ["AC", "AG"]);
    let config = word2vec::Config { min_count: 3, ..config };
    assert!(matches!(word2vec::train(&corpus, &config, |_| {}), Err(Error::Rare { words: 3, min_count: 3 })));
}

#[test]
fn word2vec_subsampling_leaves_frequent_words_out() {
    let corpus = two_themes();
    let config = word2vec::Config { dimension: 8, epochs: 1, subsample: 1e-9, ..Default::default() };
    assert!(matches!(word2vec::train(&corpus, &config, |_| {}), Err(Error::NoPairs { .. })));
    let config = word2vec::Config { subsample: 1e-2, ..config };
    assert!(word2vec::train(&corpus, &config, |_| {}).is_ok());
}

#[test]
fn word2vec_settings_out_of_range_are_named() {
    let corpus = two_themes();
    let base = word2vec::Config::default;
    let cases = [
        ("dimension", word2vec::Config { dimension: 0, ..base() }),
        ("window", word2vec::Config { window: 0, ..base() }),
        ("negatives", word2vec::Config { negatives: 0, ..base() }),
        ("epochs", word2vec::Config { epochs: 0, ..base() }),
        ("rate", word2vec::Config { rate: f64::INFINITY, ..base() }),
        ("final_rate", word2vec::Config { final_rate: 1.0, ..base() }),
        ("exponent", word2vec::Config { exponent: f64::NAN, ..base() }),
        ("subsample", word2vec::Config { subsample: -1.0, ..base() }),
    ];
    for (name, config) in cases {
        match word2vec::train(&corpus, &config, |_| {}) {
            Err(Error::Setting { setting, .. }) => assert_eq!(setting, name),
            other => panic!("{name}: {other:?}"),
        }
    }
    let empty = kmers(2);
    assert!(matches!(word2vec::train(&empty, &base(), |_| {}), Err(Error::Empty)));
    let steep = word2vec::Config { rate: 1e38, dimension: 4, ..base() };
    assert!(matches!(word2vec::train(&corpus, &steep, |_| {}), Err(Error::Diverged { iteration: 1 })));
}

#[cfg(feature = "serde")]
#[test]
fn configurations_survive_serde_and_unknown_keys_do_not() {
    let config = word2vec::Config { architecture: word2vec::Architecture::Cbow, ..Default::default() };
    let text = serde_json::to_string(&config).unwrap();
    assert!(text.contains("\"cbow\""));
    assert_eq!(serde_json::from_str::<word2vec::Config>(&text).unwrap(), config);
    assert!(serde_json::from_str::<word2vec::Config>(&text.replacen("rate", "speed", 1)).is_err());
}
