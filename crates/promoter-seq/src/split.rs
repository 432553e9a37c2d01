//! Which rows train, which validate and which are held out.

use std::collections::BTreeMap;

use promoter_encode::random::Stream;

use crate::{Error, Result, Table};

mod groups;
pub mod leakage;
mod murmur3;
mod numpy;
mod strands;

/// A rule that divides the rows of a table. The same rule and table give the same parts for any number of threads.
///
/// ```
/// use promoter_seq::{Split, Table, split::Size};
/// let table = Table::from_parts(vec![0; 20], (1..=20).collect(), vec![0.0; 20])?;
/// let parts = Split::ScikitLearn { validation: Size::Fraction(0.1), seed: 1 }.parts(&table)?;
/// assert_eq!(parts.validation, [3, 16]);
/// # Ok::<(), promoter_seq::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(tag = "kind", deny_unknown_fields, rename_all = "snake_case")
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Split {
    /// At random. All parts are in random order.
    Random {
        /// Size of the validation part.
        validation: Size,
        /// Seed of the order.
        seed: u64,
        /// Size of the test part, which nothing but the last scores look at.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Size::is_none"))]
        test: Size,
    },
    /// The rows and the order that scikit-learn's `train_test_split(test_size=validation, random_state=seed)` gives.
    ///
    /// # Source
    /// Challenge reports of NAD (a tenth, seed 1), auth (0.015, no seed) and Noisy Chardonnay.
    ScikitLearn {
        /// Size of the validation part.
        validation: Size,
        /// scikit-learn's `random_state`.
        seed: u32,
    },
    /// The last rows validate.
    ///
    /// # Source
    /// Challenge report of MadLab (0.02).
    Positional {
        /// Size of the validation part.
        validation: Size,
    },
    /// Rows validate whose letters hash to one fold out of ten: unsigned 32-bit murmur3 with seed 42, modulo 10.
    ///
    /// # Source
    /// Challenge report of autosome.org.
    Hash {
        /// The fold that validates, 0 to 9.
        fold: u32,
    },
    /// At random, but rows that share a k-mer on either strand stay on one side, directly or through other rows; so do
    /// repeated and reverse-complemented sequences that are too short to have a k-mer.
    ///
    /// Groups are drawn in random order and join the validation part as long as it does not grow above its size. Both
    /// parts are in the order of the table.
    Kmers {
        /// Size of the validation part.
        validation: Size,
        /// Seed of the order.
        seed: u64,
        /// Length of the k-mers, 1 to 32.
        #[cfg_attr(feature = "serde", serde(default = "default_k"))]
        k: u32,
        /// Bases at the start that all rows have in common and that are not looked at.
        #[cfg_attr(feature = "serde", serde(default))]
        left: u32,
        /// Bases at the end, likewise.
        #[cfg_attr(feature = "serde", serde(default))]
        right: u32,
        /// Size of the test part, which nothing but the last scores look at.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Size::is_none"))]
        test: Size,
    },
    /// The parts that the data's authors chose, as a column of text says: `train`, `validation` or `test`. The column
    /// must be kept in reading ([`ReadOptions::keep`](crate::read::ReadOptions::keep)).
    Column {
        /// The column.
        column: String,
    },
    /// At random, but rows with the same word in a column of text stay on one side: a gene, a chromosome, a family.
    ///
    /// Groups are drawn in random order and join the validation part, then the test part, as long as it does not grow
    /// above its size. All parts are in the order of the table.
    Group {
        /// The column.
        column: String,
        /// Size of the validation part.
        validation: Size,
        /// Size of the test part.
        #[cfg_attr(feature = "serde", serde(default))]
        test: Size,
        /// Seed of the order.
        seed: u64,
    },
}

#[cfg(feature = "serde")]
fn default_k() -> u32 {
    20
}

/// Size of the validation part. In a configuration file an integer is a number of rows, any other number a fraction.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(untagged))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Size {
    /// This many rows.
    Rows(u32),
    /// This fraction of the rows, in 0..1, rounded up.
    Fraction(f64),
}

impl Default for Size {
    /// No row.
    fn default() -> Self {
        Self::Rows(0)
    }
}

/// Rows of the parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parts {
    /// Rows to train on.
    pub train: Vec<u32>,
    /// Rows to validate on.
    pub validation: Vec<u32>,
    /// Rows that are held out: neither trained nor validated on. Empty under splits that draw two parts.
    pub test: Vec<u32>,
}

