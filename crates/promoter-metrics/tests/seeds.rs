//! Intervals and verdicts against figures worked out by hand.

#![allow(clippy::unwrap_used)] // tests

use promoter_metrics::Error;
use promoter_metrics::seeds::{Interval, Verdict, compare};

#[test]
fn intervals_have_the_figures_of_a_table_of_student() {
    // Mean 5, deviation 2, standard error 2 / sqrt(4); t(3, 0.975) = 3.182446.
    let interval = Interval::of(&[3.0, 7.0, 5.0 - 2.0f64.sqrt(), 5.0 + 2.0f64.sqrt()]).unwrap();
    assert!((interval.mean - 5.0).abs() < 1e-12);
    assert!((interval.half_width - 3.182_446).abs() < 1e-5, "{interval}");
    // Two values: standard error 0.5, t(1, 0.975) = 12.7062.
    let interval = Interval::of(&[0.0, 1.0]).unwrap();
    assert!((interval.half_width - 6.3531).abs() < 1e-4, "{interval}");
    assert_eq!(interval.to_string(), "0.500 ± 6.353 (2)");
    let (low, high) = interval.bounds();
    assert!((low + 5.8531).abs() < 1e-4 && (high - 6.8531).abs() < 1e-4);
    let one = Interval::of(&[0.25]).unwrap();
    assert!(one.half_width.is_nan());
    assert_eq!(one.to_string(), "0.250 (1)");
}

#[test]
fn what_seeds_have_in_common_cancels_in_differences() {
    // Differences 0.1, 0.2, 0.3: mean 0.2, standard error 0.1 / sqrt(3), t(2, 0.975) = 4.302653.
    let interval = Interval::of_differences(&[1.1, 5.2, 9.3], &[1.0, 5.0, 9.0]).unwrap();
    assert!((interval.mean - 0.2).abs() < 1e-12);
    assert!((interval.half_width - 0.248_414).abs() < 1e-5, "{interval}");
    assert!(Interval::of(&[1.1, 5.2, 9.3]).unwrap().half_width > 10.0);
}

#[test]
fn verdicts_follow_the_two_tests() {
    let zeros = [0.0; 3];
    // Standard error 0.1 / sqrt(3) = 0.057735; t(2) is 2.919986 at 0.95 and 4.302653 at 0.975: the interval of 90 %
    // reaches 0.168585 to either side, that of 95 % 0.248414.
    let around = |mean: f64| [mean - 0.1, mean, mean + 0.1];
    for (mean, margin, higher, lower) in [
        (0.25, 0.1, Verdict::Better, Verdict::Worse),
        (-0.25, 0.1, Verdict::Worse, Verdict::Better),
        (0.247, 0.1, Verdict::Undecided, Verdict::Undecided),
        (0.0, 0.1685, Verdict::Undecided, Verdict::Undecided),
        (0.0, 0.1687, Verdict::NoDifference, Verdict::NoDifference),
        // A difference on the bad side that reaches the margin disproves equivalence: both sides are tested.
        (-0.05, 0.21, Verdict::Undecided, Verdict::Undecided),
        (-0.05, 0.219, Verdict::NoDifference, Verdict::NoDifference),
        // Surely different, and surely by less than matters.
        (0.25, 0.5, Verdict::NoDifference, Verdict::NoDifference),
    ] {
        assert_eq!(compare(&around(mean), &zeros, margin, true).unwrap(), higher, "{mean} {margin}");
        assert_eq!(compare(&around(mean), &zeros, margin, false).unwrap(), lower, "{mean} {margin}");
    }
    assert_eq!(compare(&[1.0], &[0.0], 0.1, true).unwrap(), Verdict::Undecided);
    assert_eq!(compare(&[0.5, 0.5], &[0.5, 0.5], 0.1, true).unwrap(), Verdict::NoDifference);
    assert_eq!(compare(&[0.75, 0.75], &[0.5, 0.5], 0.1, true).unwrap(), Verdict::Better);
}

#[test]
fn lists_that_cannot_be_compared_are_errors() {
    assert_eq!(compare(&[1.0], &[1.0, 2.0], 0.1, true), Err(Error::Unpaired { ours: 1, theirs: 2 }));
    assert_eq!(Interval::of(&[]), Err(Error::Empty));
    assert!(matches!(Interval::of(&[1.0, f64::NAN]), Err(Error::NotFiniteSeed { place: 1, .. })));
    for margin in [0.0, -1.0, f64::INFINITY] {
        assert_eq!(compare(&[1.0, 2.0], &[1.0, 2.0], margin, true), Err(Error::Margin { margin }));
    }
}
