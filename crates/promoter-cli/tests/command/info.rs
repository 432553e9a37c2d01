//! `promoter info`.

use std::path::Path;

use serde_json::Value;

/// Published counts: all parameters as the source's framework counts them, and those that train.
const COUNTS: [(&str, u64, u64); 13] = [
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
];

#[test]
fn every_network_has_its_published_number_of_parameters() {
    for (name, parameters, trainable) in COUNTS {
        let info: Value =
            serde_json::from_str(&super::succeeds(&format!("info {name} --json"), Path::new("."))).unwrap();
        assert_eq!(info["name"], name);
        assert_eq!((info["parameters"].as_u64(), name), (Some(parameters), name));
        assert_eq!((info["trainable_parameters"].as_u64(), name), (Some(trainable), name));
        assert!(info["multiply_adds"].as_u64().unwrap() > 1_000_000, "{name}");
        assert!(info["buffers"].is_u64(), "{name}");
    }
}

#[test]
fn every_name_is_listed_and_can_be_shown() {
    let help = super::succeeds("info --help", Path::new("."));
    let list = help.split("possible values: ").nth(1).unwrap().split(']').next().unwrap();
    let names: Vec<&str> = list.split(',').map(str::trim).collect();
    assert!(names.len() >= COUNTS.len() && COUNTS.iter().all(|(name, ..)| names.contains(name)), "{names:?}");
    for name in names {
        let table = super::succeeds(&format!("info {name}"), Path::new("."));
        assert!(table.starts_with(name) && table.contains("multiply-adds per sequence"), "{table}");
    }
    super::fails("info pepa", Path::new("."), 2, &["invalid value 'pepa'", "peppa"]);
}
