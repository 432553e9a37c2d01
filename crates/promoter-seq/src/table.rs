//! Rows of sequences in memory.

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
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Adds a row of base codes ([`promoter_encode::base`]) with its label in sorting bins, or NaN.
    pub fn push(&mut self, codes: &[u8], label: f32) {
        self.codes.extend_from_slice(codes);
        self.ends.push(self.codes.len() as u64);
        self.labels.push(label);
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
    pub fn rows(&self) -> impl ExactSizeIterator<Item = (&[u8], f32)> {
        (0..self.len()).map(|row| (self.codes(row), self.labels[row]))
    }
}
