//! Files of motifs: MEME and JASPAR.
//!
//! ```
//! use promoter_motif::io;
//! let motifs = io::parse(b">MA0000.1 toy\nA [ 4 0 ]\nC [ 0 1 ]\nG [ 0 3 ]\nT [ 0 0 ]\n")?;
//! assert_eq!((motifs[0].accession(), motifs[0].name()), (Some("MA0000.1"), "toy"));
//! assert_eq!(motifs[0].consensus(), "AG");
//! let meme = io::meme::to_string(&motifs)?;
//! assert!(meme.contains("letter-probability matrix: alength= 4 w= 2 nsites= 4"));
//! # Ok::<(), promoter_motif::Error>(())
//! ```

pub mod jaspar;
mod lines;
pub mod meme;

use std::fs;
use std::io::Read;
use std::path::Path;

use promoter_encode::file::write_whole;

use crate::{Error, Motif, Result};
use lines::Lines;

/// Bytes that a file may have; the largest collections have a few million.
pub const LONGEST_FILE: u64 = 256 << 20;

/// Bytes that a line may have.
pub const LONGEST_LINE: usize = 1 << 16;

/// Motifs that a file may have.
pub const MOST_MOTIFS: usize = 100_000;

/// A format of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Format {
    /// MEME, the minimal text format of versions 4 and 5; the full one too when read.
    Meme,
    /// JASPAR: a header and four rows, which begin with their letter; rows of figures only too when read.
    Jaspar,
}

/// Reads a file of motifs in either format, which its first line tells.
///
/// # Errors
/// [`Error::File`] with the path, around what [`parse`] says and [`Error::Io`].
pub fn read(path: impl AsRef<Path>) -> Result<Vec<Motif>> {
    let path = path.as_ref();
    bytes(path).and_then(|bytes| parse(&bytes)).map_err(|error| of_file(path, error))
}

/// Writes a file of motifs: under a temporary name beside it, which is renamed when the file is whole.
///
/// # Errors
/// [`Error::File`] with the path, around what [`meme::to_string`] says and [`Error::Io`].
pub fn write(path: impl AsRef<Path>, motifs: &[Motif], format: Format) -> Result<()> {
    let path = path.as_ref();
    let text = match format {
        Format::Meme => meme::to_string(motifs).map_err(|error| of_file(path, error))?,
        Format::Jaspar => jaspar::to_string(motifs),
    };
    write_whole(path, text.as_bytes()).map_err(|source| of_file(path, Error::Io { action: "write", source }))
}

/// Reads motifs in either format: JASPAR's begins with `>`.
///
/// # Errors
/// [`Error::Syntax`] with line and column for text that follows neither format, or holds no motif, or exceeds
/// [`LONGEST_LINE`], [`MOST_MOTIFS`] or the width of a motif; [`Error::Motif`], [`Error::Background`] for figures that
/// do not make one.
pub fn parse(text: &[u8]) -> Result<Vec<Motif>> {
    let mut lines = Lines::new(text);
    let first = loop {
        match lines.next()? {
            Some(line) if line.text.trim().is_empty() => {}
            Some(line) => break line,
            None => return Err(lines.end("a motif")),
        }
    };
    if first.text.starts_with('>') { jaspar::parse(text) } else { meme::parse(text) }
}

/// A whole file, if it is not too long.
fn bytes(path: &Path) -> Result<Vec<u8>> {
    let io = |source| Error::Io { action: "read", source };
    let mut bytes = Vec::new();
    fs::File::open(path).map_err(io)?.take(LONGEST_FILE + 1).read_to_end(&mut bytes).map_err(io)?;
    crate::error::check("bytes of the file", bytes.len(), bytes.len() as u64 <= LONGEST_FILE, "at most 256 MiB")?;
    Ok(bytes)
}

fn of_file(path: &Path, error: Error) -> Error {
    Error::File { path: path.to_path_buf(), source: Box::new(error) }
}
