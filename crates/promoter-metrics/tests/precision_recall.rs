//! Average precision by sorting against the curve drawn threshold by threshold.

use promoter_encode::random::Stream;
use promoter_metrics::{Error, PrecisionRecall, Side};
use proptest::prelude::*;

/// The sum over all thresholds, each looked at by itself.
fn by_definition(positive: &[bool], scores: &[f32]) -> f64 {
    let mut thresholds = scores.to_vec();
    thresholds.sort_by(|a, b| b.total_cmp(a));
    thresholds.dedup();
    let positives = positive.iter().filter(|&&positive| positive).count() as f64;
    let (mut area, mut recall) = (0.0, 0.0);
    for threshold in thresholds {
        let taken = scores.iter().filter(|&&score| score >= threshold).count() as f64;
        let found = positive.iter().zip(scores).filter(|(p, s)| **p && **s >= threshold).count() as f64;
        area += (found / positives - recall) * (found / taken);
        recall = found / positives;
    }
    area
}

proptest! {
    #[test]
    fn the_area_is_that_of_the_definition(rows in prop::collection::vec((any::<bool>(), -5_i8..5), 1..200)) {
        let (positive, scores): (Vec<bool>, Vec<f32>) = rows.iter().map(|&(p, s)| (p, f32::from(s) / 3.0)).unzip();
        let found = PrecisionRecall::of(&positive, &scores)?;
        let expected = by_definition(&positive, &scores);
        prop_assert!((found.area - expected).abs() < 1e-12 || found.area.is_nan() && found.positives == 0);
        prop_assert_eq!(found.chance, found.positives as f64 / rows.len() as f64);
    }

    #[test]
    fn neither_order_nor_a_monotone_map_matters(rows in prop::collection::vec((any::<bool>(), -3.0_f64..3.0), 1..100)) {
        let of = |rows: &[(bool, f64)], map: fn(f64) -> f64| {
            let (positive, scores): (Vec<bool>, Vec<f64>) = rows.iter().map(|&(p, s)| (p, map(s))).unzip();
            PrecisionRecall::of(&positive, &scores).unwrap().area.to_bits()
        };
        let reversed: Vec<(bool, f64)> = rows.iter().rev().copied().collect();
        prop_assert_eq!(of(&rows, |s| s), of(&reversed, |s| s));
        prop_assert_eq!(of(&rows, |s| s), of(&rows, f64::exp));
    }
}

#[test]
fn perfect_scores_reach_one_and_blind_ones_chance() {
    let positive: Vec<bool> = (0..20_000).map(|i| i % 10 == 0).collect();
    let perfect: Vec<f32> = positive.iter().map(|&p| if p { 2.0 } else { -1.0 }).collect();
    assert_eq!(PrecisionRecall::of(&positive, &perfect).unwrap().area, 1.0);
    let constant = PrecisionRecall::of(&positive, &vec![0.5_f32; 20_000]).unwrap();
    assert_eq!((constant.area, constant.chance, constant.positives), (0.1, 0.1, 2000));
    let mut stream = Stream::new(5, "blind", 0);
    let blind: Vec<f64> = positive.iter().map(|_| stream.uniform()).collect();
    assert!((PrecisionRecall::of(&positive, &blind).unwrap().area - 0.1).abs() < 0.01);
    // 0 and -0 are tied.
    assert_eq!(PrecisionRecall::of(&[true, false], &[0.0, -0.0]).unwrap().area, 0.5);
}

#[test]
fn bad_input_is_named() {
    assert_eq!(PrecisionRecall::of::<f32>(&[], &[]), Err(Error::Empty));
    assert_eq!(PrecisionRecall::of(&[true], &[1.0, 2.0]), Err(Error::Length { truth: 1, prediction: 2 }));
    let error = PrecisionRecall::of(&[true, false], &[1.0, f64::INFINITY]).unwrap_err();
    assert_eq!(error, Error::NotFinite { side: Side::Prediction, row: 1, value: f64::INFINITY });
    assert!(PrecisionRecall::of(&[false], &[1.0]).unwrap().area.is_nan());
}
