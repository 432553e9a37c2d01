//! A team's way of training, from which runs start: an example's experiment and what differs from it, each with its
//! reason.

use std::path::Path;

use promoter_train::Experiment;
use promoter_train::setting::Setting;
use serde::Deserialize;
use toml::{Table, Value};

use crate::{Error, Scale};

/// A team's way of training.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Protocol {
    /// The experiment file that it is, from the project's folder.
    pub(crate) base: String,
    /// Milliseconds that training on one row takes on two idle cores, from which steps follow.
    pub(crate) milliseconds_per_row: f64,
    /// Rows of a batch of the metrics that are means over batches, where the team's metrics are.
    pub(crate) metric_batch: Option<usize>,
    /// What differs from the example at every scale.
    #[serde(default)]
    pub(crate) change: Vec<Change>,
    /// What differs in a smoke test.
    #[serde(default)]
    pub(crate) smoke: Vec<Change>,
    /// What differs on few rows.
    #[serde(default)]
    pub(crate) small: Vec<Change>,
    /// The example's table.
    #[serde(skip)]
    pub(crate) table: Table,
}

/// A value that differs from the team's, and why.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    /// Its key, with dots between the tables.
    pub(crate) key: String,
    /// The value.
    pub(crate) value: Value,
    /// Why it differs.
    pub(crate) reason: String,
}

impl Change {
    /// As `promoter train --set` takes it.
    pub(crate) fn setting(&self) -> Setting {
        Setting { key: self.key.clone(), value: self.value.clone() }
    }
}

impl Protocol {
    /// Reads the example's table.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Toml`].
    pub(crate) fn read_base(&mut self, root: &Path) -> Result<(), Error> {
        let path = root.join(&self.base);
        let text = std::fs::read_to_string(&path).map_err(Error::io(&path))?;
        self.table = text.parse().map_err(|source| Error::Toml { path, source: Box::new(source) })?;
        Ok(())
    }

    /// What differs from the example at a scale, from the general to the particular.
    pub(crate) fn changes(&self, scale: Scale) -> impl Iterator<Item = &Change> {
        let particular: &[Change] = match scale {
            Scale::Smoke => &self.smoke,
            Scale::Small => &self.small,
            Scale::Full => &[],
        };
        self.change.iter().chain(particular)
    }

    /// The team's experiment with every value written out, before anything is fitted to a scale.
    ///
    /// # Errors
    /// What of it is not valid.
    pub(crate) fn experiment(&self) -> Result<Experiment, promoter_train::Error> {
        let settings: Vec<Setting> = self.change.iter().map(Change::setting).collect();
        Experiment::from_table(self.table.clone(), &settings)
    }
}
