//! Files of vectors: what other programs write and read, exact in both directions.
//!
//! Text holds the shortest decimals that read back as the same `f32`.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use super::{Error, Result, Vectors};
use crate::file::WholeFile;

/// How vectors stand in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Format {
    /// A line per word: the word and its numbers, between single spaces. No header.
    GloveText,
    /// The same below a header: number of words, dimension.
    Word2vecText,
    /// That header as text, then per word its letters, a space, little-endian `f32`, a line feed.
    Word2vecBinary,
    /// Two tensors: `vectors`, f32 (words, dimension), and `words`, the bytes of the words between line feeds.
    #[cfg(feature = "safetensors")]
    Safetensors,
}

impl Vectors {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::File`] with the path, around what [`read`] says.
    pub fn load(path: impl AsRef<Path>, format: Format) -> Result<Self> {
        let path = path.as_ref();
        let opened = File::open(path).map_err(Error::Io);
        opened.and_then(|file| read(BufReader::new(file), format)).map_err(|error| of_file(path, error))
    }

    /// Writes a file: under a temporary name beside it, which is renamed when the file is whole.
    ///
    /// # Errors
    /// [`Error::File`] with the path, around what [`write()`] says.
    pub fn save(&self, path: impl AsRef<Path>, format: Format) -> Result<()> {
        let path = path.as_ref();
        let write_whole = || -> Result<()> {
            let mut writer = BufWriter::new(WholeFile::create(path)?);
            write(self, &mut writer, format)?;
            writer.into_inner().map_err(std::io::IntoInnerError::into_error)?.finish()?;
            Ok(())
        };
        write_whole().map_err(|error| of_file(path, error))
    }
}

fn of_file(path: &Path, error: Error) -> Error {
    Error::File { path: path.to_path_buf(), source: Box::new(error) }
}

/// Reads vectors.
///
/// # Errors
/// [`Error::Line`] for a line that is not what the format says, [`Error::Truncated`] for fewer or more words than the
/// header says, [`Error::Duplicate`], [`Error::NotFinite`], [`Error::Empty`], [`Error::Io`]. Lines count from 1; in the
/// binary format the header is line 1 and every word one more.
///
/// ```
/// use promoter_encode::embed::io::{Format, read};
/// let vectors = read(&b"AC 0.5 -1\nGT 2 3e-2\n"[..], Format::GloveText)?;
/// assert_eq!(vectors.get("GT"), Some(&[2.0, 0.03][..]));
/// assert_eq!(read(&b"AC 0.5 -1\nGT 2\n"[..], Format::GloveText).unwrap_err().to_string(),
///     "line 2: expected 2 numbers, found 1");
/// # Ok::<(), promoter_encode::embed::Error>(())
/// ```
pub fn read(mut reader: impl BufRead, format: Format) -> Result<Vectors> {
    match format {
        Format::GloveText => read_text(reader, None, 1),
        Format::Word2vecText => {
            let header = read_header(&mut reader)?;
            read_text(reader, Some(header), 2)
        }
        Format::Word2vecBinary => read_binary(reader),
        #[cfg(feature = "safetensors")]
        Format::Safetensors => tensors::read(reader),
    }
}

/// Writes vectors.
///
/// # Errors
/// [`Error::Io`].
pub fn write(vectors: &Vectors, writer: &mut impl Write, format: Format) -> Result<()> {
    match format {
        Format::GloveText => write_text(vectors, writer)?,
        Format::Word2vecText => {
            writeln!(writer, "{} {}", vectors.words().len(), vectors.dimension())?;
            write_text(vectors, writer)?;
        }
        Format::Word2vecBinary => {
            writeln!(writer, "{} {}", vectors.words().len(), vectors.dimension())?;
            for (word, vector) in vectors.iter() {
                write!(writer, "{word} ")?;
                for value in vector {
                    writer.write_all(&value.to_le_bytes())?;
                }
                writeln!(writer)?;
            }
        }
        #[cfg(feature = "safetensors")]
        Format::Safetensors => tensors::write(vectors, writer)?,
    }
    Ok(())
}

fn write_text(vectors: &Vectors, writer: &mut impl Write) -> std::io::Result<()> {
    for (word, vector) in vectors.iter() {
        write!(writer, "{word}")?;
        for value in vector {
            write!(writer, " {value}")?;
        }
        writeln!(writer)?;
    }
    Ok(())
}

/// Number of words and dimension.
fn read_header(reader: &mut impl BufRead) -> Result<(usize, usize)> {
    let line = until(reader, b'\n', 1)?;
    let line = String::from_utf8_lossy(&line);
    let numbers: Vec<usize> = line.split_whitespace().map_while(|field| field.parse().ok()).collect();
    match numbers[..] {
        [words, dimension] if line.split_whitespace().count() == 2 && dimension > 0 => Ok((words, dimension)),
        _ => Err(wrong(1, "number of words and dimension", line.trim_end())),
    }
}

/// Bytes of a line, or of a word of the binary format: a vector of a million numbers.
const LONGEST: u64 = 1 << 24;

/// The bytes up to and with `end`, which lie in line `line`; none at the end of the file.
fn until(reader: &mut impl BufRead, end: u8, line: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::Read::take(&mut *reader, LONGEST + 1).read_until(end, &mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(wrong(line, format!("at most {LONGEST} bytes"), "more"));
    }
    Ok(bytes)
}

fn wrong(line: usize, expected: impl ToString, found: impl ToString) -> Error {
    let mut found = found.to_string();
    if found.chars().count() > 60 {
        found = found.chars().take(60).chain("...".chars()).collect();
    }
    Error::Line { line, expected: expected.to_string(), found }
}

fn read_text(mut reader: impl BufRead, header: Option<(usize, usize)>, first_line: usize) -> Result<Vectors> {
    let mut dimension = header.map(|(_, dimension)| dimension);
    let (mut words, mut data) = (Vec::new(), Vec::new());
    for number in first_line.. {
        let line = until(&mut reader, b'\n', number)?;
        if line.is_empty() {
            break;
        }
        let Ok(line) = str::from_utf8(&line) else { return Err(wrong(number, "UTF-8 text", "other bytes")) };
        let mut fields = line.split_whitespace();
        let Some(word) = fields.next() else { return Err(wrong(number, "a word and its numbers", "nothing")) };
        words.push(word.to_string());
        let before = data.len();
        for field in fields {
            data.push(field.parse::<f32>().map_err(|_| wrong(number, "a number", format!("{field:?}")))?);
        }
        let found = data.len() - before;
        let expected = *dimension.get_or_insert(found);
        if found != expected || found == 0 {
            return Err(wrong(number, format!("{} numbers", expected.max(1)), found));
        }
    }
    if let Some((expected, _)) = header
        && expected != words.len()
    {
        return Err(Error::Truncated { expected, found: words.len() });
    }
    let dimension = dimension.ok_or(Error::Empty)?;
    Vectors::from_lines(words, dimension, data, first_line)
}

fn read_binary(mut reader: impl BufRead) -> Result<Vectors> {
    let (expected, dimension) = read_header(&mut reader)?;
    let (mut words, mut data) = (Vec::new(), Vec::new());
    let Some(bytes) = dimension.checked_mul(4) else { return Err(wrong(1, "a smaller dimension", dimension)) };
    for found in 0..expected {
        let mut word = until(&mut reader, b' ', found + 2)?;
        if word.pop() != Some(b' ') {
            return Err(Error::Truncated { expected, found });
        }
        // The line feed after a vector is read as the first byte of the next word; some programs leave it out.
        let word = word.strip_prefix(b"\n").unwrap_or(&word);
        let Ok(word) = str::from_utf8(word) else { return Err(wrong(found + 2, "a word", "other bytes")) };
        words.push(word.to_string());
        // Through `take`, so that a damaged header cannot ask for more memory than the file has bytes.
        let mut values = Vec::new();
        std::io::Read::read_to_end(&mut std::io::Read::take(&mut reader, bytes as u64), &mut values)?;
        if values.len() != bytes {
            return Err(Error::Truncated { expected, found });
        }
        data.extend(values.as_chunks::<4>().0.iter().map(|&value| f32::from_le_bytes(value)));
    }
    let mut rest = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(&mut reader, 2), &mut rest)?;
    if !matches!(rest[..], [] | [b'\n']) {
        return Err(wrong(expected + 2, "the end of the file", "more bytes"));
    }
    Vectors::from_lines(words, dimension, data, 2)
}

