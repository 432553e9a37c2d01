//! Upstream's members are networks of their own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use promoter_torch::Params;
use promoter_zoo::upstream::Config;
use promoter_zoo::{Architecture, Mode, Network};
use tch::{Device, Kind, Tensor};

/// One-hot rows.
fn sequences(length: i64) -> Tensor {
    let letters: Vec<i64> = (0..6 * length).map(|i| i * 2_654_435_761 % 1_000_003 / 7 % 4).collect();
    Tensor::from_slice(&letters).reshape([6, length]).one_hot(4).to_kind(Kind::Float)
}

#[test]
fn each_output_is_that_of_a_network_with_one_member() {
    let config = Config { length: 31, ..Config::small() };
    let mut params = Params::new(Device::Cpu, 1);
    let network = config.build(&mut params).unwrap();
    let x = sequences(31);
    let outputs = network.forward(&x, Mode::Evaluate).unwrap();
    for member in 0..config.members {
        let mut own = Params::new(Device::Cpu, 2);
        let alone = Config { members: 1, ..config.clone() }.build(&mut own).unwrap();
        tch::no_grad(|| {
            for entry in own.entries() {
                let name = entry.name.replacen("members.0", &format!("members.{member}"), 1);
                entry.tensor.shallow_clone().copy_(params.get(&name).unwrap());
            }
        });
        let expected = alone.expression(&alone.forward(&x, Mode::Evaluate).unwrap()).unwrap();
        assert_eq!(outputs.select(1, member), expected, "member {member}");
    }
    let spread = outputs.std_dim(1, true, false).min().double_value(&[]);
    assert!(spread > 1e-4, "members start alike: {spread}");
    let mean = outputs.to_kind(Kind::Double).mean_dim(1, false, None::<Kind>);
    let expression = network.expression(&outputs).unwrap().to_kind(Kind::Double);
    assert!((mean - expression).abs().max().double_value(&[]) < 1e-6);
}

#[test]
fn each_label_is_that_of_a_network_with_its_output_units() {
    let config = Config { length: 31, members: 3, labels: 2, ..Config::small() };
    let mut params = Params::new(Device::Cpu, 1);
    let network = config.build(&mut params).unwrap();
    let x = sequences(31);
    let outputs = network.forward(&x, Mode::Evaluate).unwrap();
    assert_eq!((outputs.size(), network.outputs(), network.labels()), (vec![6, 6], 6, 2));
    for label in 0..2 {
        let mut own = Params::new(Device::Cpu, 2);
        let alone = Config { labels: 1, ..config.clone() }.build(&mut own).unwrap();
        tch::no_grad(|| {
            for entry in own.entries() {
                let shared = params.get(&entry.name).unwrap();
                let is_output = entry.name.contains("head.output");
                let part = if is_output { shared.narrow(0, label, 1) } else { shared.shallow_clone() };
                entry.tensor.shallow_clone().copy_(&part);
            }
        });
        let expected = alone.forward(&x, Mode::Evaluate).unwrap();
        let found = network.of_label(&outputs, label).unwrap();
        assert!((&found - &expected).abs().max().double_value(&[]) < 1e-6, "label {label}");
        assert!(network.expression(&found).unwrap().allclose(&alone.expression(&expected).unwrap(), 1e-5, 1e-6, false));
    }
}

#[test]
fn a_member_does_not_learn_from_the_others() {
    let config = Config { length: 20, members: 2, ..Config::small() };
    let mut params = Params::new(Device::Cpu, 1);
    let network = config.build(&mut params).unwrap();
    let outputs = network.forward(&sequences(20), Mode::Train).unwrap();
    outputs.select(1, 0).square().mean(Kind::Float).backward();
    for entry in params.trainable() {
        let grad = entry.tensor.grad();
        let learns = grad.defined() && grad.abs().max().double_value(&[]) > 0.0;
        // A convolution's start may leave a filter without a gradient, not a whole layer of the other member.
        assert!(learns <= entry.name.starts_with("members.0."), "{}", entry.name);
    }
}

#[test]
fn a_network_without_members_is_refused() {
    let error = Config { members: 0, ..Config::small() }.plan().unwrap_err().to_string();
    assert_eq!(error, "`members` is 0, expected at least 1");
    let error = Config { labels: 0, ..Config::small() }.plan().unwrap_err().to_string();
    assert_eq!(error, "`labels` is 0, expected at least 1");
}
