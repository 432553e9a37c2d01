//! Which rows are kept, and how many each rule removed.

use std::fmt;
use std::ops::AddAssign;

use promoter_encode::random::Stream;
use rayon::prelude::*;

use crate::{Error, Result, Table};

/// Lengths that are kept, in bases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "snake_case")
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Length {
    /// This length only.
    Exact(u32),
    /// Lengths from `min` to `max`, both included.
    Range {
        /// Shortest.
        min: u32,
        /// Longest.
        max: u32,
    },
}

impl Length {
    /// Whether `length` bases are kept.
    pub fn holds(self, length: usize) -> bool {
        match self {
            Self::Exact(exact) => length == exact as usize,
            Self::Range { min, max } => (min as usize..=max as usize).contains(&length),
        }
    }
}

/// Rules for rows. The default keeps every row.
///
/// The rules act in the order of the fields, and a row is counted under the first that removes it.
///
/// ```
/// use promoter_seq::{Filter, Table, filter::Length};
/// let table = Table::from_parts(vec![0, 1, 2, 4, 3], vec![2, 4, 5], vec![1.0, 2.0, 3.0])?;
/// let filter = Filter { length: Some(Length::Exact(2)), no_ambiguous: true, ..Filter::default() };
/// let (table, report) = filter.apply(table, 0)?;
/// assert_eq!(table.labels(), [1.0]);
/// assert_eq!((report.length, report.ambiguous), (1, 1));
/// # Ok::<(), promoter_seq::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default, deny_unknown_fields, rename_all = "snake_case")
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Filter {
    /// Keep only rows of these lengths.
    pub length: Option<Length>,
    /// Keep only rows in which every letter is A, C, G or T.
    pub no_ambiguous: bool,
    /// Remove rows with an integer label - measured by a single cell - with this probability, each by its own coin.
    pub drop_singletons: f64,
    /// Of rows with the same sequence keep the first.
    pub drop_duplicates: bool,
    /// Of what is left keep this share, each row by its own coin: a quick run sees rows of every kind.
    pub sample: Option<f64>,
}

impl Filter {
    /// Rows of exactly 110 letters A, C, G, T: auth, NAD and Noisy Chardonnay keep 5,511,002 of 6,739,258.
    ///
    /// # Source
    /// Challenge reports of auth, Noisy Chardonnay and NAD.
    pub fn exact_110() -> Self {
        Self { length: Some(Length::Exact(110)), no_ambiguous: true, ..Self::default() }
    }

    /// Every second singleton is removed, all else is kept.
    ///
    /// # Source
    /// Challenge report of MadLab.
    pub fn madlab() -> Self {
        Self { drop_singletons: 0.5, ..Self::default() }
    }

    /// The rows that are kept, and how many rows each rule removed.
    ///
    /// A row's coin depends on `seed` and on its place among the rows that the rules before it keep.
    ///
    /// # Errors
    /// [`Error::NothingLeft`] when no row is kept, [`Error::Setting`] when a probability is not in 0..=1.
    pub fn apply(&self, mut table: Table, seed: u64) -> Result<(Table, FilterReport)> {
        let mut report = FilterReport::default();
        self.check()?;
        table.retain(|_, codes, _| self.keeps(codes, &mut report));
        self.finish(table, report, seed)
    }

    /// Whether the settings are in their ranges.
    pub(crate) fn check(&self) -> Result<()> {
        for (name, value) in [("drop_singletons", self.drop_singletons), ("sample", self.sample.unwrap_or(1.0))] {
            if !(0.0..=1.0).contains(&value) {
                return Err(Error::setting(name, value, "a probability in 0..=1"));
            }
        }
        Ok(())
    }

    /// Whether the rules that look at one sequence by itself keep it; counts what they decide.
    pub(crate) fn keeps(&self, codes: &[u8], report: &mut FilterReport) -> bool {
        let length = self.length.is_none_or(|length| length.holds(codes.len()));
        let keep = length && !(self.no_ambiguous && has_ambiguous(codes));
        report.rows += 1;
        report.length += u64::from(!length);
        report.ambiguous += u64::from(length && !keep);
        report.kept += u64::from(keep);
        keep
    }

