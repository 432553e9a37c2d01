//! MadLab's network, with its attention at work and as it was run: outputs, losses, gradients, moving averages.

use std::collections::BTreeMap;

use promoter_torch::Params;
use promoter_zoo::layers::lstm::CellActivation;
use promoter_zoo::madlab::{Config, MadLab};
use promoter_zoo::{Architecture, Mode, Network};
use serde_json::Value;
use tch::{Kind, Tensor};

use crate::support::{assert_close, assert_gradient_norms, filled, fixture, keras_name, one_hot, params, set, tensor};

/// Our name of a tensor that Keras calls `name`: it numbers convolutions and batch norms in pairs, a pair per branch.
fn ours(name: &str) -> String {
    let out = keras_name(name).replace("dense.", "head.");
    let Some((layer, part)) = out.split_once('.') else { return out };
    let (kind, number) = match layer.rsplit_once('_') {
        Some((kind, digits)) if digits.parse::<usize>().is_ok() => (kind, digits.parse::<usize>().unwrap()),
        _ => (layer, 0),
    };
    let (pair, second) = (number / 2, number % 2 == 1);
    match (kind, second) {
        ("conv1d", false) => format!("branches.{pair}.conv.{part}"),
        ("conv1d", true) => format!("branches.{pair}.pointwise.{part}"),
        ("batch_normalization", false) => format!("branches.{pair}.norm.{part}"),
        ("batch_normalization", true) => format!("branches.{pair}.pointwise_norm.{part}"),
        ("layer_normalization", false) => format!("transformer.{pair}.attention_norm.{part}"),
        ("layer_normalization", true) => format!("transformer.{pair}.mlp_norm.{part}"),
        _ => out,
    }
}

struct Reference {
    numbers: Value,
    params: Params,
    network: MadLab,
    names: BTreeMap<String, String>,
}

/// Recipe: the team's network in TF/Keras 2.15 on a CPU, dropout 0 in training; weights from the counter-based
/// generator. The reference has no gradients of the Sonnet weights, which Keras did not see: they are frozen here too.
fn reference() -> Reference {
    let numbers = fixture("madlab_full_model.json");
    let mut params = params();
    let network = Config::as_run().build(&mut params).unwrap();
    let mut names = BTreeMap::new();
    for spec in numbers["keras_params"].as_array().unwrap() {
        let name = spec["name"].as_str().unwrap();
        set(&params, &ours(name), &filled(spec));
        names.insert(name.to_owned(), ours(name));
    }
    let linear = numbers["sonnet_linear_in_creation_order"].as_array().unwrap();
    let weights = [
        ("attention.query", None),
        ("attention.key", None),
        ("attention.value", None),
        ("attention.relative_key", None),
        ("attention.output.weight", Some("attention.output.bias")),
        ("expand.weight", Some("expand.bias")),
        ("contract.weight", Some("contract.bias")),
    ];
    for (block, linear) in linear.chunks(7).enumerate() {
        for (spec, (weight, bias)) in linear.iter().zip(weights) {
            set(&params, &format!("transformer.{block}.{weight}"), &filled(&spec["w"]));
            if let Some(bias) = bias {
                set(&params, &format!("transformer.{block}.{bias}"), &filled(&spec["b"]));
            }
        }
        let biases = &numbers["sonnet_mha_biases"][block];
        set(&params, &format!("transformer.{block}.attention.content_bias"), &filled(&biases["r_w_bias"]));
        set(&params, &format!("transformer.{block}.attention.position_bias"), &filled(&biases["r_r_bias"]));
    }
    Reference { numbers, params, network, names }
}

/// 0.001 times the sum of squares, as Keras has it.
fn penalty(reference: &Reference) -> Tensor {
    let penalised = reference.params.trainable().filter(|entry| reference.network.is_penalised(&entry.name));
    penalised.map(|entry| entry.tensor.square().sum(Kind::Float)).sum::<Tensor>() * 0.001
}

fn check(reference: &Reference, section: &str, mode: Mode, prefix: &str) {
    let Reference { numbers, params, network, names } = reference;
    let expected = &numbers[section];
    let output = network.forward(&one_hot(&numbers["sequences_110"], 0, 110), mode).unwrap();
    assert_close("output", &output, &tensor(&expected[format!("{prefix}_output")]), 1e-5);
    let targets = tensor(&numbers["targets_standardised"]).to_kind(Kind::Float);
    let mse = output.mse_loss(&targets, tch::Reduction::Mean);
    assert!((mse.double_value(&[]) - expected[format!("{prefix}_mse")].as_f64().unwrap()).abs() < 1e-5);
    let penalty = penalty(reference);
    assert!((penalty.double_value(&[]) - expected["l2_penalty"].as_f64().unwrap()).abs() < 1e-5);
    (mse + penalty).backward();
    assert_gradient_norms(params, names, &expected[format!("{prefix}_grad_l2_of_mse_plus_l2")]);
}

