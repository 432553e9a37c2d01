//! How parameters start: deviations and largest values of the frameworks' own draws.

use promoter_torch::Params;
use promoter_zoo::{Architecture, madlab, peppa};
use tch::{Kind, Tensor};

use crate::support::{fixture, params};

/// Values of all parameters whose names end with one of these.
fn values(params: &Params, ends: &[&str]) -> Tensor {
    let chosen = params.entries().iter().filter(|entry| ends.iter().any(|end| entry.name.ends_with(end)));
    Tensor::cat(&chosen.map(|entry| entry.tensor.detach().flatten(0, -1)).collect::<Vec<_>>(), 0)
}

/// Variance scaling with a truncated normal: the cut at two deviations takes 12 % off the deviation, unless it is
/// corrected for.
const CUT: f64 = 0.879_625_661_034_239_8;

struct Row {
    /// In the fixture.
    name: &'static str,
    /// Numbers that the framework drew.
    drawn: usize,
    /// What they ask of the variance.
    variance: f64,
    values: Tensor,
}

/// Recipe: one draw of each initialiser in TF/Keras 2.15 and Sonnet 2.0.2; deviation and largest magnitude.
///
/// Where the framework drew few numbers its largest decides: it lies beyond what an uncorrected draw can reach. Ours
/// are many, as the networks themselves make them.
#[test]
fn truncated_normals_are_corrected_for_the_cut() {
    let reference = fixture("initialiser_stats.json");
    let (mut mad_lab, mut peppa) = (params(), params());
    // Many blocks: each has few biases.
    madlab::Config { blocks: 60, ..madlab::Config::described() }.build(&mut mad_lab).unwrap();
    peppa::Config { channels: 32, blocks: 12, ..peppa::Config::slim() }.build(&mut peppa).unwrap();
    let biases = ["attention.content_bias", "attention.position_bias"];
    let rows = [
        Row {
            name: "he_normal conv 15x4x192",
            drawn: 15 * 4 * 192,
            variance: 2.0 / 60.0,
            values: values(&mad_lab, &["branches.0.conv.weight"]),
        },
        Row { name: "he_normal lstm kernel 96x16", drawn: 96 * 16, variance: 2.0 / 96.0, values: lstm_kernels() },
        Row {
            name: "sonnet VarianceScaling(2.0) r_w_bias 1x1x1x96 (fan_in 1)",
            drawn: 96,
            variance: 2.0,
            values: values(&mad_lab, &biases),
        },
        Row {
            name: "sonnet VarianceScaling(2.0) r_w_bias 1x8x1x64 (fan_in 8)",
            drawn: 512,
            variance: 2.0 / 8.0,
            values: values(&peppa, &biases),
        },
    ];
    for Row { name, drawn, variance, values } in rows {
        let (sd, bound) = (variance.sqrt(), 2.0 * variance.sqrt() / CUT);
        let theirs = |what: &str| reference[name][what].as_f64().unwrap();
        // The deviation of n numbers is known to about 1 / sqrt(2 n).
        assert!((theirs("std") / sd - 1.0).abs() < 2.0 / (2.0 * drawn as f64).sqrt(), "{name}");
        assert!(theirs("abs_max") > bound * CUT && theirs("abs_max") <= bound, "{name}");
        let values = values.to_kind(Kind::Double);
        assert!(values.numel() > 10_000, "{name}: {} values tell nothing", values.numel());
        let (found, largest) = (values.std(false).double_value(&[]), values.abs().max().double_value(&[]));
        assert!((found / sd - 1.0).abs() < 0.02, "{name}: {found} for {sd}");
        assert!(largest > 0.99 * bound && largest <= bound * 1.000_001, "{name}: {largest} for {bound}");
    }
}

/// The input kernels of MadLab's LSTM from several seeds.
fn lstm_kernels() -> Tensor {
    let of_seed = |seed| {
        let mut params = Params::new(tch::Device::Cpu, seed);
        madlab::Config { filters: 1, blocks: 0, ..madlab::Config::described() }.build(&mut params).unwrap();
        values(&params, &["lstm.forward.weight", "lstm.backward.weight"])
    };
    Tensor::cat(&(0..5).map(of_seed).collect::<Vec<_>>(), 0)
}
