//! NAD: outputs of the four levels, loss, gradients, running averages, and the second pass of GSAM.

use std::collections::BTreeMap;

use promoter_torch::Params;
use promoter_zoo::layers::position_bias::bucket;
use promoter_zoo::nad::{Config, Nad};
use promoter_zoo::{Architecture, Mode, Network};
use serde_json::Value;
use tch::{Kind, Reduction, Tensor};

use crate::support::{assert_close, assert_gradient_norms, fill, filled, fixture, params, tensor};

/// Recipe: the team's network and SAM class with x-transformers 0.28.4 in torch 2.11 on a CPU, without AMP; weights
/// from the counter-based generator, as one batch of 6. The same again in float64.
fn reference_network() -> (Value, Params, Nad, BTreeMap<String, String>) {
    let reference = fixture("nad_full_model_gsam_step.json");
    let mut params = params();
    let network = Config::submitted().build(&mut params).unwrap();
    let names = fill(&params, &reference["params"]);
    (reference, params, network, names)
}

/// The embedding of the 5-mers centred on the bases of the insert, (B, 80, 128).
fn embedded(reference: &Value) -> Tensor {
    let table = filled(&reference["embedding"]);
    let sequences: Vec<String> = serde_json::from_value(reference["sequences_110"].clone()).unwrap();
    let code = |letter: u8| b"ACGT".iter().position(|&base| base == letter).unwrap() as i64;
    let tokens: Vec<i64> = sequences
        .iter()
        .flat_map(|s| s.as_bytes()[15..99].windows(5).map(|w| w.iter().fold(0, |n, &b| 4 * n + code(b))))
        .collect();
    let flat = table.index_select(0, &Tensor::from_slice(&tokens));
    flat.reshape([sequences.len() as i64, 80, 128])
}

/// Smooth L1 of every level, on the scale of 100 that the team's code has.
fn loss(reference: &Value, output: &Tensor) -> Tensor {
    let labels = tensor(&reference["labels01"]).to_kind(Kind::Float).unsqueeze(1).expand_as(output);
    (output * 100.0).smooth_l1_loss(&(labels * 100.0), Reduction::Mean, 10.0)
}

fn gradient_norm(params: &Params) -> f64 {
    params
        .trainable()
        .map(|e| e.tensor.grad().to_kind(Kind::Double).square().sum(Kind::Double).double_value(&[]))
        .sum::<f64>()
        .sqrt()
}

fn relative(what: &str, found: f64, expected: &Value) {
    let expected = expected.as_f64().unwrap();
    assert!((found / expected - 1.0).abs() < 1e-4, "{what}: {found}, expected {expected}");
}

#[test]
fn it_has_the_published_number_of_parameters() {
    let mut params = params();
    Config::submitted().build(&mut params).unwrap();
    assert_eq!(params.parameter_count(), 14_176_716);
    assert_eq!(params.trainable_count(), 14_176_716);
}

/// Recipe: `_relative_position_bucket` of x-transformers 0.28.4.
#[test]
fn buckets_of_distances_are_t5s() {
    let reference = fixture("nad_t5_buckets.json");
    let list = |name: &str| -> Vec<i64> { serde_json::from_value(reference[name].clone()).unwrap() };
    let found: Vec<i64> = list("relative_position_key_minus_query").into_iter().map(bucket).collect();
    assert_eq!(found, list("bucket"));
    assert_eq!([-1000, -128, -127, 127, 128, 1000].map(bucket), [15, 15, 15, 31, 31, 31]);
}

#[test]
fn evaluation_gives_the_reference_outputs() {
    let (reference, _params, network, _) = reference_network();
    let output = network.forward(&embedded(&reference), Mode::Evaluate).unwrap();
    assert_close("levels", &output, &tensor(&reference["eval_output_per_level"]), 1e-5);
    let expression = network.expression(&output).unwrap();
    assert_close("mean", &expression, &tensor(&reference["eval_output_mean"]), 1e-5);
}

#[test]
fn both_passes_of_gsam_give_the_reference_losses_and_gradients() {
    let (reference, params, network, names) = reference_network();
    let x = embedded(&reference);
    let output = network.forward(&x, Mode::Train).unwrap();
    assert_close("levels", &output, &tensor(&reference["train_output_per_level_div100"]), 1e-5);
    let first = loss(&reference, &output);
    relative("loss", first.double_value(&[]), &reference["loss_pass1"]);
    first.backward();
    assert_gradient_norms(&params, &names, &reference["grad_l2_pass1"]);
    let norm = gradient_norm(&params);
    relative("gradient norm", norm, &reference["grad_norm_pass1"]);
    let averages = |name: &str| params.get(name).unwrap().slice(0, 0, 6, 1).copy();
    let (mean, variance) = (averages("c1.1.running_mean"), averages("c1.1.running_var"));
    assert_close("mean", &mean, &tensor(&reference["c1_bn_running_mean_after_first6"]), 1e-6);
    assert_close("variance", &variance, &tensor(&reference["c1_bn_running_var_after_first6"]), 1e-6);

    // Up the gradient by rho, then again without moving the averages.
    tch::no_grad(|| {
        for entry in params.trainable() {
            let _ = entry.tensor.shallow_clone().g_add_(&(entry.tensor.grad() * (0.1 / (norm + 1e-12))));
        }
    });
    let before: Vec<Tensor> = params.trainable().map(|e| e.tensor.grad().copy()).collect();
    params.zero_grad();
    let second = loss(&reference, &network.forward(&x, Mode::TrainKeepAverages).unwrap());
    relative("perturbed loss", second.double_value(&[]), &reference["loss_pass2_perturbed"]);
    second.backward();
    let norm = gradient_norm(&params);
    relative("perturbed gradient norm", norm, &reference["grad_norm_pass2"]);
    let along: f64 =
        params.trainable().zip(&before).map(|(e, g)| (e.tensor.grad() * g).sum(Kind::Double).double_value(&[])).sum();
    relative("share of the first gradient along the second", along / (norm * norm), &reference["decompose_coeff"]);
    assert_eq!(averages("c1.1.running_mean"), mean);
    assert_eq!(averages("c1.1.running_var"), variance);
    assert_eq!(params.get("c1.1.num_batches_tracked").unwrap().int64_value(&[]), 1);
}

