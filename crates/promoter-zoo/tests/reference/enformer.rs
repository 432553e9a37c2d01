//! The Enformer's parts.

use promoter_torch::file::Tensors;
use promoter_zoo::layers::attention::{RelativeAttention, Shape, relative_features, relative_shift};
use promoter_zoo::{Mode, peppa};
use tch::Kind;

use crate::support::{assert_close, fixture, fixture_path, params, set, tensor};

/// Recipe: Peppa's attention_module.py for each length T and number of features F, TF 2.15 on a CPU.
#[test]
fn relative_features_are_enformers() {
    let file = Tensors::read(&fixture_path("enformer_relpos_features.safetensors")).unwrap();
    let mut checked = 0;
    for (name, expected) in &file.tensors {
        let (length, features) = name[1..].split_once("_F").unwrap();
        let (length, features): (i64, i64) = (length.parse().unwrap(), features.parse().unwrap());
        // The reference computes the gamma density in f32.
        let tolerance = if features == 96 { 6e-4 } else { 5e-5 };
        assert_close(name, &relative_features(length, features).unwrap(), expected, tolerance);
        checked += 1;
    }
    assert!(checked > 75, "{checked}");
    let one = fixture("enformer_relpos_T6_F24.json");
    assert_close("T6", &relative_features(6, 24).unwrap(), &tensor(&one["features"]), 5e-5);
}

#[test]
fn impossible_features_are_refused() {
    assert!(relative_features(6, 25).unwrap_err().to_string().contains("multiple of 6"));
    assert!(relative_features(6, 0).is_err());
    assert!(relative_features(1, 24).is_err());
}

/// Recipe: `relative_shift` of Peppa's attention_module.py, TF 2.15, on numbers of the counter-based generator.
#[test]
fn shift_is_the_documented_identity() {
    let reference = fixture("relative_shift.json");
    let found = relative_shift(&tensor(&reference["input"])).unwrap();
    assert_close("shift", &found, &tensor(&reference["output"]), 1e-12);
}

/// Recipe: Peppa's attention_module.py, Sonnet 2.0.2 and TF 2.15 on a CPU; gradients are those of sum(output^2).
#[test]
fn attention_gives_the_reference_logits_output_and_gradients() {
    let file = Tensors::read(&fixture_path("enformer_mha_small.safetensors")).unwrap().tensors;
    let mut params = params();
    let shape = Shape { length: 6, channels: 12, heads: 2, key: 5, value: 6, features: 12 };
    let attention = RelativeAttention::new(params.root(), shape, 0.0, 0.0).unwrap();
    let names = [
        ("query", "q_layer"),
        ("key", "k_layer"),
        ("value", "v_layer"),
        ("relative_key", "r_k_layer"),
        ("content_bias", "r_w_bias"),
        ("position_bias", "r_r_bias"),
        ("output.weight", "embedding_w"),
        ("output.bias", "embedding_b"),
    ];
    for (ours, theirs) in names {
        set(&params, ours, &file[&format!("w_{theirs}")]);
    }
    assert_close("features", &relative_features(6, 12).unwrap(), &file["positional_features"], 5e-5);
    let x = file["input"].copy().set_requires_grad(true);
    assert_close("logits", &attention.logits(&x, Mode::Train).unwrap(), &file["logits"], 1e-5);
    let y = attention.forward(&x, Mode::Train).unwrap();
    assert_close("output", &y, &file["output"], 1e-5);
    y.square().sum(Kind::Float).backward();
    assert_close("input gradient", &x.grad(), &file["grad_input"], 1e-4);
    for (ours, theirs) in names {
        let entry = params.entries().iter().find(|e| e.name == ours).unwrap();
        let found = if entry.reversed { entry.tensor.grad().transpose(0, 1) } else { entry.tensor.grad() };
        let expected = &file[&format!("grad_{theirs}")];
        let scale = expected.abs().max().double_value(&[]);
        assert_close(ours, &found, expected, 1e-4 * scale);
    }
}

/// Recipe: `gelu` of the team's Enformer on ten numbers, TF 2.15 on a CPU.
#[test]
fn peppas_gelu_is_enformers() {
    let reference = fixture("enformer_gelu.json");
    let x = tensor(&reference["x"]).to_kind(Kind::Float);
    assert_close("gelu", &peppa::gelu(&x).unwrap(), &tensor(&reference["y"]), 1e-6);
}
