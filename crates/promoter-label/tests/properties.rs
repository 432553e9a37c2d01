//! Properties that hold for any labels, against slow and obvious computations.

#![allow(clippy::unwrap_used)]

use promoter_label::{Affine, Error, Fitted, Noise, PerGroup, Transform, rank, soft_bins};
use proptest::collection::vec;
use proptest::prelude::*;

const INVERTIBLE: [Transform; 4] = [Transform::Identity, Transform::ZScore, Transform::Nad, Transform::Quantile];

const ALL: [Transform; 6] =
    [Transform::Identity, Transform::ZScore, Transform::Nad, Transform::Rank, Transform::Log1p, Transform::Quantile];

/// Rank by counting what stands before each value; ties count half.
fn counted_rank(values: &[f32]) -> Vec<f32> {
    let rank = |value: f32| {
        let below = values.iter().filter(|&&other| other < value).count() as f64;
        let ties = values.iter().filter(|&&other| other == value).count() as f64;
        ((below + (ties - 1.0) / 2.0) / values.len() as f64) as f32
    };
    values.iter().map(|&value| rank(value)).collect()
}

/// Mass of N(mean, sd) in [low, high) by the midpoint rule.
fn integrated_mass(mean: f64, sd: f64, low: f64, high: f64) -> f64 {
    let steps = 2000;
    let width = (high - low) / f64::from(steps);
    let density = |x: f64| (-((x - mean) / sd).powi(2) / 2.0).exp() / (sd * std::f64::consts::TAU.sqrt());
    (0..steps).map(|i| density(low + (f64::from(i) + 0.5) * width) * width).sum()
}

fn noisy(noise: Noise, seed: u64, epoch: u64, rows: &[u32], label: f32) -> Vec<f32> {
    let mut labels = vec![label; rows.len()];
    noise.add(seed, epoch, rows, &mut labels).unwrap();
    labels
}

