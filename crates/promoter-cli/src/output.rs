//! Files that are whole or absent; devices and pipes that are written to.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, ErrorKind, Seek, SeekFrom, Stdout, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use promoter::encode::file::WholeFile;

/// Where a command writes.
pub(crate) enum Output {
    Stdout(BufWriter<Stdout>),
    /// A device, a pipe or a socket: written to as it is.
    Stream {
        file: BufWriter<File>,
        path: PathBuf,
    },
    /// A file, complete under a temporary name first.
    File {
        file: BufWriter<WholeFile>,
        path: PathBuf,
    },
}

impl Output {
    /// Standard output for `-`. A regular file is begun under a temporary name in its folder; links are followed.
    ///
    /// # Errors
    /// A folder, or a place that cannot be written to: called before a command computes anything.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        if path == Path::new("-") || path == Path::new("/dev/stdout") {
            return Ok(Self::Stdout(BufWriter::new(std::io::stdout())));
        }
        let cannot = || format!("cannot write {}", path.display());
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => bail!("{} is a folder: name a file", path.display()),
            Ok(found) if !found.is_file() => {
                let file = OpenOptions::new().write(true).open(path).with_context(cannot)?;
                Ok(Self::Stream { file: BufWriter::new(file), path: path.to_owned() })
            }
            Ok(_) => Self::begin(fs::canonicalize(path).with_context(cannot)?),
            Err(error) if error.kind() == ErrorKind::NotFound => Self::begin(end_of_links(path).with_context(cannot)?),
            Err(error) => Err(error).with_context(cannot),
        }
    }

    /// A new file under a temporary name beside `path`.
    fn begin(path: PathBuf) -> Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = WholeFile::create(&path).with_context(|| format!("cannot write into {}", folder.display()))?;
        Ok(Self::File { file: BufWriter::new(file), path })
    }

    /// Whether it can only be written from the beginning to the end.
    pub(crate) fn is_stream(&self) -> bool {
        !matches!(self, Self::File { .. })
    }

    /// Everything is written: a file gets its name.
    pub(crate) fn finish(self) -> Result<()> {
        match self {
            Self::Stdout(mut out) => Ok(out.flush()?),
            // A reader that went away is not an error here: the error stays the bare one that `main` knows.
            Self::Stream { mut file, path } => match file.flush() {
                Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                    Err(error).with_context(|| format!("cannot write {}", path.display()))
                }
                other => Ok(other?),
            },
            Self::File { file, path } => {
                let cannot = || format!("cannot write {}", path.display());
                let file = file.into_inner().map_err(std::io::IntoInnerError::into_error).with_context(cannot)?;
                file.finish().with_context(cannot)
            }
        }
    }
}

/// Where a chain of links ends; the end need not exist.
fn end_of_links(path: &Path) -> std::io::Result<PathBuf> {
    /// As many as Linux follows.
    const MOST: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MOST {
        let Ok(target) = fs::read_link(&path) else { return Ok(path) };
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    Err(std::io::Error::other("too many links"))
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::Stream { file, path } => file.write(bytes).map_err(|error| at(path, error)),
            Self::File { file, path } => file.write(bytes).map_err(|error| at(path, error)),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::Stream { file, path } => file.flush().map_err(|error| at(path, error)),
            Self::File { file, path } => file.flush().map_err(|error| at(path, error)),
        }
    }
}

/// What went wrong with a file, and which.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}", path.display())]
struct Failure {
    path: PathBuf,
    source: std::io::Error,
}

/// The error with its file. That a reader went away stays the bare error that `main` knows.
fn at(path: &Path, source: std::io::Error) -> std::io::Error {
    match source.kind() {
        ErrorKind::BrokenPipe | ErrorKind::Interrupted => source,
        kind => std::io::Error::new(kind, Failure { path: path.to_owned(), source }),
    }
}

/// For archives, which are built in files only.
impl Seek for Output {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        match self {
            Self::Stdout(_) | Self::Stream { .. } => Err(ErrorKind::NotSeekable.into()),
            Self::File { file, .. } => file.seek(to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_chain_of_links_ends_where_the_file_will_be() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::os::unix::fs::symlink("b", path("a")).unwrap();
        std::os::unix::fs::symlink(path("c"), path("b")).unwrap();
        assert_eq!(end_of_links(&path("a")).unwrap(), path("c"));
        std::os::unix::fs::symlink("d", path("d")).unwrap();
        assert!(end_of_links(&path("d")).is_err());
    }
}
