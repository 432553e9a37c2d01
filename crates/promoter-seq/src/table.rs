//! Rows of sequences in memory.

use promoter_encode::base;

use crate::{Error, Result};

mod huge_pages;
mod text;

pub(crate) use text::Text;

/// Sequences as base codes, with one label each.
///
/// The codes of all rows lie in one buffer; a row's length is its own. A table of sequences without labels holds NaN
/// for each.
///
/// Columns of text may come with the rows: names, groups, parts, further labels ([`ReadOptions::keep`]). They stay with
/// their rows through filter, trim and selection.
///
/// [`ReadOptions::keep`]: crate::read::ReadOptions::keep
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
    text: Text,
}

impl Table {
    /// An empty table with room for `rows` rows of `bases` bases in all.
    pub fn with_capacity(rows: usize, bases: usize) -> Self {
        let (ends, labels) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        Self { codes: Vec::with_capacity(bases), ends, labels, text: Text::default() }
    }

    /// An empty table whose rows have columns of text.
    ///
    /// ```
    /// use promoter_seq::Table;
    /// let mut table = Table::with_columns(["gene"]);
    /// table.push_row(&[0, 1, 2, 3], 11.5, 1, &["YFG1"]);
    /// assert_eq!(table.column("gene")?.collect::<Vec<_>>(), ["YFG1"]);
    /// # Ok::<(), promoter_seq::Error>(())
    /// ```
    pub fn with_columns(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { text: Text::new(names.into_iter().map(Into::into).collect()), ..Self::default() }
    }

    /// Names of the columns of text.
    pub fn columns(&self) -> &[String] {
        self.text.names()
    }

    /// The cells of a column of text.
    ///
    /// # Errors
    /// [`Error::NotKept`] if the table has no such column.
    pub fn column(&self, name: &str) -> Result<impl ExactSizeIterator<Item = &str>> {
        let found = self.columns().iter().position(|known| known == name);
        let column =
            found.ok_or_else(|| Error::NotKept { column: name.to_owned(), columns: self.columns().to_vec() })?;
        Ok((0..self.len()).map(move |row| self.text.cell(row, column)))
    }

    /// The cells of text of a row, in the order of [`columns`](Self::columns).
    ///
    /// # Panics
    /// If `row` is not below [`len`](Self::len), as slices do.
    ///
    /// ```
    /// use promoter_seq::Table;
    /// let mut table = Table::with_columns(["gene", "plate"]);
    /// table.push_row(&[0, 1, 2, 3], 11.5, 1, &["YFG1", "4"]);
    /// assert_eq!(table.cells(0).collect::<Vec<_>>(), ["YFG1", "4"]);
    /// ```
    pub fn cells(&self, row: usize) -> impl Iterator<Item = &str> + Clone {
        self.text.cells_of(row)
    }

    /// The numbers in a column of text, such as further labels or weights; NaN for an empty cell and `NA`.
    ///
    /// # Errors
    /// [`Error::NotKept`]; [`Error::Cell`] for a cell that is not a number.
    ///
    /// ```
    /// use promoter_seq::Table;
    /// let mut table = Table::with_columns(["weight"]);
    /// table.push_row(&[0], 11.5, 1, &["0.5"]);
    /// assert_eq!(table.numbers("weight")?, [0.5]);
    /// # Ok::<(), promoter_seq::Error>(())
    /// ```
    pub fn numbers(&self, name: &str) -> Result<Vec<f32>> {
        let number = |(row, cell): (usize, &str)| match cell.trim() {
            "" | "NA" => Ok(f32::NAN),
            number => number.parse().map_err(|_| self.cell_error(row, name, "a number", cell)),
        };
        self.column(name)?.enumerate().map(number).collect()
    }

    /// Line of the file that a row of a table with columns of text came from, from 1.
    pub fn line(&self, row: usize) -> Option<u64> {
        Some(self.text.line(row)).filter(|&line| line > 0)
    }

