//! Noisy Chardonnay's network, as drawn and as counted: outputs, losses, gradients, moving averages.

use std::collections::BTreeMap;

use promoter_torch::Params;
use promoter_zoo::noisy_chardonnay::{Activation, Config, KernelInitialiser, NoisyChardonnay, Pooling};
use promoter_zoo::{Architecture, Mode, Network};
use serde_json::Value;
use tch::{Kind, Tensor};

use crate::support::{assert_close, assert_gradient_norms, filled, fixture, keras_name, one_hot, params, set, tensor};

/// Our name of a tensor that the reference calls `name`.
fn ours(name: &str) -> String {
    let mut out = keras_name(name);
    for (i, suffix) in [(2, "_2"), (1, "_1"), (0, "")] {
        out = out.replace(&format!("conv1d{suffix}."), &format!("blocks.{i}.conv."));
        out = out.replace(&format!("batch_normalization{suffix}."), &format!("blocks.{i}.norm."));
        let dense = if i == 2 { "head.output.".into() } else { format!("head.DENSE.{i}.") };
        out = out.replace(&format!("dense{suffix}."), &dense);
    }
    out.replace("DENSE", "dense")
}

struct Reference {
    numbers: Value,
    params: Params,
    network: NoisyChardonnay,
    names: BTreeMap<String, String>,
}

/// Recipe: the network of the report in TF/Keras 2.15 on a CPU, dropout 0 in training; weights from the counter-based
/// generator.
fn references() -> [Reference; 2] {
    [("u32", Config::drawn()), ("u8", Config::stated())].map(|(units, config)| {
        let numbers = fixture(&format!("noisy_chardonnay_full_model_{units}.json"));
        let mut params = params();
        let network = config.without_dropout().build(&mut params).unwrap();
        let mut names = BTreeMap::new();
        for spec in numbers["params"].as_array().unwrap() {
            let name = spec["name"].as_str().unwrap();
            set(&params, &ours(name), &filled(spec));
            names.insert(name.to_owned(), ours(name));
        }
        assert_eq!(names.len(), params.entries().len());
        Reference { numbers, params, network, names }
    })
}

fn check(reference: &Reference, mode: Mode, prefix: &str) {
    let Reference { numbers, params, network, names } = reference;
    let output = network.forward(&one_hot(&numbers["sequences_110"], 0, 110), mode).unwrap();
    assert_close("output", &output, &tensor(&numbers[format!("{prefix}_output")]), 1e-5);
    let targets = tensor(&numbers["targets_standardised"]).to_kind(Kind::Float);
    let loss = output.mse_loss(&targets, tch::Reduction::Mean);
    assert!((loss.double_value(&[]) - numbers[format!("{prefix}_mse")].as_f64().unwrap()).abs() < 1e-5);
    loss.backward();
    assert_gradient_norms(params, names, &numbers[format!("{prefix}_grad_l2")]);
}

#[test]
fn it_has_the_drawn_and_the_stated_number_of_parameters() {
    for (config, all, trained) in [(Config::drawn(), 1_365_249, 1_364_097), (Config::stated(), 1_007_169, 1_006_017)] {
        let mut params = params();
        let network = config.build(&mut params).unwrap();
        assert!(network.counts_buffers());
        assert_eq!(params.parameter_count() + params.buffer_count(), all);
        assert_eq!(params.trainable_count(), trained);
    }
}

#[test]
fn evaluation_gives_the_reference_output_loss_and_gradients() {
    for reference in references() {
        check(&reference, Mode::Evaluate, "eval");
    }
}

#[test]
fn training_gives_the_reference_output_loss_gradients_and_averages() {
    for reference in references() {
        check(&reference, Mode::Train, "train_mode_dropout0");
        for (name, expected) in reference.numbers["moving_stats_after_first8"].as_object().unwrap() {
            let found = reference.params.get(&ours(name)).unwrap().slice(0, 0, 8, 1);
            assert_close(name, &found, &tensor(expected), 1e-6);
        }
    }
}

