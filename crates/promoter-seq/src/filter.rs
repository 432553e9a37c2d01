//! Which rows are kept, and how many each rule removed.

use std::fmt;

use promoter_encode::random::Stream;
use rayon::prelude::*;

use crate::{Error, Result, Table};

/// Lengths that are kept, in bases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
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
pub struct Filter {
    /// Keep only rows of these lengths.
    pub length: Option<Length>,
    /// Keep only rows in which every letter is A, C, G or T.
    pub no_ambiguous: bool,
    /// Remove rows with an integer label - measured by a single cell - with this probability, each by its own coin.
    pub drop_singletons: f64,
    /// Of rows with the same sequence keep the first.
    pub drop_duplicates: bool,
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
    /// A row's coin depends on `seed` and on its place in `table` only.
    ///
    /// # Errors
    /// [`Error::NothingLeft`] when no row is kept, [`Error::Setting`] when the probability is not in 0..=1.
    pub fn apply(&self, mut table: Table, seed: u64) -> Result<(Table, FilterReport)> {
        if !(0.0..=1.0).contains(&self.drop_singletons) {
            return Err(Error::setting("drop_singletons", self.drop_singletons, "a probability in 0..=1"));
        }
        let mut verdicts: Vec<Verdict> =
            (0..table.len()).into_par_iter().map(|row| self.verdict(&table, row, seed)).collect();
        if self.drop_duplicates {
            mark_duplicates(&table, &mut verdicts);
        }
        let count = |verdict| verdicts.iter().filter(|&&v| v == verdict).count() as u64;
        let report = FilterReport {
            rows: table.len() as u64,
            length: count(Verdict::Length),
            ambiguous: count(Verdict::Ambiguous),
            singletons: count(Verdict::Singleton),
            duplicates: count(Verdict::Duplicate),
            kept: count(Verdict::Keep),
        };
        if report.kept == 0 {
            return Err(Error::NothingLeft { report });
        }
        if report.kept < report.rows {
            table.retain(|row, _, _| verdicts[row] == Verdict::Keep);
        }
        Ok((table, report))
    }

    fn verdict(&self, table: &Table, row: usize, seed: u64) -> Verdict {
        let codes = table.codes(row);
        let label = table.labels()[row];
        if self.length.is_some_and(|length| !length.holds(codes.len())) {
            Verdict::Length
        } else if self.no_ambiguous && codes.iter().fold(0, |most, &code| most.max(code)) > 3 {
            Verdict::Ambiguous
        } else if self.drop_singletons > 0.0
            && label.fract() == 0.0
            && Stream::new(seed, "drop singletons", row as u64).uniform() < self.drop_singletons
        {
            Verdict::Singleton
        } else {
            Verdict::Keep
        }
    }
}

/// Rows read, removed by each rule, and kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FilterReport {
    /// Rows before the filter.
    pub rows: u64,
    /// Removed for their length.
    pub length: u64,
    /// Removed for a letter that is not A, C, G or T.
    pub ambiguous: u64,
    /// Singletons removed by their coin.
    pub singletons: u64,
    /// Removed as repeats of an earlier sequence.
    pub duplicates: u64,
    /// Rows after the filter.
    pub kept: u64,
}

impl fmt::Display for FilterReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} rows, removed {} by length, {} with ambiguous letters, {} singletons, {} duplicates, kept {}",
            self.rows, self.length, self.ambiguous, self.singletons, self.duplicates, self.kept
        )
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Keep,
    Length,
    Ambiguous,
    Singleton,
    Duplicate,
}

/// Marks every kept row whose sequence an earlier kept row has.
fn mark_duplicates(table: &Table, verdicts: &mut [Verdict]) {
    let mut kept: Vec<u32> = (0..table.len() as u32).filter(|&row| verdicts[row as usize] == Verdict::Keep).collect();
    kept.par_sort_unstable_by(|&a, &b| table.codes(a as usize).cmp(table.codes(b as usize)).then(a.cmp(&b)));
    for same in kept.chunk_by(|&a, &b| table.codes(a as usize) == table.codes(b as usize)) {
        for &repeat in &same[1..] {
            verdicts[repeat as usize] = Verdict::Duplicate;
        }
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
        let filter =
            Filter { length: Some(Length::Exact(2)), no_ambiguous: true, drop_singletons: 1.0, drop_duplicates: true };
        let (kept, report) = filter.apply(rows.clone(), 0).unwrap();
        let expected = FilterReport { rows: 5, length: 1, ambiguous: 1, singletons: 1, duplicates: 0, kept: 2 };
        assert_eq!(report, expected);
        assert_eq!(kept, rows.select(&[3, 4]));
        let (kept, report) = Filter { drop_singletons: 0.0, ..filter }.apply(rows.clone(), 0).unwrap();
        assert_eq!((report.duplicates, report.kept), (1, 2));
        assert_eq!(kept, rows.select(&[2, 4]));
        let range = Filter { length: Some(Length::Range { min: 3, max: 4 }), ..Filter::default() };
        assert_eq!(range.apply(rows.clone(), 0).unwrap().0, rows.select(&[0]));
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
}
