//! Reading reference numbers, filling networks with the same weights, and comparing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use promoter_torch::Params;
use serde_json::Value;
use tch::{Device, Kind, Tensor};

/// A file of reference numbers.
pub(crate) fn fixture_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// A JSON file of reference numbers.
pub(crate) fn fixture(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(fixture_path(name)).unwrap()).unwrap()
}

/// Weights without shipping them: a counter-based generator (SplitMix64's finaliser) over the flat index.
pub(crate) fn hfill(shape: &[i64], k: u64, offset: f64, amp: f64) -> Tensor {
    let n = shape.iter().product::<i64>() as u64;
    let values: Vec<f32> = (0..n)
        .map(|i| {
            let mut z = (k << 32).wrapping_add(i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^= z >> 31;
            let u = (z >> 11) as f64 * (1.0 / (1u64 << 53) as f64);
            (offset + amp * (2.0 * u - 1.0)) as f32
        })
        .collect();
    Tensor::from_slice(&values).reshape(shape)
}

/// The tensor that `{shape, k, offset, amp}` describes.
pub(crate) fn filled(spec: &Value) -> Tensor {
    let shape: Vec<i64> = serde_json::from_value(spec["shape"].clone()).unwrap();
    hfill(&shape, spec["k"].as_u64().unwrap(), spec["offset"].as_f64().unwrap(), spec["amp"].as_f64().unwrap())
}

/// Puts a value, axes as in the source framework, into the parameter or buffer `name`.
pub(crate) fn set(params: &Params, name: &str, value: &Tensor) {
    let entry = params.entries().iter().find(|e| e.name == name).unwrap_or_else(|| panic!("no tensor `{name}`"));
    let value = if entry.reversed {
        let axes: Vec<i64> = (0..value.dim() as i64).rev().collect();
        value.permute(&axes)
    } else {
        value.shallow_clone()
    };
    // Sonnet keeps averages as (1, 1, C).
    let value = if value.numel() == entry.tensor.numel() && value.dim() != entry.tensor.dim() {
        value.reshape(entry.tensor.size())
    } else {
        value
    };
    assert_eq!(value.size(), entry.tensor.size(), "{name}");
    tch::no_grad(|| entry.tensor.shallow_clone().copy_(&value));
}

/// Fills parameters and buffers whose names are the reference's own; returns those names, each leading to itself.
pub(crate) fn fill(params: &Params, specs: &Value) -> BTreeMap<String, String> {
    let specs = specs.as_array().unwrap();
    let names = specs.iter().map(|spec| {
        let name = spec["name"].as_str().unwrap().to_owned();
        set(params, &name, &filled(spec));
        (name.clone(), name)
    });
    let names: BTreeMap<String, String> = names.collect();
    for entry in params.entries().iter().filter(|e| !e.name.ends_with("num_batches_tracked")) {
        assert!(names.contains_key(&entry.name), "no reference for `{}`", entry.name);
    }
    names
}

/// One-hot A, C, G, T of `start..end` of each sequence, (B, L, 4).
pub(crate) fn one_hot(sequences: &Value, start: usize, end: usize) -> Tensor {
    let sequences: Vec<String> = serde_json::from_value(sequences.clone()).unwrap();
    let values: Vec<f32> = sequences
        .iter()
        .flat_map(|s| s.as_bytes()[start..end].to_vec())
        .flat_map(|letter| b"ACGT".map(|base| f32::from(u8::from(base == letter))))
        .collect();
    Tensor::from_slice(&values).reshape([sequences.len() as i64, (end - start) as i64, 4])
}

/// A nested list of numbers as a tensor.
pub(crate) fn tensor(value: &Value) -> Tensor {
    fn flatten(value: &Value, depth: usize, shape: &mut Vec<i64>, out: &mut Vec<f64>) {
        match value {
            Value::Array(items) => {
                if shape.len() == depth {
                    shape.push(items.len() as i64);
                }
                items.iter().for_each(|item| flatten(item, depth + 1, shape, out));
            }
            number => out.push(number.as_f64().unwrap()),
        }
    }
    let (mut shape, mut out) = (Vec::new(), Vec::new());
    flatten(value, 0, &mut shape, &mut out);
    Tensor::from_slice(&out).reshape(&shape)
}

/// Asserts that two tensors differ by at most `tolerance` anywhere.
pub(crate) fn assert_close(what: &str, found: &Tensor, expected: &Tensor, tolerance: f64) {
    assert_eq!(found.size(), expected.size(), "{what}");
    let difference = (found.to_kind(Kind::Double) - expected.to_kind(Kind::Double)).abs().max().double_value(&[]);
    assert!(difference <= tolerance, "{what}: departs by {difference}, allowed {tolerance}");
}

/// Asserts the Euclidean norms of the gradients, 1e-4 relative. `names` leads from the reference's names to ours; when
/// gradients depart, the message names the first layer, in data order, whose gradient does.
pub(crate) fn assert_gradient_norms(params: &Params, names: &BTreeMap<String, String>, expected: &Value) {
    let expected = expected.as_object().unwrap();
    let ours: BTreeMap<&str, f64> =
        expected.iter().map(|(name, norm)| (names[name].as_str(), norm.as_f64().unwrap())).collect();
    for entry in params.trainable() {
        let expected = *ours.get(entry.name.as_str()).unwrap_or_else(|| panic!("no reference for `{}`", entry.name));
        let norm = entry.tensor.grad().to_kind(Kind::Double).norm().double_value(&[]);
        // A bias before a batch norm has no gradient but rounding.
        let close = (norm - expected).abs() <= 1e-4 * expected || (norm - expected).abs() <= 1e-5;
        assert!(close, "the gradient of `{}` departs first: {norm}, expected {expected}", entry.name);
    }
    assert_eq!(ours.len(), params.trainable().count());
}

#[test]
fn hfill_is_the_documented_generator() {
    let expected = Tensor::from_slice(&[0.014_901_920_2, 0.432_451_129, 0.225_129_485, -0.368_729_264]);
    assert_close("hfill", &hfill(&[4], 50, 0.0, 1.0), &expected, 1e-9);
}

/// A new, empty set of parameters on the CPU.
pub(crate) fn params() -> Params {
    Params::new(Device::Cpu, 1)
}

/// A name of Keras with our names of the parts of LSTMs, batch norms and kernels.
pub(crate) fn keras_name(name: &str) -> String {
    name.replace("bidirectional/forward_lstm/lstm_cell/", "lstm/forward/")
        .replace("bidirectional/backward_lstm/lstm_cell/", "lstm/backward/")
        .replace("recurrent_kernel", "recurrent")
        .replace("kernel", "weight")
        .replace("gamma", "weight")
        .replace("beta", "bias")
        .replace("moving_mean", "running_mean")
        .replace("moving_variance", "running_var")
        .replace('/', ".")
}
