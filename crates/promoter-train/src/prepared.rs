//! The data of an experiment: read or simulated, filtered, split, labels standardised and fitted.

use std::collections::BTreeMap;
use std::sync::Arc;

use promoter_label::{Fitted, PerGroup, Transform};
use promoter_seq::Table;
use promoter_seq::cache;
use promoter_seq::filter::FilterReport;
use promoter_seq::read::{self, ReadOptions, ReadReport};
use promoter_seq::split::Split;
use promoter_seq::{Error as SequenceError, Replicates};

use crate::experiment::Data;
use crate::{Error, Experiment};

/// Rows of one part of a split, and what is learnt of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    table: Arc<Table>,
    /// Labels in the units that the network learns them in, before the label transform: (rows, columns), row by row;
    /// NaN for one of several that is missing.
    labels: Arc<[f32]>,
    columns: usize,
}

impl Part {
    /// Rows whose labels are learnt as they are.
    pub fn new(table: Table) -> Self {
        let labels = table.labels().into();
        Self { table: Arc::new(table), labels, columns: 1 }
    }

    /// Chosen rows of a table with columns of labels.
    fn of(table: &Table, columns: &[Vec<f32>], rows: &[u32]) -> Self {
        let labels = rows.iter().flat_map(|&row| columns.iter().map(move |labels| labels[row as usize])).collect();
        Self { table: Arc::new(table.select(rows)), labels, columns: columns.len() }
    }

    /// The rows as they were read; their labels may be in other units.
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// Labels, standardised where the experiment wants that; of several columns row by row, NaN where one is missing.
    pub fn labels(&self) -> &[f32] {
        &self.labels
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.labels.len() / self.columns
    }

    /// Number of columns of labels.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The labels of a column, from 0; NaN where one is missing.
    pub fn column(&self, column: usize) -> Vec<f32> {
        self.labels.iter().skip(column).step_by(self.columns).copied().collect()
    }

    /// Base codes and labels of the rows that have the label of a column.
    pub fn labelled(&self, column: usize) -> (Vec<&[u8]>, Vec<f32>) {
        let codes = self.table.rows().map(|(codes, _)| codes);
        codes.zip(self.column(column)).filter(|(_, label)| !label.is_nan()).unzip()
    }

