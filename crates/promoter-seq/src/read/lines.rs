//! Lines of a file or stream, decompressed and bounded.

use std::io::Read;
use std::path::Path;

use super::blocks::{Block, Blocks};
use super::input::Input;
use crate::{Error, Result};

/// Lines of a text file or stream, one by one. A line never takes more memory than the bound that is given.
///
/// Compression is told by the first bytes. Lines end in LF or CRLF, which are taken off; the last may lack it.
///
/// ```
/// use promoter_seq::read::Lines;
/// let mut lines = Lines::new(&b"chr1\t100\nchr1\t200\r\n"[..], "sites.bed", Lines::LONGEST)?;
/// assert_eq!(lines.next().transpose()?, Some((1, "chr1\t100".to_owned())));
/// assert_eq!(lines.next().transpose()?, Some((2, "chr1\t200".to_owned())));
/// assert!(lines.next().is_none());
/// # Ok::<(), promoter_seq::Error>(())
/// ```
pub struct Lines {
    blocks: Blocks,
    block: Block,
    line: u64,
    longest: usize,
    failed: bool,
}

impl Lines {
    /// A bound for files of which nothing is known, in bytes: lines of VCF files with many samples are long.
    pub const LONGEST: usize = 1 << 24;

    /// Lines of a file, each of at most `longest` bytes.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Folder`] when the file cannot be opened.
    pub fn open(path: impl AsRef<Path>, longest: usize) -> Result<Self> {
        Ok(Self::begin(Input::open_any(path.as_ref())?, longest))
    }

    /// Lines of a stream that is called `name` in errors, each of at most `longest` bytes.
    ///
    /// # Errors
    /// [`Error::Io`] when the stream cannot be read.
    pub fn new(reader: impl Read + Send + 'static, name: impl AsRef<Path>, longest: usize) -> Result<Self> {
        Ok(Self::begin(Input::new(reader, name.as_ref(), None)?, longest))
    }

    fn begin(input: Input, longest: usize) -> Self {
        // The first bytes of a line are kept to tell where it begins to be too long.
        let blocks = Blocks::new(input, longest.saturating_add(2));
        Self { blocks, block: Block::default(), line: 0, longest, failed: false }
    }

    /// No line follows, as after an error.
    pub(crate) fn end(&mut self) {
        self.failed = true;
    }

    fn read(&mut self) -> Result<Option<(u64, String)>> {
        loop {
            let path = self.blocks.input().path();
            let fault = |line, column: usize, expected: String, found: &str| {
                Err(Error::Line {
                    path: path.to_owned(),
                    line,
                    column: column as u64 + 1,
                    expected,
                    found: found.into(),
                })
            };
            let too_long =
                |line| fault(line, self.longest, format!("a line of at most {} bytes", self.longest), "a longer line");
            if self.block.cut {
                return too_long(self.line + 1);
            }
            if let Some(line) = self.block.next_line() {
                self.line += 1;
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                if line.len() > self.longest {
                    return too_long(self.line);
                }
                return match str::from_utf8(line) {
                    Ok(text) => Ok(Some((self.line, text.to_owned()))),
                    Err(error) => fault(self.line, error.valid_up_to(), "UTF-8 text".into(), "other bytes"),
                };
            }
            if !self.blocks.next(&mut self.block)? {
                return Ok(None);
            }
        }
    }
}

/// Number, from 1, and text of each line; no line follows an error.
///
/// An item is [`Error::Line`] for a line that is too long or not UTF-8, [`Error::Io`] or [`Error::Damaged`] when the
/// input cannot be read on.
impl Iterator for Lines {
    type Item = Result<(u64, String)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let line = self.read();
        self.failed = line.is_err();
        line.transpose()
    }
}
