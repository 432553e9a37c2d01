//! Rows of sequences in memory.

use promoter_encode::base;

use crate::{Error, Result};

mod huge_pages;

/// Sequences as base codes, with one label each.
///
/// The codes of all rows lie in one buffer; a row's length is its own. A table of sequences without labels holds NaN
/// for each.
///
/// ```
/// use promoter_seq::Table;
/// let mut table = Table::default();
/// table.push(&[0, 1, 2, 3], 11.5);
/// assert_eq!(table.codes(0), [0, 1, 2, 3]);
/// assert_eq!(table.labels(), [11.5]);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    codes: Vec<u8>,
    ends: Vec<u64>,
    labels: Vec<f32>,
}

impl Table {
    /// An empty table with room for `rows` rows of `bases` bases in all.
    pub fn with_capacity(rows: usize, bases: usize) -> Self {
        Self { codes: Vec::with_capacity(bases), ends: Vec::with_capacity(rows), labels: Vec::with_capacity(rows) }
    }

    /// A table of the codes of all rows, the end of each row in them, and the labels.
    ///
    /// # Errors
    /// [`Error::Parts`] when the ends decrease or do not end with the codes, when their number is not that of the
    /// labels, or when a byte is no code.
    ///
    /// ```
    /// use promoter_seq::Table;
    /// let table = Table::from_parts(vec![0, 1, 2, 3], vec![3, 4], vec![5.0, 6.0])?;
    /// assert_eq!(table.codes(1), [3]);
    /// assert!(Table::from_parts(vec![0, 1], vec![1], vec![5.0]).is_err());
    /// # Ok::<(), promoter_seq::Error>(())
    /// ```
    pub fn from_parts(codes: Vec<u8>, ends: Vec<u64>, labels: Vec<f32>) -> Result<Self> {
        let last_end = ends.iter().copied().max().unwrap_or(0);
        let good =
            ends.is_sorted() && last_end == codes.len() as u64 && ends.len() == labels.len() && are_codes(&codes);
        if good {
            Ok(Self { codes, ends, labels })
        } else {
            Err(Error::Parts { codes: codes.len(), last_end, ends: ends.len(), labels: labels.len() })
        }
    }

    /// The codes of all rows, the end of each row in them, and the labels.
    pub fn into_parts(self) -> (Vec<u8>, Vec<u64>, Vec<f32>) {
        (self.codes, self.ends, self.labels)
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Number of bases of all rows.
    pub fn bases(&self) -> usize {
        self.codes.len()
    }

    /// Adds a row of base codes ([`promoter_encode::base`]) with its label in sorting bins, or NaN.
    pub fn push(&mut self, codes: &[u8], label: f32) {
        self.codes.extend_from_slice(codes);
        self.ends.push(self.codes.len() as u64);
        self.labels.push(label);
    }

    /// Adds the row whose codes `parse` appends and whose label it returns; none when it returns none or fails.
    pub(crate) fn push_with<E>(&mut self, parse: impl FnOnce(&mut Vec<u8>) -> Result<Option<f32>, E>) -> Result<(), E> {
        let start = self.codes.len();
        let label = parse(&mut self.codes);
        match label {
            Ok(Some(label)) => {
                self.ends.push(self.codes.len() as u64);
                self.labels.push(label);
                Ok(())
            }
            Ok(None) => {
                self.codes.truncate(start);
                Ok(())
            }
            Err(error) => {
                self.codes.truncate(start);
                Err(error)
            }
        }
    }

    /// Makes room for about as many rows as a text of `bytes` bytes has.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        // Room that is never touched costs nothing; short sequences need more and get it when they come.
        let rows = bytes / 64;
        huge_pages::reserve(&mut self.codes, bytes);
        huge_pages::reserve(&mut self.ends, rows);
        huge_pages::reserve(&mut self.labels, rows);
    }

    /// A buffer with room for the codes of `bases` bases.
    pub(crate) fn room(bases: usize) -> Vec<u8> {
        let mut codes = Vec::new();
        huge_pages::reserve(&mut codes, bases);
        codes
    }

    /// Codes of all rows.
    pub(crate) fn all_codes(&self) -> &[u8] {
        &self.codes
    }

    /// End of each row in the codes.
    pub(crate) fn ends(&self) -> &[u64] {
        &self.ends
    }

    /// Adds all rows of another table.
    pub fn append(&mut self, other: &Self) {
        let start = self.codes.len() as u64;
        self.codes.extend_from_slice(&other.codes);
        self.ends.extend(other.ends.iter().map(|end| start + end));
        self.labels.extend_from_slice(&other.labels);
    }

    /// Removes all rows and keeps the memory.
    pub fn clear(&mut self) {
        self.codes.clear();
        self.ends.clear();
        self.labels.clear();
    }

    /// Base codes of a row.
    ///
    /// # Panics
    /// If `row` is not below [`len`](Self::len), as slices do.
    pub fn codes(&self, row: usize) -> &[u8] {
        let start = if row == 0 { 0 } else { self.ends[row - 1] as usize };
        &self.codes[start..self.ends[row] as usize]
    }

