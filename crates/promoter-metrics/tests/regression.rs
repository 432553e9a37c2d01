//! The one pass against the textbook's two, and against its own limits.

use promoter_encode::random::Stream;
use promoter_metrics::regression::Accumulator;
use promoter_metrics::{Error, Regression, Side};
use proptest::prelude::*;

/// Means first, deviations second.
fn two_passes(truth: &[f64], prediction: &[f64]) -> Regression {
    let n = truth.len() as f64;
    let mean = |x: &[f64]| x.iter().sum::<f64>() / n;
    let (t_mean, p_mean) = (mean(truth), mean(prediction));
    let sum = |f: &dyn Fn(f64, f64) -> f64| truth.iter().zip(prediction).map(|(&t, &p)| f(t, p)).sum::<f64>();
    let tt = sum(&|t, _| (t - t_mean).powi(2));
    let pp = sum(&|_, p| (p - p_mean).powi(2));
    let squared = sum(&|t, p| (t - p).powi(2));
    Regression {
        n: truth.len() as u64,
        pearson: sum(&|t, p| (t - t_mean) * (p - p_mean)) / (tt * pp).sqrt(),
        r2: 1.0 - squared / tt,
        mse: squared / n,
        mae: sum(&|t, p| (t - p).abs()) / n,
    }
}

fn assert_close(a: &Regression, b: &Regression, tolerance: f64) {
    assert_eq!(a.n, b.n);
    for (a, b) in [(a.pearson, b.pearson), (a.r2, b.r2), (a.mse, b.mse), (a.mae, b.mae)] {
        assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "{a} is not {b}");
    }
}

/// Two columns with correlation, `n` rows.
fn columns(n: usize, offset: f64) -> (Vec<f64>, Vec<f64>) {
    let mut stream = Stream::new(5, "columns", n as u64);
    (0..n)
        .map(|_| {
            let t = stream.normal();
            (offset + t, offset + 0.7 * t + stream.normal())
        })
        .unzip()
}

proptest! {
    #[test]
    fn one_pass_is_two_passes(rows in prop::collection::vec((-20.0_f64..20.0, -20.0_f64..20.0), 2..3000)) {
        let (truth, prediction): (Vec<f64>, Vec<f64>) = rows.into_iter().unzip();
        assert_close(&Regression::of(&truth, &prediction)?, &two_passes(&truth, &prediction), 1e-10);
    }

    #[test]
    fn pearson_ignores_scale_and_offset(scale in 0.1_f64..100.0, offset in -1e6_f64..1e6) {
        let (truth, prediction) = columns(500, 0.0);
        let moved: Vec<f64> = prediction.iter().map(|p| offset + scale * p).collect();
        let (a, b) = (Regression::of(&truth, &prediction)?, Regression::of(&truth, &moved)?);
        prop_assert!((a.pearson - b.pearson).abs() < 1e-8);
    }

    #[test]
    fn pieces_and_merged_halves_are_the_whole(cut in 0_usize..5000, n in 5000_usize..6000) {
        let (truth, prediction) = columns(n, 8.0);
        let whole = Regression::of(&truth, &prediction)?;
        let mut pieces = Accumulator::default();
        pieces.update(&truth[..cut], &prediction[..cut])?;
        let mut rest = Accumulator::default();
        rest.update(&truth[cut..], &prediction[cut..])?;
        pieces.merge(&rest);
        prop_assert_eq!(pieces.rows(), n as u64);
        assert_close(&pieces.finish()?, &whole, 1e-13);
    }
}

#[test]
fn many_rows_with_a_large_offset_stay_right() {
    let (truth, prediction) = columns(1_000_000, 0.0);
    let expected = two_passes(&truth, &prediction);
    assert_close(&Regression::of(&truth, &prediction).unwrap(), &expected, 1e-12);
    // Adding 2^20 rounds the values to 2^-32; sums of squares without a shift would keep four digits of r.
    let far = |x: &[f64]| x.iter().map(|x| (x * 4096.0).round() / 4096.0 + f64::from(1 << 20)).collect::<Vec<_>>();
    let near = |x: &[f64]| x.iter().map(|x| (x * 4096.0).round() / 4096.0).collect::<Vec<_>>();
    assert_close(
        &Regression::of(&far(&truth), &far(&prediction)).unwrap(),
        &two_passes(&near(&truth), &near(&prediction)),
        1e-12,
    );
}

#[test]
fn singles_are_summed_as_doubles() {
    let (truth, prediction) = columns(300_001, 12.0);
    let single = |x: &[f64]| x.iter().map(|&x| x as f32).collect::<Vec<_>>();
    let double = |x: &[f32]| x.iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
    let (t, p) = (single(&truth), single(&prediction));
    assert_eq!(Regression::of(&t, &p).unwrap(), Regression::of(&double(&t), &double(&p)).unwrap());
}

#[test]
fn threads_do_not_change_a_bit() {
    let (truth, prediction) = columns(700_001, 3.0);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Regression::of(&truth, &prediction).unwrap())
    };
    assert_eq!(with(1), with(2));
    assert_eq!(with(1), with(5));
}

#[test]
fn constants_have_no_correlation() {
    let varying = [1.0_f32, 2.0, 4.0];
    let constant = [0.1_f32; 3];
    let metrics = Regression::of(&varying, &constant).unwrap();
    assert!(metrics.pearson.is_nan() && metrics.r2 < 0.0 && metrics.mse > 0.0);
    let metrics = Regression::of(&constant, &varying).unwrap();
    assert!(metrics.pearson.is_nan() && metrics.r2.is_nan() && metrics.mse > 0.0);
    // Long enough for several tasks, and a value that sums do not hold exactly.
    let long = vec![0.1_f64; 400_000];
    assert!(Regression::of(&long, &long).unwrap().pearson.is_nan());
    assert!(Regression::of(&[3.0], &[1.0]).unwrap().pearson.is_nan());
}

#[test]
fn bad_input_is_named() {
    assert_eq!(Regression::of::<f32>(&[], &[]), Err(Error::Empty));
    assert_eq!(Accumulator::default().finish(), Err(Error::Empty));
    assert_eq!(Regression::of(&[1.0], &[1.0, 2.0]), Err(Error::Length { truth: 1, prediction: 2 }));
    assert_eq!(Regression::of(&[1e200, 2.0], &[1.0, 2.0]), Err(Error::Overflow));
    let mut sums = Accumulator::default();
    sums.update(&[1.0_f32, 2.0], &[2.0, 1.0]).unwrap();
    let before = sums;
    let error = sums.update(&[1.0_f32, 2.0], &[f32::INFINITY, 1.0]).unwrap_err();
    assert_eq!(error, Error::NotFinite { side: Side::Prediction, row: 2, value: f64::INFINITY });
    assert_eq!(error.to_string(), "prediction of row 2 is inf: expected a finite number");
    assert_eq!(sums, before);
    let error = sums.update(&[f32::NAN], &[1.0]).unwrap_err();
    assert!(matches!(error, Error::NotFinite { side: Side::Truth, row: 2, .. }), "{error}");
    assert_eq!(sums.update(&[1.0_f32], &[]), Err(Error::Length { truth: 1, prediction: 0 }));
}
