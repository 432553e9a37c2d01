//! Networks by name, and what holds for every one of them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use promoter_torch::file::Tensors;
use promoter_torch::{Error as Torch, Params};
use promoter_zoo::info::Info;
use promoter_zoo::layers::BatchNorm;
use promoter_zoo::registry::NetworkConfig;
use promoter_zoo::{Error, Input, Mode, Network};
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
    assert_eq!((legnet.length, legnet.input_channels, legnet.group), (110, 4, 1));
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
    assert!(unknown.contains("unknown network `enformer`: known are auth, "), "{unknown}");
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

/// A configuration whose fields are one with `value` in the place of every number that a field has.
fn with_every_size(config: &NetworkConfig, value: i64) -> Vec<NetworkConfig> {
    let table = toml::Table::try_from(config).unwrap();
    let numbers = |value: &toml::Value| value.is_integer() || value.as_array().is_some_and(|list| list[0].is_integer());
    let fields: Vec<&String> = table.iter().filter(|(_, value)| numbers(value)).map(|(field, _)| field).collect();
    let replaced = |fields: &[&String]| {
        let mut table = table.clone();
        for field in fields {
            match &mut table[*field] {
                toml::Value::Array(list) => list.fill(value.into()),
                other => *other = value.into(),
            }
        }
        table.try_into().unwrap()
    };
    assert!(!fields.is_empty());
    fields.iter().map(|field| replaced(&[field])).chain([replaced(&fields)]).collect()
}

/// Sizes that nothing can have are refused by name before any memory is taken; a plan of the largest takes none.
#[test]
fn absurd_sizes_are_errors() {
    for name in NetworkConfig::names() {
        let preset = NetworkConfig::by_name(name).unwrap();
        for value in [i64::MIN, -1, 0, 1 << 31, 1 << 32, i64::MAX] {
            for config in with_every_size(&preset, value) {
                match config.build(&mut Params::new(Device::Cpu, 1)) {
                    Err(Error::Config { .. }) => {}
                    // No blocks are a network too.
                    Ok(_) => assert_eq!(value, 0, "{config:?}"),
                    Err(other) => panic!("{config:?}: {other}"),
                }
            }
        }
        for value in [1, 999, 1 << 20] {
            for config in with_every_size(&preset, value) {
                let expected = |error| matches!(error, Error::Config { .. } | Error::Params(Torch::TooLarge { .. }));
                assert!(config.plan().err().is_none_or(expected), "{config:?}");
            }
        }
    }
    for (text, message) in [
        ("name = 'nad'\nlength = 2147483648", "`length` is 2147483648, expected at most 1048576"),
        ("name = 'auth'\nlstm_units = 4294967296", "`lstm_units` is 4294967296, expected at most 1048576"),
        ("name = 'peppa'\ndropout = 1.5", "`dropout` is 1.5, expected at least 0 and below 1"),
        ("name = 'peppa'\nposition_dropout = -0.1", "`position_dropout` is -0.1, expected at least 0 and below 1"),
    ] {
        let error = toml::from_str::<NetworkConfig>(text).unwrap().plan().unwrap_err();
        assert_eq!(error.to_string(), message);
    }
    let large = toml::from_str::<NetworkConfig>("name = 'nad'\nlength = 1048576").unwrap();
    let error = large.build(&mut Params::new(Device::Cpu, 1)).unwrap_err().to_string();
    assert!(error.ends_with("a network has at most 1073741824 numbers"), "{error}");
}

#[test]
fn a_plan_is_what_is_built_and_tells_whether_a_file_fits() {
    for name in NetworkConfig::names() {
        let (params, network) = build(name, 0);
        let config = NetworkConfig::by_name(name).unwrap();
        let plan = config.plan().unwrap();
        assert_eq!(plan, params.plan(), "{name}");
        assert_eq!(config.input(), network.input(), "{name}");
        let tensors = Tensors::of(&params).unwrap();
        assert_eq!(tensors.compare(&plan).0, [], "{name}");
        assert_ne!(tensors.compare(&plan[1..]).0, [], "{name}");
    }
}

