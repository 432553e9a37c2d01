//! Text that comes with rows: names, groups, parts, further labels.

/// Named columns of text. Cells lie row by row in one buffer, and each row knows its line in the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Text {
    names: Vec<String>,
    cells: String,
    /// End of each cell in `cells`.
    ends: Vec<u64>,
    /// Line of each row, from 1; 0 for rows that come from no file.
    lines: Vec<u64>,
}

impl Text {
    pub(crate) fn new(names: Vec<String>) -> Self {
        Self { names, ..Self::default() }
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn line(&self, row: usize) -> u64 {
        self.lines.get(row).copied().unwrap_or(0)
    }

    /// The cell of a row that there is.
    pub(crate) fn cell(&self, row: usize, column: usize) -> &str {
        let cell = row * self.names.len() + column;
        let start = if cell == 0 { 0 } else { self.ends[cell - 1] as usize };
        &self.cells[start..self.ends[cell] as usize]
    }

    /// Adds a row; cells that are not given are empty. Nothing happens where there are no columns.
    pub(crate) fn push<'a>(&mut self, line: u64, cells: impl IntoIterator<Item = &'a str>) {
        if self.names.is_empty() {
            return;
        }
        let mut cells = cells.into_iter();
        for _ in 0..self.names.len() {
            self.cells.push_str(cells.next().unwrap_or_default());
            self.ends.push(self.cells.len() as u64);
        }
        self.lines.push(line);
    }

    /// The cells of a row.
    pub(crate) fn cells_of(&self, row: usize) -> impl Iterator<Item = &str> + Clone {
        (0..self.names.len()).map(move |column| self.cell(row, column))
    }

    pub(crate) fn select(&self, rows: impl IntoIterator<Item = usize>) -> Self {
        let mut chosen = Self::new(self.names.clone());
        if !self.names.is_empty() {
            rows.into_iter().for_each(|row| chosen.push(self.line(row), self.cells_of(row)));
        }
        chosen
    }

    /// Adds the `rows` rows of another table's text, whose lines count from line `before` on. Columns that only the
    /// other has are left out, those that it lacks are empty.
    pub(crate) fn append(&mut self, other: &Self, rows: usize, before: u64) {
        if self.names.is_empty() {
            return;
        }
        let places: Vec<_> = self.names.iter().map(|name| other.names.iter().position(|known| known == name)).collect();
        for row in 0..rows {
            let cell = |place: &Option<usize>| place.map_or("", |column| other.cell(row, column));
            self.push(before + other.line(row), places.iter().map(cell));
        }
    }

    pub(crate) fn clear(&mut self) {
        self.cells.clear();
        self.ends.clear();
        self.lines.clear();
    }

    /// The columns as bytes, little-endian: numbers of columns and rows; length and text of names, then of cells;
    /// lines.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let number = |bytes: &mut Vec<u8>, number: u64| bytes.extend_from_slice(&number.to_le_bytes());
        number(&mut bytes, self.names.len() as u64);
        number(&mut bytes, self.lines.len() as u64);
        let cells = (0..self.lines.len()).flat_map(|row| self.cells_of(row));
        for text in self.names.iter().map(String::as_str).chain(cells) {
            number(&mut bytes, text.len() as u64);
            bytes.extend_from_slice(text.as_bytes());
        }
        self.lines.iter().for_each(|&line| number(&mut bytes, line));
        bytes
    }

    /// The columns of some bytes, for `rows` rows; none if they are not what [`to_bytes`](Self::to_bytes) writes.
    pub(crate) fn from_bytes(mut bytes: &[u8], rows: u64) -> Option<Self> {
        fn number(bytes: &mut &[u8]) -> Option<u64> {
            let (number, rest) = bytes.split_first_chunk()?;
            *bytes = rest;
            Some(u64::from_le_bytes(*number))
        }
        fn text<'a>(bytes: &mut &'a [u8]) -> Option<&'a str> {
            let length = usize::try_from(number(bytes)?).ok()?;
            let (text, rest) = bytes.split_at_checked(length)?;
            *bytes = rest;
            str::from_utf8(text).ok()
        }
        let (names, found) = (number(&mut bytes)?, number(&mut bytes)?);
        if found != if names == 0 { 0 } else { rows } {
            return None;
        }
        let names = (0..names).map(|_| text(&mut bytes).map(str::to_owned)).collect::<Option<_>>()?;
        let mut columns = Self::new(names);
        for _ in 0..found * columns.names.len() as u64 {
            columns.cells.push_str(text(&mut bytes)?);
            columns.ends.push(columns.cells.len() as u64);
        }
        columns.lines = (0..found).map(|_| number(&mut bytes)).collect::<Option<_>>()?;
        bytes.is_empty().then_some(columns)
    }
}
