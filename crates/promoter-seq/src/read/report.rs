//! What a reader met.

use std::fmt;
use std::ops::AddAssign;

/// What a reader met: rows, and all that was folded, replaced or skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ReadReport {
    /// Lines, header and comments included.
    pub lines: u64,
    /// Rows that were read.
    pub rows: u64,
    /// Lines that ended in CRLF.
    pub crlf: u64,
    /// Headers: 1 when the columns are named.
    pub headers: u64,
    /// Empty lines, skipped.
    pub empty_lines: u64,
    /// Comments, skipped.
    pub comments: u64,
    /// Rows with lower-case letters, folded to upper case.
    pub lower_case: u64,
    /// Rows that kept ambiguity codes other than `N`.
    pub iupac: u64,
    /// Rows in which letters were replaced by `N`.
    pub replaced: u64,
    /// Rows skipped for their letters.
    pub skipped_letters: u64,
    /// Rows skipped for their length.
    pub skipped_long: u64,
    /// Rows skipped for their missing label.
    #[cfg_attr(feature = "serde", serde(default))]
    pub skipped_labels: u64,
}

impl ReadReport {
    /// Every count, in the order of the fields.
    pub(crate) fn counts_mut(&mut self) -> [&mut u64; 12] {
        [
            &mut self.lines,
            &mut self.rows,
            &mut self.crlf,
            &mut self.headers,
            &mut self.empty_lines,
            &mut self.comments,
            &mut self.lower_case,
            &mut self.iupac,
            &mut self.replaced,
            &mut self.skipped_letters,
            &mut self.skipped_long,
            &mut self.skipped_labels,
        ]
    }
}

impl AddAssign for ReadReport {
    fn add_assign(&mut self, mut other: Self) {
        self.counts_mut().into_iter().zip(other.counts_mut()).for_each(|(sum, count)| *sum += *count);
    }
}

impl fmt::Display for ReadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows", self.rows)?;
        for (count, what) in [
            (self.headers, "header"),
            (self.empty_lines, "empty lines"),
            (self.comments, "comments"),
            (self.crlf, "lines ending in CRLF"),
            (self.lower_case, "rows folded to upper case"),
            (self.iupac, "rows with IUPAC letters kept"),
            (self.replaced, "rows with letters replaced by N"),
            (self.skipped_letters, "rows skipped for their letters"),
            (self.skipped_long, "rows skipped for their length"),
            (self.skipped_labels, "rows skipped for their missing label"),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}
