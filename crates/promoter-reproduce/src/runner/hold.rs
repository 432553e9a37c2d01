//! A process's hold on a folder.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::Error;

/// A hold on a folder; the system lets go when the process ends, however it does.
#[derive(Debug)]
pub struct Hold {
    _lock: File,
}

impl Hold {
    /// Takes a folder for this process.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Io`].
    pub fn take(folder: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
        let path = folder.join(".lock");
        let file = File::create(&path).map_err(Error::io(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _lock: file }),
            Err(TryLockError::WouldBlock) => Err(Error::Busy { path: folder.to_owned() }),
            Err(TryLockError::Error(source)) => Err(Error::Io { path, source }),
        }
    }
}
