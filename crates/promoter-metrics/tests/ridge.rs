//! Conjugate gradient on tokens against Gaussian elimination on counts.

use std::collections::BTreeMap;

use promoter_encode::{base, random::Stream};
use promoter_metrics::ridge::{PENALTIES, Ridge};
use promoter_metrics::{Error, Regression, Side};

/// Rows of 5 to 60 codes, some of them no base, and labels that 3-mers and noise decide.
fn simulated(n: usize, seed: u64) -> (Vec<Vec<u8>>, Vec<f32>) {
    let mut stream = Stream::new(seed, "rows", 0);
    let rows: Vec<Vec<u8>> = (0..n)
        .map(|_| {
            (0..5 + stream.below(56))
                .map(|_| if stream.below(40) == 0 { base::N } else { stream.below(4) as u8 })
                .collect()
        })
        .collect();
    let labels = rows
        .iter()
        .map(|row| {
            let count = |kmer: [u8; 3]| row.windows(3).filter(|window| *window == kmer).count() as f64;
            (7.0 + count([0, 0, 0]) - 2.0 * count([2, 1, 3]) + 0.5 * stream.normal()) as f32
        })
        .collect();
    (rows, labels)
}

/// Counts of all k-mers, as letters.
fn counts(row: &[u8]) -> BTreeMap<String, f64> {
    let text: String = row.iter().map(|&code| char::from(base::to_ascii(code))).collect();
    let mut counts = BTreeMap::new();
    for k in 2..=6 {
        for start in 0..(text.len() + 1).saturating_sub(k) {
            let kmer = &text[start..start + k];
            if kmer.bytes().all(|letter| b"ACGT".contains(&letter)) {
                *counts.entry(kmer.to_owned()).or_insert(0.0) += 1.0;
            }
        }
    }
    counts
}

/// Ridge predictions by the kernel trick: weights are sums of centred training rows.
fn by_elimination(rows: &[Vec<u8>], labels: &[f32], penalty: f64, new: &[Vec<u8>]) -> Vec<f64> {
    let n = rows.len();
    let all: Vec<_> = rows.iter().map(|row| counts(row)).collect();
    let mut mean: BTreeMap<String, f64> = BTreeMap::new();
    for (kmer, count) in all.iter().flatten() {
        *mean.entry(kmer.clone()).or_insert(0.0) += count / n as f64;
    }
    let centred = |row: &BTreeMap<String, f64>| -> BTreeMap<String, f64> {
        mean.iter().map(|(kmer, mean)| (kmer.clone(), row.get(kmer).unwrap_or(&0.0) - mean)).collect()
    };
    let dot = |a: &BTreeMap<String, f64>, b: &BTreeMap<String, f64>| -> f64 {
        a.values().zip(b.values()).map(|(a, b)| a * b).sum()
    };
    let training: Vec<_> = all.iter().map(centred).collect();
    let label_mean = labels.iter().map(|&y| f64::from(y)).sum::<f64>() / n as f64;
    let mut system: Vec<Vec<f64>> = (0..n)
        .map(|i| {
            let mut line: Vec<f64> = training.iter().map(|row| dot(&training[i], row)).collect();
            line[i] += penalty * n as f64;
            line.push(f64::from(labels[i]) - label_mean);
            line
        })
        .collect();
    for i in 0..n {
        let pivot = system[i].clone();
        for (_, line) in system.iter_mut().enumerate().filter(|(j, _)| *j != i) {
            let factor = line[i] / pivot[i];
            line.iter_mut().zip(&pivot).for_each(|(x, p)| *x -= factor * p);
        }
    }
    let weights: Vec<f64> = (0..n).map(|i| system[i][n] / system[i][i]).collect();
    new.iter()
        .map(|row| {
            let row = centred(&counts(row));
            label_mean
                + training.iter().zip(&weights).map(|(training, weight)| weight * dot(training, &row)).sum::<f64>()
        })
        .collect()
}

#[test]
fn predictions_are_those_of_elimination_on_counts() {
    let (rows, labels) = simulated(120, 1);
    let (new, _) = simulated(30, 2);
    let ridge = Ridge::fit(&rows, &labels).unwrap();
    assert!(PENALTIES.contains(&ridge.penalty()));
    let expected = by_elimination(&rows, &labels, ridge.penalty(), &new);
    for (predicted, expected) in ridge.predict(&new).iter().zip(expected) {
        assert!((f64::from(*predicted) - expected).abs() < 1e-4, "{predicted} is not {expected}");
    }
}

#[test]
fn new_rows_are_predicted_and_threads_do_not_change_a_bit() {
    let (rows, labels) = simulated(6000, 3);
    let (new, truth) = simulated(500, 4);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Ridge::fit(&rows, &labels).unwrap())
    };
    let ridge = with(1);
    assert_eq!(ridge, with(3));
    let r = Regression::of(&truth, &ridge.predict(&new)).unwrap().pearson;
    assert!(r > 0.9, "{r}");
}

#[test]
fn rows_without_a_kmer_and_constant_labels_get_the_mean() {
    let (rows, _) = simulated(50, 5);
    let ridge = Ridge::fit(&rows, &[4.5; 50]).unwrap();
    assert_eq!(ridge.predict(&rows), [4.5; 50]);
    let ridge = Ridge::fit(&[vec![], vec![0], vec![base::N; 9], vec![base::PAD; 3]], &[1.0, 2.0, 3.0, 4.0]).unwrap();
    assert_eq!(ridge.predict(&[[0_u8, 1, 2, 3, 0, 1, 2]]), [2.5]);
}

#[test]
fn bad_input_is_named() {
    let none: [&[u8]; 0] = [];
    assert_eq!(Ridge::fit(&none, &[]), Err(Error::Empty));
    assert_eq!(Ridge::fit(&[[0_u8, 1]], &[]), Err(Error::Length { truth: 0, prediction: 1 }));
    let error = Ridge::fit(&[[0_u8, 1], [2, 3]], &[1.0, f32::INFINITY]).unwrap_err();
    assert_eq!(error, Error::NotFinite { side: Side::Truth, row: 1, value: f64::INFINITY });
}