    /// Applies the other rules to the rows that [`keeps`](Self::keeps) left.
    pub(crate) fn finish(
        &self,
        mut table: Table,
        mut report: FilterReport,
        seed: u64,
    ) -> Result<(Table, FilterReport)> {
        if self.drop_singletons > 0.0 {
            let falls = |row: usize| {
                table.labels()[row].fract() == 0.0 && coin(seed, "drop singletons", row) < self.drop_singletons
            };
            let falls: Vec<bool> = (0..table.len()).into_par_iter().map(falls).collect();
            report.singletons = remove(&mut table, &falls);
        }
        if self.drop_duplicates {
            let repeats = repeats(&table);
            report.duplicates = remove(&mut table, &repeats);
        }
        if let Some(share) = self.sample {
            let falls = |row: usize| coin(seed, "sample", row) >= share;
            let falls: Vec<bool> = (0..table.len()).into_par_iter().map(falls).collect();
            report.unsampled = remove(&mut table, &falls);
        }
        report.kept = table.len() as u64;
        if table.is_empty() { Err(Error::NothingLeft { report }) } else { Ok((table, report)) }
    }
}

/// A row's own draw, uniform in [0, 1).
fn coin(seed: u64, purpose: &str, row: usize) -> f64 {
    Stream::new(seed, purpose, row as u64).uniform()
}

/// Whether a code is none of A, C, G, T: then one of its higher bits is set. Sixteen codes are one number.
fn has_ambiguous(codes: &[u8]) -> bool {
    const HIGHER_BITS: u128 = u128::from_ne_bytes([0b1111_1100; 16]);
    let (numbers, rest) = codes.as_chunks::<16>();
    let all = numbers.iter().fold(0, |all, codes| all | u128::from_ne_bytes(*codes));
    let rest = rest.iter().fold(0, |all, code| all | code);
    all & HIGHER_BITS != 0 || rest > 3
}

/// Removes the marked rows and returns their number.
fn remove(table: &mut Table, marked: &[bool]) -> u64 {
    let before = table.len();
    table.retain(|row, _, _| !marked[row]);
    (before - table.len()) as u64
}

/// Whether an earlier row has the same sequence.
fn repeats(table: &Table) -> Vec<bool> {
    let codes = |row: u32| table.codes(row as usize);
    let mut rows: Vec<u32> = (0..table.len() as u32).collect();
    rows.par_sort_unstable_by(|&a, &b| codes(a).cmp(codes(b)).then(a.cmp(&b)));
    let mut repeats = vec![false; table.len()];
    for pair in rows.windows(2) {
        repeats[pair[1] as usize] = codes(pair[0]) == codes(pair[1]);
    }
    repeats
}

/// Rows read, removed by each rule, and kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FilterReport {
    /// Rows before the filter.
    pub rows: u64,
    /// Removed for their length.
    pub length: u64,
    /// Removed for a letter that is not A, C, G or T: `N` or another ambiguity code.
    pub ambiguous: u64,
    /// Singletons removed by their coin.
    pub singletons: u64,
    /// Removed as repeats of an earlier sequence.
    pub duplicates: u64,
    /// Removed because only a sample was wanted.
    #[cfg_attr(feature = "serde", serde(default))]
    pub unsampled: u64,
    /// Merged with an earlier row of the same sequence ([`Replicates`](crate::Replicates)).
    #[cfg_attr(feature = "serde", serde(default))]
    pub merged: u64,
    /// Removed because all of several labels are missing.
    #[cfg_attr(feature = "serde", serde(default))]
    pub unlabelled: u64,
    /// Rows after the filter.
    pub kept: u64,
}

impl AddAssign for FilterReport {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.length += other.length;
        self.ambiguous += other.ambiguous;
        self.singletons += other.singletons;
        self.duplicates += other.duplicates;
        self.unsampled += other.unsampled;
        self.merged += other.merged;
        self.unlabelled += other.unlabelled;
        self.kept += other.kept;
    }
}

