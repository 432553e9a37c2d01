//! Keras' LSTM.

use promoter_torch::Init;
use promoter_zoo::Mode;
use promoter_zoo::layers::lstm::{BiLstm, CellActivation};
use tch::{Device, Kind, Tensor};

use crate::support::{assert_close, fixture, params, set, tensor};

/// Recipe: `Bidirectional(LSTM(3))` of TF/Keras 2.15 on a CPU, with each activation.
#[test]
fn outputs_are_keras_in_both_directions_and_with_both_activations() {
    let reference = fixture("keras_lstm_small.json");
    let x = tensor(&reference["x"]).to_kind(Kind::Float);
    for (activation, name) in [(CellActivation::Tanh, "tanh"), (CellActivation::Swish, "swish")] {
        let mut params = params();
        let lstm = BiLstm::keras(params.root(), 2, 3, Init::ZEROS, activation).unwrap();
        for (ours, theirs) in [("forward", ""), ("backward", "backward_")] {
            set(&params, &format!("{ours}.weight"), &tensor(&reference[format!("{theirs}kernel")]));
            set(&params, &format!("{ours}.recurrent"), &tensor(&reference[format!("{theirs}recurrent_kernel")]));
            set(&params, &format!("{ours}.bias"), &tensor(&reference[format!("{theirs}bias")]));
        }
        let steps = lstm.all_steps(&x, Mode::Evaluate).unwrap();
        let expected = tensor(&reference[format!("output_seq_activation_{name}")]);
        assert_close(name, &steps.narrow(2, 0, 3), &expected, 1e-6);
        if activation == CellActivation::Tanh {
            let last = lstm.last_states(&x, Mode::Evaluate).unwrap();
            assert_close("last", &last, &tensor(&reference["bidirectional_tanh_last_state_concat_fwd_bwd"]), 1e-6);
        }
    }
}

/// One step after the other, written out, for the direction that reads from the end too.
#[test]
fn swish_is_the_formula_step_by_step() {
    let (batch, length, channels, u) = (3, 7, 5, 2);
    let mut params = params();
    let lstm = BiLstm::keras(params.root(), channels, u, Init::he_normal(5), CellActivation::Swish).unwrap();
    tch::manual_seed(1);
    let x = Tensor::randn([batch, length, channels], (Kind::Float, Device::Cpu));
    let direction = |name: &str, positions: &[i64]| {
        let weight = |part: &str| params.get(&format!("{name}.{part}")).unwrap().detach();
        let (mut h, mut c) =
            (Tensor::zeros([batch, u], tch::kind::FLOAT_CPU), Tensor::zeros([batch, u], tch::kind::FLOAT_CPU));
        let mut steps: Vec<Tensor> = positions.iter().map(|_| Tensor::new()).collect();
        for &t in positions {
            let z =
                x.select(1, t).matmul(&weight("weight").tr()) + h.matmul(&weight("recurrent").tr()) + weight("bias");
            let gate = |i: i64| z.narrow(1, i * u, u);
            c = gate(1).sigmoid() * c + gate(0).sigmoid() * gate(2) * gate(2).sigmoid();
            h = gate(3).sigmoid() * &c * c.sigmoid();
            steps[t as usize] = h.copy();
        }
        (Tensor::stack(&steps, 1), h)
    };
    let (forward, last_forward) = direction("forward", &(0..length).collect::<Vec<_>>());
    let (backward, last_backward) = direction("backward", &(0..length).rev().collect::<Vec<_>>());
    let steps = lstm.all_steps(&x, Mode::Evaluate).unwrap();
    assert_close("steps", &steps, &Tensor::cat(&[forward, backward], 2), 1e-6);
    let last = lstm.last_states(&x, Mode::Evaluate).unwrap();
    assert_close("last", &last, &Tensor::cat(&[last_forward, last_backward], 1), 1e-6);
}

#[test]
fn gradients_can_be_taken_in_evaluation_too() {
    let mut params = params();
    let lstm = BiLstm::keras(params.root(), 4, 8, Init::he_normal(4), CellActivation::Tanh).unwrap();
    let x = Tensor::ones([2, 5, 4], (Kind::Float, Device::Cpu));
    for mode in [Mode::Evaluate, Mode::Train] {
        params.zero_grad();
        lstm.all_steps(&x, mode).unwrap().sum(Kind::Float).backward();
        assert!(params.trainable().all(|entry| entry.tensor.grad().norm().double_value(&[]) > 0.0));
    }
}

/// The unbounded state keeps all of f32.
#[test]
fn under_autocast_only_the_input_product_is_rounded() {
    let mut params = params();
    let lstm = BiLstm::keras(params.root(), 4, 3, Init::he_normal(4), CellActivation::Swish).unwrap();
    let x = Tensor::ones([2, 9, 4], (Kind::Float, Device::Cpu));
    let run = || lstm.last_states(&x, Mode::Train).unwrap();
    let exact = run();
    let rounded = promoter_torch::backend::autocast(Device::Cpu, Some(Kind::BFloat16), run).unwrap();
    assert_eq!(rounded.kind(), Kind::Float);
    assert_close("states", &rounded, &exact, 0.02);
    rounded.sum(Kind::Float).backward();
    assert_eq!(params.get("forward.recurrent").unwrap().grad().kind(), Kind::Float);
}
