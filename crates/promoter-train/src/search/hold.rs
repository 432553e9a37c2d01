//! How a process holds the folder of a search: alone, or beside other tasks.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::share::{self, Claims, Task};
use promoter_encode::file::remove_leftovers;

use crate::Error;
use crate::run::{lock, lock_shared};

/// A process's hold on the folder of a search.
#[derive(Debug)]
pub(super) struct Hold {
    /// Alone or beside other tasks: it keeps out who wants it otherwise, where the file system has locks.
    _lock: File,
    claims: Option<Claims>,
}

/// A process's hold on a trial; none is needed where it holds the folder alone.
pub(super) struct Claim(Option<share::Claim>);

impl Hold {
    pub(super) fn take(folder: &Path, task: Option<&Task>) -> Result<Self, Error> {
        let Some(task) = task else {
            let hold = Self { _lock: lock(folder)?, claims: None };
            // Beside other tasks they could be files at work, on machines whose locks are not seen here.
            for place in [folder.to_owned(), folder.join(super::done::FOLDER)] {
                if place.is_dir() {
                    remove_leftovers(&place).map_err(|source| Error::Io { path: place, source })?;
                }
            }
            return Ok(hold);
        };
        let path = folder.join("claims");
        let lock = lock_shared(folder)?;
        let claims = Claims::open(&path, *task).map_err(|source| Error::Io { path, source })?;
        Ok(Self { _lock: lock, claims: Some(claims) })
    }

    pub(super) fn is_shared(&self) -> bool {
        self.claims.is_some()
    }

    /// Work in the order in which this process looks at it.
    pub(super) fn order<T>(&self, work: Vec<T>) -> Vec<T> {
        match &self.claims {
            Some(claims) => claims.task().share.own_first(work),
            None => work,
        }
    }

    /// Takes a piece of work; none while another task has it.
    pub(super) fn claim(&mut self, name: &str) -> Result<Option<Claim>, Error> {
        let Some(claims) = &mut self.claims else { return Ok(Some(Claim(None))) };
        let claim = claims.take(name).map_err(|source| Error::Io { path: name.into(), source })?;
        Ok(claim.map(|claim| Claim(Some(claim))))
    }

    /// Waits until it is time to look at the others' work again, or until `stop` is set.
    pub(super) fn wait(&self, stop: &AtomicBool) {
        /// How soon a stop is noticed.
        const SLICE: Duration = Duration::from_millis(100);
        let beat = self.claims.as_ref().map_or(SLICE, Claims::beat);
        let started = Instant::now();
        while started.elapsed() < beat && !stop.load(Ordering::Relaxed) {
            std::thread::sleep(SLICE.min(beat));
        }
    }
}

impl Claim {
    /// Whether the work is this process's still.
    pub(super) fn holds(&self) -> bool {
        self.0.as_ref().is_none_or(share::Claim::holds)
    }
}
