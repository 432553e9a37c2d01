//! NumPy's files: arrays that grow row by row on the disk, so that memory stays constant.

use std::fmt;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Seek, Write};
use std::mem::ManuallyDrop;

use anyhow::{Context as _, Result};
use zip::write::FileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::output::Output;

/// Above this a member of an archive needs 64-bit sizes.
const LARGE: u64 = 1 << 31;

/// An array that grows along its first axis.
pub(crate) struct Array {
    name: String,
    rows: u64,
    data: BufWriter<File>,
    kind: Kind,
}

enum Kind {
    /// Numbers of a NumPy type, rows of this shape.
    Numbers { dtype: &'static str, row: Vec<usize> },
    /// Texts without line feeds, up to so many bytes long.
    Text { longest: usize },
}

impl Array {
    /// An array of numbers; `row` is the shape of one row.
    pub(crate) fn numbers(name: &str, dtype: &'static str, row: &[usize]) -> Result<Self> {
        Self::new(name, Kind::Numbers { dtype, row: row.to_vec() })
    }

    /// An array of texts, as bytes.
    pub(crate) fn text(name: &str) -> Result<Self> {
        Self::new(name, Kind::Text { longest: 1 })
    }

    fn new(name: &str, kind: Kind) -> Result<Self> {
        let data = BufWriter::new(tempfile::tempfile().with_context(temporary)?);
        Ok(Self { name: name.to_owned(), rows: 0, data, kind })
    }

    /// Adds a row: its numbers, little-endian.
    pub(crate) fn push(&mut self, row: &[u8]) -> Result<()> {
        self.rows += 1;
        self.data.write_all(row).with_context(temporary)
    }

    /// Adds a text.
    pub(crate) fn push_text(&mut self, text: &str) -> Result<()> {
        if let Kind::Text { longest } = &mut self.kind {
            *longest = text.len().max(*longest);
        }
        self.rows += 1;
        writeln!(self.data, "{text}").with_context(temporary)
    }

    /// Writes the array as an `.npy` file.
    pub(crate) fn write(self, out: &mut impl Write) -> Result<()> {
        let (dtype, shape) = (self.dtype(), self.shape());
        let mut header = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({shape}), }}");
        // Magic, version and length take 10 bytes; the data starts at a multiple of 64.
        let padding = 63 - (10 + header.len()) % 64;
        header.extend(std::iter::repeat_n(' ', padding).chain(['\n']));
        out.write_all(b"\x93NUMPY\x01\x00")?;
        out.write_all(&u16::try_from(header.len())?.to_le_bytes())?;
        out.write_all(header.as_bytes())?;

        let data = self.data.into_inner().map_err(std::io::IntoInnerError::into_error);
        let mut data = data.with_context(temporary)?;
        data.rewind()?;
        let mut data = BufReader::new(data);
        let Kind::Text { longest } = self.kind else {
            std::io::copy(&mut data, out)?;
            return Ok(());
        };
        let mut line = Vec::with_capacity(longest + 1);
        while data.read_until(b'\n', &mut line)? > 0 {
            line.pop();
            line.resize(longest, 0);
            out.write_all(&line)?;
            line.clear();
        }
        Ok(())
    }

    /// As NumPy names the type of the numbers.
    fn dtype(&self) -> String {
        match &self.kind {
            Kind::Numbers { dtype, .. } => (*dtype).to_owned(),
            Kind::Text { longest } => format!("|S{longest}"),
        }
    }

    /// As NumPy writes it, without the brackets.
    fn shape(&self) -> String {
        match &self.kind {
            Kind::Numbers { row, .. } if !row.is_empty() => {
                format!("{}{}", self.rows, row.iter().map(|n| format!(", {n}")).collect::<String>())
            }
            _ => format!("{},", self.rows),
        }
    }

    fn is_large(&self) -> Result<bool> {
        let bytes = match self.kind {
            Kind::Numbers { .. } => self.data.get_ref().metadata()?.len(),
            Kind::Text { longest } => self.rows * longest as u64,
        };
        Ok(bytes >= LARGE)
    }
}

/// Type and shape.
impl fmt::Display for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.name, self.dtype(), self.shape())
    }
}

/// What an error of a temporary file begins with: it is not where the output is.
fn temporary() -> String {
    format!("cannot write a temporary file into {}", std::env::temp_dir().display())
}

/// Writes an archive of arrays, not compressed, and finishes the file.
pub(crate) fn write(arrays: Vec<Array>, mut out: Output) -> Result<()> {
    if out.is_stream() {
        // An archive is written back and forth.
        let mut whole = tempfile::tempfile().with_context(temporary)?;
        archive(arrays, &mut whole).with_context(temporary)?;
        whole.rewind()?;
        std::io::copy(&mut whole, &mut out)?;
    } else {
        archive(arrays, &mut out)?;
    }
    out.finish()
}

fn archive<W: Write + Seek>(arrays: Vec<Array>, out: &mut W) -> Result<()> {
    // Dropped only when it is whole: otherwise its drop tries to go on, and prints what that fails with.
    let mut archive = ManuallyDrop::new(ZipWriter::new(out));
    for array in arrays {
        let options = FileOptions::default()
            .compression_method(CompressionMethod::Stored)
            // The same arrays are the same file.
            .last_modified_time(zip::DateTime::default())
            .large_file(array.is_large()?);
        archive.start_file(format!("{}.npy", array.name), options)?;
        array.write(&mut *archive)?;
    }
    archive.finish()?;
    drop(ManuallyDrop::into_inner(archive));
    Ok(())
}
