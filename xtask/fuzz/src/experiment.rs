//! Experiment files and the settings that replace their values.

use promoter::train::Experiment;
use promoter::train::setting::Setting;

/// What is read is written with every value, and read again as the same.
pub(crate) fn experiment(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = text.parse::<Setting>();
    let Ok(experiment) = Experiment::from_toml(text) else { return };
    let written = experiment.to_toml();
    let again = Experiment::from_toml(&written).unwrap();
    // As text: a setting may be NaN, which is refused later and is not equal to itself.
    assert_eq!(again.to_toml(), written);
}
