//! Losses against the teams' own.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../promoter-zoo/tests/reference/support.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod support;

use promoter_train::loss::Loss;
use support::{filled, tensor};
use tch::{Kind, Tensor};

fn fixture(name: &str) -> serde_json::Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Relative to the reference.
fn assert_loss(loss: Loss, output: &Tensor, target: &Tensor, reference: &serde_json::Value) {
    let found = loss.forward(&output.to_kind(Kind::Float), &target.to_kind(Kind::Float)).unwrap().double_value(&[]);
    let reference = reference.as_f64().unwrap();
    assert!((found / reference - 1.0).abs() < 1e-6, "{loss:?}: {found} for {reference}");
}

/// Recipe: Peppa's Poisson loss in TF 2.15 on a CPU.
#[test]
fn poisson_is_peppas() {
    let reference = fixture("poisson_loss.json");
    let output = tensor(&reference["y_pred"]).unsqueeze(1);
    let poisson = Loss::Poisson { eps: reference["eps"].as_f64().unwrap() };
    assert_loss(poisson, &output, &tensor(&reference["y_true"]), &reference["mean"]);
    for (i, item) in reference["per_item"].as_array().unwrap().iter().enumerate() {
        let row = |tensor: &Tensor| tensor.narrow(0, i as i64, 1);
        assert_loss(poisson, &row(&output), &row(&tensor(&reference["y_true"])), item);
    }
}

/// Recipe: `SmoothL1Loss` of torch 2.11 as NAD calls it, on a CPU.
#[test]
fn smooth_l1_is_nads_in_either_unit() {
    let reference = fixture("nad_smooth_l1.json");
    let (output, target) = (tensor(&reference["pred"]), tensor(&reference["target"]));
    assert_loss(Loss::SmoothL1 { beta: 0.1 }, &output, &target, &reference["beta0.1_unit_scale"]);
    let hundred = Loss::SmoothL1 { beta: 10.0 };
    assert_loss(hundred, &(output * 100.0), &(target * 100.0), &reference["beta10_scale100_as_coded"]);
}

#[test]
fn soft_bins_are_legnets() {
    let reference = fixture("soft_bins_loss.json");
    let (logits, bins) = (filled(&reference["logits"]), tensor(&reference["bins"]));
    assert_loss(Loss::SoftBins, &logits, &bins, &reference["loss_batchmean"]);
}