#[cfg(feature = "safetensors")]
mod tensors {
    use std::io::{Read, Write};

    use safetensors::{Dtype, SafeTensors, tensor::TensorView};

    use super::{Error, Result, Vectors};

    fn damaged(source: safetensors::SafeTensorError) -> Error {
        Error::Safetensors { what: source.to_string(), source: Some(source) }
    }

    fn other(what: impl ToString) -> Error {
        Error::Safetensors { what: what.to_string(), source: None }
    }

    pub(super) fn write(vectors: &Vectors, writer: &mut impl Write) -> Result<()> {
        let words = vectors.words().join("\n").into_bytes();
        let data: Vec<u8> = vectors.data().iter().flat_map(|value| value.to_le_bytes()).collect();
        let shape = vec![vectors.words().len(), vectors.dimension()];
        let tensors = [
            ("vectors", TensorView::new(Dtype::F32, shape, &data).map_err(damaged)?),
            ("words", TensorView::new(Dtype::U8, vec![words.len()], &words).map_err(damaged)?),
        ];
        Ok(writer.write_all(&safetensors::serialize(tensors, None).map_err(damaged)?)?)
    }

    pub(super) fn read(mut reader: impl Read) -> Result<Vectors> {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes)?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(damaged)?;
        let (vectors, words) = (tensors.tensor("vectors").map_err(damaged)?, tensors.tensor("words").map_err(damaged)?);
        let (Dtype::F32, &[_, dimension]) = (vectors.dtype(), vectors.shape()) else {
            return Err(other(format!(
                "`vectors` is {:?} {:?}, not F32 (words, dimension)",
                vectors.dtype(),
                vectors.shape()
            )));
        };
        let (Dtype::U8, Ok(words)) = (words.dtype(), str::from_utf8(words.data())) else {
            return Err(other("`words` is not UTF-8 bytes"));
        };
        let data = vectors.data().as_chunks::<4>().0.iter().map(|&value| f32::from_le_bytes(value)).collect();
        Vectors::new(words.split('\n').map(String::from).collect(), dimension, data)
    }
}
