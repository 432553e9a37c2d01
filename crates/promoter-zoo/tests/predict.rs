//! What holds for the predictions of every network.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use promoter_torch::Params;
use promoter_torch::file::Tensors;
use promoter_zoo::registry::NetworkConfig;
use promoter_zoo::{Mode, Network};
use tch::{Device, Kind, Tensor};

fn build(name: &str, seed: u64) -> (Params, Box<dyn Network>) {
    let mut params = Params::new(Device::Cpu, seed);
    let network = NetworkConfig::by_name(name).unwrap().build(&mut params).unwrap();
    (params, network)
}

fn predict(network: &dyn Network, x: &Tensor) -> Tensor {
    tch::no_grad(|| network.expression(&network.forward(x, Mode::Evaluate).unwrap()).unwrap())
}

/// One pass as in training: averages move, and Sonnet's, which start at zero, get a meaning.
fn warm_up(network: &dyn Network) {
    let _ = tch::no_grad(|| network.forward(&inputs(network, 4), Mode::Train).unwrap());
}

/// One-hot, from a formula.
fn inputs(network: &dyn Network, rows: i64) -> Tensor {
    let (length, channels) = (network.input().length, network.input().channels);
    let codes: Vec<i64> = (0..rows * length).map(|i| (i * i * 7 + i / 3) % 4).collect();
    let one_hot = Tensor::from_slice(&codes).reshape([rows, length]).one_hot(channels);
    one_hot.to_kind(Kind::Float)
}

/// Up to rounding: a product of another size adds up in another order.
#[test]
fn a_row_has_one_prediction_in_any_batch_and_at_any_time() {
    for name in NetworkConfig::names() {
        let (_params, network) = build(name, 1);
        warm_up(&*network);
        let x = inputs(&*network, 64);
        let together = predict(&*network, &x);
        assert_eq!(together, predict(&*network, &x), "{name}");
        for row in [0, 31, 63] {
            let alone = predict(&*network, &x.narrow(0, row, 1)).double_value(&[0]);
            let expected = together.double_value(&[row]);
            assert!((alone - expected).abs() < 5e-6 * expected.abs().max(1.0), "{name}: {alone}, {expected}");
        }
    }
}

#[test]
fn a_network_saved_and_loaded_predicts_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for name in NetworkConfig::names() {
        let (params, network) = build(name, 1);
        let path = folder.path().join(name);
        warm_up(&*network);
        Tensors::of(&params).unwrap().write(&path).unwrap();
        let (other_params, other) = build(name, 2);
        warm_up(&*other);
        let x = inputs(&*network, 3);
        assert_ne!(predict(&*network, &x), predict(&*other, &x), "{name}");
        Tensors::read(&path).unwrap().load_into(&other_params, &path).unwrap();
        assert_eq!(predict(&*network, &x), predict(&*other, &x), "{name}");
    }
}

#[test]
fn side_architectures_have_their_documented_sizes() {
    for (name, all) in [("auth-cnn", 1_213_289), ("auth-rnn", 4_113_089), ("noisy-chardonnay-attention", 1_381_889)] {
        let (params, network) = build(name, 1);
        let buffers = if network.counts_buffers() { params.buffer_count() } else { 0 };
        assert_eq!(params.parameter_count() + buffers, all, "{name}");
    }
}

#[test]
fn side_architectures_refuse_impossible_sizes() {
    for (config, message) in [
        ("name = 'auth-cnn'\nwidth = 81", "`length` is 80, expected at least `width` + `pool` - 1 positions"),
        ("name = 'auth-cnn'\npool = 0", "`pool` is 0, expected at least 1"),
        ("name = 'auth-rnn'\nlength = 0", "`length` is 0, expected at least 1"),
        ("name = 'auth-rnn'\ndropout = 1.5", "`dropout` is 1.5, expected at least 0 and below 1"),
        ("name = 'noisy-chardonnay-attention'\nheads = 0", "`heads` is 0, expected at least 1"),
        ("name = 'noisy-chardonnay-attention'\nfilters = [256, -1, 64]", "`filters` is -1, expected at least 1"),
    ] {
        let config: NetworkConfig = toml::from_str(config).unwrap();
        let error = config.build(&mut Params::new(Device::Cpu, 1)).err().unwrap();
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn every_network_refuses_another_shape_or_kind() {
    for name in NetworkConfig::names() {
        let (_params, network) = build(name, 1);
        let (length, channels) = (network.input().length, network.input().channels);
        let expected = format!("input: expected (batch, {length}, {channels}) floating point, found ");
        for (size, kind) in [
            (vec![1, length + 1, channels], Kind::Float),
            (vec![1, channels, length], Kind::Float),
            (vec![length, channels], Kind::Float),
            (vec![1, length, channels], Kind::Int64),
        ] {
            let x = Tensor::zeros(&size, (kind, Device::Cpu));
            let error = network.forward(&x, Mode::Evaluate).unwrap_err().to_string();
            assert_eq!(error, format!("{expected}{size:?} {kind:?}"), "{name}");
        }
    }
}
