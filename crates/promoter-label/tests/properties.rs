//! Properties that hold for any labels, against slow and obvious computations.

#![allow(clippy::unwrap_used)]

use promoter_label::{Fitted, Noise, Transform, rank, soft_bins};
use proptest::collection::vec;
use proptest::prelude::*;

const INVERTIBLE: [Transform; 3] = [Transform::Identity, Transform::ZScore, Transform::Nad];

/// Rank by counting what stands before each value.
fn counted_rank(values: &[f32]) -> Vec<f32> {
    let before = |row: usize| {
        values.iter().enumerate().filter(|&(i, &v)| v < values[row] || (v == values[row] && i < row)).count()
    };
    (0..values.len()).map(|row| (before(row) as f64 / values.len() as f64) as f32).collect()
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
    fn transforms_keep_the_order(labels in vec(-5.0f32..25.0, 2..50)) {
        prop_assume!(labels.iter().any(|&y| y != labels[0]));
        for transform in [Transform::Identity, Transform::ZScore, Transform::Nad, Transform::Rank] {
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
        for transform in [Transform::Identity, Transform::ZScore, Transform::Nad, Transform::Rank] {
            let fitted = transform.fit(&labels).unwrap();
            let text = serde_json::to_string(&fitted).unwrap();
            prop_assert_eq!(serde_json::from_str::<Fitted>(&text).unwrap(), fitted);
            prop_assert_eq!(fitted.transform(), transform);
        }
    }

    #[test]
    fn ranks_count_what_stands_before(values in vec(prop_oneof![Just(0.0f32), Just(-0.0), -3.0f32..3.0], 0..60)) {
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
