//! The teams' reference figures.

#![allow(clippy::unwrap_used)]

use promoter_label::{Fitted, Transform, rank, soft_bins};
use serde_json::Value;

fn fixture(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn numbers(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap() as f32).collect()
}

fn assert_close(found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len());
    for (i, (&a, &b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance, "{i}: {a} against {b}");
    }
}

#[test]
fn nad_labels() {
    let fixture = fixture(include_str!("fixtures/nad_labels.json"));
    let (raw, transformed) = (numbers(&fixture["raw"]), numbers(&fixture["transformed"]));
    assert_close(&Fitted::Nad.apply(&raw).unwrap(), &transformed, 1e-7);
    assert_close(&Fitted::Nad.invert(&transformed).unwrap(), &raw, 2e-6);
    let noise = promoter_label::Noise::NAD;
    assert_eq!(noise.sd, fixture["noise_sd"].as_f64().unwrap() as f32);
    assert_eq!(noise.clip.unwrap().as_slice(), numbers(&fixture["clip"]));
}

#[test]
fn nad_rank_transform() {
    let fixture = fixture(include_str!("fixtures/nad_rank_transform.json"));
    let (predictions, submitted) = (numbers(&fixture["pred"]), numbers(&fixture["submitted"]));
    assert_eq!(rank(&predictions).unwrap(), submitted);
    assert_eq!(Transform::Rank.fit(&predictions).unwrap().apply(&predictions).unwrap(), submitted);
}

#[test]
fn soft_labels() {
    let fixture = fixture(include_str!("fixtures/soft_bins.json"));
    let expected: Vec<f32> = fixture["soft_label_18"].as_array().unwrap().iter().flat_map(numbers).collect();
    let found = soft_bins::mass(&numbers(&fixture["bins"])).unwrap();
    assert_close(&found, &expected, 1e-6);
    // The reference is of f32 differences of the distribution function; above its rounding the tails agree too.
    for (a, b) in found.iter().zip(&expected).filter(|(_, b)| **b > 1e-3) {
        assert!((a / b - 1.0).abs() < 1e-3, "{a} against {b}");
    }
}
