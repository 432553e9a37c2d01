//! Claims on pieces of work in a shared folder.
//!
//! A claim is a file that its holder creates. Creating a file that must not exist succeeds for one process alone, on
//! network file systems too; locks, which many of those lack, are not used. The holder rewrites the file twelve times
//! in the time called patience. A process that looks at it and finds the same content over that time, by its own clock,
//! takes the holder for dead and creates the next generation of the file: `007.1` after `007.0`. No clocks are
//! compared, and time in which nobody could look, because the folder's server did not answer, does not count.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Task;

/// Beats in the time after which a silent holder is taken for dead.
const BEATS: u32 = 12;

/// What a claim's file holds when its holder has given it back.
const FREE: &[u8] = b"free\n";
/// What it holds when another process has taken it over.
const TAKEN: &[u8] = b"taken over\n";

/// A folder of claims as this process has seen it.
///
/// ```
/// use promoter_train::share::{Claims, Share, Task};
/// use std::time::Duration;
/// let folder = tempfile::tempdir()?;
/// let task = |number| Some(Task { share: Share::new(number, 2)?, patience: Duration::from_secs(120) });
/// let mut one = Claims::open(folder.path(), task(0).ok_or("task 0 of 2")?)?;
/// let mut other = Claims::open(folder.path(), task(1).ok_or("task 1 of 2")?)?;
/// let claim = one.take("007")?;
/// assert!(claim.as_ref().is_some_and(|claim| claim.holds()));
/// assert!(other.take("007")?.is_none());
/// drop(claim);
/// assert!(other.take("007")?.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Claims {
    folder: PathBuf,
    task: Task,
    seen: BTreeMap<PathBuf, Seen>,
}

/// What a file held when it was looked at, and for how long it has been watched since then.
#[derive(Debug)]
struct Seen {
    content: Vec<u8>,
    last: Instant,
    unchanged: Duration,
}

impl Claims {
    /// The claims in a folder, which is made if needed, as this task sees them.
    ///
    /// # Errors
    /// The system's.
    pub fn open(folder: &Path, task: Task) -> Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned(), task, seen: BTreeMap::new() })
    }

    /// Whose they are.
    pub fn task(&self) -> Task {
        self.task
    }

    /// Takes a piece of work; none while another process holds it. Who has taken it looks whether it is done already.
    ///
    /// # Errors
    /// The system's.
    pub fn take(&mut self, name: &str) -> Result<Option<Claim>> {
        let folder = self.folder.clone();
        let path = |generation: u32| folder.join(format!("{name}.{generation}"));
        let (mut generation, mut last) = (0, None);
        while let Some(content) = read(&path(generation))? {
            last = Some((path(generation), content));
            generation += 1;
        }
        let next = path(generation);
        match &last {
            Some((path, content)) if content != FREE && !self.is_dead(path, content) => return Ok(None),
            _ => {}
        }
        let mut file = match File::create_new(&next) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(None),
            other => other?,
        };
        if let Some((before, content)) = last
            && content != FREE
        {
            // Who is not dead after all finds it in the file that it looks at anyway.
            fs::write(before, TAKEN)?;
        }
        let Task { share, patience } = self.task;
        // For people.
        let who = format!("task {} of {}, process {}", share.task(), share.tasks(), std::process::id());
        let pulse = Pulse::start(&mut file, next, path(generation + 1), who, patience)?;
        Ok(Some(Claim::new(Arc::new(pulse), self.beat())?))
    }

    /// Whether the holder of a claim has been silent for too long. Time between two looks counts for two beats at most:
    /// what could not be looked at may have changed.
    fn is_dead(&mut self, path: &Path, content: &[u8]) -> bool {
        let (now, most) = (Instant::now(), 2 * self.beat());
        let new = || Seen { content: content.to_owned(), last: now, unchanged: Duration::ZERO };
        let seen = self.seen.entry(path.to_owned()).or_insert_with(new);
        if seen.content != content {
            *seen = new();
        }
        seen.unchanged += (now - seen.last).min(most);
        seen.last = now;
        seen.unchanged >= self.task.patience
    }

    /// Time between two changes of a claim that is held; who waits for work looks this often.
    pub fn beat(&self) -> Duration {
        self.task.patience / BEATS
    }
}

