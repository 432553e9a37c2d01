//! Processes that train at the same time.

use std::path::Path;
use std::process::{Command, Stdio};

use clap::ValueEnum as _;
use promoter_reproduce::Error;

use super::reproduce::Reproduce;

/// Trains in several processes at once; what they leave is done by this one.
pub(super) fn share(root: &Path, task: &Reproduce) -> Result<(), Error> {
    let program = std::env::current_exe().map_err(|source| Error::Io { path: "this program".into(), source })?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = task.threads.map_or((cores / usize::from(task.jobs)).max(1), usize::from);
    let mut children = Vec::new();
    for job in 0..task.jobs {
        let mut command = Command::new(&program);
        command.arg("--root").arg(root).arg("reproduce").args(&task.names).arg("--worker");
        command.args(["--task", &job.to_string(), "--tasks", &task.jobs.to_string()]);
        command.args(["--scale", task.scale.name(), "--threads", &threads.to_string()]);
        if let Some(data) = &task.data {
            command.arg("--data").arg(data);
        }
        for (flag, folder) in [("--runs", &task.runs), ("--results", &task.results)] {
            if let Some(folder) = folder {
                command.arg(flag).arg(folder);
            }
        }
        if task.start {
            command.arg("--start");
        }
        if let Some(place) = task.device.to_possible_value() {
            command.args(["--device", place.get_name()]);
        }
        let child = command.stdin(Stdio::null()).spawn();
        children.push(child.map_err(|source| Error::Io { path: program.clone(), source })?);
    }
    for child in &mut children {
        // What a worker could not do is told again by this process.
        let _ = child.wait();
    }
    Ok(())
}
