//! Predictors as explanations and designs take them: spread, gradients, batches.
#![cfg(feature = "torch")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use promoter::encode::fit::Fit;
use promoter::encode::one_hot::OneHot;
use promoter::encode::random::Stream;
use promoter::encode::{Codes, reverse_complement};
use promoter::explain::{Effects, Predict as _};
use promoter::label::{Affine, Fitted};
use promoter::metrics::Ridge;
use promoter::predictor::{Averaged, Averaging, Description, Ensemble, FORMAT};
use promoter::torch::{Params, file::Tensors};
use promoter::train::Readout;
use promoter::train::encoding::Encoding;
use promoter::zoo::Mode;
use promoter::zoo::registry::NetworkConfig;
use promoter::{Error, Predictor};
use tch::{Device, Kind, Tensor};

const FORWARD: Averaging = Averaging { strands: false, shift: 0 };
const BOTH: Averaging = Averaging { strands: true, shift: 0 };

/// A small network with weights as initialised from a seed, whose predictions are `scale` times its output.
fn member(seed: u64, scale: f64) -> Predictor {
    let json = r#"{"name": "peppa", "channels": 32, "heads": 2, "key": 8, "blocks": 1}"#;
    let network: NetworkConfig = serde_json::from_str(json).unwrap();
    let mut params = Params::new(Device::Cpu, seed);
    let built = network.build(&mut params).unwrap();
    let codes: Vec<i64> = sequences(64).concat().into_iter().map(i64::from).collect();
    let x = Tensor::from_slice(&codes).view([64, 110]).narrow(1, 15, 85).one_hot(4).to_kind(Kind::Float);
    // Averages of the batch norms that belong to such sequences.
    let _ = tch::no_grad(|| built.forward(&x, Mode::Estimate { batch: 0 })).unwrap();
    let description = Description {
        format: FORMAT,
        version: "test".into(),
        title: "test".into(),
        network,
        encoding: Encoding::OneHot { fit: Fit::peppa(), policy: OneHot::peppa() },
        label: Fitted::Identity,
        calibration: Affine::new(scale, 0.0).unwrap(),
        ridge: 0.0,
        of_label: Affine::IDENTITY,
        names: Vec::new(),
        further: Vec::new(),
        evaluation: FORWARD,
        training: None,
    };
    Predictor::new(description, Tensors::of(&params).unwrap(), Path::new("test"), Device::Cpu).unwrap()
}

fn ensemble(members: u64) -> Ensemble {
    Ensemble::new((0..members).map(|seed| member(seed, 100.0)).collect()).unwrap()
}

fn sequences(count: u64) -> Vec<Vec<u8>> {
    let sequence = |row| {
        let mut draws = Stream::new(1, "test", row);
        (0..110).map(|_| draws.below(4) as u8).collect()
    };
    (0..count).map(sequence).collect()
}

/// As the members were evaluated in training.
fn own(ensemble: &Ensemble) -> Averaged<'_> {
    Averaged { ensemble, averaging: None }
}

