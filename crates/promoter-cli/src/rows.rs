//! Rows of small tables: variants, sites.

use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Result, bail};
use promoter::encode::base;
use promoter::seq::read::Lines;

/// A line of a table with columns separated by tabs.
pub(crate) struct Row {
    path: PathBuf,
    line: u64,
    text: String,
    /// Names of the columns, if a line before the rows says them.
    names: Rc<[String]>,
}

impl Row {
    pub(crate) fn fields(&self) -> Vec<&str> {
        self.text.split('\t').collect()
    }

    /// Where a field begins, for messages: file, line and column.
    pub(crate) fn at(&self, field: usize) -> String {
        let before: usize = self.text.split('\t').take(field).map(|field| field.len() + 1).sum();
        format!("{self}:{}", before + 1)
    }

    /// The field of a named column; none if no line names the columns, or none has this name.
    pub(crate) fn named(&self, column: &str) -> Option<&str> {
        let place = self.names.iter().position(|name| name == column)?;
        Some(self.text.split('\t').nth(place).unwrap_or_default())
    }

    /// The fields of the columns `keep`.
    pub(crate) fn kept(&self, keep: &[String]) -> Result<Vec<String>> {
        let field = |column: &String| match self.named(column) {
            Some(field) => Ok(field.to_owned()),
            None if self.names.is_empty() => {
                bail!("{self}: --keep {column} needs a line before the rows that begins with # and names the columns")
            }
            None => bail!("{self}: no column `{column}`; the columns are {}", self.names.join(", ")),
        };
        keep.iter().map(field).collect()
    }
}

/// Where it stands, for messages.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.line)
    }
}

/// The rows of a table without a header; empty lines and those that begin with # are skipped. The last of those before
/// the first row that begins with one # and has a tab names the columns, as in VCF.
pub(crate) fn rows(path: &Path) -> Result<impl Iterator<Item = Result<Row>> + use<>> {
    let lines = lines(path)?;
    let path = path.to_owned();
    let (mut names, mut begun): (Rc<[String]>, bool) = (Rc::new([]), false);
    let row = move |line: Result<(u64, String), promoter::seq::Error>| match line {
        Ok((_, text)) if text.starts_with('#') || text.trim().is_empty() => {
            let header = text.strip_prefix('#').filter(|rest| !rest.starts_with('#') && rest.contains('\t'));
            if let (Some(header), false) = (header, begun) {
                names = header.trim_end().split('\t').map(|name| name.trim().to_owned()).collect();
            }
            None
        }
        Ok((line, text)) => {
            begun = true;
            Some(Ok(Row { path: path.clone(), line, text: text.trim_end().to_owned(), names: Rc::clone(&names) }))
        }
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