    /// The error of a cell.
    pub(crate) fn cell_error(&self, row: usize, column: &str, expected: &'static str, found: &str) -> Error {
        Error::Cell { line: self.text.line(row), column: column.to_owned(), expected, found: found.to_owned() }
    }

    /// The columns of text.
    pub(crate) fn text(&self) -> &Text {
        &self.text
    }

    /// The table with these columns of text, which have a cell for each row.
    pub(crate) fn with_text(self, text: Text) -> Self {
        Self { text, ..self }
    }

    /// A table of the codes of all rows, the end of each row in them, and the labels.
    ///
    /// # Errors
    /// [`Error::Parts`] when the ends decrease or do not end with the codes, when their number is not that of the
    /// labels, or when a byte is not a code.
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
            Ok(Self { codes, ends, labels, text: Text::default() })
        } else {
            Err(Error::Parts { codes: codes.len(), last_end, ends: ends.len(), labels: labels.len() })
        }
    }

    /// The codes of all rows, the end of each row in them, and the labels; columns of text are dropped.
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

    /// Adds a row of base codes ([`promoter_encode::base`]) with its label in sorting bins, or NaN. Columns of text, if
    /// there are any, are empty in it.
    pub fn push(&mut self, codes: &[u8], label: f32) {
        self.push_row(codes, label, 0, &[""; 0]);
    }

    /// Adds a row with the line it stands in, or 0, and its cells of text, in the order of [`columns`](Self::columns);
    /// cells that are omitted are empty.
    pub fn push_row(&mut self, codes: &[u8], label: f32, line: u64, cells: &[impl AsRef<str>]) {
        self.text.push(line, cells.iter().map(AsRef::as_ref));
        self.codes.extend_from_slice(codes);
        self.ends.push(self.codes.len() as u64);
        self.labels.push(label);
    }

    /// Adds the row whose codes and cells `parse` writes and whose label and line it returns; none when it returns none
    /// or fails.
    pub(crate) fn push_with<E>(
        &mut self,
        parse: impl FnOnce(&mut Vec<u8>, &mut Vec<String>) -> Result<Option<(f32, u64)>, E>,
    ) -> Result<(), E> {
        let start = self.codes.len();
        let mut cells = Vec::new();
        match parse(&mut self.codes, &mut cells) {
            Ok(Some((label, line))) => {
                self.text.push(line, cells.iter().map(String::as_str));
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

    /// Adds all rows of another table. Columns of text that only the other has are left out, those that it lacks are
    /// empty in its rows.
    pub fn append(&mut self, other: &Self) {
        self.append_after(other, 0);
    }

    /// [`append`](Self::append), where the lines of the other table count from line `before` on.
    pub(crate) fn append_after(&mut self, other: &Self, before: u64) {
        self.text.append(&other.text, other.len(), before);
        let start = self.codes.len() as u64;
        self.codes.extend_from_slice(&other.codes);
        self.ends.extend(other.ends.iter().map(|end| start + end));
        self.labels.extend_from_slice(&other.labels);
    }

    /// Removes all rows and keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
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

    /// The table with other labels.
    ///
    /// # Errors
    /// [`Error::Parts`] unless there is one for each row.
    pub fn with_labels(self, labels: Vec<f32>) -> Result<Self> {
        Ok(Self { text: self.text, ..Self::from_parts(self.codes, self.ends, labels)? })
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
        table.text = self.text.select(rows.iter().map(|&row| row as usize));
        table
    }

    /// Keeps the rows for which `keep` holds, in place; it is given the row, its codes and its label.
    pub fn retain(&mut self, mut keep: impl FnMut(usize, &[u8], f32) -> bool) {
        let (mut rows, mut bases, mut start) = (0, 0, 0);
        let mut kept_text = Vec::new();
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
                if !self.text.names().is_empty() {
                    kept_text.push(row);
                }
            }
            start = end;
        }
        if kept_text.len() < self.len() {
            self.text = self.text.select(kept_text);
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
