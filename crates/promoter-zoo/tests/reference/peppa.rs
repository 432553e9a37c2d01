//! Peppa's slim Enformer: outputs, loss, gradients, moving averages.

use std::collections::BTreeMap;

use promoter_torch::Params;
use promoter_zoo::peppa::{Activation, Config, EnformerSlim, Head, Pooling};
use promoter_zoo::{Architecture, Mode, Network};
use serde_json::Value;
use tch::{Kind, Tensor};

use crate::support::{assert_close, assert_gradient_norms, filled, fixture, one_hot, params, set, tensor};

/// Our name of a tensor that the reference calls `name`.
fn ours(name: &str) -> String {
    let name = name.strip_prefix("enformer/").unwrap();
    let mut out = name
        .replace("heads/head_yeast/output", "head")
        .replace("trunk/", "")
        .replace("conv_tower/conv_tower_block_", "tower.")
        .replace("transformer/transformer_block_", "transformer.")
        .replace("final_pointwise/conv_block", "last")
        .replace("stem/conv1_d", "stem/conv")
        .replace("pointwise_conv_block", "pointwise")
        .replace("cross_replica_batch_norm/scale", "norm.weight")
        .replace("cross_replica_batch_norm/offset", "norm.bias")
        .replace("exponential_moving_average/average#2", "norm.variance")
        .replace("exponential_moving_average/average", "norm.mean")
        .replace("conv1_d", "conv")
        .replace("mha/layer_norm", "attention_norm")
        .replace("mlp/layer_norm", "mlp_norm")
        .replace("/scale", "/weight")
        .replace("/offset", "/bias")
        .replace("mlp/linear/b#2", "contract.bias")
        .replace("mlp/linear/w#2", "contract.weight")
        .replace("mlp/linear/b", "expand.bias")
        .replace("mlp/linear/w", "expand.weight")
        .replace("embedding_layer", "output")
        .replace("r_k_layer/w", "relative_key")
        .replace("q_layer/w", "query")
        .replace("k_layer/w", "key")
        .replace("v_layer/w", "value")
        .replace("r_w_bias", "content_bias")
        .replace("r_r_bias", "position_bias");
    for block in 0..4 {
        out = out.replace(&format!("mha/attention_{block}"), "attention");
    }
    let out = out.replace('/', ".");
    match out.strip_suffix(".w") {
        Some(layer) => format!("{layer}.weight"),
        None => out.strip_suffix(".b").map_or(out.clone(), |layer| format!("{layer}.bias")),
    }
}

/// Recipe: the team's network in TF 2.15 with Sonnet 2.0.2 on a CPU, dropout forced off in training; weights from the
/// counter-based generator.
fn reference_network() -> (Value, Params, EnformerSlim, BTreeMap<String, String>) {
    let reference = fixture("peppa_full_model.json");
    let mut params = params();
    let network = Config::slim().without_dropout().build(&mut params).unwrap();
    let specs = reference["params"].as_array().unwrap();
    let mut names = BTreeMap::new();
    for spec in specs {
        let name = spec["name"].as_str().unwrap();
        set(&params, &ours(name), &filled(spec));
        names.insert(name.to_owned(), ours(name));
    }
    assert_eq!(names.values().collect::<std::collections::BTreeSet<_>>().len(), specs.len());
    (reference, params, network, names)
}

fn poisson(reference: &Value, output: &Tensor) -> Tensor {
    let targets = tensor(&reference["targets"]).to_kind(Kind::Float);
    (output - targets * (output + 1e-7).log()).mean(Kind::Float)
}

#[test]
fn it_has_the_published_number_of_parameters() {
    let mut params = params();
    Config::slim().build(&mut params).unwrap();
    assert_eq!(params.parameter_count(), 1_995_617);
    assert_eq!(params.trainable_count(), 1_995_617);
}

#[test]
fn evaluation_gives_the_reference_output_loss_and_gradients() {
    let (reference, params, network, names) = reference_network();
    let x = one_hot(&reference["sequences_110"], 15, 100);
    let output = network.forward(&x, Mode::Evaluate).unwrap();
    assert_close("output", &output, &tensor(&reference["eval_output"]), 1e-5);
    let loss = poisson(&reference, &output);
    assert!((loss.double_value(&[]) - reference["eval_poisson_loss"].as_f64().unwrap()).abs() < 1e-5);
    loss.backward();
    assert_gradient_norms(&params, &names, &reference["eval_grad_l2"]);
}

