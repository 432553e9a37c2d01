//! What attributions by secants must do for every network: add up.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use promoter_torch::Params;
use promoter_zoo::layers::secant;
use promoter_zoo::registry::NetworkConfig;
use promoter_zoo::{Input, Mode, Network};
use tch::{Device, Kind, Tensor};

/// What the presets leave out: layers, and choices between functions.
const VARIANTS: [&str; 10] = [
    "name = 'auth'\noutput = 'relu'",
    "name = 'peppa'\npooling = 'attention'\nlast_activation = 'relu'\nhead = { hidden = 16 }",
    "name = 'madlab'\nlstm_activation = 'tanh'",
    "name = 'madlab'\nlstm_activation = 'swish'",
    "name = 'noisy-chardonnay'\nfirst_activation = 'exponential'\npooling = 'max_and_average'",
    "name = 'noisy-chardonnay-sweep'\nfamily = 'cnn'",
    "name = 'noisy-chardonnay-sweep'\nfamily = 'bilstm_cnn'",
    "name = 'noisy-chardonnay-sweep'\nfamily = 'cnn_bilstm_attention'",
    "name = 'nad'\nposition_channels = true",
    "name = 'legnet'\nfinal_activation = true",
];

/// Random one-hot rows of up to four channels, otherwise random numbers.
fn rows(network: &dyn Network, n: i64) -> Tensor {
    let input = network.input();
    let shape = [n, input.length, input.channels];
    if input.channels > 6 {
        return Tensor::randn(shape, (Kind::Float, Device::Cpu));
    }
    let x = Tensor::zeros(shape, (Kind::Float, Device::Cpu));
    let bases = Tensor::randint(4, [n, input.length], (Kind::Int64, Device::Cpu)).one_hot(4).to_kind(Kind::Float);
    x.narrow(2, 0, 4).copy_(&bases);
    x
}

/// A network of short sequences whose weights and averages are all in use, unlike those that a network starts with.
fn used(config: &str) -> (Params, Box<dyn Network>) {
    let config: NetworkConfig = toml::from_str(config).unwrap();
    let input = Input { length: 40, ..config.input() };
    let config = config.with_input(input).unwrap();
    let mut params = Params::new(Device::Cpu, 5);
    let network = config.build(&mut params).unwrap();
    tch::no_grad(|| {
        for entry in params.trainable() {
            let _ = entry.tensor.shallow_clone().g_add_(&(entry.tensor.randn_like() * 0.03));
        }
        let _ = network.forward(&rows(&*network, 4), Mode::Estimate { batch: 0 }).unwrap();
    });
    (params, network)
}

/// Largest departure of the sum of contributions from the difference of predictions, and the largest difference.
fn departure(network: &dyn Network, x: &Tensor) -> (f64, f64) {
    let pairs = x.size()[0] / 2;
    let x = x.detach().set_requires_grad(true);
    let predict = || network.expression(&network.forward(&x, Mode::Evaluate)?);
    let y = secant::paired(predict).unwrap();
    let gradients = Tensor::run_backward(&[y.narrow(0, 0, pairs).sum(Kind::Float)], &[&x], false, false).remove(0);
    let plain = tch::no_grad(|| predict().unwrap());
    let unchanged = (&y - &plain).abs().max().double_value(&[]);
    assert!(unchanged < 1e-4 * (1.0 + plain.abs().max().double_value(&[])), "predictions move by {unchanged}");
    let change = x.narrow(0, 0, pairs) - x.narrow(0, pairs, pairs);
    let sums = (gradients.narrow(0, 0, pairs) * change).sum_dim_intlist(&[1i64, 2][..], false, Kind::Double);
    let differences = y.narrow(0, 0, pairs) - y.narrow(0, pairs, pairs);
    let largest = differences.abs().max().double_value(&[]);
    ((sums - differences).abs().max().double_value(&[]), largest)
}

#[test]
fn contributions_of_every_network_add_up() {
    tch::manual_seed(3);
    let presets = NetworkConfig::names().into_iter().map(|name| format!("name = '{name}'"));
    for text in presets.chain(VARIANTS.map(str::to_owned)) {
        let (_params, network) = used(&text);
        let (departure, difference) = departure(&*network, &rows(&*network, 4));
        assert!(departure < 1e-3 * difference.max(1.0) && departure < 0.02 * difference, "{text}: {departure}");
    }
}

/// A sequence that is its own reference has nothing to contribute, and the gradient as its multipliers.
#[test]
fn a_sequence_beside_itself_has_the_plain_gradient() {
    tch::manual_seed(4);
    for name in ["peppa", "legnet", "dream-attn", "madlab", "bert"] {
        let (_params, network) = used(&format!("name = '{name}'"));
        let x = rows(&*network, 1);
        let gradient = |x: &Tensor, paired: bool| {
            let x = x.detach().set_requires_grad(true);
            let predict = || network.expression(&network.forward(&x, Mode::Evaluate)?);
            let y = if paired { secant::paired(predict) } else { predict() };
            Tensor::run_backward(&[y.unwrap().get(0)], &[&x], false, false).remove(0).get(0)
        };
        let (plain, paired) = (gradient(&x, false), gradient(&Tensor::cat(&[&x, &x], 0), true));
        let scale = plain.abs().max().double_value(&[]);
        let farthest = (plain - paired).abs().max().double_value(&[]);
        assert!(scale > 0.0 && farthest < 1e-3 * scale, "{name}: {farthest} of {scale}");
    }
}

#[test]
fn an_odd_batch_has_no_pairs() {
    let (_params, network) = used("name = 'auth-cnn'");
    let x = rows(&*network, 3);
    let error = secant::paired(|| network.forward(&x, Mode::Evaluate)).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("expected as many sequences as references, found 3 rows"), "{cause}");
}