impl Split {
    /// Divides the rows of a table.
    ///
    /// # Errors
    /// [`Error::Setting`] when the size of the validation part, the fold or `k` is out of its range, when it would
    /// leave no row to train on, or when there are more than 4,294,967,295 rows; [`Error::NotKept`] for a column that
    /// the table does not have, [`Error::Cell`] for a word in it that is not a part.
    pub fn parts(&self, table: &Table) -> Result<Parts> {
        let rows = row_count(table)?;
        match self {
            &Self::Random { validation, seed, test } => {
                let mut order: Vec<u32> = (0..rows).collect();
                Stream::new(seed, "split", 0).shuffle(&mut order);
                let [validation, test] = wanted(rows, validation, test)?;
                let train = order.split_off((validation + test) as usize);
                let test = order.split_off(validation as usize);
                Ok(Parts { train, validation: order, test })
            }
            &Self::ScikitLearn { validation, seed } => {
                Ok(first_validate(numpy::permutation(rows, seed), validation.rows(rows)?))
            }
            &Self::Positional { validation } => {
                let train = rows - validation.rows(rows)?;
                Ok(Parts { train: (0..train).collect(), validation: (train..rows).collect(), ..Parts::default() })
            }
            &Self::Hash { fold } => {
                if fold >= murmur3::FOLDS {
                    return Err(Error::setting("fold", fold, "0 to 9"));
                }
                Ok(divide(rows, |row| murmur3::fold(table.codes(row as usize)) == fold))
            }
            &Self::Kmers { validation, seed, k, left, right, test } => {
                let wanted = wanted(rows, validation, test)?;
                let drawn = groups::draw(&groups(table, k, left, right)?, wanted, "split by k-mers", seed);
                Ok(collect(&drawn))
            }
            Self::Column { column } => by_column(table, column),
            Self::Group { column, validation, test, seed } => {
                let wanted = wanted(rows, *validation, *test)?;
                let mut first: BTreeMap<&str, u32> = BTreeMap::new();
                let groups: Vec<u32> =
                    table.column(column)?.zip(0..).map(|(word, row)| *first.entry(word).or_insert(row)).collect();
                Ok(collect(&groups::draw(&groups, wanted, "split by groups", *seed)))
            }
        }
    }
}

/// For each row the first row of its group of [`Split::Kmers`].
///
/// # Errors
/// [`Error::Setting`] when `k` is out of its range or when there are more than 4,294,967,295 rows.
///
/// ```
/// use promoter_seq::{Table, split};
/// let mut table = Table::default();
/// table.push(&[0, 0, 1, 2, 3], 0.0);
/// table.push(&[3, 3, 3, 3, 3], 0.0);
/// table.push(&[0, 1, 2, 3, 3], 0.0);
/// assert_eq!(split::groups(&table, 4, 0, 0)?, [0, 1, 0]);
/// # Ok::<(), promoter_seq::Error>(())
/// ```
pub fn groups(table: &Table, k: u32, left: u32, right: u32) -> Result<Vec<u32>> {
    row_count(table)?;
    check_k(k)?;
    Ok(groups::of(table, k, left, right))
}

/// Rows of the validation and of the test part.
fn wanted(rows: u32, validation: Size, test: Size) -> Result<[u32; 2]> {
    let [validation, test] = [validation.rows(rows)?, test.rows(rows)?];
    if rows > 0 && validation.saturating_add(test) >= rows {
        return Err(Error::setting("test", test, "a part that leaves rows to train on"));
    }
    Ok([validation, test])
}

fn row_count(table: &Table) -> Result<u32> {
    u32::try_from(table.len()).map_err(|_| Error::setting("rows", table.len(), "at most 2^32 - 1"))
}

fn check_k(k: u32) -> Result<()> {
    if (1..=32).contains(&k) { Ok(()) } else { Err(Error::setting("k", k, "1 to 32")) }
}

impl Size {
    #[cfg(feature = "serde")]
    fn is_none(&self) -> bool {
        *self == Self::Rows(0)
    }

    /// Number of rows out of `rows`.
    fn rows(self, rows: u32) -> Result<u32> {
        let wanted = match self {
            Self::Rows(wanted) => Some(wanted),
            Self::Fraction(fraction) if (0.0..1.0).contains(&fraction) => {
                Some((fraction * f64::from(rows)).ceil() as u32)
            }
            Self::Fraction(_) => None,
        };
        wanted.filter(|&wanted| wanted < rows || rows == 0 && wanted == 0).ok_or_else(|| match self {
            Self::Rows(wanted) => Error::setting("validation", wanted, "fewer rows than there are"),
            Self::Fraction(fraction) => {
                Error::setting("validation", fraction, "a fraction in 0..1 that leaves rows to train on")
            }
        })
    }
}

fn first_validate(mut order: Vec<u32>, validation: u32) -> Parts {
    let train = order.split_off(validation as usize);
    Parts { train, validation: order, test: Vec::new() }
}

/// The parts that a column of text names.
fn by_column(table: &Table, column: &str) -> Result<Parts> {
    let part = |(row, word): (usize, &str)| match word {
        "train" => Ok(Part::Train),
        "validation" => Ok(Part::Validation),
        "test" => Ok(Part::Test),
        other => Err(table.cell_error(row, column, "train, validation or test", other)),
    };
    let parts = table.column(column)?.enumerate().map(part).collect::<Result<Vec<_>>>()?;
    let parts = collect(&parts);
    if parts.train.is_empty() && !table.is_empty() {
        return Err(Error::setting("column", column, "a column that leaves rows to train on"));
    }
    Ok(parts)
}

/// Which part a row belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Train,
    Validation,
    Test,
}

/// The rows of each part, in the order of the table.
fn collect(parts: &[Part]) -> Parts {
    let rows = |part| parts.iter().zip(0..).filter(|(of, _)| **of == part).map(|(_, row)| row).collect();
    Parts { train: rows(Part::Train), validation: rows(Part::Validation), test: rows(Part::Test) }
}

fn divide(rows: u32, validates: impl Fn(u32) -> bool) -> Parts {
    let (validation, train) = (0..rows).partition(|&row| validates(row));
    Parts { train, validation, test: Vec::new() }
}
