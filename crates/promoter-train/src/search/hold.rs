//! How a process holds the folder of a search: alone, or beside other tasks.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use promoter_encode::file::remove_leftovers;
use promoter_encode::share::{self, Claims, Share};

use crate::Error;
use crate::run::{lock, lock_shared};

/// One of several tasks that search in one folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Task {
    /// Which one.
    pub share: Share,
    /// Time after which a task that gives no sign of life is taken for dead, and its trials are taken over.
    pub patience: Duration,
}

/// A process's hold on the folder of a search.
#[derive(Debug)]
pub(super) struct Hold {
    /// Alone or beside other tasks: it keeps out who wants it otherwise, where the file system has locks.
    _lock: File,
    tasks: Option<(Share, Claims)>,
}

/// A process's hold on a trial; none is needed where it holds the folder alone.
pub(super) struct Claim(Option<share::Claim>);

impl Hold {
    pub(super) fn take(folder: &Path, task: Option<&Task>) -> Result<Self, Error> {
        let Some(Task { share, patience }) = task else {
            let hold = Self { _lock: lock(folder)?, tasks: None };
            // Beside other tasks they could be files at work, on machines whose locks are not seen here.
            for place in [folder.to_owned(), folder.join(super::done::FOLDER)] {
                if place.is_dir() {
                    remove_leftovers(&place).map_err(|source| Error::Io { path: place, source })?;
                }
            }
            return Ok(hold);
        };
        let path = folder.join("claims");
        let who = format!("task {} of {}", share.task(), share.tasks());
        let lock = lock_shared(folder)?;
        let claims = Claims::open(&path, *patience, &who).map_err(|source| Error::Io { path, source })?;
        Ok(Self { _lock: lock, tasks: Some((*share, claims)) })
    }

    pub(super) fn is_shared(&self) -> bool {
        self.tasks.is_some()
    }

    /// Work in the order in which this process looks at it.
    pub(super) fn order<T>(&self, work: Vec<T>) -> Vec<T> {
        match &self.tasks {
            Some((share, _)) => share.own_first(work),
            None => work,
        }
    }

    /// Takes a piece of work; none while another task has it.
    pub(super) fn claim(&mut self, name: &str) -> Result<Option<Claim>, Error> {
        let Some((_, claims)) = &mut self.tasks else { return Ok(Some(Claim(None))) };
        let claim = claims.take(name).map_err(|source| Error::Io { path: name.into(), source })?;
        Ok(claim.map(|claim| Claim(Some(claim))))
    }

    /// Waits until it is time to look at the others' work again, or until `stop` is set.
    pub(super) fn wait(&self, stop: &AtomicBool) {
        /// How soon a stop is noticed.
        const SLICE: Duration = Duration::from_millis(100);
        let beat = self.tasks.as_ref().map_or(SLICE, |(_, claims)| claims.beat());
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

    /// The work is done.
    pub(super) fn finish(self) {
        if let Some(claim) = self.0 {
            claim.finish();
        }
    }
}
