//! Optimisers on a small problem, against the frameworks' own trajectories.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use promoter_torch::{Init, Params};
use promoter_train::optimiser::{Optimiser, OptimiserConfig};
use promoter_train::schedule::{Moment, Schedule};
use promoter_train::sharpness::Sharpness;
use serde_json::Value;
use tch::{Device, Kind, Tensor};

fn fixture(name: &str) -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// `0.5 w A w + b w + 0.1 sum(w^4)`.
fn objective(w: &Tensor) -> Tensor {
    let a = Tensor::from_slice(&[3.0f32, 0.5, 0.0, 0.5, 1.0, -0.2, 0.0, -0.2, 0.3]).view([3, 3]);
    let b = Tensor::from_slice(&[0.1f32, -0.3, 0.7]);
    w.dot(&a.mv(w)) * 0.5 + w.dot(&b) + w.pow_tensor_scalar(4).sum(Kind::Float) * 0.1
}

fn start(config: OptimiserConfig) -> (Tensor, Optimiser) {
    let mut params = Params::new(Device::Cpu, 0);
    let w = params.root().parameter("w", &[3], Init::ZEROS).unwrap();
    tch::no_grad(|| w.shallow_clone().copy_(&Tensor::from_slice(&[1.0f32, -2.0, 0.5])));
    (w, config.build(&params).unwrap())
}

fn assert_close(what: &str, found: &Tensor, expected: &Value, tolerance: f64) {
    let expected: Vec<f64> = serde_json::from_value(expected.clone()).unwrap();
    let difference = (found.to_kind(Kind::Double) - Tensor::from_slice(&expected)).abs().max().double_value(&[]);
    assert!(difference <= tolerance, "{what}: {found} for {expected:?}");
}

fn follows(config: OptimiserConfig, trajectory: &Value) {
    follows_scheduled(config, Schedule::default(), trajectory);
}

/// A run of as many steps as the trajectory has.
fn follows_scheduled(config: OptimiserConfig, schedule: Schedule, trajectory: &Value) {
    let (w, mut optimiser) = start(config);
    let trajectory = trajectory.as_array().unwrap();
    for (i, expected) in trajectory.iter().enumerate() {
        let moment = Moment { step: i as u64, steps: trajectory.len() as u64, epoch: 0, epochs: 1 };
        let gradients = optimiser.gradients(&objective(&w)).unwrap();
        let (factor, momentum) = (schedule.factor(&moment), schedule.momentum(&moment));
        optimiser.step(&gradients, i as u64 + 1, factor, momentum).unwrap();
        assert_close(&format!("{config:?}, step {i}"), &w, expected, 1e-6);
    }
}

const BETAS: [f64; 2] = [0.9, 0.999];

/// Recipe: the legacy optimisers of TF/Keras 2.15 and AdamW of torch 2.11 on a toy problem, on a CPU.
#[test]
fn keras_and_torch_trajectories() {
    let keras = fixture("keras_optimizers_toy.json");
    let adam = |lr| OptimiserConfig::KerasAdam { lr, betas: BETAS, eps: 1e-7 };
    follows(adam(1e-3), &keras["adam_legacy_lr1e-3_(TF2.8 semantics, auth default)"]);
    follows(adam(3e-3), &keras["adam_legacy_lr3e-3_(noisy chardonnay)"]);
    let rms_prop = OptimiserConfig::RmsProp { lr: 1e-4, rho: 0.9, eps: 1e-7 };
    follows(rms_prop, &keras["rmsprop_legacy_lr1e-4_(TF2.8 semantics, MadLab)"]);
    follows(OptimiserConfig::Sgd { lr: 1e-2, momentum: 0.9 }, &keras["sgd_legacy_lr1e-2_momentum0.9"]);
    let adam_w = OptimiserConfig::AdamW { lr: 0.01, betas: BETAS, eps: 1e-8, weight_decay: 0.05 };
    follows(adam_w, &fixture("torch_adamw_toy.json")["trajectory"]);
}

/// `OneCycleLR` with its defaults, which turn the momentum or the first beta too; computed with PyTorch 2.11.
#[test]
fn one_cycle_trajectories() {
    let reference = fixture("one_cycle_trajectories.json");
    let cycle = Schedule::OneCycle { rise: 0.3, momentum: Some([0.85, 0.95]) };
    let (lr, eps) = (0.05, 1e-8);
    follows_scheduled(OptimiserConfig::Adam { lr, betas: BETAS, eps }, cycle, &reference["adam"]);
    let adam_w = OptimiserConfig::AdamW { lr, betas: BETAS, eps, weight_decay: 0.05 };
    follows_scheduled(adam_w, cycle, &reference["adam_w"]);
    follows_scheduled(OptimiserConfig::Sgd { lr, momentum: 0.9 }, cycle, &reference["sgd"]);
}

/// One parameter with a chosen gradient; its value after each step.
fn steps(config: OptimiserConfig, gradients: &[f64]) -> Vec<f64> {
    let mut params = Params::new(Device::Cpu, 0);
    let w = params.root().parameter("w", &[1], Init::ZEROS).unwrap();
    let mut optimiser = config.build(&params).unwrap();
    let step = |(i, g): (usize, &f64)| {
        optimiser.step(&[Tensor::from_slice(&[*g as f32])], i as u64 + 1, 1.0, None).unwrap();
        w.double_value(&[0])
    };
    gradients.iter().enumerate().map(step).collect()
}

