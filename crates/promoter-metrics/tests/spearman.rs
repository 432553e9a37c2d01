//! Ranks by radix sort against ranks by definition.

use promoter_encode::random::Stream;
use promoter_metrics::{Error, Regression, Side, Value, spearman};
use proptest::prelude::*;
use statrs::statistics::{Data, OrderStatistics, RankTieBreaker};

/// Pearson's correlation of the ranks that statrs gives.
fn by_definition<T: Value>(truth: &[T], prediction: &[T]) -> Result<f64, Error> {
    let ranks = |x: &[T]| {
        // statrs orders -0 before 0.
        let x: Vec<f64> = x.iter().map(|&x| x.into() + 0.0).collect();
        Data::new(x).ranks(RankTieBreaker::Average)
    };
    Ok(Regression::of(&ranks(truth), &ranks(prediction))?.pearson)
}

/// Rows with about `values` different values on each side, so with ties when there are more rows.
fn tied(n: usize, values: u64) -> (Vec<f64>, Vec<f64>) {
    let mut stream = Stream::new(11, "tied", values);
    (0..n)
        .map(|_| {
            let t = stream.below(values) as f64 - values as f64 / 2.0;
            (t, (0.5 * t + stream.below(values) as f64).floor() / 3.0)
        })
        .unzip()
}

proptest! {
    #[test]
    fn ranks_are_those_of_the_definition(rows in prop::collection::vec((-4_i8..4, -4_i8..4), 2..200)) {
        // Half of the zeros are -0.
        let signed = |p: i8, sign: i8| f32::from(p).copysign(f32::from(if p == 0 { sign } else { p }));
        let (t, p): (Vec<f32>, Vec<f32>) = rows.iter().map(|&(t, p)| (f32::from(t) / 2.0, signed(p, t))).unzip();
        let (rho, expected) = (spearman(&t, &p)?, by_definition(&t, &p)?);
        prop_assert!((rho - expected).abs() < 1e-12 || rho.is_nan() && expected.is_nan(), "{rho} {expected}");
    }

    #[test]
    fn monotone_maps_change_nothing_and_reversal_the_sign(
        rows in prop::collection::vec((-3.0_f64..3.0, -3.0_f64..3.0), 3..100),
    ) {
        let (t, p): (Vec<f64>, Vec<f64>) = rows.into_iter().unzip();
        let rho = spearman(&t, &p)?;
        prop_assert_eq!(rho, spearman(&t, &p.iter().map(|p| p.exp()).collect::<Vec<_>>())?);
        prop_assert_eq!(-rho, spearman(&t, &p.iter().map(|p| -p).collect::<Vec<_>>())?);
        prop_assert_eq!(rho, spearman(&p, &t)?);
    }
}

#[test]
fn radix_sorted_ranks_are_those_of_the_definition() {
    for values in [2, 7, 500, 1 << 40] {
        let (t, p) = tied(30_000, values);
        assert!((spearman(&t, &p).unwrap() - by_definition(&t, &p).unwrap()).abs() < 1e-12);
        let (t, p): (Vec<f32>, Vec<f32>) = t.iter().zip(&p).map(|(&t, &p)| (t as f32, p as f32)).unzip();
        assert!((spearman(&t, &p).unwrap() - by_definition(&t, &p).unwrap()).abs() < 1e-12);
    }
}

#[test]
fn ten_million_rows_with_ties_are_exact() {
    // Row i has rank i among the truth, and predictions are tied in threes: for n = 3 m rows the squares of the doubled
    // ranks lose 4 * m * 2, so rho = sqrt(1 - 8 / (n^2 - 1)).
    let n = 9_999_999_u32;
    let t: Vec<f32> = (0..n).map(|i| i as f32).collect();
    let p: Vec<f32> = (0..n).map(|i| (i / 3) as f32).collect();
    let expected = (1.0 - 8.0 / (f64::from(n) * f64::from(n) - 1.0)).sqrt();
    assert!((spearman(&t, &p).unwrap() - expected).abs() < 1e-15);
    let down: Vec<f32> = p.iter().rev().copied().collect();
    assert!((spearman(&t, &down).unwrap() + expected).abs() < 1e-15);
    // Two values only: rho of two binary columns is their Pearson correlation.
    let (t, p) = tied(n as usize, 2);
    let pearson = Regression::of(&t, &p.iter().map(|&p| f64::from(p > 0.0)).collect::<Vec<_>>()).unwrap().pearson;
    let binary: Vec<f64> = p.iter().map(|&p| f64::from(p > 0.0)).collect();
    assert!((spearman(&t, &binary).unwrap() - pearson).abs() < 1e-12);
}

#[test]
fn constants_have_no_correlation() {
    assert!(spearman(&[1.0, 2.0], &[3.0, 3.0]).unwrap().is_nan());
    assert!(spearman(&[0.0, -0.0], &[3.0, 4.0]).unwrap().is_nan());
    assert!(spearman(&[1.0], &[3.0]).unwrap().is_nan());
    assert!(spearman(&vec![0.1; 5000], &vec![0.2; 5000]).unwrap().is_nan());
}

#[test]
fn bad_input_is_named() {
    assert_eq!(spearman::<f64>(&[], &[]), Err(Error::Empty));
    assert_eq!(spearman(&[1.0], &[1.0, 2.0]), Err(Error::Length { truth: 1, prediction: 2 }));
    let error = spearman(&[1.0, f64::NEG_INFINITY], &[1.0, 2.0]).unwrap_err();
    assert_eq!(error, Error::NotFinite { side: Side::Truth, row: 1, value: f64::NEG_INFINITY });
    assert!(matches!(spearman(&[1.0], &[f32::NAN]), Err(Error::NotFinite { side: Side::Prediction, row: 0, .. })));
}