impl fmt::Display for FilterReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, length, ambiguous, singletons, duplicates, unsampled, merged, unlabelled, kept } = self;
        write!(
            f,
            "{rows} rows, removed {length} by length, {ambiguous} with ambiguous letters, {singletons} singletons, \
             {duplicates} duplicates, "
        )?;
        if *unsampled > 0 {
            write!(f, "{unsampled} outside the sample, ")?;
        }
        if *unlabelled > 0 {
            write!(f, "{unlabelled} without a label, ")?;
        }
        if *merged > 0 {
            write!(f, "merged {merged} with the same sequence, ")?;
        }
        write!(f, "kept {kept}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&[u8], f32)]) -> Table {
        let mut table = Table::default();
        rows.iter().for_each(|&(codes, label)| table.push(codes, label));
        table
    }

    #[test]
    fn each_row_is_counted_under_the_first_rule_that_removes_it() {
        let rows = table(&[(&[0, 4, 1], 1.0), (&[0, 4], 1.5), (&[0, 1], 2.0), (&[0, 1], 2.5), (&[1, 0], 3.5)]);
        let filter = Filter {
            length: Some(Length::Exact(2)),
            no_ambiguous: true,
            drop_singletons: 1.0,
            drop_duplicates: true,
            sample: None,
        };
        let (kept, report) = filter.apply(rows.clone(), 0).unwrap();
        let expected =
            FilterReport { rows: 5, length: 1, ambiguous: 1, singletons: 1, kept: 2, ..FilterReport::default() };
        assert_eq!(report, expected);
        assert_eq!(kept, rows.select(&[3, 4]));
        let (kept, report) = Filter { drop_singletons: 0.0, ..filter }.apply(rows.clone(), 0).unwrap();
        assert_eq!((report.duplicates, report.kept), (1, 2));
        assert_eq!(kept, rows.select(&[2, 4]));
        let range = Filter { length: Some(Length::Range { min: 3, max: 4 }), ..Filter::default() };
        assert_eq!(range.apply(rows.clone(), 0).unwrap().0, rows.select(&[0]));
    }

    #[test]
    fn an_ambiguous_letter_is_seen_wherever_it_is() {
        for length in 0..100 {
            let mut codes: Vec<u8> = (0..length).map(|place| place % 4).collect();
            assert!(!has_ambiguous(&codes));
            for place in 0..codes.len() {
                let code = std::mem::replace(&mut codes[place], 4);
                assert!(has_ambiguous(&codes), "{length} {place}");
                codes[place] = code;
            }
        }
    }

    #[test]
    fn no_row_left_is_an_error_with_the_report() {
        let filter = Filter { length: Some(Length::Exact(110)), ..Filter::default() };
        let error = filter.apply(table(&[(&[0], 1.0), (&[1], 2.0)]), 0).unwrap_err();
        assert!(matches!(error, Error::NothingLeft { report } if report.length == 2 && report.kept == 0));
        let filter = Filter { drop_singletons: f64::NAN, ..Filter::default() };
        assert!(matches!(filter.apply(table(&[(&[0], 1.0)]), 0), Err(Error::Setting { .. })));
    }

    #[test]
    fn half_of_the_singletons_fall_and_no_other_row() {
        let mut rows = Table::default();
        (0..20_000).for_each(|row| rows.push(&[row as u8 % 4], if row % 2 == 0 { 7.0 } else { 7.5 }));
        let (kept, report) = Filter::madlab().apply(rows.clone(), 3).unwrap();
        assert!((4_700..5_300).contains(&report.singletons), "{report}");
        assert_eq!(kept.labels().iter().filter(|&&label| label == 7.5).count(), 10_000);
        assert_eq!(Filter::madlab().apply(rows.clone(), 3).unwrap().0, kept);
        assert_ne!(Filter::madlab().apply(rows, 4).unwrap().0, kept);
    }

    #[test]
    fn a_sample_is_a_share_of_what_the_other_rules_leave_and_is_counted() {
        let mut rows = Table::default();
        (0..20_000).for_each(|row| rows.push(&[(row % 5) as u8], row as f32));
        let filter = Filter { no_ambiguous: true, sample: Some(0.25), ..Filter::default() };
        let (kept, report) = filter.apply(rows.clone(), 3).unwrap();
        assert!((3_800..4_200).contains(&report.kept), "{report}");
        assert_eq!((report.ambiguous, report.unsampled), (4_000, 16_000 - report.kept));
        assert_eq!(filter.apply(rows.clone(), 3).unwrap().0, kept);
        assert_ne!(filter.apply(rows.clone(), 4).unwrap().0, kept);
        let whole = Filter { sample: Some(1.0), ..Filter::default() };
        assert_eq!(whole.apply(rows.clone(), 3).unwrap().0, rows);
        let error = Filter { sample: Some(1.5), ..filter }.apply(rows, 3).unwrap_err();
        assert!(matches!(error, Error::Setting { name: "sample", .. }), "{error}");
    }
}
