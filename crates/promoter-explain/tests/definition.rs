//! Effects and epistasis of a predictor without any rule are those of their definitions, sequence by sequence.

#![allow(clippy::unwrap_used)] // tests

use promoter_encode::random::Stream;
use promoter_explain::{Effects, Epistasis, Failure, Predict};
use proptest::prelude::*;

/// A number of 64ths that has nothing to do with those of other sequences, so that sums are exact.
fn value(codes: &[u8]) -> f32 {
    let key = codes.iter().fold(codes.len() as u64, |key, &code| key * 17 + u64::from(code));
    Stream::new(1, "test", key).below(1024) as f32 / 64.0
}

struct Arbitrary;

impl Predict for Arbitrary {
    fn predict(&mut self, sequences: &[Vec<u8>]) -> Result<Vec<f32>, Failure> {
        assert!(sequences.len() <= 1024);
        Ok(sequences.iter().map(|codes| value(codes)).collect())
    }
}

fn with(codes: &[u8], changes: &[(usize, usize)]) -> f32 {
    let mut codes = codes.to_vec();
    changes.iter().for_each(|&(position, base)| codes[position] = base as u8);
    value(&codes)
}

proptest! {
    /// Sequences of any lengths and letters, one without a base among them.
    #[test]
    fn effects(rows in prop::collection::vec(prop::collection::vec(0u8..6, 0..9), 1..90)) {
        let found = Effects::of(&mut Arbitrary, &rows).unwrap();
        prop_assert_eq!(found.len(), rows.len());
        for (codes, found) in rows.iter().zip(found) {
            prop_assert_eq!(found.prediction, value(codes));
            prop_assert_eq!(found.changes.len(), codes.len());
            for (position, changes) in found.changes.into_iter().enumerate() {
                for (base, change) in changes.into_iter().enumerate() {
                    prop_assert_eq!(change, with(codes, &[(position, base)]) - value(codes));
                }
            }
        }
    }

    #[test]
    fn epistasis(
        codes in prop::collection::vec(0u8..6, 7), start in 0usize..5, width in 1usize..5,
    ) {
        let window = start..(start + width).min(codes.len());
        let found = Epistasis::of(&mut Arbitrary, &codes, window.clone()).unwrap();
        prop_assert_eq!(found.window(), window.clone());
        let strengths = found.strengths();
        for (i, j) in window.clone().flat_map(|i| window.clone().map(move |j| (i, j))) {
            let mut sum = 0.0;
            for (a, b) in (0..4).flat_map(|a| (0..4).map(move |b| (a, b))).filter(|_| i != j) {
                let beyond = with(&codes, &[(i, a), (j, b)]) - with(&codes, &[(i, a)]) - with(&codes, &[(j, b)])
                    + value(&codes);
                // A base that is there already changes nothing.
                prop_assert_eq!(found.pair(i, j).unwrap()[a][b], beyond);
                sum += beyond.abs();
            }
            let others = |position: usize| if codes[position] < 4 { 3.0 } else { 4.0 };
            let strength = strengths[i - start][j - start];
            prop_assert!((strength - sum / (others(i) * others(j))).abs() < 1e-5);
        }
    }
}
