//! GloVe against the C tool's numbers, and the fast mode against the compatible one.

#![allow(clippy::unwrap_used)] // tests

use promoter_encode::Letters;
use promoter_encode::embed::glove::{Config, Mode, Model, Progress, train};
use promoter_encode::embed::similarity::Summary;
use promoter_encode::embed::{Corpus, Error};
use promoter_encode::kmer::Kmers;
use promoter_encode::random::Stream;
use serde_json::Value;

const STANFORD: Mode = Mode::Stanford { doubled_first_cell: true };

fn fixture(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|x| x.as_str().unwrap()).collect()
}

/// Trains and returns the cost of every iteration with the model.
fn costs(corpus: &Corpus, config: &Config) -> (Vec<f64>, Model) {
    let mut costs = Vec::new();
    let model = train(corpus, config, |progress: Progress| costs.push(progress.cost)).unwrap();
    (costs, model)
}

fn assert_near(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= tolerance, "{i}: {found} {expected}");
    }
}

/// A word's line in the tool's file of vectors.
fn line(word: &str, vector: impl Iterator<Item = f64>) -> String {
    vector.fold(word.to_string(), |line, x| format!("{line} {x:.6}"))
}

fn random_sequences(n: u64, length: usize) -> Vec<Vec<u8>> {
    let sequence = |i| {
        let mut stream = Stream::new(9, "test", i);
        (0..length).map(|_| b"ACGT"[stream.below(4) as usize]).collect()
    };
    (0..n).map(sequence).collect()
}

fn kmers_of(k: usize) -> Corpus {
    Corpus::of_kmers(&Kmers { k, ..Kmers::default() }).unwrap()
}

fn kmers(k: usize, sequences: &[Vec<u8>]) -> Corpus {
    let mut corpus = kmers_of(k);
    for sequence in sequences {
        corpus.push_sequence(Letters(sequence)).unwrap();
    }
    corpus
}

#[test]
fn tiny_corpus_gives_the_c_tools_parameters() {
    let expected = fixture(include_str!("fixtures/glove_tiny.json"));
    let corpus = Corpus::from_text(&strings(&expected["corpus_lines"]).join("\n")).unwrap();
    let config = Config { dimension: 3, min_count: 1, iterations: 5, mode: STANFORD, ..Config::nad() };
    let (costs, model) = costs(&corpus, &config);
    assert_near(&costs, &numbers(&expected["running_cost_per_iter_full"]), 1e-12);
    let vocabulary: Vec<&str> =
        expected["vocab"].as_array().unwrap().iter().map(|entry| entry[0].as_str().unwrap()).collect();
    assert_eq!(model.words(), vocabulary);
    for (side, name) in [(model.word(), "final_word"), (model.context(), "final_context")] {
        for (row, expected) in expected[name].as_array().unwrap().iter().enumerate() {
            let mut found = side.vectors[row * 3..row * 3 + 3].to_vec();
            found.push(side.biases[row]);
            assert_near(&found, &numbers(expected), 1e-12);
        }
    }
    let vectors = model.vectors().unwrap();
    let mut lines: Vec<String> =
        vectors.iter().map(|(word, vector)| line(word, vector.iter().map(|&x| f64::from(x)))).collect();
    lines.push(line("<unk>", model.unknown().into_iter()));
    assert_eq!(lines, strings(&expected["final_text_vectors_sum_of_both_no_bias"]));
}

#[test]
fn starting_values_are_the_c_tools() {
    let expected = fixture(include_str!("fixtures/glove_tiny.json"));
    let corpus = Corpus::from_text(&strings(&expected["corpus_lines"]).join("\n")).unwrap();
    let config = Config { dimension: 3, min_count: 1, iterations: 0, mode: STANFORD, ..Config::nad() };
    let (_, model) = costs(&corpus, &config);
    let names = ["init_word_vectors_then_bias_last_col", "init_context_vectors_then_bias_last_col"];
    for (side, name) in [model.word(), model.context()].into_iter().zip(names) {
        for (row, expected) in expected[name].as_array().unwrap().iter().enumerate() {
            assert_near(&side.vectors[row * 3..row * 3 + 3], &numbers(expected)[..3], 1e-15);
            assert_near(&side.biases[row..=row], &numbers(expected)[3..], 1e-15);
        }
    }
}

