//! Work that several processes share, on one machine or on many that have one folder.
//!
//! A [`Share`] says which pieces of a fixed partition, or which first, are a process's own. [`Claims`] let each piece
//! be done by one process, whichever comes first, and by another one when that process dies.

mod claims;

use std::time::Duration;

pub use self::claims::{Claim, Claims};

/// One of the tasks that share work, as the arrays of batch systems number them.
///
/// ```
/// use promoter_train::share::Share;
/// let share = Share::new(1, 3).ok_or("task 1 of 3")?;
/// assert_eq!(share.part(10), 3..6);
/// assert_eq!(share.own_first(0..7), [1, 4, 0, 2, 3, 5, 6]);
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    task: u64,
    tasks: u64,
}

impl Share {
    /// Task `task`, from 0, of `tasks`; none where it is not below their number.
    pub fn new(task: u64, tasks: u64) -> Option<Self> {
        (task < tasks).then_some(Self { task, tasks })
    }

    /// The task's number, from 0.
    pub fn task(self) -> u64 {
        self.task
    }

    /// Tasks in all.
    pub fn tasks(self) -> u64 {
        self.tasks
    }

    /// This task's of `pieces` in a row: the parts of all tasks, one after the other, are the whole.
    pub fn part(self, pieces: u64) -> std::ops::Range<u64> {
        let end = |task: u64| (u128::from(pieces) * u128::from(task) / u128::from(self.tasks)) as u64;
        end(self.task)..end(self.task + 1)
    }

    /// Work in the order in which this task looks at it: every `tasks`-th piece, then those of the others.
    pub fn own_first<T>(self, work: impl IntoIterator<Item = T>) -> Vec<T> {
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for (number, piece) in (0..).zip(work) {
            if number % self.tasks == self.task { own.push(piece) } else { others.push(piece) }
        }
        own.extend(others);
        own
    }
}

/// One of several tasks that take work over from those that die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Task {
    /// Which one.
    pub share: Share,
    /// Time after which a task that gives no sign of life is taken for dead.
    pub patience: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_the_whole_in_order_and_differ_by_one_at_most() {
        for (pieces, tasks) in [(0, 3), (1, 4), (10, 3), (100, 7), (u64::MAX, 5)] {
            let parts: Vec<_> = (0..tasks).map(|task| Share::new(task, tasks).unwrap().part(pieces)).collect();
            assert_eq!((parts[0].start, parts[parts.len() - 1].end), (0, pieces));
            assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start));
            let lengths = || parts.iter().map(|part| part.end - part.start);
            assert!(lengths().max().unwrap() - lengths().min().unwrap() <= 1);
        }
        assert_eq!(Share::new(3, 3), None);
    }
}