#[test]
fn what_the_team_tried_can_be_switched_on() {
    let x = one_hot(&fixture("noisy_chardonnay_full_model_u8.json")["sequences_110"], 0, 110);
    let output = |config: Config| {
        let mut params = params();
        let network = config.build(&mut params).unwrap();
        (network.forward(&x, Mode::Evaluate).unwrap(), params)
    };
    let (plain, _) = output(Config::stated());
    let (exponential, _) = output(Config { first_activation: Activation::Exponential, ..Config::stated() });
    assert_ne!(plain, exponential);
    // Half the positions, twice the channels before the LSTM.
    let (pooled, params) = output(Config { pooling: Pooling::MaxAndAverage, ..Config::stated() });
    assert_eq!(pooled.size(), [6, 1]);
    assert_eq!(params.get("lstm.forward.weight").unwrap().size(), [32, 128]);
    assert_eq!(params.get("head.dense.0.weight").unwrap().size(), [64, 55 * 16]);
}

/// He normal has a deviation of sqrt(2 / fan_in); all but the kernels starts as ever.
#[test]
fn the_kernels_start_as_the_initialiser_says() {
    let built = |kernel_initialiser| {
        let mut params = params();
        Config { kernel_initialiser, ..Config::drawn() }.build(&mut params).unwrap();
        params
    };
    let (glorot, he) = (built(KernelInitialiser::GlorotUniform), built(KernelInitialiser::HeNormal));
    let fans = [
        ("blocks.0.conv.weight", 30 * 4),
        ("blocks.1.conv.weight", 12 * 256),
        ("blocks.2.conv.weight", 4 * 256),
        ("lstm.forward.weight", 64),
        ("lstm.backward.weight", 64),
        ("head.dense.0.weight", 7040),
        ("head.dense.1.weight", 64),
        ("head.output.weight", 64),
    ];
    for (entry, other) in glorot.entries().iter().zip(he.entries()) {
        let Some((name, fan_in)) = fans.iter().find(|(name, _)| *name == entry.name) else {
            assert_eq!(entry.tensor, other.tensor, "{}", entry.name);
            continue;
        };
        let (expected, n) = ((2.0 / f64::from(*fan_in)).sqrt(), other.tensor.numel() as f64);
        let found = other.tensor.std(false).double_value(&[]);
        assert!((found / expected - 1.0).abs() < 3.0 / n.sqrt(), "{name}: {found}, {expected}");
        assert_ne!(entry.tensor, other.tensor, "{name}");
    }
}

#[test]
fn the_penalty_is_on_kernels_only() {
    let mut params = params();
    let network = Config::stated().build(&mut params).unwrap();
    let names = params.entries().iter().map(|e| e.name.as_str()).filter(|name| network.is_penalised(name));
    assert_eq!(
        names.collect::<Vec<_>>(),
        [
            "blocks.0.conv.weight",
            "blocks.1.conv.weight",
            "blocks.2.conv.weight",
            "head.dense.0.weight",
            "head.dense.1.weight",
            "head.output.weight",
        ]
    );
}

#[test]
fn impossible_sizes_and_inputs_are_refused() {
    let build = |config: Config| config.build(&mut params()).unwrap_err().to_string();
    let pooled = Config { length: 1, pooling: Pooling::MaxAndAverage, ..Config::stated() };
    assert_eq!(build(pooled), "`length` is 1, expected at least 1, with pooling 2");
    assert_eq!(build(Config { widths: [30, 0, 4], ..Config::stated() }), "`widths` is 0, expected at least 1");
    assert_eq!(build(Config { lstm_units: 0, ..Config::stated() }), "`lstm_units` is 0, expected at least 1");
    let dropout = Config { dense_dropout: -0.1, ..Config::stated() };
    assert_eq!(build(dropout), "`dense_dropout` is -0.1, expected at least 0 and below 1");
    assert!(toml::from_str::<Config>("units = 8").unwrap_err().to_string().contains("units"));
    assert!(toml::from_str::<Config>("pooling = 'max'").unwrap_err().to_string().contains("max"));

    let network = Config::stated().build(&mut params()).unwrap();
    let error = |x: Tensor| network.forward(&x, Mode::Evaluate).unwrap_err().to_string();
    let wrong = error(Tensor::zeros([1, 80, 4], tch::kind::FLOAT_CPU));
    assert_eq!(wrong, "input: expected (batch, 110, 4) floating point, found [1, 80, 4] Float");
    assert!(error(Tensor::zeros([1, 110, 4], tch::kind::INT64_CPU)).contains("Int64"));
}
