//! The card of the yeast model says what the model does.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use promoter::seq::read::{self, ReadOptions};
use promoter_metrics::dream::{Challenge, Rows, Values};
use promoter_models::{MODELS, Model};
use tch::Device;

/// The first two numbers of the card's line that begins so.
fn stated(card: &str, line: &str) -> [f64; 2] {
    let line = card.lines().find(|text| text.starts_with(line)).unwrap();
    let numbers = line.split(|c: char| c != '.' && !c.is_ascii_digit()).filter_map(|word| word.parse().ok());
    let numbers: Vec<f64> = numbers.collect();
    [numbers[0], numbers[1]]
}

#[test]
fn the_cards_scores_are_the_models() {
    let model = Model::named("yeast").unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/dream2022");
    let truth = Values::read(data.join("public_leaderboard_ids/ground.json")).unwrap();
    let (test, _) = read::read(data.join("test_sequences.txt.gz"), &ReadOptions::default()).unwrap();
    let chosen: Vec<u32> = (0..test.len() as u32).filter(|&row| truth.get(row).is_some()).collect();
    let predictions = model.predictor(Device::Cpu).unwrap().predict_table(&test.select(&chosen), None).unwrap();
    let pairs = chosen.iter().copied().zip(predictions.into_iter().map(f64::from));
    let values = Values::of_pairs("yeast", pairs).unwrap();
    let score = Challenge::read(&data).unwrap().select(Rows::Public, &truth, &values).unwrap().score().unwrap();
    let [pearson, spearman] = stated(model.card, "| public score");
    // Other processors round elsewhere.
    assert!((score.pearson_score - pearson).abs() < 2e-3, "{score:?}");
    assert!((score.spearman_score - spearman).abs() < 2e-3, "{score:?}");
}

#[test]
fn models_are_small_and_have_what_a_card_has() {
    assert!(MODELS.iter().map(Model::size).sum::<usize>() < 20_000_000);
    for model in MODELS {
        for heading in ["## Data and licence", "## Scores", "## What it is not for"] {
            assert!(model.card.contains(heading), "{}: {heading}", model.name);
        }
    }
}
