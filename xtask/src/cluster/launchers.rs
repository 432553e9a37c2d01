//! Launchers that start two processes on one machine.

use super::{LEFT_OUT, Place, start, succeeds, version};
use crate::project;
use std::process::Command;

/// torchrun, of the same version as LibTorch; put it into the PATH, from a Python environment of its own.
pub(super) fn torchrun(place: &Place) -> Result<(), String> {
    let python = project::output(Command::new("sh").args(["-c", "head -1 \"$(command -v torchrun)\""]));
    let python = python.as_deref().and_then(|line| line.strip_prefix("#!")).unwrap_or("python3").to_owned();
    let found = project::output(Command::new(&python).args(["-c", "import torch; print(torch.__version__)"]));
    let found = found.unwrap_or_default();
    if found.split('+').next() != Some(version()?.as_str()) {
        return Err(format!("{LEFT_OUT}the torchrun in the PATH is of torch {found:?}, not {}", version()?));
    }
    let mut command = place.program("torchrun");
    command.args(["--no-python", "--nproc-per-node", "2", "--master-port", "29611"]).args(place.words("torchrun"));
    let said = succeeds(start(&mut command)?, "torchrun")?;
    expect(&said, "started by torchrun")?;
    place.is_as_by_hand("torchrun")
}

pub(super) fn open_mpi(place: &Place) -> Result<(), String> {
    let mut command = place.program("mpirun");
    // Ranks may be root's, and more than there are cores, in a test.
    command.args(["--allow-run-as-root", "--oversubscribe", "-n", "2"]).args(place.words("open-mpi"));
    let said = succeeds(start(command.env("MASTER_PORT", "29612"))?, "mpirun")?;
    expect(&said, "started by Open MPI")?;
    place.is_as_by_hand("open-mpi")
}

pub(super) fn expect(said: &str, part: &str) -> Result<(), String> {
    if said.contains(part) { Ok(()) } else { Err(format!("expected `{part}` in:\n{said}")) }
}
