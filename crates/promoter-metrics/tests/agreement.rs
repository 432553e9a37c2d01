//! Metrics of any two columns, their intervals and differences.
#![allow(clippy::unwrap_used)]

use promoter_metrics::agreement::{Agreement, Difference};
use promoter_metrics::{Bootstrap, Error, Regression, spearman};
use proptest::prelude::*;

/// Measured values with an outlier, and two predictions: one good, one poor.
fn columns() -> [Vec<f64>; 3] {
    let measured: Vec<f64> =
        (0..150).map(|i| (f64::from(i) * 0.37).sin() * 5.0 + if i == 7 { 20.0 } else { 0.0 }).collect();
    let off = |by: f64| measured.iter().enumerate().map(|(i, x)| x + by * ((i * i) as f64).sin()).collect();
    let (good, poor) = (off(1.0), off(6.0));
    [measured, good, poor]
}

#[test]
fn intervals_hold_the_value_and_grow_with_the_level() {
    let [measured, good, _] = columns();
    let all = Agreement::of(&measured, &good).unwrap();
    let of = |level| Bootstrap { level, rounds: 500, seed: 3 }.agreement(&measured, &good).unwrap();
    let (wide, narrow) = (of(0.95), of(0.5));
    for (value, wide, narrow) in [
        (all.pearson, wide.pearson, narrow.pearson),
        (all.spearman, wide.spearman, narrow.spearman),
        (all.r2, wide.r2, narrow.r2),
        (all.mse, wide.mse, narrow.mse),
        (all.mae, wide.mae, narrow.mae),
    ] {
        assert!(wide.0 < value && value < wide.1, "{value} in {wide:?}");
        assert!(wide.0 < narrow.0 && narrow.1 < wide.1, "{narrow:?} in {wide:?}");
    }
}

#[test]
fn the_mean_error_s_interval_is_that_of_a_mean() {
    // Of a mean, the bootstrap's interval is 1.96 standard errors to either side, for many rows and rounds.
    let [measured, good, _] = columns();
    let errors: Vec<f64> = measured.iter().zip(&good).map(|(a, b)| (a - b).abs()).collect();
    let n = errors.len() as f64;
    let mean = errors.iter().sum::<f64>() / n;
    let deviation = (errors.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / n).sqrt();
    let (low, high) = Bootstrap { rounds: 4000, ..Bootstrap::default() }.agreement(&measured, &good).unwrap().mae;
    let half = 1.96 * deviation / n.sqrt();
    assert!((high - low - 2.0 * half).abs() < 0.15 * half, "{low} {high} {half}");
}

#[test]
fn a_paired_difference_is_narrower_than_two_intervals() {
    let [measured, good, poor] = columns();
    let bootstrap = Bootstrap { rounds: 500, ..Bootstrap::default() };
    let Difference { value, interval: (low, high) } =
        bootstrap.agreement_differences(&measured, &good, &poor).unwrap().pearson;
    let pearson = |prediction: &[f64]| Regression::of(&measured, prediction).unwrap().pearson;
    assert_eq!(value, pearson(&good) - pearson(&poor));
    assert!(0.0 < low && low < value && value < high);
    let (of_good, of_poor) = (
        bootstrap.agreement(&measured, &good).unwrap().pearson,
        bootstrap.agreement(&measured, &poor).unwrap().pearson,
    );
    assert!(high - low < of_good.1 - of_poor.0 - (of_good.0 - of_poor.1));
    let same = bootstrap.agreement_differences(&measured, &good, &good).unwrap().spearman;
    assert_eq!((same.value, same.interval), (0.0, (0.0, 0.0)));
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let [measured, good, _] = columns();
    let constant = vec![2.0; measured.len()];
    let default = Bootstrap::default();
    assert_eq!(default.agreement(&measured, &constant).unwrap_err(), Error::Constant);
    assert_eq!(default.agreement(&[1.0], &[2.0]).unwrap_err(), Error::Constant);
    for bad in [Bootstrap { rounds: 1, ..default }, Bootstrap { level: 1.0, ..default }] {
        assert!(matches!(bad.agreement(&measured, &good), Err(Error::Bootstrap { .. })));
    }
    assert!(matches!(default.agreement(&measured, &good[1..]), Err(Error::Length { .. })));
}

proptest! {
    #[test]
    fn the_five_metrics_are_those_of_their_own_functions(
        pairs in prop::collection::vec((-9.0..9.0, -9.0..9.0), 2..60),
    ) {
        let (truth, prediction): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        let all = Agreement::of(&truth, &prediction).unwrap();
        let one = Regression::of(&truth, &prediction).unwrap();
        prop_assert_eq!((all.pearson, all.r2, all.mse, all.mae), (one.pearson, one.r2, one.mse, one.mae));
        prop_assert_eq!(all.spearman, spearman(&truth, &prediction).unwrap());
    }
}
