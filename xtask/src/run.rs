//! `cargo xtask run`: from a fresh clone to a trained network.

use crate::{project, setup};

pub(crate) const HELP: &str = "\
Usage: cargo xtask run [ARGUMENTS]

Sets LibTorch up where it is not there yet, then builds and runs the example `enformer_slim`, which trains on real
yeast promoters. ARGUMENTS are passed on to it: `cargo xtask run --simulated`.
What the example takes: cargo run --release --example enformer_slim -- --help
";

pub(crate) fn main(arguments: &[String]) -> Result<(), String> {
    setup::set_up(false)?;
    // In the user's folder, so that the paths among the arguments mean what they say.
    let manifest = project::root().join("Cargo.toml");
    let mut command = project::cargo();
    command.args(["run", "--release", "--example", "enformer_slim", "--manifest-path"]).arg(manifest);
    project::show(command.arg("--").args(arguments))
}
