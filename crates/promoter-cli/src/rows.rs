//! Rows of small tables: variants, sites.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use promoter::encode::base;
use promoter::seq::read::Lines;

/// A line of a table with columns separated by tabs.
pub(crate) struct Row {
    path: PathBuf,
    line: u64,
    text: String,
}

impl Row {
    pub(crate) fn fields(&self) -> Vec<&str> {
        self.text.split('\t').collect()
    }
}

/// Where it stands, for messages.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.line)
    }
}

/// The rows of a table without a header; empty lines and those that begin with # are skipped.
pub(crate) fn rows(path: &Path) -> Result<impl Iterator<Item = Result<Row>> + use<>> {
    let lines = lines(path)?;
    let path = path.to_owned();
    let row = move |line: Result<(u64, String), promoter::seq::Error>| match line {
        Ok((_, text)) if text.starts_with('#') || text.trim().is_empty() => None,
        Ok((line, text)) => Some(Ok(Row { path: path.clone(), line, text: text.trim_end().to_owned() })),
        Err(error) => Some(Err(error.into())),
    };
    Ok(lines.filter_map(row))
}

/// The base codes of a field, which may be in lower case.
pub(crate) fn codes(row: &Row, letters: &str) -> Result<Vec<u8>> {
    let code = |letter: u8| match base::from_ascii(letter) {
        base::INVALID | base::PAD => bail!("{row}: expected bases, found {letters:?}"),
        code => Ok(code),
    };
    if letters.is_empty() {
        bail!("{row}: expected bases, found an empty field");
    }
    letters.bytes().map(code).collect()
}

/// The lines of a text file, plain or compressed, with their numbers; `-` is standard input.
pub(crate) fn lines(path: &Path) -> Result<Lines> {
    Ok(if path == Path::new("-") {
        Lines::new(std::io::stdin(), path, Lines::LONGEST)?
    } else {
        Lines::open(path, Lines::LONGEST)?
    })
}