/// A file's content; none where it does not exist.
fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// A piece of work that is this process's. Dropped, it is given back.
#[derive(Debug)]
pub struct Claim {
    pulse: Arc<Pulse>,
    thread: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Claim {
    fn new(pulse: Arc<Pulse>, beat: Duration) -> Result<Self> {
        let (end, ended) = channel();
        let beating = pulse.clone();
        let beats = move || {
            while matches!(ended.recv_timeout(beat), Err(RecvTimeoutError::Timeout)) && beating.beat() {}
        };
        let thread = std::thread::Builder::new().name("claim".into()).spawn(beats)?;
        Ok(Self { pulse, thread: Some((end, thread)) })
    }

    /// Whether it is this process's still. To be asked before each step of the work: a process that was stopped for
    /// long is told at once.
    pub fn holds(&self) -> bool {
        self.pulse.holds()
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let Some((end, thread)) = self.thread.take() else { return };
        drop(end);
        // A beat does not panic.
        let _ = thread.join();
        if self.pulse.beat() {
            // Otherwise the others wait for as long as they would for a dead one.
            let _ = fs::write(&self.pulse.path, FREE);
        }
    }
}

/// The file of a claim that changes while its holder lives.
#[derive(Debug)]
struct Pulse {
    path: PathBuf,
    /// The next generation: where it exists, this one is lost.
    next: PathBuf,
    who: String,
    patience: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    beats: u64,
    content: Vec<u8>,
    last: Instant,
    lost: bool,
}

impl Pulse {
    fn start(file: &mut File, path: PathBuf, next: PathBuf, who: String, patience: Duration) -> Result<Self> {
        let content = content(&who, 0);
        std::io::Write::write_all(file, &content)?;
        let state = Mutex::new(State { beats: 0, content, last: Instant::now(), lost: false });
        Ok(Self { path, next, who, patience, state })
    }

    /// Changes the file; false when the claim is another's.
    fn beat(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.lost {
            return false;
        }
        match read(&self.path) {
            Ok(found) => state.lost = found.is_none_or(|found| found != state.content) || self.next.exists(),
            // The folder does not answer: nobody else can take the claim meanwhile either, until it does.
            Err(_) => return state.last.elapsed() < self.patience / 2,
        }
        if state.lost {
            return false;
        }
        state.beats += 1;
        state.content = content(&self.who, state.beats);
        if fs::write(&self.path, &state.content).is_ok() {
            state.last = Instant::now();
        }
        true
    }

    fn holds(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.last.elapsed() < self.patience / 2 {
            return !state.lost;
        }
        drop(state);
        self.beat()
    }
}

fn content(who: &str, beats: u64) -> Vec<u8> {
    format!("{who}, beat {beats}\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::super::Share;
    use super::*;

    /// Long enough for a busy machine.
    const LONG: Duration = Duration::from_secs(600);

    fn claims(folder: &Path, patience: Duration) -> Claims {
        Claims::open(folder, Task { share: Share::new(0, 1).unwrap(), patience }).unwrap()
    }

    #[test]
    fn one_of_many_gets_each_piece_of_work() {
        let folder = tempfile::tempdir().unwrap();
        let work: Vec<String> = (0..50).map(|number| format!("{number:03}")).collect();
        let taken: Vec<Vec<(String, Claim)>> = std::thread::scope(|scope| {
            let take = || {
                let mut claims = claims(folder.path(), LONG);
                let mut own = Vec::new();
                for name in &work {
                    if let Some(claim) = claims.take(name).unwrap() {
                        own.push((name.clone(), claim));
                    }
                }
                own
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(take)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let mut taken: Vec<&String> = taken.iter().flatten().map(|(name, _)| name).collect();
        taken.sort();
        assert!(taken.into_iter().eq(&work));
    }

    #[test]
    fn a_silent_holder_is_succeeded_by_one_and_one_that_lives_is_not() {
        let folder = tempfile::tempdir().unwrap();
        // As a killed process leaves it.
        fs::write(folder.path().join("dead.0"), "somebody, beat 7\n").unwrap();
        let living = claims(folder.path(), Duration::from_millis(60)).take("living").unwrap().unwrap();
        let patience = Duration::from_millis(600);
        let mut watchers = [claims(folder.path(), patience), claims(folder.path(), patience)];
        let mut successors = Vec::new();
        let mut looks_after = 0;
        while looks_after < 5 {
            for claims in &mut watchers {
                successors.extend(claims.take("dead").unwrap());
                assert!(claims.take("living").unwrap().is_none());
            }
            looks_after += usize::from(!successors.is_empty());
            std::thread::sleep(patience / 12);
        }
        assert_eq!(successors.len(), 1);
        assert!(successors[0].holds() && living.holds());
        assert_eq!(fs::read(folder.path().join("dead.0")).unwrap(), TAKEN);
    }

    #[test]
    fn who_was_stopped_for_long_learns_that_the_work_is_anothers() {
        let folder = tempfile::tempdir().unwrap();
        let slow = claims(folder.path(), LONG).take("one").unwrap().unwrap();
        assert!(slow.holds());
        let mut other = claims(folder.path(), Duration::from_millis(60));
        let successor = loop {
            match other.take("one").unwrap() {
                Some(claim) => break claim,
                None => std::thread::sleep(other.beat()),
            }
        };
        // The next beat, for which a test does not wait.
        assert!(!slow.pulse.beat() && !slow.holds());
        drop(slow);
        assert!(successor.holds(), "what is lost is not given back");
        drop(successor);
        assert!(other.take("one").unwrap().is_some(), "what was held is");
    }
}