#[test]
fn sixty_sequences_give_the_c_tools_costs_and_vectors() {
    let expected = fixture(include_str!("fixtures/glove_60seqs.json"));
    let rows: Vec<Vec<u8>> =
        strings(&expected["sequences_110"]).iter().map(|row| row.as_bytes()[15..99].to_vec()).collect();
    let corpus = kmers(5, &rows);
    let config = Config { dimension: 8, min_count: 1, iterations: 4, mode: STANFORD, ..Config::nad() };
    let (costs, model) = costs(&corpus, &config);
    assert_near(&costs, &numbers(&expected["running_cost_per_iter"]), 1e-12);
    assert_eq!(model.words().len(), 1016);
    for (word, expected) in model.words().iter().zip(expected["vocab_first20"].as_array().unwrap()) {
        assert_eq!(word, expected[0].as_str().unwrap());
    }
    let vectors = model.vectors().unwrap();
    let lines: Vec<String> =
        vectors.iter().take(3).map(|(word, vector)| line(word, vector.iter().map(|&x| f64::from(x)))).collect();
    assert_eq!(lines, strings(&expected["first3_text_vectors"]));
    assert_eq!(line("<unk>", model.unknown().into_iter()), strings(&expected["unk_vector_line"])[0]);
}

#[test]
fn only_the_switch_doubles_the_first_cell() {
    let expected = fixture(include_str!("fixtures/glove_tiny.json"));
    let corpus = Corpus::from_text(&strings(&expected["corpus_lines"]).join("\n")).unwrap();
    let config = |doubled_first_cell| Config {
        dimension: 3,
        min_count: 1,
        iterations: 1,
        mode: Mode::Stanford { doubled_first_cell },
        ..Config::nad()
    };
    assert_ne!(costs(&corpus, &config(false)).0, costs(&corpus, &config(true)).0);
}

#[test]
fn fast_mode_follows_the_compatible_costs() {
    // With all 5-mers, as NAD has them: the cost of the first passes over a small table depends on the order of
    // updates.
    let corpus = kmers(5, &random_sequences(1000, 84));
    for (dimension, symmetric) in [(20, false), (16, true)] {
        let fast = Config { dimension, symmetric, iterations: 4, ..Config::nad() };
        let compatible = Config { mode: Mode::Stanford { doubled_first_cell: false }, ..fast.clone() };
        let ((fast, _), (compatible, _)) = (costs(&corpus, &fast), costs(&corpus, &compatible));
        for (fast, compatible) in fast.iter().zip(&compatible) {
            // The seed alone moves single costs of a table this small by 1 %.
            assert!((fast / compatible - 1.0).abs() < 0.02, "dimension {dimension}: {fast} {compatible}");
        }
    }
}

#[cfg(feature = "rayon")]
#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let corpus = kmers(4, &random_sequences(200, 84));
    let config = Config { dimension: 24, iterations: 3, ..Config::nad() };
    let train_with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| costs(&corpus, &config))
    };
    let one = train_with(1);
    for threads in [2, 3, 8] {
        assert_eq!(one, train_with(threads));
    }
}

#[test]
fn seeds_decide_the_result_in_both_modes() {
    let corpus = kmers(2, &random_sequences(20, 40));
    for mode in [Mode::Fast, STANFORD] {
        let config = |seed| Config { dimension: 4, iterations: 2, seed, mode, ..Config::nad() };
        assert_eq!(costs(&corpus, &config(3)), costs(&corpus, &config(3)));
        assert_ne!(costs(&corpus, &config(3)), costs(&corpus, &config(4)));
    }
}

