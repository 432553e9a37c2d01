//! Where dropout draws from, and attention of scaled dot products against LibTorch's own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;

use promoter_torch::Params;
use promoter_torch::backend::autocast;
use promoter_torch::random::with_seed;
use promoter_zoo::Mode;
use promoter_zoo::layers::dot_product::attention;
use promoter_zoo::registry::NetworkConfig;
use tch::{Device, Kind, Tensor};

/// LibTorch's default generator is the process's: the tests here, which seed it, take turns, and no others are here.
static DEFAULT_GENERATOR: Mutex<()> = Mutex::new(());

/// Result and gradients of attention over three projections of one input, whose heads lie as a network's do.
fn run(kind: Kind, autocast_to: Option<Kind>, attend: &dyn Fn(&Tensor, &Tensor, &Tensor) -> Tensor) -> [Tensor; 4] {
    tch::manual_seed(5);
    let make = || Tensor::randn([3, 17, 24], (Kind::Float, Device::Cpu)).to_kind(kind).set_requires_grad(true);
    let leaves = [make(), make(), make()];
    let weight = Tensor::randn([24, 24], (Kind::Float, Device::Cpu)).to_kind(kind);
    tch::manual_seed(6);
    let y = autocast(Device::Cpu, autocast_to, || {
        let [q, k, v] = [0, 1, 2].map(|i| leaves[i].matmul(&weight).reshape([3, 17, 4, 6]).transpose(1, 2));
        attend(&q, &k, &v)
    });
    let y = y.unwrap();
    y.to_kind(Kind::Float).square().sum(Kind::Float).backward();
    let [a, b, c] = leaves.map(|leaf| leaf.grad());
    [y.detach(), a, b, c]
}

/// Same bytes as LibTorch's operation from the same seed, by the default generator and by a thread's own.
#[test]
fn training_is_libtorchs() {
    let _turn = DEFAULT_GENERATOR.lock();
    for (kind, to) in [
        (Kind::Float, None),
        (Kind::Double, None),
        (Kind::BFloat16, None),
        (Kind::Half, None),
        (Kind::Float, Some(Kind::BFloat16)),
    ] {
        let theirs = run(kind, to, &|q, k, v| {
            Tensor::scaled_dot_product_attention(q, k, v, None::<&Tensor>, 0.3, false, None, false)
        });
        let ours = |q: &Tensor, k: &Tensor, v: &Tensor| attention(q, k, v, 0.3, Mode::Train).unwrap();
        let default = run(kind, to, &ours);
        let own = run(kind, to, &|q, k, v| with_seed(6, || ours(q, k, v)).unwrap());
        for found in [default, own] {
            for (found, expected) in found.iter().zip(&theirs) {
                assert_eq!((found.kind(), found.size()), (expected.kind(), expected.size()));
                assert!(found.equal(expected), "{kind:?} {to:?}");
            }
        }
    }
}

#[test]
fn nothing_is_dropped_outside_training() {
    let _turn = DEFAULT_GENERATOR.lock();
    let plain = run(Kind::Float, None, &|q, k, v| attention(q, k, v, 0.0, Mode::Train).unwrap());
    let evaluated = run(Kind::Float, None, &|q, k, v| attention(q, k, v, 0.3, Mode::Evaluate).unwrap());
    assert_eq!(plain, evaluated);
}

/// In training a network draws from the thread's generator alone, and then what the default one would have given.
#[test]
fn networks_draw_from_the_threads_generator() {
    let _turn = DEFAULT_GENERATOR.lock();
    for name in NetworkConfig::names() {
        let mut params = Params::new(Device::Cpu, 1);
        let network = NetworkConfig::by_name(name).unwrap().build(&mut params).unwrap();
        let x = Tensor::ones([2, network.input().length, network.input().channels], (Kind::Float, Device::Cpu));
        let forward = || tch::no_grad(|| network.forward(&x, Mode::TrainKeepAverages).unwrap());
        tch::manual_seed(8);
        let theirs = forward();
        tch::manual_seed(9);
        assert!(with_seed(8, forward).unwrap().equal(&theirs), "{name}");
    }
}