#[test]
fn training_gives_the_reference_output_loss_gradients_and_averages() {
    let (reference, params, network, names) = reference_network();
    // In the reference seven updates of nothing had gone before.
    for entry in params.entries().iter().filter(|e| e.name.ends_with(".steps")) {
        let _ = entry.tensor.shallow_clone().fill_(7);
    }
    let x = one_hot(&reference["sequences_110"], 15, 100);
    let output = network.forward(&x, Mode::Train).unwrap();
    assert_close("output", &output, &tensor(&reference["train_nodropout_output"]), 1e-5);
    let loss = poisson(&reference, &output);
    assert!((loss.double_value(&[]) - reference["train_nodropout_poisson_loss"].as_f64().unwrap()).abs() < 1e-5);
    loss.backward();
    assert_gradient_norms(&params, &names, &reference["train_nodropout_grad_l2"]);
    for (name, expected) in reference["stem_bn_average_after_one_train_step_first8"].as_object().unwrap() {
        let found = params.get(&ours(name)).unwrap().slice(0, 0, 8, 1);
        assert_close(name, &found, &tensor(expected), 1e-6);
    }
}

#[test]
fn what_the_team_tried_can_be_switched_on() {
    let x = one_hot(&fixture("peppa_full_model.json")["sequences_110"], 15, 100);
    let built = |config: Config| {
        let mut params = params();
        let network = config.build(&mut params).unwrap();
        // Sonnet's averages have no meaning before the first step.
        let _ = tch::no_grad(|| network.forward(&x, Mode::Train).unwrap());
        (network.forward(&x, Mode::Evaluate).unwrap(), params)
    };
    let slim = Config::slim().without_dropout();
    let (plain, _) = built(slim.clone());
    // A square of weights for each of the tower's four stages and for the end.
    let squares = [64, 64, 128, 192, 192].map(|channels: usize| channels * channels).into_iter().sum();
    for (config, more) in [
        (Config { pooling: Pooling::Attention, ..slim.clone() }, squares),
        (Config { last_activation: Activation::Relu, ..slim.clone() }, 0),
        (Config { head: Head::Hidden(100), ..slim.clone() }, 576 * 100 + 100 + 101 - 577),
    ] {
        let (output, params) = built(config.clone());
        assert_eq!(params.parameter_count(), 1_995_617 + more, "{config:?}");
        assert_eq!(output.size(), plain.size());
        assert_ne!(output, plain, "{config:?}");
        output.sum(Kind::Float).backward();
        for entry in params.entries().iter().filter(|entry| entry.tensor.requires_grad()) {
            assert!(entry.tensor.grad().defined(), "{}", entry.name);
        }
    }
    let read = |text: &str| toml::from_str::<Config>(text);
    assert_eq!(read("head = { hidden = 100 }").unwrap().head, Head::Hidden(100));
    assert_eq!(read("head = 'linear'\npooling = 'attention'").unwrap().pooling, Pooling::Attention);
    assert!(read("head = 'hidden'").is_err());
}

#[test]
fn impossible_sizes_and_inputs_are_refused() {
    let build = |config: Config| config.build(&mut params()).unwrap_err().to_string();
    assert_eq!(build(Config { length: 16, ..Config::slim() }), "`length` is 16, expected at least 17 positions");
    assert_eq!(build(Config { channels: 100, ..Config::slim() }), "`channels` is 100, expected a multiple of 32");
    assert_eq!(build(Config { heads: 5, ..Config::slim() }), "`heads` is 5, expected a divisor of `channels`");
    let head = Config { head: Head::Hidden(0), ..Config::slim() };
    assert_eq!(build(head), "`head.hidden` is 0, expected at least 1");
    assert!(build(Config { features: 7, ..Config::slim() }).contains("multiple of 6"));

    let network = Config::slim().build(&mut params()).unwrap();
    let error = |x: Tensor| network.forward(&x, Mode::Evaluate).unwrap_err().to_string();
    let wrong = error(Tensor::zeros([1, 110, 4], tch::kind::FLOAT_CPU));
    assert_eq!(wrong, "input: expected (batch, 85, 4) floating point, found [1, 110, 4] Float");
    assert!(error(Tensor::zeros([1, 85, 4], tch::kind::INT64_CPU)).contains("Int64"));
}