/// Gradients near eps tell the two places of eps apart; the trajectories above do not.
#[test]
fn epsilon_stands_where_each_framework_has_it() {
    let gradients = [1e-7, -3e-8, 2e-7];
    let by_hand = |hat: bool| {
        let (mut m, mut v, mut w) = (0.0f64, 0.0f64, 0.0f64);
        gradients
            .iter()
            .zip(1..)
            .map(|(g, t)| {
                m = 0.9 * m + 0.1 * g;
                v = 0.999 * v + 0.001 * g * g;
                let (c1, c2) = (1.0 - 0.9f64.powi(t), (1.0 - 0.999f64.powi(t)).sqrt());
                w -= if hat { 1e-3 * c2 / c1 * m / (v.sqrt() + 1e-7) } else { 1e-3 / c1 * m / (v.sqrt() / c2 + 1e-7) };
                w
            })
            .collect::<Vec<f64>>()
    };
    let close = |found: Vec<f64>, expected: Vec<f64>| {
        for (f, e) in found.iter().zip(&expected) {
            assert!((f - e).abs() < 1e-4 * e.abs(), "{found:?} for {expected:?}");
        }
    };
    close(steps(OptimiserConfig::KerasAdam { lr: 1e-3, betas: BETAS, eps: 1e-7 }, &gradients), by_hand(true));
    close(steps(OptimiserConfig::Adam { lr: 1e-3, betas: BETAS, eps: 1e-7 }, &gradients), by_hand(false));
    let (mut v, mut w) = (0.0f64, 0.0f64);
    let rms = gradients.iter().map(|g| {
        v = 0.9 * v + 0.1 * g * g;
        w -= 1e-3 * g / (v.sqrt() + 1e-7);
        w
    });
    let expected = rms.collect();
    close(steps(OptimiserConfig::RmsProp { lr: 1e-3, rho: 0.9, eps: 1e-7 }, &gradients), expected);
}

#[test]
fn lion_is_its_formula() {
    let config = OptimiserConfig::Lion { lr: 0.1, betas: [0.9, 0.99], weight_decay: 0.5 };
    let (mut m, mut w) = (0.0f64, 0.0f64);
    let expected: Vec<f64> = [2.0f64, -0.5, -30.0]
        .iter()
        .map(|g| {
            w -= 0.1 * ((0.9 * m + 0.1 * g).signum() + 0.5 * w);
            m = 0.99 * m + 0.01 * g;
            w
        })
        .collect();
    for (found, expected) in steps(config, &[2.0, -0.5, -30.0]).iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-6, "{found} for {expected}");
    }
}

/// Recipe: NAD's SAM class in torch 2.11 on a toy problem, on a CPU.
#[test]
fn sam_and_gsam_trajectories() {
    let reference = fixture("gsam_toy.json");
    let adam_w = OptimiserConfig::AdamW { lr: 2e-4, betas: BETAS, eps: 1e-8, weight_decay: 0.05 };
    let sgd = OptimiserConfig::Sgd { lr: 0.1, momentum: 0.0 };
    for (key, config, alpha) in [
        ("adamw_rho0.1_alpha0.05_lr2e-4_wd5e-2", adam_w, 0.05),
        ("sgd_rho0.1_alpha0.05_lr0.1", sgd, 0.05),
        ("sgd_rho0.1_alpha0_lr0.1_(plain SAM)", sgd, 0.0),
    ] {
        let sharpness = Sharpness { rho: 0.1, alpha };
        let (w, mut optimiser) = start(config);
        for (i, expected) in reference[key].as_array().unwrap().iter().enumerate() {
            let first = optimiser.gradients(&objective(&w)).unwrap();
            assert_close(key, &first[0], &expected["grad"], 1e-5);
            let before = w.copy();
            let used = sharpness
                .gradients(optimiser.weights(), first, || {
                    assert_close(key, &w, &expected["perturbed_w"], 1e-6);
                    optimiser.gradients(&objective(&w))
                })
                .unwrap();
            assert_eq!(w.detach(), before.detach());
            assert_close(key, &used[0], &expected["surrogate_grad"], 1e-5);
            optimiser.step(&used, i as u64 + 1, 1.0, None).unwrap();
            assert_close(key, &w, &expected["w_after"], 1e-6);
        }
    }
}

#[test]
fn weights_are_restored_when_the_second_pass_fails() {
    let (w, optimiser) = start(OptimiserConfig::Sgd { lr: 0.1, momentum: 0.0 });
    let before = w.copy();
    let first = optimiser.gradients(&objective(&w)).unwrap();
    let failure = promoter_train::Error::NotFinite { loss: f64::NAN, norm: 1.0, epoch: 0, step: 0 };
    let result = Sharpness { rho: 0.1, alpha: 0.05 }.gradients(optimiser.weights(), first, || Err(failure));
    assert!(result.is_err());
    assert_eq!(w.detach(), before.detach());
}

/// Recipe: Sonnet 2.0.2's momentum in TF 2.15 on a CPU, on the gradient (0.5 w0 + 1, 2 w1).
#[test]
fn momentum_follows_sonnets_trajectory() {
    let mut params = Params::new(Device::Cpu, 0);
    let w = params.root().parameter("w", &[2], Init::ZEROS).unwrap();
    tch::no_grad(|| w.shallow_clone().copy_(&Tensor::from_slice(&[1.0f32, -2.0])));
    let mut optimiser = OptimiserConfig::Sgd { lr: 0.01, momentum: 0.9 }.build(&params).unwrap();
    let reference = fixture("sonnet_momentum.json");
    for (i, expected) in reference["trajectory"].as_array().unwrap().iter().enumerate() {
        let gradient = w.detach() * Tensor::from_slice(&[0.5f32, 2.0]) + Tensor::from_slice(&[1.0f32, 0.0]);
        optimiser.step(&[gradient], i as u64 + 1, 1.0, None).unwrap();
        assert_close("momentum", &w, expected, 1e-6);
    }
}