#[test]
fn it_has_the_published_numbers_of_parameters() {
    for (config, trained) in [(Config::described(), 317_353), (Config::as_run(), 150_313)] {
        let mut params = params();
        let network = config.build(&mut params).unwrap();
        assert!(network.counts_buffers());
        assert_eq!(params.parameter_count() + params.buffer_count(), 319_657);
        assert_eq!(params.trainable_count(), trained);
    }
}

#[test]
fn evaluation_with_attention_is_the_reference() {
    check(&reference(), "attention_active", Mode::Evaluate, "eval");
}

#[test]
fn training_with_attention_is_the_reference() {
    let reference = reference();
    check(&reference, "attention_active", Mode::Train, "train");
    let averages = &reference.numbers["attention_active"]["moving_stats_after_one_train_call_first6"];
    for (name, expected) in averages.as_object().unwrap() {
        let found = reference.params.get(&ours(name)).unwrap().slice(0, 0, 6, 1);
        assert_close(name, &found, &tensor(expected), 1e-6);
    }
}

#[test]
fn the_submitted_run_is_the_reference() {
    let reference = reference();
    for entry in reference.params.entries().iter().filter(|e| e.name.contains("attention.output.")) {
        let _ = entry.tensor.shallow_clone().zero_();
    }
    check(&reference, "attention_output_projection_zero_as_in_submitted_run", Mode::Evaluate, "eval");
}

#[test]
fn as_run_the_attention_gives_nothing() {
    let x = one_hot(&fixture("madlab_full_model.json")["sequences_110"], 0, 110);
    let output = || {
        let mut params = params();
        let network = Config::as_run().build(&mut params).unwrap();
        let before = network.forward(&x, Mode::Evaluate).unwrap();
        let query = params.get("transformer.0.attention.query").unwrap();
        let _ = query.shallow_clone().zero_();
        (before, network.forward(&x, Mode::Evaluate).unwrap())
    };
    let (with, without) = output();
    assert_eq!(with, without);
}

#[test]
fn the_penalty_is_on_eight_convolutions_and_the_output_unit() {
    let mut params = params();
    let network = Config::described().build(&mut params).unwrap();
    let names: Vec<_> = params.entries().iter().map(|e| e.name.as_str()).filter(|n| network.is_penalised(n)).collect();
    assert_eq!(names.len(), 9);
    assert!(names.contains(&"head.weight") && names.contains(&"branches.3.pointwise.weight"));
}

#[test]
fn the_lstm_can_have_tanh() {
    let x = one_hot(&fixture("madlab_full_model.json")["sequences_110"], 0, 110);
    let output = |lstm_activation| {
        let config = Config { lstm_activation, ..Config::as_run() };
        config.build(&mut params()).unwrap().forward(&x, Mode::Evaluate).unwrap()
    };
    assert_ne!(output(CellActivation::Swish), output(CellActivation::Tanh));
}

#[test]
fn impossible_sizes_and_inputs_are_refused() {
    let build = |config: Config| config.build(&mut params()).unwrap_err().to_string();
    assert_eq!(build(Config { widths: [15, 20, 25, 0], ..Config::default() }), "`widths` is 0, expected at least 1");
    assert_eq!(build(Config { blocks: -1, ..Config::default() }), "`blocks` is -1, expected 0 or more");
    assert_eq!(
        build(Config { features: 95, ..Config::default() }),
        "`features` is 95, expected a positive multiple of 6"
    );
    assert_eq!(build(Config { length: 1, ..Config::default() }), "`length` is 1, expected at least 2 positions");
    assert_eq!(build(Config { lstm_units: 0, ..Config::default() }), "`lstm_units` is 0, expected at least 1");
    assert!(toml::from_str::<Config>("as_run = true").unwrap_err().to_string().contains("as_run"));
    assert!(toml::from_str::<Config>("lstm_activation = 'relu'").unwrap_err().to_string().contains("relu"));

    let network = Config::default().build(&mut params()).unwrap();
    let error = |x: Tensor| network.forward(&x, Mode::Evaluate).unwrap_err().to_string();
    let wrong = error(Tensor::zeros([1, 80, 4], tch::kind::FLOAT_CPU));
    assert_eq!(wrong, "input: expected (batch, 110, 4) floating point, found [1, 80, 4] Float");
    assert!(error(Tensor::zeros([1, 110, 4], tch::kind::INT64_CPU)).contains("Int64"));
}

#[test]
fn output_projections_start_at_zero_and_forget_biases_at_one() {
    let mut params = params();
    Config::described().build(&mut params).unwrap();
    assert_eq!(params.get("transformer.1.attention.output.weight").unwrap().abs().max().double_value(&[]), 0.0);
    assert_eq!(
        Vec::<f32>::try_from(params.get("lstm.backward.bias").unwrap()).unwrap()[3..9],
        [0.0, 1.0, 1.0, 1.0, 1.0, 0.0]
    );
}
