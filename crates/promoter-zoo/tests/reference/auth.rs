//! auth's network: output, loss, gradients.

use std::collections::BTreeMap;

use promoter_zoo::auth::{Config, Output};
use promoter_zoo::{Architecture, Mode, Network};
use tch::{Kind, Tensor};

use crate::support::{assert_close, assert_gradient_norms, filled, fixture, keras_name, one_hot, params, set, tensor};

/// Our name of a tensor that the reference calls `name`.
fn ours(name: &str) -> String {
    keras_name(name)
        .replace("conv1d", "conv")
        .replace("dense_2.", "head.output.")
        .replace("dense_1.", "head.dense.1.")
        .replace("dense.weight", "head.dense.0.weight")
        .replace("dense.bias", "head.dense.0.bias")
}

#[test]
fn it_has_the_published_number_of_parameters() {
    let mut params = params();
    Config::submitted().build(&mut params).unwrap();
    assert_eq!(params.parameter_count(), 4_203_369);
    assert_eq!(params.trainable_count(), 4_203_369);
    assert_eq!(params.buffer_count(), 0);
}

/// Recipe: the team's network in TF/Keras 2.15 on a CPU, dropout off; weights from the counter-based generator.
#[test]
fn output_loss_and_gradients_are_the_reference() {
    let reference = fixture("auth_full_model.json");
    let mut params = params();
    let network = Config::submitted().without_dropout().build(&mut params).unwrap();
    let mut names = BTreeMap::new();
    for spec in reference["params"].as_array().unwrap() {
        let name = spec["name"].as_str().unwrap();
        set(&params, &ours(name), &filled(spec));
        names.insert(name.to_owned(), ours(name));
    }
    let x = one_hot(&reference["sequences_110"], 17, 97);
    // There is no batch norm: without dropout the two modes give the same.
    for mode in [Mode::Evaluate, Mode::Train] {
        params.zero_grad();
        let output = network.forward(&x, mode).unwrap();
        assert_close("output", &output, &tensor(&reference["output_dropout_off"]), 1e-5);
        let loss = output.mse_loss(&tensor(&reference["targets"]).to_kind(Kind::Float), tch::Reduction::Mean);
        let expected = reference["mse_vs_targets"].as_f64().unwrap();
        assert!((loss.double_value(&[]) / expected - 1.0).abs() < 1e-6);
        loss.backward();
        assert_gradient_norms(&params, &names, &reference["grad_l2"]);
    }
}

/// Recipe: as above, with the report's ReLU after the output unit.
#[test]
fn the_reports_relu_cuts_the_output() {
    let reference = fixture("auth_full_model.json");
    let mut params = params();
    let network = Config { output: Output::Relu, ..Config::submitted() }.build(&mut params).unwrap();
    for spec in reference["params"].as_array().unwrap() {
        set(&params, &ours(spec["name"].as_str().unwrap()), &filled(spec));
    }
    let output = network.forward(&one_hot(&reference["sequences_110"], 17, 97), Mode::Evaluate).unwrap();
    assert_close("output", &output, &tensor(&reference["output_with_relu_head"]), 1e-5);
}

#[test]
fn dropout_acts_in_training_only() {
    let mut params = params();
    let network = Config::submitted().build(&mut params).unwrap();
    let x = one_hot(&fixture("auth_full_model.json")["sequences_110"], 17, 97);
    let forward = |mode| tch::no_grad(|| network.forward(&x, mode).unwrap());
    assert_eq!(forward(Mode::Evaluate), forward(Mode::Evaluate));
    assert_ne!(forward(Mode::Train), forward(Mode::Train));
}

#[test]
fn impossible_sizes_and_inputs_are_refused() {
    let build = |config: Config| config.build(&mut params()).unwrap_err().to_string();
    let default = Config::default;
    assert_eq!(
        build(Config { length: 31, ..default() }),
        "`length` is 31, expected at least `width` + `pool` - 1 positions"
    );
    assert_eq!(build(Config { filters: 0, ..default() }), "`filters` is 0, expected at least 1");
    assert_eq!(build(Config { pool: -1, ..default() }), "`pool` is -1, expected at least 1");
    assert_eq!(build(Config { dropout: 1.0, ..default() }), "`dropout` is 1, expected at least 0 and below 1");
    assert!(build(Config { dropout: f64::NAN, ..default() }).contains("NaN"));
    assert!(toml::from_str::<Config>("ouput = 'relu'").unwrap_err().to_string().contains("ouput"));
    assert!(toml::from_str::<Config>("output = 'tanh'").unwrap_err().to_string().contains("tanh"));

    let network = Config::default().build(&mut params()).unwrap();
    let error = |x: Tensor| network.forward(&x, Mode::Evaluate).unwrap_err().to_string();
    let wrong = error(Tensor::zeros([1, 80, 6], tch::kind::FLOAT_CPU));
    assert_eq!(wrong, "input: expected (batch, 80, 4) floating point, found [1, 80, 6] Float");
    assert!(error(Tensor::zeros([1, 110, 4], tch::kind::FLOAT_CPU)).contains("[1, 110, 4]"));
    assert!(error(Tensor::zeros([1, 80, 4], tch::kind::INT64_CPU)).contains("Int64"));
}