/// In f64 rounding hides nothing: what is left is that the reference is printed with nine digits.
#[test]
fn in_double_precision_the_reference_is_met_to_its_last_digit() {
    let (reference, params, network, _) = reference_network();
    for entry in params.entries().iter().filter(|entry| entry.tensor.kind() == Kind::Float) {
        let double = tch::no_grad(|| entry.tensor.to_kind(Kind::Double));
        entry.tensor.shallow_clone().set_data(&double);
    }
    let (x, expected) = (embedded(&reference).to_kind(Kind::Double), &reference["float64"]);
    let output = network.forward(&x, Mode::Evaluate).unwrap();
    assert_eq!(output.kind(), Kind::Double);
    assert_close("levels", &output, &tensor(&expected["eval_output_per_level"]), 1e-8);
    assert_close("mean", &network.expression(&output).unwrap(), &tensor(&expected["eval_output_mean"]), 1e-8);

    let output = network.forward(&x, Mode::Train).unwrap();
    assert_close("levels", &output, &tensor(&expected["train_output_per_level_div100"]), 1e-8);
    let labels = tensor(&reference["labels01"]).to_kind(Kind::Float).to_kind(Kind::Double);
    let labels = labels.unsqueeze(1).expand_as(&output);
    let loss = (output * 100.0).smooth_l1_loss(&(labels * 100.0), Reduction::Mean, 10.0);
    let close = |what: &str, found: f64| {
        let expected = expected[what].as_f64().unwrap();
        assert!((found / expected - 1.0).abs() < 1e-8, "{what}: {found}, expected {expected}");
    };
    close("loss_pass1", loss.double_value(&[]));
    loss.backward();
    close("grad_norm_pass1", gradient_norm(&params));
    for (name, norm) in expected["grad_l2_pass1"].as_object().unwrap() {
        let (found, norm) = (params.get(name).unwrap().grad().norm().double_value(&[]), norm.as_f64().unwrap());
        assert!((found - norm).abs() < 1e-8 * norm + 1e-10, "{name}: {found}, expected {norm}");
    }
    for (name, key) in [
        ("c1.1.running_mean", "c1_bn_running_mean_after_first6"),
        ("c1.1.running_var", "c1_bn_running_var_after_first6"),
    ] {
        assert_close(name, &params.get(name).unwrap().slice(0, 0, 6, 1), &tensor(&expected[key]), 1e-8);
    }
}

#[test]
fn levels_without_convolution_along_channels_have_fewer_parameters() {
    let mut params = params();
    let network = Config { position_channels: false, ..Config::submitted() }.build(&mut params).unwrap();
    // Per position: three weights and a bias, scale and offset of the norm.
    assert_eq!(params.parameter_count(), 14_176_716 - 6 * (20 + 40 + 80));
    let x = Tensor::zeros([1, 80, 128], tch::kind::FLOAT_CPU);
    assert_eq!(network.forward(&x, Mode::Evaluate).unwrap().size(), [1, 4]);
}

/// A level of no transformer blocks has no position bias either, which nothing would train.
#[test]
fn every_parameter_of_a_level_without_blocks_has_a_gradient() {
    let mut params = params();
    let network = Config { depths: [0, 1, 0, 0], ..Config::submitted() }.build(&mut params).unwrap();
    let biases: Vec<&str> = params.entries().iter().map(|e| &*e.name).filter(|name| name.contains("rel_pos")).collect();
    assert_eq!(biases, ["t2.transformer.rel_pos.relative_attention_bias.weight"]);
    let x = Tensor::ones([2, 80, 128], tch::kind::FLOAT_CPU);
    network.forward(&x, Mode::Train).unwrap().sum(Kind::Float).backward();
    for entry in params.trainable() {
        assert!(entry.tensor.grad().defined(), "{}", entry.name);
    }
}

#[test]
fn impossible_sizes_and_inputs_are_refused() {
    let build = |config: Config| config.build(&mut params()).unwrap_err().to_string();
    let default = Config::submitted;
    assert_eq!(build(Config { length: 110, ..default() }), "`length` is 110, expected a multiple of 8");
    assert_eq!(build(Config { input_channels: 0, ..default() }), "`input_channels` is 0, expected at least 1");
    assert_eq!(
        build(Config { block_channels: [8, 8, 0, 8, 8], ..default() }),
        "`block_channels` is 0, expected at least 1"
    );
    assert_eq!(build(Config { depths: [1, 1, -1, 1], ..default() }), "`depths` is -1, expected 0 or more");
    let network = default().build(&mut params()).unwrap();
    let wrong = network.forward(&Tensor::zeros([1, 80, 4], tch::kind::FLOAT_CPU), Mode::Evaluate).unwrap_err();
    assert_eq!(wrong.to_string(), "input: expected (batch, 80, 128) floating point, found [1, 80, 4] Float");
}
