//! The constant flanks around every insert.

use std::fmt;

use promoter_encode::base;

use crate::{Error, Result, Table};

/// Bases before the insert of the challenge's constructs.
///
/// # Source
/// de Boer et al., Nature Biotechnology 38 (2020) 56.
pub const LEFT: &str = "TGCATTTTTTTCACATC";

/// Bases after the insert of the challenge's constructs.
///
/// # Source
/// As for [`LEFT`].
pub const RIGHT: &str = "GGTTACGGCTGTT";

/// Cuts the flanks off every row, and counts the rows whose flanks are not as expected.
///
/// Rows that are no longer than both flanks together are removed.
///
/// ```
/// use promoter_seq::{Table, trim::{Mismatch, Trim}};
/// let mut table = Table::default();
/// table.push(&[3, 0, 1, 2], 7.0);
/// table.push(&[0, 0, 1, 2], 8.0);
/// let trim = Trim { left: "T".into(), right: "G".into(), mismatch: Mismatch::Trim };
/// let (table, report) = trim.apply(&table)?;
/// assert_eq!(table.fixed(2), Some(&[0, 1, 0, 1][..]));
/// assert_eq!((report.left, report.right), (1, 0));
/// # Ok::<(), promoter_seq::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "snake_case")
)]
pub struct Trim {
    /// Letters expected at the start of every row.
    pub left: String,
    /// Letters expected at the end of every row.
    pub right: String,
    /// What a row with other flanks means.
    pub mismatch: Mismatch,
}

/// What a row with other flanks than expected means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Mismatch {
    /// As many bases are cut off as from any other row.
    #[default]
    Trim,
    /// The row is removed.
    Remove,
}

impl Trim {
    /// The challenge's flanks, 17 and 13 bases, cut off by place whatever they are.
    ///
    /// # Source
    /// Challenge report of auth.
    pub fn auth() -> Self {
        Self { left: LEFT.into(), right: RIGHT.into(), mismatch: Mismatch::Trim }
    }

    /// The rows without their flanks.
    ///
    /// # Errors
    /// [`Error::Setting`] when a flank has a letter outside of the IUPAC code.
    pub fn apply(&self, table: &Table) -> Result<(Table, TrimReport)> {
        let (left, right) = (codes("left", &self.left)?, codes("right", &self.right)?);
        let flanks = left.len() + right.len();
        let mut report = TrimReport { rows: table.len() as u64, ..TrimReport::default() };
        let bases = table.bases().saturating_sub(flanks * table.len());
        let mut trimmed = Table::with_capacity(table.len(), bases);
        let mut kept = Vec::new();
        for (number, (row, label)) in table.rows().enumerate() {
            if row.len() <= flanks {
                report.short += 1;
                continue;
            }
            let (other_left, other_right) = (!row.starts_with(&left), !row.ends_with(&right));
            report.left += u64::from(other_left);
            report.right += u64::from(other_right);
            if self.mismatch == Mismatch::Remove && (other_left || other_right) {
                continue;
            }
            trimmed.push(&row[left.len()..row.len() - right.len()], label);
            kept.push(number);
        }
        let trimmed = trimmed.with_text(table.text().select(kept));
        report.kept = trimmed.len() as u64;
        Ok((trimmed, report))
    }
}

fn codes(name: &'static str, letters: &str) -> Result<Vec<u8>> {
    let code = |letter| {
        let code = base::from_ascii(letter);
        (code < base::PAD).then_some(code).ok_or_else(|| Error::setting(name, letters, "IUPAC letters"))
    };
    letters.bytes().map(code).collect()
}

/// Rows whose flanks were not as expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TrimReport {
    /// Rows before.
    pub rows: u64,
    /// Rows with another left flank.
    pub left: u64,
    /// Rows with another right flank.
    pub right: u64,
    /// Rows removed because nothing would be left of them.
    pub short: u64,
    /// Rows after.
    pub kept: u64,
}

impl fmt::Display for TrimReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} rows, {} with another left flank, {} with another right flank, removed {} too short, kept {}",
            self.rows, self.left, self.right, self.short, self.kept
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[String]) -> Table {
        let mut table = Table::default();
        for (row, label) in rows.iter().zip([1.0, 2.0, 3.0, 4.0]) {
            table.push(&codes("row", row).unwrap(), label);
        }
        table
    }

    #[test]
    fn flanks_are_cut_and_mismatches_counted() {
        let rows = table(&[
            format!("{LEFT}ACGT{RIGHT}"),
            format!("{}AACGT{RIGHT}", &LEFT[1..]),
            format!("{LEFT}AC{}A", &RIGHT[1..]),
            format!("{LEFT}{RIGHT}"),
        ]);
        let (trimmed, report) = Trim::auth().apply(&rows).unwrap();
        assert_eq!(report, TrimReport { rows: 4, left: 1, right: 1, short: 1, kept: 3 });
        assert_eq!(
            trimmed.rows().collect::<Vec<_>>(),
            [(&[0, 1, 2, 3][..], 1.0), (&[0, 1, 2, 3], 2.0), (&[0, 1], 3.0)]
        );
        let (trimmed, report) = Trim { mismatch: Mismatch::Remove, ..Trim::auth() }.apply(&rows).unwrap();
        assert_eq!((trimmed.labels(), report.left, report.kept), (&[1.0][..], 1, 1));
    }

    #[test]
    fn flanks_are_letters() {
        let trim = Trim { left: "AC-".into(), ..Trim::auth() };
        assert!(matches!(trim.apply(&Table::default()), Err(Error::Setting { name: "left", .. })));
    }
}
