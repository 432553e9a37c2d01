//! An open file or stream, decompressed.

use std::fs::File;
use std::io::{self, BufReader, Cursor, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::{Compression, ReadOptions};
use crate::{Error, Result};

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// An open file or stream, decompressed.
pub(super) struct Input {
    path: PathBuf,
    compression: Compression,
    reader: Box<dyn Read + Send>,
    decoded: u64,
    size: u64,
}

impl Input {
    /// Opens a file. Its first bytes must agree with the compression that its name or the options promise.
    pub(super) fn open(path: &Path, options: &ReadOptions) -> Result<Self> {
        Self::open_as(path, Some(options.compression.unwrap_or_else(|| Compression::of(path))))
    }

    /// Opens a file whose first bytes tell its compression.
    pub(super) fn open_any(path: &Path) -> Result<Self> {
        Self::open_as(path, None)
    }

    fn open_as(path: &Path, expected: Option<Compression>) -> Result<Self> {
        let failed = |action| move |source| Error::Io { action, path: path.to_owned(), source };
        let file = File::open(path).map_err(failed("open"))?;
        let metadata = file.metadata().map_err(failed("open"))?;
        if metadata.is_dir() {
            return Err(Error::Folder { path: path.to_owned() });
        }
        Ok(Self { size: metadata.len(), ..Self::begin(file, path, expected)? })
    }

    /// Reads from a stream that is called `name` in errors. Without a given compression its first bytes tell it.
    pub(super) fn new(
        reader: impl Read + Send + 'static,
        name: &Path,
        compression: Option<Compression>,
    ) -> Result<Self> {
        Self::begin(reader, name, compression)
    }

    fn begin(mut reader: impl Read + Send + 'static, path: &Path, expected: Option<Compression>) -> Result<Self> {
        let mut start = Vec::new();
        let read = reader.by_ref().take(4).read_to_end(&mut start);
        read.map_err(|source| Error::Io { action: "read", path: path.to_owned(), source })?;
        let found = if start.starts_with(&GZIP) {
            Compression::Gzip
        } else if start.starts_with(&ZSTD) {
            Compression::Zstd
        } else {
            Compression::Plain
        };
        if expected.is_some_and(|expected| expected != found) && !start.is_empty() {
            return Err(Error::Compression {
                path: path.to_owned(),
                expected: describe(expected.unwrap_or(found)),
                found: describe(found),
            });
        }
        let whole = Cursor::new(start).chain(reader);
        let reader: Box<dyn Read + Send> = match found {
            Compression::Plain => Box::new(whole),
            Compression::Gzip => {
                Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(1 << 18, whole)))
            }
            Compression::Zstd => {
                let decoder = zstd::Decoder::new(whole);
                Box::new(decoder.map_err(|source| Error::Io { action: "read", path: path.to_owned(), source })?)
            }
        };
        Ok(Self { path: path.to_owned(), compression: found, reader, decoded: 0, size: 0 })
    }

    /// Name of the file or stream.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// About how many bytes there are, decoded; 0 for a stream.
    pub(super) fn size(&self) -> usize {
        // Four letters and a few digits take about two bits each.
        let factor = if self.compression == Compression::Plain { 1 } else { 4 };
        usize::try_from(self.size).unwrap_or(0).saturating_mul(factor)
    }

    /// Fills `room` with decoded bytes and returns their number, which is smaller at the end only.
    pub(super) fn fill(&mut self, room: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        // Decoders are quickest when they are given all the room at once.
        while filled < room.len() {
            match self.reader.read(&mut room[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        self.decoded += filled as u64;
        Ok(filled)
    }

    fn failed(&self, source: io::Error) -> Error {
        let path = self.path.clone();
        let compression = match self.compression {
            Compression::Plain => return Error::Io { action: "read", path, source },
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
        };
        match source.kind() {
            // What decoders say about their data; the rest comes from the file system.
            ErrorKind::UnexpectedEof | ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::Other => {
                Error::Damaged { path, compression, bytes: self.decoded, source }
            }
            _ => Error::Io { action: "read", path, source },
        }
    }
}

fn describe(compression: Compression) -> &'static str {
    match compression {
        Compression::Plain => "uncompressed data",
        Compression::Gzip => "gzip data",
        Compression::Zstd => "Zstandard data",
    }
}