    /// Transformed labels, each column by its own transform, row by row.
    ///
    /// # Errors
    /// [`Error::Label`].
    pub fn transformed(&self, labels: &[Fitted]) -> Result<Vec<f32>, Error> {
        if let [label] = labels {
            return Ok(label.apply(&self.labels)?);
        }
        let mut all = self.labels.to_vec();
        for (column, label) in labels.iter().enumerate() {
            let own = all.iter_mut().skip(column).step_by(self.columns).filter(|value| !value.is_nan());
            let values = label.apply(&self.labelled(column).1)?;
            own.zip(values).for_each(|(own, value)| *own = value);
        }
        Ok(all)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Base codes and labels, those of the first column.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = (&[u8], f32)> {
        self.table.rows().zip(self.labels.iter().step_by(self.columns)).map(|((codes, _), &label)| (codes, label))
    }

    /// Chosen rows.
    pub fn select(&self, rows: &[u32]) -> Self {
        let of_row = |&row: &u32| self.labels.iter().skip(row as usize * self.columns).take(self.columns).copied();
        let labels = rows.iter().flat_map(of_row).collect();
        Self { table: Arc::new(self.table.select(rows)), labels, columns: self.columns }
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
    /// The label transform of each column of labels, fitted to the training rows.
    pub labels: Vec<Fitted>,
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
                Self::divide(experiment, table, Some(read), filter)
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
        Self::divide(experiment, table, read, filter)
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

    /// Merges replicates of filtered rows, splits them and fits the label transform.
    fn divide(
        experiment: &Experiment,
        mut table: Table,
        read: Option<ReadReport>,
        mut filter: FilterReport,
    ) -> Result<Self, Error> {
        let mut columns = columns(&table, &experiment.label.columns)?;
        if let Some(replicates) = &experiment.label.replicates {
            (table, columns) = merged(&table, &columns, replicates).map_err(|source| match &experiment.data {
                Data::File { path, .. } => Error::Replicates { path: path.clone(), source: source.into() },
                Data::Simulated(_) => source.into(),
            })?;
            filter.merged = filter.kept - table.len() as u64;
        }
        if columns.len() > 1 {
            let before = table.len();
            (table, columns) = labelled(&table, &columns);
            filter.unlabelled = (before - table.len()) as u64;
        }
        filter.kept = table.len() as u64;
        let parts = experiment.split.parts(&table).map_err(|source| match &experiment.data {
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
            [&parts.train, &parts.validation, &parts.test].map(|rows| Part::of(&table, &columns, rows));
        if let Some(by) = &experiment.label.standardise_by {
            let groups: Vec<&str> = train.table.column(by)?.collect();
            let scales = PerGroup::fit(train.table.labels(), &groups)?;
            // Not z-scores: losses and networks may want labels in the units that they came in.
            let whole = Transform::ZScore.fit(train.table.labels())?;
            train.standardise(by, &scales, &whole)?;
            validation.standardise(by, &scales, &whole)?;
            test.standardise(by, &scales, &whole)?;
        }
        check_labelled(&experiment.label.columns, [&train, &validation, &test])?;
        let transform = experiment.label.transform;
        let labels = match train.columns() {
            1 => vec![transform.fit(train.labels())?],
            columns => (0..columns).map(|i| transform.fit(&train.labelled(i).1)).collect::<Result<_, _>>()?,
        };
        Ok(Self { train, validation, test, read, filter, labels, noise_ceiling: None })
    }
}

/// The columns of labels: those of these names, or the table's own where there are no names.
pub(crate) fn columns(table: &Table, names: &[String]) -> Result<Vec<Vec<f32>>, SequenceError> {
    match names {
        [] => Ok(vec![table.labels().to_vec()]),
        names => names.iter().map(|name| table.numbers(name)).collect(),
    }
}

/// Refuses a column of several that too few rows of a part have.
fn check_labelled(names: &[String], parts: [&Part; 3]) -> Result<(), Error> {
    for (column, name) in names.iter().enumerate() {
        let rows = parts.map(|part| part.labelled(column).0.len());
        if rows[0] < 2 || rows[1] < 2 || (!parts[2].is_empty() && rows[2] < 2) {
            let expected = format!("a column with at least 2 labels in each part, found {rows:?}");
            return Err(crate::error::experiment("label.columns", name, expected));
        }
    }
    Ok(())
}

/// A table, and its columns of labels.
type Labelled = (Table, Vec<Vec<f32>>);

/// One row for each sequence, with the means of its labels; the table's own labels are those of the first column.
pub(crate) fn merged(table: &Table, columns: &[Vec<f32>], replicates: &Replicates) -> Result<Labelled, SequenceError> {
    let merged = replicates.merge(table)?;
    let columns: Vec<_> = columns.iter().map(|labels| merged.means(labels)).collect();
    let first = columns.first().cloned().unwrap_or_default();
    Ok((table.select(merged.rows()).with_labels(first)?, columns))
}

/// The rows that have a label.
pub(crate) fn labelled(table: &Table, columns: &[Vec<f32>]) -> Labelled {
    let has_label = |&row: &u32| columns.iter().any(|labels| !labels[row as usize].is_nan());
    let rows: Vec<u32> = (0..table.len() as u32).filter(has_label).collect();
    let of = |labels: &Vec<f32>| rows.iter().map(|&row| labels[row as usize]).collect();
    (table.select(&rows), columns.iter().map(of).collect())
}

/// The options with the columns that labels, replicates and the split need among those that are kept.
fn kept(read: &ReadOptions, experiment: &Experiment) -> ReadOptions {
    let mut read = read.clone();
    let of_split = match &experiment.split {
        Split::Column { column } | Split::Group { column, .. } => Some(column),
        _ => None,
    };
    let label = &experiment.label;
    let of_replicates = label.replicates.as_ref().and_then(Replicates::column);
    let of_others = label.standardise_by.iter().chain(of_split).map(String::as_str);
    for column in of_others.chain(of_replicates).chain(label.columns.iter().map(String::as_str)) {
        if !read.keep.iter().any(|known| known == column) {
            read.keep.push(column.to_owned());
        }
    }
    read
}
