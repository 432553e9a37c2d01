//! Tasks that share the work of a command.

use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, value_parser};
use promoter::train::share::{self, Task};

/// Tasks that share the work of a command.
#[derive(Debug, Args)]
pub(crate) struct Share {
    /// Number of this task among those that share the work, from 0, such as $SLURM_ARRAY_TASK_ID
    #[arg(long, value_name = "I", requires = "tasks")]
    task: Option<u64>,
    /// Number of tasks that share the work
    #[arg(long, value_name = "N", requires = "task", value_parser = value_parser!(u64).range(1..))]
    tasks: Option<u64>,
}

/// Tasks that take work over from those that die.
#[derive(Debug, Args)]
pub(crate) struct Shift {
    #[command(flatten)]
    share: Share,
    /// Take over the work of a task that has not given a sign of life for this many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120, requires = "task",
          value_parser = value_parser!(u64).range(1..))]
    dead_after: u64,
}

impl Share {
    /// This task; none where one process does all.
    pub(crate) fn share(&self) -> Result<Option<share::Share>> {
        let (Some(task), Some(tasks)) = (self.task, self.tasks) else { return Ok(None) };
        let share = share::Share::new(task, tasks);
        let of = || format!("--task {task}: expected 0 to {}, as there are {tasks} tasks", tasks - 1);
        share.with_context(of).map(Some)
    }
}

impl Shift {
    /// This task; none where one process does all.
    pub(crate) fn task(&self) -> Result<Option<Task>> {
        let patience = Duration::from_secs(self.dead_after);
        Ok(self.share.share()?.map(|share| Task { share, patience }))
    }
}
