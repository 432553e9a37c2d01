//! Files that are whole or absent.
//!
//! A file is written under a temporary name, `.promoter-…`, and renamed when everything is in it. An error removes it;
//! a program that is about to end calls [`remove_unfinished`]. Only a kill that cannot be caught leaves it behind:
//! [`remove_leftovers`] clears a folder of such files.

use std::fs::{self, File};
use std::io::{Error, ErrorKind, Result, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How temporary names begin.
const PREFIX: &str = ".promoter-";

/// Temporary files of this process that have neither been renamed nor removed.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file that gets its name when it is complete, and is removed when it is dropped before.
///
/// ```
/// use promoter_encode::file::WholeFile;
/// use std::io::Write as _;
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("promoters.tsv");
/// let mut file = WholeFile::create(&path)?;
/// file.write_all(b"ACGT\t11\n")?;
/// assert!(!path.exists());
/// file.finish()?;
/// assert_eq!(std::fs::read(path)?, b"ACGT\t11\n");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct WholeFile {
    file: File,
    temporary: PathBuf,
    path: PathBuf,
}

impl WholeFile {
    /// Creates a file in the folder of `path`. What lies there already, a link perhaps, is neither followed nor
    /// replaced.
    ///
    /// # Errors
    /// The system's.
    pub fn create(path: &Path) -> Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Held while the file is created, so that an interrupt finds either no file or one it knows.
        let mut unfinished = unfinished();
        let (temporary, file) = create_in(folder)?;
        unfinished.push(temporary.clone());
        // Tells the process that clears leftovers that this is not one; where locks do not exist nothing is cleared.
        let _ = file.try_lock();
        Ok(Self { file, temporary, path: path.to_owned() })
    }

    /// Everything is written: brings it to the disk and renames the file.
    ///
    /// # Errors
    /// The system's; what was there before is there still.
    pub fn finish(self) -> Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.temporary, &self.path)
    }
}

/// Creates a file that did not exist.
fn create_in(folder: &Path) -> Result<(PathBuf, File)> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    /// Names to try: processes of other machines, which have the same numbers, may write into the folder.
    const TRIES: u32 = 1000;
    let mut taken = Error::from(ErrorKind::AlreadyExists);
    for _ in 0..TRIES {
        let path = folder.join(format!("{PREFIX}{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        match File::create_new(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => taken = error,
            created => return created.map(|file| (path, file)),
        }
    }
    Err(taken)
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        let mut unfinished = unfinished();
        // A finished file has lost this name. Whoever wrote knows of the first error already.
        let _ = fs::remove_file(&self.temporary);
        unfinished.retain(|path| *path != self.temporary);
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        self.file.flush()
    }
}

impl Seek for WholeFile {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.file.seek(to)
    }
}

/// Writes a file whole or not at all.
///
/// # Errors
/// The system's; what was there before is there still.
pub fn write_whole(path: &Path, contents: &[u8]) -> Result<()> {
    let mut file = WholeFile::create(path)?;
    file.write_all(contents)?;
    file.finish()
}

/// No file of this process is created, finished or dropped while this lives.
#[derive(Debug)]
#[must_use = "as soon as it is dropped, further files can be created"]
pub struct Removed {
    _files: MutexGuard<'static, Vec<PathBuf>>,
}

/// Removes the temporary files of this process, which is about to end. Other threads wait when they come to create or
/// drop a file, until the result is dropped.
///
/// ```
/// use promoter_encode::file::{WholeFile, remove_unfinished};
/// # let folder = tempfile::tempdir()?;
/// let file = WholeFile::create(&folder.path().join("promoters.tsv"))?;
/// drop(remove_unfinished());
/// assert_eq!(std::fs::read_dir(folder.path())?.count(), 0);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn remove_unfinished() -> Removed {
    let files = unfinished();
    for path in files.iter() {
        // One that has its final name meanwhile is not there any more.
        let _ = fs::remove_file(path);
    }
    Removed { _files: files }
}

/// Removes the temporary files that killed processes left in a folder, and none that a process is writing.
///
/// # Errors
/// The system's, when the folder cannot be listed.
pub fn remove_leftovers(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()) || !entry.file_type()?.is_file() {
            continue;
        }
        // Their writer holds a lock until it ends, however it does.
        if File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            // Another process may have been quicker.
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_dropped_file_leaves_what_was_there_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        write_whole(&path, b"before").unwrap();
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        assert_eq!(names(folder.path()).len(), 2);
        drop(file);
        assert_eq!(names(folder.path()), ["out"]);
        assert_eq!(fs::read(&path).unwrap(), b"before");
        write_whole(&path, b"after").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"after");
        assert_eq!(names(folder.path()), ["out"]);
        // A rename that fails removes it as well.
        let file = WholeFile::create(&folder.path().join("folder")).unwrap();
        fs::create_dir_all(folder.path().join("folder/full")).unwrap();
        assert!(file.finish().is_err());
        assert_eq!(names(folder.path()), ["folder", "out"]);
    }

    #[test]
    fn leftovers_are_removed_and_files_at_work_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in [".promoter-1-0", ".promoter-2-7", ".hidden", "promoters.tsv"] {
            fs::write(path(name), "left").unwrap();
        }
        fs::create_dir(path(".promoter-folder")).unwrap();
        let mut file = WholeFile::create(&path("out")).unwrap();
        remove_leftovers(folder.path()).unwrap();
        file.write_all(b"whole").unwrap();
        file.finish().unwrap();
        assert_eq!(names(folder.path()), [".hidden", ".promoter-folder", "out", "promoters.tsv"]);
    }

    #[test]
    #[cfg(unix)]
    fn a_file_has_the_permissions_of_any_other() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        fs::write(folder.path().join("other"), "").unwrap();
        write_whole(&folder.path().join("whole"), b"").unwrap();
        assert_eq!(mode("whole"), mode("other"));
    }
}
