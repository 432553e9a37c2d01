//! Truth or predictions by test row, read from the forms that the challenge used.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::marker::PhantomData;
use std::path::Path;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::Error;

/// One number per test row: measured (MAUDE units) or predicted expression (any scale).
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    name: String,
    by_row: BTreeMap<u32, f64>,
    /// Sequences of rows 0, 1, ... in upper case, when the input has them.
    sequences: Vec<String>,
    /// Whether the input lists every row.
    whole: bool,
}

impl Values {
    /// Reads values from a file, which may be gzipped. If it begins with `{` it is the leaderboard's JSON object, test
    /// row to value; otherwise the final round's table, `sequence TAB value` for every test row in order, no header.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::TooLarge`], [`Error::Json`], [`Error::Id`], [`Error::DuplicateRow`],
    /// [`Error::NotFinite`], [`Error::Line`], [`Error::NoValues`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let text = read_text(path)?;
        let name = path.display().to_string();
        if text.trim_start().starts_with('{') { Self::parse_json(name, &text) } else { Self::parse_table(name, &text) }
    }

    /// Values of every test row in order; `name` is for messages.
    ///
    /// # Errors
    /// [`Error::NoValues`], [`Error::NotFinite`].
    pub fn of_rows<T: Copy + Into<f64>>(name: &str, values: &[T]) -> Result<Self, Error> {
        let rows = values.iter().enumerate().map(|(row, &value)| (row as u32, value.into()));
        Ok(Self { whole: true, ..Self::of_pairs(name, rows)? })
    }

    /// Values of some test rows; `name` is for messages.
    ///
    /// # Errors
    /// [`Error::NoValues`], [`Error::DuplicateRow`], [`Error::NotFinite`].
    pub fn of_pairs(name: &str, pairs: impl IntoIterator<Item = (u32, f64)>) -> Result<Self, Error> {
        let input = || name.to_owned();
        let mut by_row = BTreeMap::new();
        for (row, value) in pairs {
            if !value.is_finite() {
                return Err(Error::NotFinite { input: input(), row: row.to_string(), value: value.to_string() });
            }
            if by_row.insert(row, value).is_some() {
                return Err(Error::DuplicateRow { input: input(), row });
            }
        }
        if by_row.is_empty() {
            return Err(Error::NoValues { input: input() });
        }
        Ok(Self { name: input(), by_row, sequences: Vec::new(), whole: false })
    }

    fn parse_json(name: String, text: &str) -> Result<Self, Error> {
        let Entries(entries) = parse_entries::<f64>(&name, text)?;
        let mut pairs = Vec::with_capacity(entries.len());
        for (id, value) in entries {
            pairs.push((parse_row(&name, &id)?, value));
        }
        Self::of_pairs(&name, pairs)
    }

    fn parse_table(name: String, text: &str) -> Result<Self, Error> {
        let (mut values, mut sequences) = (Vec::new(), Vec::new());
        for (index, line) in text.lines().enumerate() {
            let (sequence, number) = line.split_once('\t').unwrap_or_default();
            let letters = !sequence.is_empty() && sequence.bytes().all(|letter| letter.is_ascii_alphabetic());
            let Some(value) = number.trim().parse::<f64>().ok().filter(|_| letters) else {
                let found = line.chars().take(60).collect();
                return Err(Error::Line { input: name, line: index + 1, found });
            };
            values.push(value);
            sequences.push(sequence.to_ascii_uppercase());
        }
        Ok(Self { sequences, ..Self::of_rows(&name, &values)? })
    }

    /// The name for messages: the path when the values were read from a file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of rows that have a value.
    pub fn len(&self) -> usize {
        self.by_row.len()
    }

    /// Whether no row has a value; never so for values that were read.
    pub fn is_empty(&self) -> bool {
        self.by_row.is_empty()
    }

    /// Value of a test row.
    pub fn get(&self, row: u32) -> Option<f64> {
        self.by_row.get(&row).copied()
    }

    pub(super) fn last_row(&self) -> Option<u32> {
        self.by_row.keys().next_back().copied()
    }

    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    pub(super) fn sequences(&self) -> &[String] {
        &self.sequences
    }
}

/// Bytes of text that a file may hold, decompressed: ten times the challenge's largest table.
const LARGEST: u64 = 1 << 27;

/// Text of a file that may be gzipped.
pub(super) fn read_text(path: &Path) -> Result<String, Error> {
    let failed = |source| Error::Read { path: path.to_owned(), source };
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    if file.fill_buf().map_err(failed)?.starts_with(&[0x1f, 0x8b]) {
        return bounded_text(path, flate2::bufread::MultiGzDecoder::new(file), LARGEST);
    }
    bounded_text(path, file, LARGEST)
}

/// The text of a stream of at most `largest` bytes.
fn bounded_text(path: &Path, reader: impl Read, largest: u64) -> Result<String, Error> {
    let failed = |source| Error::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    reader.take(largest + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > largest {
        let line = bytes.split(|&byte| byte == b'\n').count();
        return Err(Error::TooLarge { path: path.to_owned(), line, largest });
    }
    let text = String::from_utf8(bytes);
    text.map_err(|error| failed(std::io::Error::new(std::io::ErrorKind::InvalidData, error)))
}

/// A test row as the challenge writes it: decimal, without sign or leading zeros.
pub(super) fn parse_row(input: &str, id: &str) -> Result<u32, Error> {
    id.parse().ok().filter(|row: &u32| row.to_string() == id).ok_or_else(|| Error::Id {
        input: input.to_owned(),
        id: id.to_owned(),
        expected: "a test row: a whole number from 0",
    })
}

/// A JSON object with its keys in order and none lost.
pub(super) struct Entries<V>(pub(super) Vec<(String, V)>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Entries<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for Object<V> {
            type Value = Entries<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of test rows")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Object(PhantomData))
    }
}

/// Parses an object. Python writes NaN and infinity, which JSON lacks: they are reported by their names.
pub(super) fn parse_entries<'de, V: Deserialize<'de>>(input: &str, text: &'de str) -> Result<Entries<V>, Error> {
    serde_json::from_str(text).map_err(|source| {
        let lines: usize = text.split_inclusive('\n').take(source.line().saturating_sub(1)).map(str::len).sum();
        let around = (lines + source.column()).min(text.len());
        let before = text.get(..around).and_then(|text| text.rfind(':')).unwrap_or(0);
        let value = text[before..].trim_start_matches(':').trim_start();
        let found = ["NaN", "Infinity", "-Infinity"].into_iter().find(|name| value.starts_with(name));
        match (found, text[..before].rsplit('"').nth(1)) {
            (Some(value), Some(row)) => {
                Error::NotFinite { input: input.to_owned(), row: row.to_owned(), value: value.to_owned() }
            }
            _ => Error::Json { input: input.to_owned(), source },
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_file_is_an_error_with_its_line() {
        let endless = b"ACGT\t1\n".chain(std::io::repeat(b'A'));
        match bounded_text(Path::new("a.tsv"), endless, 1000) {
            Err(Error::TooLarge { line: 2, largest: 1000, .. }) => {}
            other => panic!("{other:?}"),
        }
        assert!(bounded_text(Path::new("a.tsv"), std::io::repeat(b'A').take(1000), 1000).is_ok());
    }
}
