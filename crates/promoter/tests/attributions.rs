//! Contributions of predictors: they add up, for every encoding and with ridge regression.
#![cfg(feature = "torch")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use promoter::encode::random::Stream;
use promoter::explain::{Contributions, shuffled};
use promoter::label::{Affine, Fitted};
use promoter::metrics::Ridge;
use promoter::predictor::{Attribution, Averaging, Description, Ensemble, FORMAT, Rule};
use promoter::seq::Table;
use promoter::torch::{Params, file::Tensors};
use promoter::train::Readout;
use promoter::train::encoding::Encoding;
use promoter::zoo::registry::NetworkConfig;
use promoter::{Error, Predictor};
use tch::{Device, Kind, Tensor};

const LENGTH: usize = 40;

fn sequences(count: u64) -> Vec<Vec<u8>> {
    let sequence = |row| {
        let mut draws = Stream::new(3, "test", row);
        (0..LENGTH).map(|_| draws.below(4) as u8).collect()
    };
    (0..count).map(sequence).collect()
}

fn table(rows: &[Vec<u8>]) -> Table {
    let mut table = Table::default();
    rows.iter().for_each(|codes| table.push(codes, f32::NAN));
    table
}

/// A predictor with a small network on `channels` numbers per position, with or without a share of ridge regression.
fn predictor(encoding: &str, vectors: Option<Tensor>, positions: usize, channels: usize, ridge: bool) -> Predictor {
    let json = format!(
        r#"{{"name": "auth", "length": {positions}, "input_channels": {channels}, "filters": 24, "width": 6, "pool": 3,
            "lstm_units": 6, "dense_units": 8}}"#
    );
    let network: NetworkConfig = serde_json::from_str(&json).unwrap();
    let encoding: Encoding = serde_json::from_str(encoding).unwrap();
    let mut params = Params::new(Device::Cpu, 7);
    network.build(&mut params).unwrap();
    let mut tensors = Tensors::of(&params).unwrap();
    if let Some(vectors) = vectors {
        tensors.insert("encoding.vectors", &vectors).unwrap();
    }
    let line = Affine::new(20.0, 5.0).unwrap();
    let mut weight = 0.0;
    if ridge {
        weight = 0.4;
        let rows = sequences(300);
        let labels: Vec<f32> = rows.iter().map(|codes| codes.iter().map(|&code| f32::from(code)).sum()).collect();
        let fitted = Ridge::fit(&rows, &labels).unwrap();
        Readout { line, ridge: Some((fitted, weight)), ..Readout::IDENTITY }.store(0, &mut tensors).unwrap();
    }
    let description = Description {
        format: FORMAT,
        version: "test".into(),
        title: "test".into(),
        network,
        encoding,
        label: Fitted::Identity,
        calibration: line,
        ridge: weight,
        of_label: Affine::IDENTITY,
        names: Vec::new(),
        further: Vec::new(),
        evaluation: Averaging::default(),
        training: None,
    };
    Predictor::new(description, tensors, Path::new("test"), Device::Cpu).unwrap()
}

fn one_hot(ridge: bool) -> Predictor {
    let encoding = r#"{"one_hot": {"fit": {"length": 40, "longer": "keep_first", "shorter": {"pad_right": "N"}}}}"#;
    predictor(encoding, None, LENGTH, 4, ridge)
}

/// Words of k bases with the vectors' numbers each.
fn kmers(k: usize, vectors: Tensor) -> Predictor {
    let channels = vectors.size()[1] as usize;
    let encoding = format!(
        r#"{{"kmer": {{"fit": {{"length": 40, "longer": "keep_first", "shorter": {{"pad_right": "N"}}}}, "k": {k},
            "vectors": {{"random": {{"dimension": {channels}}}}}}}}}"#
    );
    predictor(&encoding, Some(vectors), LENGTH - k + 1, channels, false)
}