#[test]
fn settings_out_of_range_are_named() {
    let corpus = kmers(2, &random_sequences(2, 40));
    let nad = Config::nad;
    let cases = [
        ("dimension", Config { dimension: 0, ..nad() }),
        ("window", Config { window: 0, ..nad() }),
        ("window", Config { window: 17, ..nad() }),
        ("x_max", Config { x_max: 0.0, ..nad() }),
        ("eta", Config { eta: f64::NAN, ..nad() }),
        ("clip", Config { clip: -1.0, ..nad() }),
        ("alpha", Config { alpha: -0.5, ..nad() }),
        ("seed", Config { seed: 1 << 32, mode: STANFORD, ..nad() }),
    ];
    for (name, config) in cases {
        match train(&corpus, &config, |_| {}) {
            Err(Error::Setting { setting, .. }) => assert_eq!(setting, name),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn a_corpus_with_nothing_to_learn_is_refused() {
    let mut corpus = kmers_of(3);
    let config = Config { min_count: 2, ..Config::nad() };
    assert!(matches!(train(&corpus, &config, |_| {}), Err(Error::Empty)));
    corpus.push(&[5]).unwrap();
    assert!(matches!(train(&corpus, &config, |_| {}), Err(Error::Rare { words: 1, min_count: 2 })));
    corpus.push(&[5]).unwrap();
    assert!(matches!(train(&corpus, &config, |_| {}), Err(Error::NoPairs { window: 10 })));
}

#[test]
fn divergence_is_an_error() {
    let corpus = kmers(2, &random_sequences(5, 40));
    for mode in [Mode::Fast, STANFORD] {
        let config = Config { dimension: 4, eta: 1e30, clip: 1e300, mode, ..Config::nad() };
        assert!(matches!(train(&corpus, &config, |_| {}), Err(Error::Diverged { .. })));
    }
}

#[cfg(feature = "serde")]
#[test]
fn configurations_survive_serde_and_unknown_keys_do_not() {
    for mode in [Mode::Fast, STANFORD] {
        let config = Config { mode, ..Config::nad() };
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), config);
        assert!(serde_json::from_str::<Config>(&text.replacen("eta", "beta", 1)).is_err());
    }
}

#[test]
fn vectors_hold_the_kmers_alike_that_the_teams_vectors_do() {
    let expected = fixture(include_str!("fixtures/nad_glove_reference_stats.json"));
    let figure = |key: &str| expected[key].as_f64().unwrap();
    let teams = [
        figure("cosine_mean_4mer_overlap_successor"),
        figure("cosine_mean_hamming1"),
        figure("cosine_mean_reverse_complement"),
        figure("cosine_offdiag_mean"),
    ];
    assert!(teams.is_sorted_by(|a, b| a > b), "{teams:?}");
    let corpus = kmers(4, &random_sequences(1000, 84));
    let config = Config { dimension: 32, iterations: 15, ..Config::nad() };
    let summary = Summary::of(&costs(&corpus, &config).1.vectors().unwrap());
    let ours = [summary.successors.mean, summary.substitutions.mean, summary.complements.mean, summary.pairs.mean];
    assert!(ours[0] > ours[1] + 0.05 && ours[1] > ours[3] + 0.05, "{ours:?}");
    // The second moments of numbers and of lengths are one: the reference and we take the population's deviation.
    let squares = |mean: f64, deviation: f64| mean * mean + deviation * deviation;
    let of_values = squares(figure("overall_mean"), figure("overall_std")) * 128.0;
    let of_norms = squares(figure("norm_mean"), figure("norm_std"));
    assert!((of_values / of_norms - 1.0).abs() < 1e-6, "{of_values} {of_norms}");
    let of_values = squares(summary.values.mean, summary.values.deviation) * 32.0;
    assert!((of_values / squares(summary.norms.mean, summary.norms.deviation) - 1.0).abs() < 1e-6);
}
