//! An experiment file with some values replaced.

use std::path::Path;

use anyhow::Result;
use promoter::train::setting::Setting;
use promoter::train::{Error, Experiment};

/// Reads an experiment and replaces values.
pub(super) fn read(path: &Path, overrides: &[String]) -> Result<Experiment> {
    let settings = overrides.iter().map(|text| text.parse()).collect::<Result<Vec<Setting>, _>>();
    settings.and_then(|settings| Experiment::read_with(path, &settings)).map_err(|error| match error {
        Error::Setting { setting, source } => anyhow::Error::new(source).context(format!("--set {setting}")),
        other => other.into(),
    })
}
