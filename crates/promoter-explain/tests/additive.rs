//! A predictor that adds up a weight for each base: what must be found in it is known exactly.

#![allow(clippy::unwrap_used)] // tests

use promoter_explain::{Ablation, Effects, Element, Epistasis, Failure, Marginal, Predict, centred};
use promoter_motif::Strand;
use proptest::prelude::*;

/// Weights in eighths, so that sums are exact.
struct Additive {
    weights: Vec<[f32; 4]>,
    predicted: usize,
}

impl Additive {
    fn new(eighths: &[[i16; 4]]) -> Self {
        let weights = eighths.iter().map(|row| row.map(|weight| f32::from(weight) / 8.0)).collect();
        Self { weights, predicted: 0 }
    }

    fn value(&self, codes: &[u8]) -> f32 {
        self.weights.iter().zip(codes).filter(|(_, code)| **code < 4).map(|(row, &code)| row[usize::from(code)]).sum()
    }
}

impl Predict for Additive {
    fn predict(&mut self, sequences: &[Vec<u8>]) -> Result<Vec<f32>, Failure> {
        assert!((1..=1024).contains(&sequences.len()));
        self.predicted += sequences.len();
        Ok(sequences.iter().map(|codes| self.value(codes)).collect())
    }
}

const LENGTH: usize = 12;

fn weights() -> impl Strategy<Value = Vec<[i16; 4]>> {
    prop::collection::vec(prop::array::uniform4(-800i16..800), LENGTH)
}

fn sequences() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(prop::collection::vec(0u8..4, LENGTH), 1..5)
}

proptest! {
    #[test]
    fn effects_are_the_differences_of_weights(weights in weights(), rows in sequences()) {
        let mut predictor = Additive::new(&weights);
        let effects = Effects::of(&mut predictor, &rows).unwrap();
        prop_assert_eq!(predictor.predicted, rows.len() * (1 + 3 * LENGTH), "each version once");
        for (codes, effects) in rows.iter().zip(&effects) {
            prop_assert_eq!(effects.prediction, predictor.value(codes));
            for ((&code, changes), weights) in codes.iter().zip(&effects.changes).zip(&predictor.weights) {
                prop_assert_eq!(*changes, weights.map(|weight| weight - weights[usize::from(code)]));
                prop_assert_eq!(changes[usize::from(code)], 0.0);
            }
        }
    }

    #[test]
    fn centred_effects_are_the_centred_weights_whatever_the_sequence(weights in weights(), rows in sequences()) {
        let mut predictor = Additive::new(&weights);
        for (codes, effects) in rows.iter().zip(Effects::of(&mut predictor, &rows).unwrap()) {
            let (found, expected) = (effects.centred(), centred(&predictor.weights));
            let contributions = effects.contributions(codes);
            for position in 0..LENGTH {
                let present = usize::from(codes[position]);
                for base in 0..4 {
                    prop_assert!((found[position][base] - expected[position][base]).abs() < 1e-3);
                }
                prop_assert!(found[position].iter().sum::<f32>().abs() < 1e-3);
                prop_assert!((contributions[position] - 4.0 / 3.0 * found[position][present]).abs() < 1e-3);
                prop_assert!(effects.strengths(codes)[position] >= contributions[position].abs() - 1e-3);
            }
        }
    }

    #[test]
    fn pairs_of_substitutions_do_nothing_beyond_their_sum(
        weights in weights(), rows in sequences(), start in 0..8usize,
    ) {
        let mut predictor = Additive::new(&weights);
        let epistasis = Epistasis::of(&mut predictor, &rows[0], start..start + 4).unwrap();
        prop_assert_eq!(predictor.predicted, 1 + 12 + 9 * 6);
        for first in start..start + 4 {
            for second in (start..start + 4).filter(|second| *second != first) {
                prop_assert_eq!(epistasis.pair(first, second).unwrap(), [[0.0; 4]; 4]);
            }
        }
    }

    #[test]
    fn a_word_has_the_weights_of_its_bases_less_those_of_the_background(
        weights in weights(), rows in sequences(), word in prop::collection::vec(0u8..4, 0..=LENGTH), room in 0..9usize,
    ) {
        let start = room.min(LENGTH - word.len());
        let letters: String = word.iter().map(|&code| char::from(b"ACGT"[usize::from(code)])).collect();
        let mut predictor = Additive::new(&weights);
        let marginal = Marginal::new(Element::word(&letters).unwrap(), start);
        let found = marginal.effect(&mut predictor, &rows).unwrap();
        let effect = |codes: &Vec<u8>| {
            let mut changed = codes.clone();
            changed[start..start + word.len()].copy_from_slice(&word);
            f64::from(predictor.value(&changed) - predictor.value(codes))
        };
        let expected = rows.iter().map(effect).sum::<f64>() / rows.len() as f64;
        prop_assert!((found.mean - expected).abs() < 1e-9);
        prop_assert_eq!(found.n, rows.len());
    }

    #[test]
    fn nothing_has_no_marginal_effect(weights in weights(), rows in sequences(), width in 0..=LENGTH, reverse: bool) {
        let strand = if reverse { Strand::Reverse } else { Strand::Forward };
        let nothing = Element::word(&"N".repeat(width)).unwrap();
        let marginal = Marginal { strand, ..Marginal::new(nothing, LENGTH - width) };
        let effect = marginal.effect(&mut Additive::new(&weights), &rows).unwrap();
        prop_assert_eq!(effect.mean, 0.0);
        prop_assert_eq!(marginal.apply(&rows).unwrap(), rows);
    }

    #[test]
    fn regions_contribute_apart_from_each_other(weights in weights(), rows in sequences(), seed: u64) {
        let ablation = Ablation { shuffles: 5, seed };
        let mut predictor = Additive::new(&weights);
        let regions = [0..3, 3..7, 8..12];
        let alone = ablation.effects(&mut predictor, &rows[0], &regions).unwrap();
        let pairs = ablation.pairs(&mut predictor, &rows[0], &regions).unwrap();
        let order: Vec<_> = pairs.iter().map(|pair| (pair.first, pair.second)).collect();
        prop_assert_eq!(order, [(0, 1), (0, 2), (1, 2)]);
        for pair in pairs {
            prop_assert_eq!(pair.of_first, alone[pair.first]);
            prop_assert_eq!(pair.of_second, alone[pair.second]);
            prop_assert!((pair.of_both.mean - pair.of_first.mean - pair.of_second.mean).abs() < 1e-9);
            prop_assert_eq!((pair.interaction.mean, pair.interaction.half_width), (0.0, 0.0));
        }
    }
}

#[test]
fn an_ambiguous_letter_is_substituted_by_all_four_bases() {
    let mut predictor = Additive::new(&[[8, 16, 24, 32], [0, 0, 0, 0]]);
    let effects = &Effects::of(&mut predictor, &[[4, 0]]).unwrap()[0];
    assert_eq!(effects.changes, [[1.0, 2.0, 3.0, 4.0], [0.0; 4]]);
    assert_eq!(effects.contributions(&[4, 0]), [-2.5, 0.0]);
}