/// The sums of contributions are the differences from the mean prediction of the references, which `predict` gives.
fn adds_up(
    predictor: &Predictor,
    averaging: Option<Averaging>,
    how: Attribution,
    tolerance: f32,
) -> Vec<Contributions> {
    let rows = sequences(3);
    let all = predictor.attributions(&table(&rows), averaging, how).unwrap();
    let predictions = predictor.predict_table(&table(&rows), averaging).unwrap();
    for ((codes, found), prediction) in rows.iter().zip(&all).zip(predictions) {
        let references = shuffled(&[codes], how.references, how.seed).unwrap();
        let references = predictor.predict_table(&table(&references), averaging).unwrap();
        let mean = references.iter().sum::<f32>() / how.references as f32;
        let (sum, size) = (found.own(codes).iter().sum::<f32>(), (prediction - mean).abs());
        assert!(size > 0.01, "{prediction} {mean}");
        assert!((found.prediction - prediction).abs() < 1e-3 && (found.reference - mean).abs() < 1e-3, "{found:?}");
        assert!((sum - (prediction - mean)).abs() < tolerance, "{sum} {prediction} {mean}");
        assert!(found.delta < tolerance, "{}", found.delta);
    }
    all
}

fn deep_lift() -> Attribution {
    Attribution { references: 4, ..Attribution::deep_lift() }
}

#[test]
fn contributions_add_up_for_bases_strands_words_and_ridge_regression() {
    let both = Some(Averaging { strands: true, shift: 0 });
    adds_up(&one_hot(false), None, deep_lift(), 1e-3);
    adds_up(&one_hot(false), both, deep_lift(), 1e-3);
    adds_up(&one_hot(true), both, Attribution { references: 40, ..deep_lift() }, 1e-3);
    tch::manual_seed(1);
    let vectors = Tensor::randn([65, 5], (Kind::Float, Device::Cpu));
    adds_up(&kmers(3, vectors), both, deep_lift(), 1e-3);
}

#[test]
fn integrated_gradients_add_up_the_better_the_more_steps() {
    let predictor = one_hot(false);
    let how = |steps| Attribution { rule: Rule::IntegratedGradients { steps }, ..deep_lift() };
    let few = predictor.attributions(&table(&sequences(3)), None, how(2)).unwrap();
    let many = adds_up(&predictor, None, how(400), 0.05);
    let sum = |all: &[Contributions]| all.iter().map(|found| found.delta).sum::<f32>();
    assert!(sum(&few) > 4.0 * sum(&many), "{} {}", sum(&few), sum(&many));
}

/// Words of one base whose vectors are one-hot are one-hot bases: what is shared out word by word is the same as what
/// is taken base by base.
#[test]
fn words_of_one_base_are_bases() {
    let vectors = Tensor::cat(
        &[Tensor::eye(4, (Kind::Float, Device::Cpu)), Tensor::full([1, 4], 0.25, (Kind::Float, Device::Cpu))],
        0,
    );
    let rows = table(&sequences(2));
    let [a, b] = [one_hot(false), kmers(1, vectors)].map(|p| p.attributions(&rows, None, deep_lift()).unwrap());
    for (a, b) in a.iter().zip(&b) {
        for (a, b) in a.hypothetical.as_flattened().iter().zip(b.hypothetical.as_flattened()) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
    }
}

/// What a sequence and its references have in common contributes nothing; a member twice is the member.
#[test]
fn an_ensemble_of_the_same_is_the_same() {
    let rows = table(&sequences(2));
    let one = one_hot(true).attributions(&rows, None, deep_lift()).unwrap();
    let two =
        Ensemble::new(vec![one_hot(true), one_hot(true)]).unwrap().attributions(&rows, None, deep_lift()).unwrap();
    assert_eq!(one, two);
    for ((codes, _), found) in rows.rows().zip(&one) {
        // Shuffles keep the first and the last base.
        assert!(found.own(codes)[0].abs() < 1e-4 && found.own(codes)[LENGTH - 1].abs() < 1e-4);
    }
}

#[test]
fn nothing_to_start_from_and_rows_that_do_not_fit_are_refused() {
    let predictor = one_hot(false);
    let refused = |how| predictor.attributions(&table(&sequences(1)), None, how).unwrap_err().to_string();
    assert_eq!(refused(Attribution { references: 0, ..deep_lift() }), "references is 0, expected at least 1");
    let rule = Rule::IntegratedGradients { steps: 0 };
    assert_eq!(refused(Attribution { rule, ..deep_lift() }), "steps is 0, expected at least 1");
    let unknown = table(&[sequences(1).remove(0), vec![0, 99]]);
    let error = predictor.attributions(&unknown, None, deep_lift()).unwrap_err();
    assert!(matches!(error, Error::Row { row: 2, .. }), "{error:?}");
}
