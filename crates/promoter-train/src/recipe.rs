//! From a table of measurements to an experiment, by stated rules.

mod fault;
mod survey;
mod text;

use std::borrow::Cow;
use std::path::PathBuf;

use promoter_label::Transform;
use promoter_seq::read::{self, Columns, MissingLabels, ReadOptions, ReadReport};
use promoter_seq::split::Size;
use promoter_seq::{Replicates, Split, Table};
use promoter_zoo::registry::NetworkConfig;

pub use self::fault::Fault;
use self::survey::Survey;
use crate::loss::Loss;
use crate::prepared::{columns, labelled, merged};
use crate::{Error, Experiment, Prepared};

/// Fewest rows with a label that a network is trained on.
const LEAST_ROWS: usize = 100;

/// Share of the rows that validate, and of those that are held out.
const PART: f64 = 0.1;

/// Bases of the words by which rows are held to be related.
const K: u32 = 20;

/// What to learn from a table; everything that is not said follows from the table.
///
/// | what | rule |
/// |---|---|
/// | column of sequences | `sequence` or `seq`, in any case |
/// | length | that of nine rows in ten, else the one that 99 % do not exceed; longer rows keep their end, shorter ones get `N` before them |
/// | split | a tenth validates, a tenth is held out; rows of one group, or that share 20 bases outside of common flanks, stay in one part |
/// | label | `log1p` for labels of at least 0 with a skewness above 2 that it halves, else `z_score` |
/// | size, passes | by the number of rows ([`Effort`]) |
///
/// ```
/// use promoter_train::recipe::Recipe;
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("measured.csv");
/// # let base = |row: u32, at: u32| ['A', 'C', 'G', 'T'][((row + 7) * (at + 3) * (row + at + 1) / 5 % 4) as usize];
/// # let row = |row: u32| format!("{},{}\n", (0..40).map(|at| base(row, at)).collect::<String>(), row % 17);
/// # std::fs::write(&path, "seq,expression\n".to_owned() + &(0..200).map(row).collect::<String>())?;
/// let plan = Recipe { labels: vec!["expression".into()], ..Recipe::of(path) }.plan()?;
/// assert!(plan.text.contains("transform = \"z_score\""));
/// assert!(plan.experiment.training.with_ridge);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// The table.
    pub data: PathBuf,
    /// Column of the sequences.
    pub sequence: Option<String>,
    /// Columns of labels, which one network learns, several only by [`upstream`](promoter_zoo::upstream); if there is
    /// none, the file has no header and two columns, sequence and label.
    pub labels: Vec<String>,
    /// Column of groups that stay on one side of the split.
    pub group: Option<String>,
    /// What becomes of several rows of one sequence.
    pub replicates: Option<Replicates>,
    /// Network or preset; if omitted, [`upstream`](promoter_zoo::upstream) in a size for the rows.
    pub network: Option<String>,
    /// Size and passes; by the number of rows if omitted.
    pub effort: Option<Effort>,
}

/// Size of the network and passes over the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// For fewer than 4,000 rows: seconds to a minute on two cores.
    Small,
    /// For fewer than 50,000 rows: minutes.
    Medium,
    /// For more rows: most of an hour and more.
    Large,
}

impl Effort {
    /// The effort for a number of rows.
    pub fn of(rows: usize) -> Self {
        match rows {
            ..4_000 => Self::Small,
            4_000..50_000 => Self::Medium,
            _ => Self::Large,
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }
}

/// An experiment for a table, with the table.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The experiment.
    pub experiment: Experiment,
    /// The same as a file, with the reasons as comments.
    pub text: String,
    /// What its reader should know or decide.
    pub warnings: Vec<String>,
    table: Table,
    read: ReadReport,
}

impl Plan {
    /// The rows of the experiment; the table is not read again.
    ///
    /// # Errors
    /// As [`Prepared::read`].
    pub fn prepared(self) -> Result<Prepared, Error> {
        Prepared::of_table(&self.experiment, self.table, Some(self.read))
    }
}

impl Recipe {
    /// The recipe of a table that has no header.
    pub fn of(data: PathBuf) -> Self {
        Self { data, sequence: None, labels: Vec::new(), group: None, replicates: None, network: None, effort: None }
    }

    /// Reads the table and decides on the experiment. Nothing is written.
    ///
    /// # Errors
    /// [`Error::Sequences`] for a table that cannot be read or lacks a column, [`Error::Table`] for one that nothing
    /// can be learnt from, [`Error::Network`] for a network that is unknown or cannot have the length.
    pub fn plan(&self) -> Result<Plan, Error> {
        let network = self.network.as_deref().map(NetworkConfig::by_name).transpose()?;
        let (table, read, options) = self.read()?;
        let (rows, columns) = self.rows(&table)?;
        let survey = Survey::of_columns(&rows, &columns).map_err(|fault| self.refuse(fault))?;
        let mut warnings = Vec::new();
        if read.skipped_labels > 0 {
            warnings.push(format!("{} rows have no label: they are skipped", read.skipped_labels));
        }
        if survey.longer > 0 {
            let Survey { longer, length, .. } = survey;
            warnings.push(format!("{longer} rows are longer than {length} bases: their last {length} are used"));
        }
        let learning = Learning::of(network.as_ref(), &survey).map_err(|fault| self.refuse(fault))?;
        if learning.transform == Transform::Log1p {
            warnings.push(format!(
                "labels are at least 0 with a long tail (skewness {:.1}): ln(1 + label) is learnt; for the labels as \
                 they are, set transform = \"z_score\" in [label]",
                survey.skewness
            ));
        }
        let (split, warning) = self.split(&rows, &survey)?;
        warnings.extend(warning);
        let effort = self.effort.unwrap_or_else(|| Effort::of(rows.len()));
        drop(rows);
        let text = text::write(&text::Choices { recipe: self, options, survey, learning, split, effort, network })?;
        let experiment =
            Experiment::from_toml(&text).map_err(|source| Error::Config { path: self.data.clone(), source })?;
        experiment.check()?;
        experiment.network.plan()?;
        Ok(Plan { experiment, text, warnings, table, read })
    }