    /// Labels of all rows, in sorting bins (0..17) for the challenge's files; NaN where there is none.
    pub fn labels(&self) -> &[f32] {
        &self.labels
    }

    /// Rows in order: codes and label.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = (&[u8], f32)> + Clone {
        (0..self.len()).map(|row| (self.codes(row), self.labels[row]))
    }

    /// All codes as one matrix, when every row has `length` bases.
    ///
    /// # Shapes
    /// `(rows, length)`, row-major.
    ///
    /// ```
    /// use promoter_seq::Table;
    /// let table = Table::from_parts(vec![0, 1, 2, 3], vec![2, 4], vec![0.0; 2])?;
    /// assert_eq!(table.fixed(2), Some(&[0, 1, 2, 3][..]));
    /// assert_eq!(table.fixed(4), None);
    /// # Ok::<(), promoter_seq::Error>(())
    /// ```
    pub fn fixed(&self, length: usize) -> Option<&[u8]> {
        let fits = self.ends.iter().zip(1..).all(|(&end, rows)| end == rows * length as u64);
        fits.then_some(&self.codes[..])
    }

    /// The chosen rows, in the given order; a row may be chosen more than once.
    ///
    /// # Panics
    /// If a row is not below [`len`](Self::len), as slices do.
    pub fn select(&self, rows: &[u32]) -> Self {
        let bases = rows.iter().map(|&row| self.codes(row as usize).len()).sum();
        let mut table = Self::with_capacity(rows.len(), bases);
        for &row in rows {
            table.push(self.codes(row as usize), self.labels[row as usize]);
        }
        table
    }

    /// Keeps the rows for which `keep` holds, in place; it is given the row, its codes and its label.
    pub fn retain(&mut self, mut keep: impl FnMut(usize, &[u8], f32) -> bool) {
        let (mut rows, mut bases, mut start) = (0, 0, 0);
        for row in 0..self.len() {
            let end = self.ends[row] as usize;
            if keep(row, &self.codes[start..end], self.labels[row]) {
                if bases < start {
                    self.codes.copy_within(start..end, bases);
                }
                bases += end - start;
                self.ends[rows] = bases as u64;
                self.labels[rows] = self.labels[row];
                rows += 1;
            }
            start = end;
        }
        self.codes.truncate(bases);
        self.ends.truncate(rows);
        self.labels.truncate(rows);
    }
}

/// Whether every byte is a code, which has no higher bit than the fourth. Sixteen bytes are one number.
fn are_codes(bytes: &[u8]) -> bool {
    const HIGHER_BITS: u128 = u128::from_ne_bytes([!(base::CODES as u8 - 1); 16]);
    let (numbers, rest) = bytes.as_chunks::<16>();
    let all = numbers.iter().fold(0, |all, bytes| all | u128::from_ne_bytes(*bytes));
    all & HIGHER_BITS == 0 && rest.iter().all(|&code| (code as usize) < base::CODES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::default();
        table.push(&[0, 1, 2], 1.0);
        table.push(&[], 2.0);
        table.push(&[3, 4], 3.0);
        table
    }

    #[test]
    fn selects_and_retains_rows() {
        let selected = table().select(&[2, 0, 2]);
        assert_eq!(selected.rows().collect::<Vec<_>>(), [(&[3, 4][..], 3.0), (&[0, 1, 2], 1.0), (&[3, 4], 3.0)]);
        let mut kept = table();
        kept.retain(|row, codes, label| row != 0 && (codes.is_empty() || label == 3.0));
        assert_eq!(kept, table().select(&[1, 2]));
        let mut twice = table();
        twice.append(&table());
        assert_eq!(twice, table().select(&[0, 1, 2, 0, 1, 2]));
    }

    #[test]
    fn parts_that_do_not_fit_are_an_error() {
        let (codes, ends, labels) = table().into_parts();
        let parts = |codes: &[u8], ends: &[u64], labels: &[f32]| {
            Table::from_parts(codes.to_vec(), ends.to_vec(), labels.to_vec())
        };
        assert_eq!(parts(&codes, &ends, &labels).unwrap(), table());
        assert!(parts(&codes, &ends, &labels[1..]).is_err());
        assert!(parts(&codes, &[3, 2, 5], &labels).is_err());
        assert!(parts(&codes[1..], &ends, &labels).is_err());
        assert!(parts(&[0, 1, 2, 3, 16], &ends, &labels).is_err());
        assert!(parts(&[&[16][..], &[0; 20]].concat(), &[21], &[0.0]).is_err());
        assert_eq!(parts(&[], &[], &[]).unwrap(), Table::default());
    }

    #[test]
    fn only_equal_lengths_make_a_matrix() {
        assert_eq!(table().fixed(3), None);
        assert_eq!(table().select(&[0, 0]).fixed(3), Some(&[0, 1, 2, 0, 1, 2][..]));
        assert_eq!(Table::default().fixed(110), Some(&[][..]));
    }
}
