//! Rows of small tables: variants, sites.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use promoter::encode::base;

/// A line of a table with columns separated by tabs.
pub(crate) struct Row {
    path: PathBuf,
    line: usize,
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
    let row = move |(i, text): (usize, std::io::Result<String>)| match text {
        Ok(text) if text.starts_with('#') || text.trim().is_empty() => None,
        Ok(text) => Some(Ok(Row { path: path.clone(), line: i + 1, text: text.trim_end().to_owned() })),
        Err(error) => Some(Err(anyhow::Error::from(error).context(format!("{}:{}", path.display(), i + 1)))),
    };
    Ok(lines.enumerate().filter_map(row))
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

/// The lines of a text file, plain or gzipped; `-` is standard input.
pub(crate) fn lines(path: &Path) -> Result<impl Iterator<Item = std::io::Result<String>> + use<>> {
    let file: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).with_context(|| path.display().to_string())?)
    };
    let mut file = BufReader::new(file);
    let is_gzip = file.fill_buf().with_context(|| path.display().to_string())?.starts_with(&[0x1f, 0x8b]);
    let file: Box<dyn BufRead> =
        if is_gzip { Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(file))) } else { Box::new(file) };
    Ok(file.lines())
}
