//! Networks by name, and what holds for every one of them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use promoter_torch::Params;
use promoter_zoo::info::Info;
use promoter_zoo::registry::NetworkConfig;
use promoter_zoo::{Mode, Network};
use tch::{Device, Kind, Tensor};

fn build(name: &str, seed: u64) -> (Params, Box<dyn Network>) {
    let mut params = Params::new(Device::Cpu, seed);
    let network = NetworkConfig::by_name(name).unwrap().build(&mut params).unwrap();
    (params, network)
}

/// Random one-hot rows; numbers beyond the fourth are 0. Embeddings are drawn alike: 128 numbers of which one is 1.
fn sequences(network: &dyn Network, n: i64) -> Tensor {
    let input = network.input();
    let letters: Vec<i64> =
        (0..n * input.length).map(|i| (i * 2_654_435_761 % 1_000_003 / 7) % input.channels.min(4)).collect();
    let x = Tensor::from_slice(&letters).reshape([n, input.length]).one_hot(input.channels);
    x.to_kind(Kind::Float)
}

#[test]
fn counts_are_those_of_the_sources() {
    for (name, parameters, trainable) in [
        ("auth", 4_203_369, 4_203_369),
        ("noisy-chardonnay", 1_365_249, 1_364_097),
        ("noisy-chardonnay-stated", 1_007_169, 1_006_017),
        ("madlab", 319_657, 317_353),
        ("madlab-as-run", 319_657, 150_313),
        ("nad", 14_176_716, 14_176_716),
        ("peppa", 1_995_617, 1_995_617),
        ("legnet", 1_852_846, 1_852_846),
        ("legnet-simple-squeeze-excite", 1_725_122, 1_725_122),
        ("legnet-optimised", 2_129_602, 2_129_602),
        ("dream-cnn", 1_933_970, 1_933_970),
        ("dream-rnn", 4_130_578, 4_130_578),
        ("dream-attn", 4_539_410, 4_539_410),
    ] {
        let info = Info::of(&NetworkConfig::by_name(name).unwrap()).unwrap();
        assert_eq!((info.parameters, info.trainable_parameters), (parameters, trainable), "{name}");
    }
}

#[test]
fn every_parameter_is_in_a_layer_of_the_table() {
    for name in NetworkConfig::names() {
        let (params, _) = build(name, 0);
        let info = Info::of(&NetworkConfig::by_name(name).unwrap()).unwrap();
        let in_layers: usize = info.layers.iter().map(|layer| layer.parameters).sum();
        // BERT's masked-k-mer head does not run for expression.
        let elsewhere: usize =
            params.entries().iter().filter(|e| e.name.starts_with("masked.")).map(|e| e.tensor.numel()).sum();
        assert_eq!(in_layers + elsewhere, params.parameter_count(), "{name}");
    }
}

/// Multiply-adds that follow from the sizes alone.
#[test]
fn the_table_has_shapes_and_costs() {
    let info = Info::of(&NetworkConfig::by_name("auth").unwrap()).unwrap();
    let first = &info.layers[0];
    assert_eq!((first.output.as_slice(), first.multiply_adds), ([1000, 51].as_slice(), 51 * 1000 * 30 * 4));
    for (name, least, most) in [("auth", 55e6, 75e6), ("peppa", 12e6, 20e6), ("nad", 400e6, 560e6)] {
        let cost = Info::of(&NetworkConfig::by_name(name).unwrap()).unwrap().multiply_adds as f64;
        assert!(cost > least && cost < most, "{name}: {cost}");
    }
}

#[test]
fn the_table_prints_and_is_json() {
    let info = Info::of(&NetworkConfig::by_name("noisy-chardonnay-stated").unwrap()).unwrap();
    let text = info.to_string();
    assert!(text.starts_with("noisy-chardonnay: 110 x 4 to 1\n"), "{text}");
    assert!(text.contains("parameters                        1,007,169\n"), "{text}");
    let json = serde_json::to_value(&info).unwrap();
    assert_eq!(json["parameters"], 1_007_169);
    assert_eq!(json["trainable_parameters"], 1_006_017);
    assert_eq!(json["buffers"], 1_152);
    assert!(json["multiply_adds"].as_u64().unwrap() > 0);
    assert_eq!(json["layers"][0]["output"], serde_json::json!([256, 110]));
}

#[test]
fn presets_keep_what_a_file_does_not_replace() {
    let config: NetworkConfig = toml::from_str("name = 'legnet-optimised'\nlength = 110\nchannels = 4").unwrap();
    let NetworkConfig::Legnet(legnet) = &config else { panic!("{config:?}") };
    assert_eq!((legnet.length, legnet.channels, legnet.group), (110, 4, 1));
    assert_eq!(config.name(), "legnet");
    for name in NetworkConfig::names() {
        let config = NetworkConfig::by_name(name).unwrap();
        let text = toml::to_string(&config).unwrap();
        assert_eq!(toml::from_str::<NetworkConfig>(&text).unwrap(), config, "{text}");
        assert_eq!(toml::from_str::<NetworkConfig>(&format!("name = '{name}'")).unwrap(), config);
    }
}

#[test]
fn unknown_names_options_and_values_are_refused() {
    let error = |text: &str| toml::from_str::<NetworkConfig>(text).unwrap_err().to_string();
    let unknown = error("name = 'enformer'");
    assert!(unknown.contains("there is no network `enformer`; the names are auth, "), "{unknown}");
    let option = error("name = 'nad'\nlenght = 80");
    assert!(option.contains("network `nad`: unknown field `lenght`, expected one of `length`"), "{option}");
    assert!(error("length = 80").contains("missing field `name`"));
    assert!(error("name = 3").contains("`name` is 3"));
    assert!(error("name = 'nad'\nlength = 'long'").contains("invalid type"));
}

/// Under bf16 autocast, as on a GPU, predictions stay near those in f32.
#[test]
fn networks_run_under_autocast() {
    for name in ["nad", "legnet", "dream-attn", "bert"] {
        let (_params, network) = build(name, 4);
        let x = sequences(&*network, 2);
        let predict = || network.expression(&network.forward(&x, Mode::Evaluate).unwrap()).unwrap();
        let exact = predict();
        let autocast =
            promoter_torch::backend::autocast(Device::Cpu, Some(Kind::BFloat16), predict).unwrap().to_kind(Kind::Float);
        let difference = (exact - autocast).abs().max().double_value(&[]);
        assert!(difference < 0.1, "{name}: {difference}");
    }
}
