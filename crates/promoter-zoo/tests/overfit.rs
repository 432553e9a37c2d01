//! Every network can learn 64 sequences by heart.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use promoter_encode::random::Stream;
use promoter_seq::read::{ReadOptions, read};
use promoter_torch::Params;
use promoter_torch::group::{self, Adam};
use promoter_zoo::registry::NetworkConfig;
use promoter_zoo::{Input, Mode, Network};
use tch::{Device, Kind, Tensor};

const ROWS: usize = 64;
/// Bases of the construct and of its left flank, which all rows share.
const CONSTRUCT: usize = 110;
const FLANK: usize = 17;
/// Of labels with variance 1.
const GOAL: f64 = 0.05;

/// Codes and labels: the first of the challenge's real rows.
fn rows() -> Vec<(Vec<u8>, f32)> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/dream2022/train_sequences_sample.txt.gz");
    let (table, _) = read(path, &ReadOptions::default()).unwrap();
    table.rows().take(ROWS).map(|(codes, label)| (codes.to_vec(), label)).collect()
}

/// One-hot, from the insert on where not all of the construct fits, zeros beyond the end; for a network with more than
/// four channels each base has a random vector.
fn encode(rows: &[(Vec<u8>, f32)], input: Input) -> Tensor {
    let (length, channels) = (input.length as usize, input.channels as usize);
    let mut stream = Stream::new(2, "vectors", 0);
    let vectors: Vec<Vec<f32>> = (0..4)
        .map(|base| match channels {
            4 => (0..4).map(|c| f32::from(u8::from(c == base))).collect(),
            _ => (0..channels).map(|_| stream.normal() as f32).collect(),
        })
        .collect();
    let start = if length < CONSTRUCT { FLANK } else { 0 };
    let mut x = vec![0.0; rows.len() * length * channels];
    for (out, (codes, _)) in x.chunks_mut(length * channels).zip(rows) {
        for (out, &code) in out.chunks_mut(channels).zip(codes.iter().skip(start)) {
            if let Some(vector) = vectors.get(usize::from(code)) {
                out.copy_from_slice(vector);
            }
        }
    }
    Tensor::from_slice(&x).reshape([rows.len() as i64, input.length, input.channels])
}

/// Labels with variance 1 and this mean.
fn targets(rows: &[(Vec<u8>, f32)], mean: f64) -> Tensor {
    let labels = Tensor::from_slice(&rows.iter().map(|(_, label)| *label).collect::<Vec<_>>());
    (&labels - labels.mean(Kind::Float)) / labels.std(false) + mean
}

/// Trains on all rows at once until the mean square error is 5 % of that of the best constant. `mean` is for the
/// labels: some networks put out nothing below 0.
fn overfits(config: &str, mean: f64, lr: f64, most_steps: usize) {
    let config: NetworkConfig = toml::from_str(config).unwrap();
    let mut params = Params::new(Device::Cpu, 1);
    let network: Box<dyn Network> = config.build(&mut params).unwrap();
    let rows = rows();
    let (x, y) = (encode(&rows, network.input()), targets(&rows, mean));

    let weights: Vec<Tensor> = params.trainable().map(|entry| entry.tensor.shallow_clone()).collect();
    let zeros = || weights.iter().map(|w| w.detach().zeros_like()).collect::<Vec<_>>();
    let (first, second) = (zeros(), zeros());
    let steps: Vec<Tensor> = weights.iter().map(|_| Tensor::from(0.0f32)).collect();
    let adam = Adam { lr, beta1: 0.9, beta2: 0.999, eps: 1e-7, decay: 0.0, decoupled: false };
    let mut losses = Vec::new();
    for _ in 0..most_steps {
        params.zero_grad();
        let output = network.forward(&x, Mode::Train).unwrap();
        let loss = network.expression(&output).unwrap().mse_loss(&y, tch::Reduction::Mean);
        losses.push(loss.double_value(&[]));
        if losses.last().unwrap() <= &GOAL {
            return;
        }
        loss.backward();
        let gradients: Vec<Tensor> = weights.iter().map(Tensor::grad).collect();
        for count in &steps {
            let _ = count.shallow_clone().f_add_scalar_(1.0).unwrap();
        }
        group::adam_(&weights, &gradients, &first, &second, &steps, adam).unwrap();
    }
    panic!("{}: {losses:?} did not come down to {GOAL}", config.name());
}

#[test]
fn auth() {
    overfits("name = 'auth'\ndropout = 0", 0.0, 1e-3, 100);
}

#[test]
fn auth_cnn() {
    overfits("name = 'auth-cnn'\ndropout = 0", 0.0, 1e-3, 100);
}

#[test]
fn auth_rnn() {
    overfits("name = 'auth-rnn'\ndropout = 0", 0.0, 1e-3, 200);
}

#[test]
fn noisy_chardonnay() {
    overfits("name = 'noisy-chardonnay'\nlstm_dropout = 0\ndense_dropout = 0", 0.0, 3e-3, 100);
}

#[test]
fn noisy_chardonnay_attention() {
    overfits("name = 'noisy-chardonnay-attention'\nlstm_dropout = 0\ndense_dropout = 0", 0.0, 3e-3, 100);
}

#[test]
fn madlab() {
    overfits("name = 'madlab'", 0.0, 7e-4, 200);
}

#[test]
fn peppa() {
    let config = "name = 'peppa'\ndropout = 0\nattention_dropout = 0\nposition_dropout = 0\nfinal_dropout = 0";
    overfits(config, 3.0, 1e-3, 200);
}

/// Small: the network's size is not what is tested.
#[test]
fn nad() {
    overfits("name = 'nad'\nlength = 40\nchannels = [32, 40, 48, 56, 64]\ndepths = [1, 1, 1, 1]", 0.0, 1e-3, 150);
}

#[test]
fn legnet() {
    overfits("name = 'legnet'\nlength = 24\nstages = [128, 64, 64]", 8.5, 3e-3, 150);
}

#[test]
fn legnet_optimised() {
    overfits("name = 'legnet-optimised'\nlength = 24\nstages = [128, 64, 64]", 8.5, 3e-3, 150);
}

#[test]
fn dream_cnn() {
    overfits("name = 'dream-cnn'\nlength = 24\ndropout = 0", 8.5, 2e-4, 100);
}

#[test]
fn dream_rnn() {
    overfits("name = 'dream-rnn'\nlength = 16\ndropout = 0\nfinal_dropout = 0", 8.5, 1e-4, 100);
}

#[test]
fn dream_attn() {
    overfits("name = 'dream-attn'\nlength = 24\nblocks = 1\ndropout = 0", 8.5, 2e-4, 100);
}

#[test]
fn bert() {
    overfits("name = 'bert'\nlength = 24\nblocks = 2\nchannels = 64\ndropout = 0", 0.0, 1e-3, 200);
}

#[test]
fn upstream() {
    overfits("name = 'upstream-small'\nlstm_dropout = 0\ndense_dropout = 0", 0.0, 3e-3, 100);
}
