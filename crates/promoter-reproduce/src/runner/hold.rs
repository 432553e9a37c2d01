//! A process's hold on a folder.

use std::fs::File;
use std::path::Path;

use promoter_train::run::{lock, lock_shared};

use crate::Error;

/// A hold on a folder; the system lets go when the process ends, however it does.
#[derive(Debug)]
pub struct Hold {
    _lock: File,
}

impl Hold {
    /// Takes a folder for this process alone.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Io`].
    pub fn take(folder: &Path) -> Result<Self, Error> {
        Self::by(folder, lock)
    }

    /// Takes a folder beside other tasks.
    ///
    /// # Errors
    /// [`Error::Busy`] when a process has it alone; [`Error::Io`].
    pub fn share(folder: &Path) -> Result<Self, Error> {
        Self::by(folder, lock_shared)
    }

    fn by(folder: &Path, lock: fn(&Path) -> Result<File, promoter_train::Error>) -> Result<Self, Error> {
        std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
        match lock(folder) {
            Err(promoter_train::Error::Busy { path }) => Err(Error::Busy { path }),
            other => Ok(Self { _lock: other? }),
        }
    }
}