proptest! {
    #[test]
    fn what_is_applied_can_be_inverted(labels in vec(-5.0f32..25.0, 2..50)) {
        prop_assume!(labels.iter().any(|&y| (y - labels[0]).abs() > 0.1));
        for transform in INVERTIBLE {
            let fitted = transform.fit(&labels).unwrap();
            let back = fitted.invert(&fitted.apply(&labels).unwrap()).unwrap();
            for (a, b) in back.iter().zip(&labels) {
                prop_assert!((a - b).abs() < 1e-5, "{}: {} against {}", transform.name(), a, b);
            }
        }
    }

    #[test]
    fn logarithms_can_be_inverted(labels in vec(0.0f32..1e6, 1..50)) {
        let fitted = Transform::Log1p.fit(&labels).unwrap();
        let back = fitted.invert(&fitted.apply(&labels).unwrap()).unwrap();
        let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 2e-6 * (b + 1.0);
        prop_assert!(back.iter().zip(&labels).all(near), "{:?} {:?}", back, labels);
    }

    #[test]
    fn quantiles_are_normal_scores_of_ranks_and_invert_beyond_the_training_labels(
        labels in vec(0.0f32..17.0, 2..200), beyond in -30.0f64..50.0,
    ) {
        prop_assume!(labels.iter().any(|&y| (y - labels[0]).abs() > 0.1));
        let quantiles = promoter_label::quantiles::Quantiles::fit(&labels).unwrap();
        let normal = |z: f64| 0.5 * libm::erfc(-z / std::f64::consts::SQRT_2);
        for (&label, rank) in labels.iter().zip(counted_rank(&labels)) {
            let expected = f64::from(rank) + 0.5 / labels.len() as f64;
            prop_assert!((normal(quantiles.score(f64::from(label))) - expected).abs() < 1e-6);
        }
        let back = quantiles.label(quantiles.score(beyond));
        prop_assert!((back - beyond).abs() < 1e-6, "{} {}", back, beyond);
    }

    #[test]
    fn groups_are_standardised_each_by_itself(
        labels in vec((0.0f32..17.0, 0usize..3), 6..60), shift in -100.0f32..100.0,
    ) {
        let names = ["native", "random", "designed"];
        let (values, groups): (Vec<f32>, Vec<&str>) =
            labels.iter().map(|&(y, group)| (y + shift * group as f32, names[group])).unzip();
        match PerGroup::fit(&values, &groups) {
            Ok(scales) => {
                let scaled = scales.apply(&values, &groups).unwrap();
                for (group, _) in scales.scales() {
                    let own = |of: &[f32]| -> Vec<f32> {
                        of.iter().zip(&groups).filter(|(_, name)| **name == group).map(|(y, _)| *y).collect()
                    };
                    let alone = own(&values);
                    prop_assert_eq!(own(&scaled), Transform::ZScore.fit(&alone).unwrap().apply(&alone).unwrap());
                }
                let back = scales.invert(&scaled, &groups).unwrap();
                prop_assert!(back.iter().zip(&values).all(|(a, b)| (a - b).abs() < 1e-3));
                let text = serde_json::to_string(&scales).unwrap();
                prop_assert_eq!(serde_json::from_str::<PerGroup>(&text).unwrap(), scales);
            }
            Err(error) => prop_assert!(matches!(error, Error::ConstantGroup { .. }), "{}", error),
        }
    }

    #[test]
    fn a_calibration_gives_a_known_line_back_and_no_other_line_is_nearer(
        x in vec(-5.0f32..5.0, 3..50), slope in -3.0f64..3.0, intercept in -9.0f64..9.0, noise in vec(-1.0f32..1.0, 50),
    ) {
        prop_assume!(x.iter().any(|&value| (value - x[0]).abs() > 0.1));
        let exact: Vec<f32> = x.iter().map(|&x| (slope * f64::from(x) + intercept) as f32).collect();
        let affine = Affine::fit(&x, &exact).unwrap();
        prop_assert!((affine.slope() - slope).abs() < 1e-4 && (affine.intercept() - intercept).abs() < 1e-4);
        let noisy: Vec<f32> = exact.iter().zip(&noise).map(|(y, noise)| y + noise).collect();
        let best = Affine::fit(&x, &noisy).unwrap();
        let error = |line: Affine| {
            let error = |(&x, &y): (&f32, &f32)| line.slope() * f64::from(x) + line.intercept() - f64::from(y);
            let errors = x.iter().zip(&noisy).map(error);
            errors.map(|error| error * error).sum::<f64>()
        };
        for (slope, intercept) in [(0.01, 0.0), (-0.01, 0.0), (0.0, 0.01), (0.0, -0.01)] {
            let other = Affine::new(best.slope() + slope, best.intercept() + intercept).unwrap();
            prop_assert!(error(best) <= error(other));
        }
        let text = serde_json::to_string(&best).unwrap();
        prop_assert_eq!(serde_json::from_str::<Affine>(&text).unwrap(), best);
    }

    #[test]
    fn transforms_keep_the_order(labels in vec(0.0f32..25.0, 2..50)) {
        prop_assume!(labels.iter().any(|&y| y != labels[0]));
        for transform in ALL {
            let shaped = transform.fit(&labels).unwrap().apply(&labels).unwrap();
            for i in 0..labels.len() {
                for j in 0..labels.len() {
                    prop_assert!(labels[i] >= labels[j] || shaped[i] <= shaped[j]);
                }
            }
        }
    }

    #[test]
    fn z_scores_have_mean_0_and_population_sd_1(labels in vec(0.0f32..17.0, 2..200)) {
        prop_assume!(labels.iter().any(|&y| (y - labels[0]).abs() > 0.1));
        let scaled = Transform::ZScore.fit(&labels).unwrap().apply(&labels).unwrap();
        let n = scaled.len() as f64;
        let mean = scaled.iter().map(|&z| f64::from(z)).sum::<f64>() / n;
        let square = scaled.iter().map(|&z| f64::from(z).powi(2)).sum::<f64>() / n;
        prop_assert!(mean.abs() < 1e-5 && (square - 1.0).abs() < 1e-4, "{} {}", mean, square);
    }

    #[test]
    fn a_fitted_transform_is_read_back_bit_for_bit(labels in vec(0.0f32..17.0, 2..20)) {
        prop_assume!(labels.iter().any(|&y| y != labels[0]));
        for transform in ALL {
            let fitted = transform.fit(&labels).unwrap();
            let text = serde_json::to_string(&fitted).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Fitted>(&text).unwrap(), &fitted);
            prop_assert_eq!(fitted.transform(), transform);
        }
    }

    #[test]
    fn ranks_count_what_stands_before(values in vec(prop_oneof![Just(0.0f32), Just(-0.0), -3.0f32..3.0], 0..60)) {
        prop_assume!(values.iter().any(|&value| value != values[0]));
        prop_assert_eq!(rank(&values).unwrap(), counted_rank(&values));
    }

    #[test]
    fn soft_bins_integrate_the_density(label in -1.0f32..18.0) {
        let mass = soft_bins::mass(&[label]).unwrap();
        let mean = f64::from(label) + 0.5;
        for (bin, &found) in mass.iter().enumerate() {
            let low = if bin == 0 { -10.0 } else { bin as f64 };
            let high = if bin == 17 { 27.0 } else { bin as f64 + 1.0 };
            prop_assert!((f64::from(found) - integrated_mass(mean, 0.5, low, high)).abs() < 1e-5);
        }
        prop_assert!((mass.iter().map(|&p| f64::from(p)).sum::<f64>() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn expectation_gives_inner_labels_back(label in 1.0f32..16.0) {
        let back = soft_bins::expectation(&soft_bins::mass(&[label]).unwrap()).unwrap();
        prop_assert!((back[0] - label).abs() < 0.01);
    }

    #[test]
    fn noise_depends_on_the_row_and_not_on_the_batch(rows in vec(0u32..1000, 1..40), seed: u64, epoch in 0u64..100) {
        let noise = Noise { sd: 1.0, clip: None };
        let batch = noisy(noise, seed, epoch, &rows, 11.0);
        for (&row, &label) in rows.iter().zip(&batch) {
            prop_assert_eq!(noisy(noise, seed, epoch, &[row], 11.0), [label]);
        }
    }

    #[test]
    fn clipped_noise_stays_in_its_interval(label in 0.0f32..1.0, seed: u64) {
        let rows: Vec<u32> = (0..100).collect();
        let labels = noisy(Noise { sd: 0.5, ..Noise::NAD }, seed, 0, &rows, label);
        prop_assert!(labels.iter().all(|y| (0.0..=1.0).contains(y)));
    }
}

#[test]
fn noise_is_normal_and_fresh() {
    let rows: Vec<u32> = (0..100_000).collect();
    let noise = Noise { sd: 0.05, clip: None };
    let moments = |labels: &[f32]| {
        let n = labels.len() as f64;
        let mean = labels.iter().map(|&y| f64::from(y)).sum::<f64>() / n;
        let central = |p: i32| labels.iter().map(|&y| (f64::from(y) - mean).powi(p)).sum::<f64>() / n;
        (mean, central(2).sqrt(), central(3) / central(2).powf(1.5), central(4) / central(2).powi(2))
    };
    let first = noisy(noise, 1, 0, &rows, 0.5);
    let (mean, sd, skew, kurtosis) = moments(&first);
    assert!((mean - 0.5).abs() < 1e-3 && (sd - 0.05).abs() < 1e-3, "{mean} {sd}");
    assert!(skew.abs() < 0.05 && (kurtosis - 3.0).abs() < 0.1, "{skew} {kurtosis}");
    for other in [noisy(noise, 1, 1, &rows, 0.5), noisy(noise, 2, 0, &rows, 0.5)] {
        assert!(first.iter().zip(&other).filter(|(a, b)| a == b).count() < 100);
    }
    assert_eq!(noisy(Noise { sd: 0.0, clip: None }, 1, 0, &rows[..3], 0.5), [0.5; 3]);
}

#[test]
fn noise_of_a_seed_never_changes() {
    let found = noisy(Noise { sd: 1.0, clip: None }, 1, 2, &[0, 1, 70_000, u32::MAX, 0], 0.0);
    assert_eq!(found, [-0.76612514, -1.0873773, 1.1003788, -0.80331546, -0.76612514]);
}
