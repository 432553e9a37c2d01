//! What a search file says.

use std::path::PathBuf;

use promoter_metrics::Metric;
use serde::{Deserialize, Serialize};
use toml::Table;

use super::{Fault, Kind};

/// A search file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) search: Plan,
    pub(super) keys: Table,
    pub(super) experiment: Option<Table>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    pub(super) experiment: Option<PathBuf>,
    pub(super) kind: Name,
    pub(super) trials: Option<u64>,
    pub(super) first_epochs: Option<u64>,
    pub(super) factor: Option<u64>,
    #[serde(default)]
    pub(super) seed: u64,
    pub(super) metric: Metric,
}

impl Plan {
    pub(super) fn kind(&self) -> Result<Kind, Fault> {
        let is_of_halving = self.first_epochs.is_some() || self.factor.is_some();
        match (self.kind, self.trials) {
            (Name::Random | Name::Grid, _) if is_of_halving => Err(Fault::OfHalving),
            (Name::Random | Name::Halving, None) => Err(Fault::NoTrials),
            (Name::Random, Some(trials)) => Ok(Kind::Random { trials }),
            (Name::Halving, Some(trials)) => {
                let (first_epochs, factor) = (self.first_epochs.unwrap_or(1), self.factor.unwrap_or(3));
                Ok(Kind::Halving { trials, first_epochs, factor })
            }
            (Name::Grid, None) => Ok(Kind::Grid),
            (Name::Grid, Some(_)) => Err(Fault::TrialsOfGrid),
        }
    }
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Name {
    Random,
    Grid,
    Halving,
}
