//! Weighted counts of word pairs within a window, exact and therefore the same in any order of counting.

use super::corpus::{Corpus, Vocabulary};

/// Largest window for which the counts stay exact integers in 32 bits between two flushes.
pub(crate) const MAX_WINDOW: usize = 16;

/// Vocabularies up to this size are counted in a square table, larger ones by sorting.
const DENSE_WORDS: usize = 4096;

/// Pairs that are sorted at a time for large vocabularies.
const RUN: usize = 1 << 22;

/// One cell of the table: a word, a later word, and the sum of 1/distance over their meetings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cell {
    pub(crate) word: u32,
    pub(crate) context: u32,
    pub(crate) sum: f64,
}

/// All cells that are not 0, sorted by word and context.
///
/// A meeting at distance d counts `scale / d`, where `scale` is divisible by every distance: sums are integers.
pub(crate) fn count(corpus: &Corpus, vocabulary: &Vocabulary, window: usize, symmetric: bool) -> Vec<Cell> {
    let scale = scale(window);
    let weights: Vec<u32> = (1..=window as u32).map(|distance| scale / distance).collect();
    let sums = if vocabulary.len() <= DENSE_WORDS {
        dense(corpus, vocabulary, &weights, symmetric)
    } else {
        sorted(corpus, vocabulary, &weights, symmetric)
    };
    let cell = |(key, sum)| Cell { word: (key >> 32) as u32, context: key as u32, sum: sum as f64 / f64::from(scale) };
    sums.into_iter().map(cell).collect()
}

