//! A packed copy of a parsed file, so that a second start does not parse again.
//!
//! Bases take two bits, labels 32; a file of the challenge shrinks to a quarter. The copy is used only while the size,
//! the time of the last change and the first and last 64 KiB of the source are what they were, and only for the same
//! [`ReadOptions`] and the same version of this crate. A source changed in its middle, to the same size, with its time
//! set back, is not noticed. A damaged copy is made anew.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::time::UNIX_EPOCH;

use promoter_encode::file::write_whole;

use crate::read::{self, ReadOptions, ReadReport};
use crate::{Error, Result, Table};

mod format;

/// Bytes at each end of the source that are looked at.
const ENDS: u64 = 1 << 16;

/// Where a table came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The packed copy.
    Cache,
    /// The source; the packed copy was written.
    Source,
}

/// Reads a file by way of its packed copy at `cache`, which is written when it is absent, outdated or damaged.
///
/// # Errors
/// Those of [`read::read`]; [`Error::Io`] when the copy cannot be written. It is whole or absent.
///
/// ```
/// use promoter_seq::cache::{self, Origin};
/// use promoter_seq::read::ReadOptions;
/// # let folder = tempfile::tempdir().unwrap();
/// # let source = folder.path().join("promoters.tsv");
/// # std::fs::write(&source, "ACGT\t11\nACNT\t3\n").unwrap();
/// let copy = folder.path().join("promoters.cache");
/// let (first, _, origin) = cache::read(&source, &ReadOptions::default(), &copy)?;
/// assert_eq!(origin, Origin::Source);
/// let (second, _, origin) = cache::read(&source, &ReadOptions::default(), &copy)?;
/// assert_eq!((second, origin), (first, Origin::Cache));
/// # Ok::<(), promoter_seq::Error>(())
/// ```
pub fn read(
    source: impl AsRef<Path>,
    options: &ReadOptions,
    cache: impl AsRef<Path>,
) -> Result<(Table, ReadReport, Origin)> {
    let (source, cache) = (source.as_ref(), cache.as_ref());
    let fingerprint = fingerprint(source, options)?;
    // Whatever is wrong with the copy, the source is there to be read.
    if let Some((table, report)) = slurp(cache).ok().and_then(|bytes| format::decode(&bytes, &fingerprint)) {
        return Ok((table, report, Origin::Cache));
    }
    let (table, report) = read::read(source, options)?;
    write_whole(cache, &format::encode(&table, &report, &fingerprint)).map_err(|error| Error::Io {
        action: "write",
        path: cache.to_owned(),
        source: error,
    })?;
    Ok((table, report, Origin::Source))
}

/// Tells sources, options and versions apart.
fn fingerprint(source: &Path, options: &ReadOptions) -> Result<[u8; 32]> {
    let failed = |action| move |error| Error::Io { action, path: source.to_owned(), source: error };
    let metadata = fs::metadata(source).map_err(failed("open"))?;
    if metadata.is_dir() {
        return Err(Error::Folder { path: source.to_owned() });
    }
    let changed = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let mut hasher = blake3::Hasher::new();
    let facts = (env!("CARGO_PKG_VERSION"), metadata.len(), changed, options, options.format_of_file(source)?);
    hasher.update(format!("{facts:?}").as_bytes());
    let mut file = File::open(source).map_err(failed("open"))?;
    let mut ends = Vec::new();
    Read::by_ref(&mut file).take(ENDS).read_to_end(&mut ends).map_err(failed("read"))?;
    file.seek(SeekFrom::Start(metadata.len().saturating_sub(ENDS))).map_err(failed("read"))?;
    file.take(ENDS).read_to_end(&mut ends).map_err(failed("read"))?;
    Ok(*hasher.update(&ends).finalize().as_bytes())
}

/// The bytes of a file, in large pages.
fn slurp(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut bytes = Table::room(usize::try_from(file.metadata()?.len()).unwrap_or(0) + 1);
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}