    fn refuse(&self, fault: Fault) -> Error {
        Error::Table { path: self.data.clone(), source: fault }
    }

    /// The rows that are left of a table, one for each sequence where replicates are merged, with their labels.
    fn rows<'a>(&self, table: &'a Table) -> Result<(Cow<'a, Table>, Vec<Vec<f32>>), Error> {
        let mut rows = (Cow::Borrowed(table), columns(table, self.names())?);
        if let Some(replicates) = &self.replicates {
            let refuse =
                |source: promoter_seq::Error| Error::Replicates { path: self.data.clone(), source: source.into() };
            let (table, columns) = merged(&rows.0, &rows.1, replicates).map_err(refuse)?;
            rows = (Cow::Owned(table), columns);
        }
        if rows.1.len() > 1 {
            let (table, columns) = labelled(&rows.0, &rows.1);
            rows = (Cow::Owned(table), columns);
        }
        Ok(rows)
    }

    /// The names of several labels.
    fn names(&self) -> &[String] {
        if self.labels.len() > 1 { &self.labels } else { &[] }
    }

    /// The rows that have a label, and how they were read.
    fn read(&self) -> Result<(Table, ReadReport, ReadOptions), Error> {
        let columns = |sequence: &str| match &self.labels[..] {
            [] => Columns::Challenge,
            [label] => Columns::Named { sequence: sequence.to_owned(), label: Some(label.clone()) },
            _ => Columns::Named { sequence: sequence.to_owned(), label: None },
        };
        let of_replicates = self.replicates.as_ref().and_then(Replicates::column).map(str::to_owned);
        let keep = self.group.iter().cloned().chain(of_replicates).chain(self.names().iter().cloned()).collect();
        let mut options = ReadOptions { keep, missing_labels: MissingLabels::Skip, ..ReadOptions::default() };
        options.columns = columns(self.sequence.as_deref().unwrap_or("sequence"));
        let found = match read::read(&self.data, &options) {
            // The header has it by another name.
            Err(promoter_seq::Error::Column { column, columns: known, .. })
                if self.sequence.is_none() && column == "sequence" && known.iter().any(|name| is_sequence(name)) =>
            {
                options.columns = columns(known.iter().find(|name| is_sequence(name)).map_or("sequence", |name| name));
                read::read(&self.data, &options)?
            }
            other => other?,
        };
        Ok((found.0, found.1, options))
    }

    /// The split that keeps related rows in one part, and a warning where there is none.
    fn split(&self, table: &Table, survey: &Survey) -> Result<(Split, Option<String>), Error> {
        let (validation, test, seed) = (Size::Fraction(PART), Size::Fraction(PART), 1);
        let least = (PART * table.len() as f64 / 2.0).max(2.0) as usize;
        let fewest = |split: &Split| -> Result<usize, Error> {
            let parts = split.parts(table)?;
            Ok(parts.validation.len().min(parts.test.len()))
        };
        if let Some(column) = &self.group {
            let split = Split::Group { column: column.clone(), validation, test, seed };
            let found = fewest(&split)?;
            if found < least {
                return Err(self.refuse(Fault::Groups { column: column.clone(), found, expected: least }));
            }
            return Ok((split, None));
        }
        let split = Split::Kmers { validation, test, seed, k: K, left: survey.left, right: survey.right };
        if fewest(&split)? >= least {
            return Ok((split, None));
        }
        let warning = format!(
            "nearly all rows share {K} bases with another one, so the parts are drawn at random: scores are too good \
             for sequences unlike these; name a column of groups that belong together, if there is one"
        );
        Ok((Split::Random { validation, seed, test }, Some(warning)))
    }
}

fn is_sequence(name: &str) -> bool {
    ["sequence", "seq"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// What the network learns, and by which loss.
#[derive(Debug, Clone, Copy)]
struct Learning {
    transform: Transform,
    loss: Loss,
}

impl Learning {
    /// The loss that a network is made for, and labels that the loss is defined on.
    fn of(network: Option<&NetworkConfig>, survey: &Survey) -> Result<Self, Fault> {
        let Survey { lowest, highest, .. } = *survey;
        let transform = Transform::Identity;
        match network {
            Some(
                config @ (NetworkConfig::Legnet(_)
                | NetworkConfig::DreamAttn(_)
                | NetworkConfig::DreamCnn(_)
                | NetworkConfig::DreamRnn(_)),
            ) => match (0.0..=17.0).contains(&lowest) && highest <= 17.0 {
                true => Ok(Self { transform, loss: Loss::SoftBins }),
                false => Err(Fault::Bins { network: config.name(), lowest, highest }),
            },
            Some(config @ NetworkConfig::Peppa(_)) => match lowest >= 0.0 {
                true => Ok(Self { transform, loss: Loss::Poisson { eps: 1e-7 } }),
                false => Err(Fault::Negative { network: config.name(), lowest }),
            },
            _ => {
                let transform = if survey.is_heavy_tailed() { Transform::Log1p } else { Transform::ZScore };
                Ok(Self { transform, loss: Loss::Mse })
            }
        }
    }
}