/// Lowest common multiple of 1 to `window`.
fn scale(window: usize) -> u32 {
    let gcd = |mut a: u32, mut b: u32| {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    (1..=window as u32).fold(1, |multiple, n| multiple / gcd(multiple, n) * n)
}

/// Key of a cell: word, then context.
fn key(word: u32, context: u32) -> u64 {
    u64::from(word) << 32 | u64::from(context)
}

fn dense(corpus: &Corpus, vocabulary: &Vocabulary, weights: &[u32], symmetric: bool) -> Vec<(u64, u64)> {
    let words = vocabulary.len();
    // 32 bits halve the table, which decides the speed; no sum passes them before a word has occurred `limit` times.
    let limit = u32::MAX / weights.iter().sum::<u32>();
    let mut table = vec![0u32; words * words];
    let mut totals = vec![0u64; words * words];
    let mut seen = vec![0u32; words];
    let mut ranks = Vec::new();
    for sentence in corpus.sentences() {
        vocabulary.rank_into(sentence, &mut ranks);
        for (at, &word) in ranks.iter().enumerate() {
            if seen[word as usize] == limit {
                flush(&mut table, &mut totals);
                seen.fill(0);
            }
            seen[word as usize] += 1;
            let row = &mut table[word as usize * words..][..words];
            for (&context, &weight) in ranks[at + 1..].iter().zip(weights) {
                row[context as usize] += weight;
            }
        }
    }
    flush(&mut table, &mut totals);
    let mut sums = Vec::new();
    for word in 0..words {
        for context in 0..words {
            let back = if symmetric { totals[context * words + word] } else { 0 };
            let sum = totals[word * words + context] + back;
            if sum > 0 {
                sums.push((key(word as u32, context as u32), sum));
            }
        }
    }
    sums
}

fn flush(table: &mut [u32], totals: &mut [u64]) {
    for (total, sum) in totals.iter_mut().zip(table) {
        *total += u64::from(std::mem::take(sum));
    }
}

fn sorted(corpus: &Corpus, vocabulary: &Vocabulary, weights: &[u32], symmetric: bool) -> Vec<(u64, u64)> {
    let mut runs: Vec<Vec<(u64, u64)>> = Vec::new();
    let mut pairs: Vec<(u64, u64)> = Vec::with_capacity(RUN);
    let mut ranks = Vec::new();
    for sentence in corpus.sentences() {
        vocabulary.rank_into(sentence, &mut ranks);
        for (at, &word) in ranks.iter().enumerate() {
            for (&context, &weight) in ranks[at + 1..].iter().zip(weights) {
                pairs.push((key(word, context), u64::from(weight)));
                if symmetric {
                    pairs.push((key(context, word), u64::from(weight)));
                }
            }
            if pairs.len() + 2 * weights.len() > RUN {
                close_run(&mut pairs, &mut runs);
            }
        }
    }
    close_run(&mut pairs, &mut runs);
    runs.into_iter().rev().reduce(|short, long| merge(&long, &short)).unwrap_or_default()
}

/// Sorts and sums `pairs` into a run, and merges it with runs of its size, so that few runs stay.
fn close_run(pairs: &mut Vec<(u64, u64)>, runs: &mut Vec<Vec<(u64, u64)>>) {
    pairs.sort_unstable_by_key(|pair| pair.0);
    let mut run: Vec<(u64, u64)> = Vec::new();
    for (key, weight) in pairs.drain(..) {
        match run.last_mut() {
            Some(last) if last.0 == key => last.1 += weight,
            _ => run.push((key, weight)),
        }
    }
    while let Some(last) = runs.pop_if(|last| last.len() <= 2 * run.len()) {
        run = merge(&last, &run);
    }
    runs.push(run);
}

fn merge(a: &[(u64, u64)], b: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut merged = Vec::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while let (Some(&x), Some(&y)) = (a.get(i), b.get(j)) {
        merged.push(match x.0.cmp(&y.0) {
            std::cmp::Ordering::Less => x,
            std::cmp::Ordering::Greater => y,
            std::cmp::Ordering::Equal => (x.0, x.1 + y.1),
        });
        i += usize::from(x.0 <= y.0);
        j += usize::from(y.0 <= x.0);
    }
    merged.extend_from_slice(&a[i..]);
    merged.extend_from_slice(&b[j..]);
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kmer::Kmers;
    use crate::random::Stream;

    /// The definition, pair by pair.
    fn by_definition(corpus: &Corpus, vocabulary: &Vocabulary, window: usize, symmetric: bool) -> Vec<Cell> {
        let words = vocabulary.len();
        let mut sums = vec![0f64; words * words];
        let mut ranks = Vec::new();
        for sentence in corpus.sentences() {
            vocabulary.rank_into(sentence, &mut ranks);
            for i in 0..ranks.len() {
                for j in i + 1..ranks.len().min(i + window + 1) {
                    sums[ranks[i] as usize * words + ranks[j] as usize] += 1.0 / (j - i) as f64;
                    if symmetric {
                        sums[ranks[j] as usize * words + ranks[i] as usize] += 1.0 / (j - i) as f64;
                    }
                }
            }
        }
        let cell = |(at, &sum): (usize, &f64)| Cell { word: (at / words) as u32, context: (at % words) as u32, sum };
        sums.iter().enumerate().filter(|(_, sum)| **sum > 0.0).map(cell).collect()
    }

    #[test]
    fn both_ways_of_counting_match_the_definition() {
        let mut stream = Stream::new(1, "test", 0);
        let mut corpus = Corpus::of_kmers(&Kmers { k: 2, ..Kmers::default() }).unwrap();
        for length in [2usize, 3, 17, 200, 80, 80] {
            let letters: Vec<u8> = (0..length).map(|_| b"ACGT"[stream.below(4) as usize]).collect();
            corpus.push_sequence(crate::Letters(&letters)).unwrap();
        }
        let vocabulary = Vocabulary::of(&corpus, 20).unwrap();
        assert!(vocabulary.len() < 16, "the test needs dropped words");
        for (window, symmetric) in [(1, false), (10, false), (10, true), (MAX_WINDOW, false)] {
            let expected = by_definition(&corpus, &vocabulary, window, symmetric);
            let scale = scale(window);
            let weights: Vec<u32> = (1..=window as u32).map(|distance| scale / distance).collect();
            let dense = dense(&corpus, &vocabulary, &weights, symmetric);
            assert_eq!(dense, sorted(&corpus, &vocabulary, &weights, symmetric));
            let cells = count(&corpus, &vocabulary, window, symmetric);
            assert_eq!(cells.len(), expected.len());
            for (cell, expected) in cells.iter().zip(&expected) {
                assert_eq!((cell.word, cell.context), (expected.word, expected.context));
                assert!((cell.sum - expected.sum).abs() < 1e-10, "{cell:?} {expected:?}");
            }
        }
    }

    fn fixture(text: &str) -> serde_json::Value {
        serde_json::from_str(text).unwrap()
    }

    /// The cells as the C tool numbers them, from 1.
    fn records(cells: &[Cell]) -> Vec<(u32, u32, f64)> {
        cells.iter().map(|cell| (cell.word + 1, cell.context + 1, cell.sum)).collect()
    }

    /// The cells of the C tool, which counts the first one twice.
    fn counted(corpus: &Corpus) -> Vec<Cell> {
        let mut cells = count(corpus, &Vocabulary::of(corpus, 1).unwrap(), 10, false);
        cells[0].sum *= 2.0;
        cells
    }

    fn assert_records(found: &[(u32, u32, f64)], expected: &serde_json::Value) {
        let expected = expected.as_array().unwrap();
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!(
                (u64::from(found.0), u64::from(found.1)),
                (expected[0].as_u64().unwrap(), expected[1].as_u64().unwrap())
            );
            assert!((found.2 - expected[2].as_f64().unwrap()).abs() < 1e-12, "{found:?} {expected}");
        }
    }

    #[test]
    fn pair_counts_are_the_c_tools() {
        let expected = fixture(include_str!("../../tests/fixtures/glove_tiny.json"));
        let lines: Vec<&str> =
            expected["corpus_lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        let corpus = Corpus::from_text(&lines.join("\n")).unwrap();
        let cells = counted(&corpus);
        assert_records(&records(&cells), &expected["cooccurrence_word1_word2_value_1based"]);

        let expected = fixture(include_str!("../../tests/fixtures/glove_60seqs.json"));
        let mut corpus = Corpus::of_kmers(&Kmers::nad()).unwrap();
        for sequence in expected["sequences_110"].as_array().unwrap() {
            corpus.push_sequence(sequence.as_str().unwrap()).unwrap();
        }
        let cells = counted(&corpus);
        assert_eq!(cells.len() as u64, expected["n_cooccurrence_records"].as_u64().unwrap());
        let total: f64 = cells.iter().map(|cell| cell.sum).sum();
        assert!((total - expected["cooccurrence_total"].as_f64().unwrap()).abs() < 1e-6, "{total}");
        assert_records(&records(&cells)[..20], &expected["cooccurrence_first20"]);
    }

    #[test]
    fn a_word_that_repeats_does_not_overflow() {
        let mut corpus = Corpus::of_kmers(&Kmers { k: 1, ..Kmers::default() }).unwrap();
        let repeats = 20_000;
        corpus.push(&vec![0; repeats]).unwrap();
        let vocabulary = Vocabulary::of(&corpus, 1).unwrap();
        let cells = count(&corpus, &vocabulary, MAX_WINDOW, false);
        let expected: f64 = (1..=MAX_WINDOW).map(|d| (repeats - d) as f64 / d as f64).sum();
        assert!((cells[0].sum - expected).abs() < 1e-6, "{cells:?} {expected}");
    }

    #[test]
    fn runs_merge_to_the_same_sums() {
        let a = [(1, 2), (3, 4), (9, 1)];
        let b = [(0, 1), (3, 5)];
        assert_eq!(merge(&a, &b), [(0, 1), (1, 2), (3, 9), (9, 1)]);
        assert_eq!(merge(&b, &a), merge(&a, &b));
    }
}
