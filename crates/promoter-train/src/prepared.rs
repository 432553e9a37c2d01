//! The data of an experiment: read or simulated, filtered, split, labels standardised and fitted.

use std::collections::BTreeMap;
use std::sync::Arc;

use promoter_label::{Fitted, PerGroup, Transform};
use promoter_seq::Table;
use promoter_seq::cache;
use promoter_seq::filter::FilterReport;
use promoter_seq::read::{self, ReadOptions, ReadReport};
use promoter_seq::split::Split;

use crate::experiment::Data;
use crate::{Error, Experiment};

/// Rows of one part of a split, and what is learnt of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    table: Arc<Table>,
    /// Labels in the units that the network learns them in, before the label transform.
    labels: Arc<[f32]>,
}

impl Part {
    /// Rows whose labels are learnt as they are.
    pub fn new(table: Table) -> Self {
        let labels = table.labels().into();
        Self { table: Arc::new(table), labels }
    }

    /// The rows as they were read; their labels may be in other units.
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// Labels, standardised where the experiment wants that.
    pub fn labels(&self) -> &[f32] {
        &self.labels
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Base codes and labels.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = (&[u8], f32)> {
        self.table.rows().zip(self.labels.iter()).map(|((codes, _), &label)| (codes, label))
    }

    /// Chosen rows.
    pub fn select(&self, rows: &[u32]) -> Self {
        let labels = rows.iter().map(|&row| self.labels[row as usize]).collect();
        Self { table: Arc::new(self.table.select(rows)), labels }
    }

    /// `n` rows, evenly taken, or all where there are fewer.
    pub fn evenly(&self, n: usize) -> Self {
        let taken = n.min(self.len());
        let rows: Vec<u32> = (0..taken).map(|i| (i * self.len() / taken) as u32).collect();
        self.select(&rows)
    }

    /// Gives the labels of each group the mean and the standard deviation of the whole.
    fn standardise(&mut self, by: &str, scales: &PerGroup, whole: &Fitted) -> Result<(), Error> {
        let groups: Vec<&str> = self.table.column(by)?.collect();
        self.labels = whole.invert(&scales.apply(self.table.labels(), &groups)?)?.into();
        Ok(())
    }
}

/// Rows that train, rows that validate, and rows that are held out.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Rows to train on.
    pub train: Part,
    /// Rows to validate on.
    pub validation: Part,
    /// Rows that nothing but the scores at the end look at; empty under splits that draw two parts.
    pub test: Part,
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
        match &experiment.data {
            Data::Simulated(assay) => {
                let simulation = promoter_sim::simulate(assay)?;
                let prepared = Self::of_table(experiment, simulation.table, None)?;
                Ok(Self { noise_ceiling: Some(simulation.noise_ceiling), ..prepared })
            }
            Data::File { path, read, cache: None } => {
                let (table, read, filter) = read::read_filtered(path, &kept(read, experiment), filter, *seed)?;
                Self::divide(experiment, &table, Some(read), filter)
            }
            Data::File { path, read, cache: Some(cache) } => {
                let (table, read, _) = cache::read(path, &kept(read, experiment), cache)?;
                Self::of_table(experiment, table, Some(read))
            }
        }
    }

    /// The data of an experiment whose rows have been read, with the columns of text that it needs.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn of_table(experiment: &Experiment, table: Table, read: Option<ReadReport>) -> Result<Self, Error> {
        let (table, filter) = experiment.filter.apply(table, experiment.seed)?;
        Self::divide(experiment, &table, read, filter)
    }

    /// Rows of a part whose sequence is trained on too: their scores say little about new sequences.
    pub fn known(&self, part: &Part) -> usize {
        // The smaller part is held, not the rows to train on.
        let mut rows: BTreeMap<&[u8], usize> = BTreeMap::new();
        for (codes, _) in part.rows() {
            *rows.entry(codes).or_default() += 1;
        }
        self.train.rows().filter_map(|(codes, _)| rows.remove(codes)).sum()
    }

    /// Splits filtered rows and fits the label transform.
    fn divide(
        experiment: &Experiment,
        table: &Table,
        read: Option<ReadReport>,
        filter: FilterReport,
    ) -> Result<Self, Error> {
        let parts = experiment.split.parts(table).map_err(|source| match &experiment.data {
            Data::File { path, .. } => Error::Split { path: path.clone(), source },
            Data::Simulated(_) => source.into(),
        })?;
        for (part, rows) in [("train", parts.train.len()), ("validate", parts.validation.len())] {
            if rows < 2 {
                let expected = format!("a split that leaves at least 2 rows to {part}, found {rows}");
                return Err(crate::error::experiment("split", format_args!("{:?}", experiment.split), expected));
            }
        }
        if parts.test.len() == 1 {
            let expected = "a test part of 2 rows or more, or none: a correlation needs two";
            return Err(crate::error::experiment("split", format_args!("{:?}", experiment.split), expected));
        }
        let [mut train, mut validation, mut test] =
            [&parts.train, &parts.validation, &parts.test].map(|rows| Part::new(table.select(rows)));
        if let Some(by) = &experiment.label.standardise_by {
            let groups: Vec<&str> = train.table.column(by)?.collect();
            let scales = PerGroup::fit(train.table.labels(), &groups)?;
            // Not z-scores: losses and networks may want labels in the units that they came in.
            let whole = Transform::ZScore.fit(train.table.labels())?;
            train.standardise(by, &scales, &whole)?;
            validation.standardise(by, &scales, &whole)?;
            test.standardise(by, &scales, &whole)?;
        }
        let label = experiment.label.transform.fit(train.labels())?;
        Ok(Self { train, validation, test, read, filter, label, noise_ceiling: None })
    }
}

/// The options with the columns that labels are standardised by and that the split needs among those that are kept.
fn kept(read: &ReadOptions, experiment: &Experiment) -> ReadOptions {
    let mut read = read.clone();
    let of_split = match &experiment.split {
        Split::Column { column } | Split::Group { column, .. } => Some(column),
        _ => None,
    };
    for column in experiment.label.standardise_by.iter().chain(of_split) {
        if !read.keep.contains(column) {
            read.keep.push(column.clone());
        }
    }
    read
}
