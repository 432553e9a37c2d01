//! Files that are whole or absent.

use std::io::{BufWriter, ErrorKind, Seek, SeekFrom, Stdout, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use tempfile::NamedTempFile;

/// Where a command writes: standard output, or a file that gets its name when it is whole.
pub(crate) enum Output {
    Stdout(BufWriter<Stdout>),
    File { file: BufWriter<NamedTempFile>, path: PathBuf },
}

impl Output {
    /// Standard output for `-`. A file is begun under another name in the same folder.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Stdout(BufWriter::new(std::io::stdout())));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".promoter-");
        // As any other new file; a temporary one is for its owner only.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(folder).with_context(|| format!("cannot write into {}", folder.display()))?;
        Ok(Self::File { file: BufWriter::new(file), path: path.to_owned() })
    }

    /// Everything is written: the file gets its name.
    pub(crate) fn finish(self) -> Result<()> {
        match self {
            Self::Stdout(mut out) => Ok(out.flush()?),
            Self::File { file, path } => {
                let cannot = || format!("cannot write {}", path.display());
                let file = file.into_inner().map_err(std::io::IntoInnerError::into_error).with_context(cannot)?;
                file.as_file().sync_all().with_context(cannot)?;
                file.persist(&path).map_err(|error| error.error).with_context(cannot)?;
                Ok(())
            }
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::File { file, .. } => file.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::File { file, .. } => file.flush(),
        }
    }
}

/// For archives, which are written to files only.
impl Seek for Output {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        match self {
            Self::Stdout(_) => Err(ErrorKind::NotSeekable.into()),
            Self::File { file, .. } => file.seek(to),
        }
    }
}

/// Writes a whole file.
pub(crate) fn write(path: &Path, contents: &[u8]) -> Result<()> {
    let mut output = Output::create(path)?;
    output.write_all(contents)?;
    output.finish()
}