#[test]
fn every_preset_belongs_to_its_network_and_has_a_source() {
    let names = NetworkConfig::names();
    for name in &names {
        let config = NetworkConfig::by_name(name).unwrap();
        assert!(name.starts_with(config.name()), "{name}");
        assert_eq!(serde_json::to_value(&config).unwrap()["name"], config.name());
        assert_eq!(NetworkConfig::by_name(config.name()).unwrap().name(), config.name());
        assert!(config.source().len() > 20, "{name}");
    }
    assert_eq!(names.len(), names.iter().collect::<std::collections::BTreeSet<_>>().len());
}

#[test]
fn earlier_names_of_fields_are_still_read() {
    let read = |text: &str| toml::from_str::<NetworkConfig>(text);
    for (earlier, now) in [
        ("name = 'legnet'\nchannels = 4", "name = 'legnet'\ninput_channels = 4"),
        ("name = 'dream-rnn'\nchannels = 4", "name = 'dream-rnn'\ninput_channels = 4"),
        (
            "name = 'nad'\nembedding = 4\nchannels = [8, 8, 8, 8, 16]",
            "name = 'nad'\ninput_channels = 4\nblock_channels = [8, 8, 8, 8, 16]",
        ),
    ] {
        assert_eq!(read(earlier).unwrap(), read(now).unwrap());
    }
    let both = read("name = 'nad'\nembedding = 4\ninput_channels = 4").unwrap_err().to_string();
    assert!(both.contains("`embedding` is an earlier name of `input_channels`, which is given too"), "{both}");
    // Width where it always was one.
    let NetworkConfig::Peppa(peppa) = read("name = 'peppa'\nchannels = 96").unwrap() else { panic!() };
    assert_eq!(peppa.channels, 96);
}

#[test]
fn networks_can_take_another_input_where_they_have_one() {
    for name in NetworkConfig::names() {
        let config = NetworkConfig::by_name(name).unwrap();
        let longer = Input { length: config.input().length / 8 * 8 + 8, ..config.input() };
        let resized = config.clone().with_input(longer).unwrap();
        assert_eq!(resized.input(), longer, "{name}");
        let mut params = Params::new(Device::Cpu, 1);
        assert_eq!(resized.build(&mut params).unwrap().input(), longer, "{name}");
        assert_eq!(config.clone().with_input(config.input()).unwrap(), config);
        let wide = config.clone().with_input(Input { channels: 7, ..config.input() });
        match config.input().channels {
            // auth tried k-mer vectors; Upstream takes what it gets.
            4 if name != "auth" && !name.starts_with("upstream") => {
                assert_eq!(wide.unwrap_err().to_string(), "`input_channels` is 7, expected 4, the bases")
            }
            _ => assert_eq!(wide.unwrap().input().channels, 7),
        }
        assert!(config.clone().with_input(Input { length: 0, ..config.input() }).is_err(), "{name}");
    }
    let nad = NetworkConfig::by_name("nad").unwrap().with_input(Input { length: 110, channels: 4 });
    assert_eq!(nad.unwrap_err().to_string(), "`length` is 110, expected a multiple of 8");
}

/// Estimating has no dropout: what it makes of a batch is what evaluation makes of it afterwards. PyTorch's correction
/// of the stored variances departs from that in every layer.
#[test]
fn estimating_drops_nothing() {
    for name in NetworkConfig::names() {
        let (params, network) = build(name, 2);
        let x = sequences(&*network, 4);
        let forward = |mode| tch::no_grad(|| network.forward(&x, mode).unwrap());
        let first = forward(Mode::Estimate { batch: 0 });
        assert_eq!(first, forward(Mode::Estimate { batch: 1 }), "{name}");
        let evaluated = forward(Mode::Evaluate);
        if !BatchNorm::is_in(&params) {
            assert_eq!(first, evaluated, "{name}");
        } else if params.entries().iter().all(|entry| !entry.name.ends_with("num_batches_tracked")) {
            let difference = (&evaluated - &first).abs().max().double_value(&[]);
            assert!(difference < 1e-3 * first.abs().max().double_value(&[]), "{name}: {difference}");
        }
    }
}