fn farthest(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn the_spread_is_the_standard_deviation_of_the_members() {
    let (three, rows) = (ensemble(3), sequences(5));
    assert!(own(&ensemble(1)).predict_with_spread(&rows).unwrap().is_none());
    let alone = |seed| Ensemble::new(vec![member(seed, 100.0)]).unwrap();
    let columns: Vec<Vec<f32>> = (0..3).map(|seed| own(&alone(seed)).predict(&rows).unwrap()).collect();
    let found = own(&three).predict_with_spread(&rows).unwrap().unwrap();
    assert_eq!(found.predictions, own(&three).predict(&rows).unwrap());
    for (row, &spread) in found.spreads.iter().enumerate() {
        let values: Vec<f64> = columns.iter().map(|column| f64::from(column[row])).collect();
        let mean = values.iter().sum::<f64>() / 3.0;
        let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / 2.0;
        assert!(spread > 0.0 && (f64::from(spread) - variance.sqrt()).abs() < 1e-5);
        assert!((f64::from(found.predictions[row]) - mean).abs() < 1e-5);
    }
}

/// Batches of other sizes are summed in another order: the same but for rounding, beside predictions that differ.
#[test]
fn the_batch_of_a_sequence_moves_its_prediction_by_rounding_alone() {
    let (one, rows) = (ensemble(1), sequences(1030));
    let together = own(&one).predict(&rows).unwrap();
    let spread = farthest(&together, &vec![together[0]; together.len()]);
    assert!(spread > 0.5, "{spread}");
    for size in [1, 7, 330] {
        let apart: Vec<f32> = rows.chunks(size).flat_map(|batch| own(&one).predict(batch).unwrap()).collect();
        let farthest = farthest(&together, &apart);
        assert!(farthest < 1e-5 * spread, "batches of {size}: {farthest}");
    }
    assert_eq!(own(&one).predict(&rows).unwrap(), together, "the same list");
}

#[test]
fn gradients_are_the_effects_of_small_steps_and_average_both_strands() {
    let (ensemble, row) = (ensemble(2), sequences(1).remove(0));
    let gradient = |codes: &[u8], averaging| {
        Averaged { ensemble: &ensemble, averaging: Some(averaging) }.gradient(codes).unwrap().unwrap()
    };
    let forward = gradient(&row, FORWARD);
    // The window is 15..100.
    assert!(forward[..15].iter().chain(&forward[100..]).flatten().all(|value| *value == 0.0));
    assert!(forward[15..100].iter().all(|bases| bases.iter().any(|value| *value != 0.0)));
    // Where the network bends little, substitutions do what the gradient says.
    let effects = &Effects::of(&mut own(&ensemble), &[&row]).unwrap()[0];
    let (a, b) = (effects.changes.as_flattened(), forward.as_flattened());
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
    let cosine = product(a, b) / (product(a, a) * product(b, b)).sqrt();
    assert!(cosine > 0.3, "{cosine}");

    let both = gradient(&row, BOTH);
    // The other strand of the window 15..100 is the window 10..95 of the other strand of the sequence.
    let turned = reverse_complement::of(Codes(&[&row[5..], &[0; 5][..]].concat())).unwrap();
    let other = gradient(&turned, FORWARD);
    for (position, bases) in both.iter().enumerate().take(100).skip(15) {
        for (base, value) in bases.iter().enumerate() {
            let expected = 0.5 * (forward[position][base] + other[114 - position][3 - base]);
            assert!((value - expected).abs() < 1e-4, "{position} {base}: {value} {expected}");
        }
    }
}

#[test]
fn sequences_that_do_not_fit_are_named() {
    let ensemble = ensemble(2);
    assert!(ensemble.check(sequences(2).iter().map(Vec::as_slice)).is_ok());
    let refused = ensemble.check([&[0, 1, 2][..], &[0, 16]]);
    assert!(matches!(refused, Err(Error::Row { row: 2, .. })), "{refused:?}");
}

/// Ridge regression of the number of G less the number of T.
fn ridge() -> Ridge {
    let rows = sequences(300);
    let label = |row: &Vec<u8>| row.iter().map(|&base| [0.0, 0.0, 1.0, -1.0][usize::from(base)]).sum();
    Ridge::fit(&rows, &rows.iter().map(label).collect::<Vec<f32>>()).unwrap()
}

#[test]
fn ridge_regression_is_added_to_predictions_effects_and_gradients() {
    const WEIGHT: f64 = 0.25;
    let alone = member(1, 100.0);
    let line = alone.description().calibration;
    let readout = Readout { line, ridge: Some((ridge(), WEIGHT)), ..Readout::IDENTITY };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alone.safetensors");
    alone.save(&path).unwrap();
    let mut tensors = Tensors::read(&path).unwrap();
    readout.store(0, &mut tensors).unwrap();
    let description = Description { ridge: WEIGHT, ..alone.description().clone() };
    let joined = Predictor::new(description, tensors, &path, Device::Cpu).unwrap();
    // As the file says.
    joined.save(&path).unwrap();
    let joined = Predictor::load(&path, Device::Cpu).unwrap();

    let rows = sequences(4);
    let [alone, joined] = [alone, joined].map(|predictor| Ensemble::new(vec![predictor]).unwrap());
    let [without, with] = [&alone, &joined].map(|ensemble| own(ensemble).predict(&rows).unwrap());
    let share: Vec<f32> = ridge().predict(&rows).iter().map(|value| WEIGHT as f32 * value).collect();
    let sum: Vec<f32> = without.iter().zip(&share).map(|(a, b)| a + b).collect();
    assert!(farthest(&with, &sum) < 1e-4 && farthest(&with, &without) > 0.01);

    let [without, with] = [&alone, &joined].map(|ensemble| own(ensemble).gradient(&rows[0]).unwrap().unwrap());
    let mut linear = |rows: &[Vec<u8>]| -> Result<Vec<f32>, promoter::explain::Failure> {
        Ok(ridge().predict(rows).iter().map(|value| WEIGHT as f32 * value).collect())
    };
    let of_ridge = &Effects::of(&mut linear, &rows[..1]).unwrap()[0].changes;
    for ((with, without), ridge) in with.iter().flatten().zip(without.iter().flatten()).zip(of_ridge.iter().flatten()) {
        assert!((with - without - ridge).abs() < 1e-3, "{with} {without} {ridge}");
    }
}

#[test]
fn the_line_in_units_of_the_label_holds_for_predictions_gradients_and_files() {
    let plain = member(1, 1.0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plain.safetensors");
    plain.save(&path).unwrap();
    let of = |of_label| {
        let description = Description { label: Fitted::Log1p, of_label, ..plain.description().clone() };
        Predictor::new(description, Tensors::read(&path).unwrap(), &path, Device::Cpu).unwrap()
    };
    let (without, with) = (of(Affine::IDENTITY), of(Affine::new(3.0, -0.5).unwrap()));
    with.save(&path).unwrap();
    let with = Predictor::load(&path, Device::Cpu).unwrap();
    let rows = sequences(4);
    let [without, with] = [without, with].map(|predictor| Ensemble::new(vec![predictor]).unwrap());
    let [before, after] = [&without, &with].map(|ensemble| own(ensemble).predict(&rows).unwrap());
    let expected: Vec<f32> = before.iter().map(|value| 3.0 * value - 0.5).collect();
    assert!(farthest(&after, &expected) < 1e-5);
    let [before, after] = [&without, &with].map(|ensemble| own(ensemble).gradient(&rows[0]).unwrap().unwrap());
    let slopes = before.iter().flatten().zip(after.iter().flatten());
    assert!(slopes.clone().all(|(before, after)| (3.0 * before - after).abs() < 1e-3 * after.abs().max(1e-3)));
    assert!(slopes.into_iter().any(|(_, after)| after.abs() > 1e-4), "there is a gradient");
}

#[test]
fn a_network_of_several_has_their_spread() {
    let network: NetworkConfig = serde_json::from_str(
        r#"{"name": "upstream", "members": 3, "length": 110, "filters": [4, 4, 4], "lstm_units": 2, "dense_units": 4}"#,
    )
    .unwrap();
    let mut params = Params::new(Device::Cpu, 1);
    network.build(&mut params).unwrap();
    let encoding = Encoding::OneHot { fit: Fit { crop: None, ..Fit::peppa() }, policy: OneHot::default() };
    let description = Description { encoding, network, ..member(1, 100.0).description().clone() };
    let predictor = Predictor::new(description, Tensors::of(&params).unwrap(), Path::new("test"), Device::Cpu).unwrap();
    let (ensemble, rows) = (Ensemble::new(vec![predictor]).unwrap(), sequences(5));
    let found = own(&ensemble).predict_with_spread(&rows).unwrap().unwrap();
    assert!(farthest(&found.predictions, &own(&ensemble).predict(&rows).unwrap()) < 1e-4);
    assert!(found.spreads.iter().all(|&spread| spread > 1e-4), "{found:?}");
}
