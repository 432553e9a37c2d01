//! Puts LibTorch's folder into this package's test programs, and the commit into the records of its runs.
#![allow(clippy::print_stdout, reason = "a build script talks to cargo through it")]

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=LIBTORCH");
    if let Ok(folder) = std::env::var("LIBTORCH") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{folder}/lib");
    }
    for file in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--path-format=absolute", "--git-path", file]) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    // Outside a clone, in a published crate, there is none.
    println!("cargo::rustc-env=PROMOTER_COMMIT={}", git(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_default());
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
