//! Regions of a genome, as BED files list them.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::read::Lines;
use crate::{Error, Result};

/// A region of a genome.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Region {
    /// Chromosome.
    pub chromosome: String,
    /// First base, from 0.
    pub start: u64,
    /// One past the last base.
    pub end: u64,
    /// Its name; empty where there is none.
    pub name: String,
    /// Its score, as it stands in the file; empty where there is none.
    pub score: String,
    /// Whether it is read from the reverse strand.
    pub reverse: bool,
    /// Its line in the file, from 1.
    pub line: u64,
    /// The columns, from 1, that chromosome, start and end begin in.
    pub(crate) columns: [u64; 3],
}

/// Regions of a BED file or stream, plain or compressed, one by one and in constant memory.
///
/// Columns are separated by tabs, or by blanks in a line that has no tab: chromosome, start (from 0), end, and if there
/// are more name, score and strand; further ones are not read. Empty lines and those that begin with `#`, `track` or
/// `browser` are skipped and counted. Without a strand, or with `.`, a region is on the forward strand.
///
/// ```
/// use promoter_seq::Bed;
/// let mut bed = Bed::new(&b"# peaks\nchrI\t10\t120\tYFG1\t.\t-\n"[..], "peaks.bed")?;
/// let region = bed.next().transpose()?.unwrap();
/// assert_eq!((region.name.as_str(), region.start, region.reverse, region.line), ("YFG1", 10, true, 2));
/// assert_eq!(region.label(), "YFG1");
/// # Ok::<(), promoter_seq::Error>(())
/// ```
pub struct Bed {
    path: PathBuf,
    lines: Lines,
    /// Comments, `track` and `browser` lines.
    comments: u64,
    empty: u64,
}

impl Region {
    /// Its name, or where it is, from 1: `chrI:11-120`, and `(-)` on the reverse strand.
    pub fn label(&self) -> String {
        match &self.name[..] {
            "" | "." => {
                let strand = if self.reverse { "(-)" } else { "" };
                format!("{}:{}-{}{strand}", self.chromosome, self.start + 1, self.end)
            }
            name => name.to_owned(),
        }
    }
}

impl Bed {
    /// Bytes of the longest line.
    const LONGEST: usize = 1 << 16;

    /// Regions of a file.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Folder`] when the file cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Ok(Self::begin(path, Lines::open(path, Self::LONGEST)?))
    }

    /// Regions of a stream that is called `name` in errors.
    ///
    /// # Errors
    /// [`Error::Io`] when the stream cannot be read.
    pub fn new(reader: impl Read + Send + 'static, name: impl AsRef<Path>) -> Result<Self> {
        let name = name.as_ref();
        Ok(Self::begin(name, Lines::new(reader, name, Self::LONGEST)?))
    }

    fn begin(path: &Path, lines: Lines) -> Self {
        Self { path: path.to_owned(), lines, comments: 0, empty: 0 }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lines so far that were skipped: comments, and empty ones.
    pub fn skipped(&self) -> (u64, u64) {
        (self.comments, self.empty)
    }

    fn parse(&self, line: u64, text: &str) -> Result<Region> {
        let fields = fields(text);
        let fault = |column: usize, expected: &str, found: &str| Error::Line {
            path: self.path.clone(),
            line,
            column: column as u64 + 1,
            expected: expected.into(),
            found: format!("`{}`", found.escape_debug().take(40).collect::<String>()),
        };
        let [(first, chromosome), (second, start), (third, end), rest @ ..] = &fields[..] else {
            let expected = "chromosome, start and end separated by tabs";
            return Err(fault(text.len(), expected, &format!("{} columns", fields.len())));
        };
        let number = |column: usize, field: &str| match field.parse::<u64>() {
            Ok(number) if number < 1 << 48 => Ok(number),
            _ => Err(fault(column, "a position, counted from 0", field)),
        };
        let (first_base, past) = (number(*second, start)?, number(*third, end)?);
        if past <= first_base {
            return Err(fault(*third, &format!("an end above the start, {first_base}"), end));
        }
        let reverse = match rest.get(2) {
            None | Some((_, "+" | "." | "")) => false,
            Some((_, "-")) => true,
            Some((column, other)) => return Err(fault(*column, "a strand: +, - or .", other)),
        };
        let text = |place: usize| rest.get(place).map_or_else(String::new, |(_, field)| (*field).to_owned());
        Ok(Region {
            chromosome: (*chromosome).to_owned(),
            start: first_base,
            end: past,
            name: text(0),
            score: text(1),
            reverse,
            line,
            columns: [*first, *second, *third].map(|column| column as u64 + 1),
        })
    }
}

/// The fields of a line, and the byte that each begins at.
fn fields(text: &str) -> Vec<(usize, &str)> {
    let mut fields = Vec::new();
    let mut start = 0;
    if text.contains('\t') {
        for field in text.split('\t') {
            fields.push((start, field));
            start += field.len() + 1;
        }
        return fields;
    }
    for field in text.split(' ') {
        if !field.is_empty() {
            fields.push((start, field));
        }
        start += field.len() + 1;
    }
    fields
}

/// No region follows an error, which is [`Error::Line`] for a line that is not a region, or an error of [`Lines`].
impl Iterator for Bed {
    type Item = Result<Region>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (line, text) = match self.lines.next()? {
                Ok(line) => line,
                Err(error) => return Some(Err(error)),
            };
            let word = text.split([' ', '\t']).next().unwrap_or_default();
            if text.trim().is_empty() {
                self.empty += 1;
            } else if text.starts_with('#') || matches!(word, "track" | "browser") {
                self.comments += 1;
            } else {
                let region = self.parse(line, &text);
                if region.is_err() {
                    self.lines.end();
                }
                return Some(region);
            }
        }
    }
}
