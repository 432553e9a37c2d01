//! What a run, a search and a reproduction are known by: hashes of all that decides their numbers.

use std::path::PathBuf;

use promoter_train::experiment::Data;
use promoter_train::{Experiment, NUMERICS};

use crate::catalogue::Catalogue;
use crate::catalogue::measure::Kind;
use crate::catalogue::reproduction::Reproduction;
use crate::data::Source;

/// An experiment as text without what changes no number: its title, checkpoints, and where its files lie. What the
/// files hold stands in their places.
pub(super) fn decisive(experiment: &Experiment, data: &str, start: Option<&str>) -> String {
    let mut experiment = experiment.clone();
    experiment.title.clear();
    experiment.training.checkpoint_steps = None;
    if let Data::File { path, .. } = &mut experiment.data {
        *path = PathBuf::from(data);
    }
    if let (Some(own), Some(key)) = (&mut experiment.start, start) {
        own.weights = PathBuf::from(key);
    }
    experiment.to_toml()
}

/// A hash of texts.
pub(super) fn hash<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&NUMERICS.to_le_bytes());
    for part in parts {
        // With its length, so that no two lists of parts are one text.
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// The hash of a reproduction: its file without the words for people, the protocols that it measures, the data, and
/// what it trains.
pub(super) fn reproduction(catalogue: &Catalogue, one: &Reproduction, source: &Source, trained: &[&str]) -> String {
    let measured = one.measures.iter().filter_map(|measure| match &measure.kind {
        Kind::Setting { protocol, .. } | Kind::LearningRate { protocol, .. } => catalogue.protocols.get(protocol),
        _ => None,
    });
    // The catalogue has checked that each is an experiment.
    let measured: Vec<String> =
        measured.filter_map(|protocol| protocol.experiment().ok()).map(|experiment| experiment.to_toml()).collect();
    let data = source.whole_hash();
    let own = [one.decisive.as_str(), &data].into_iter();
    hash(own.chain(measured.iter().map(String::as_str)).chain(trained.iter().copied()))
}
