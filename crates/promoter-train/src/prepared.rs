//! The data of an experiment: read or simulated, filtered, split, labels fitted.

use std::sync::Arc;

use promoter_label::Fitted;
use promoter_seq::Table;
use promoter_seq::cache;
use promoter_seq::filter::FilterReport;
use promoter_seq::read::{self, ReadReport};

use crate::experiment::Data;
use crate::{Error, Experiment};

/// Rows that train and rows that validate.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Rows to train on.
    pub train: Arc<Table>,
    /// Rows to validate on.
    pub validation: Arc<Table>,
    /// What was found in the file; none for simulated rows.
    pub read: Option<ReadReport>,
    /// How many rows each rule of the filter removed.
    pub filter: FilterReport,
    /// The label transform, fitted to the training rows.
    pub label: Fitted,
    /// The best possible Pearson's r with the measured labels; known for simulated rows only.
    pub noise_ceiling: Option<f64>,
}

impl Prepared {
    /// Reads or simulates, filters, splits and fits. Nothing is written but the packed copy that the experiment names.
    ///
    /// # Errors
    /// [`Error::Sequences`], [`Error::Simulation`], [`Error::Label`]; [`Error::Experiment`] when a part is empty.
    pub fn read(experiment: &Experiment) -> Result<Self, Error> {
        let Experiment { filter, seed, .. } = experiment;
        let (table, read, filter, noise_ceiling) = match &experiment.data {
            Data::Simulated(assay) => {
                let simulation = promoter_sim::simulate(assay)?;
                let (table, filter) = filter.apply(simulation.table, *seed)?;
                (table, None, filter, Some(simulation.noise_ceiling))
            }
            Data::File { path, read, cache: None } => {
                let (table, read, filter) = read::read_filtered(path, read, filter, *seed)?;
                (table, Some(read), filter, None)
            }
            Data::File { path, read, cache: Some(cache) } => {
                let (table, read, _) = cache::read(path, read, cache)?;
                let (table, filter) = filter.apply(table, *seed)?;
                (table, Some(read), filter, None)
            }
        };
        let parts = experiment.split.parts(&table)?;
        for (part, rows) in [("train", parts.train.len()), ("validate", parts.validation.len())] {
            if rows < 2 {
                let expected = format!("a split that leaves at least 2 rows to {part}, found {rows}");
                return Err(crate::error::experiment("split", format_args!("{:?}", experiment.split), expected));
            }
        }
        let select = |rows: &[u32]| Arc::new(table.select(rows));
        let (train, validation) = (select(&parts.train), select(&parts.validation));
        let label = experiment.label.transform.fit(train.labels())?;
        Ok(Self { train, validation, read, filter, label, noise_ceiling })
    }
}
