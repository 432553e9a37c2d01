//! Stops a build without the right LibTorch with one line. It has no dependencies, so that it can run before the C++
//! compiler meets the headers that are not there.

use std::path::Path;
use std::{env, fs};

/// The LibTorch that tch 0.24 is generated from.
const VERSION: &str = "2.11.0";

fn main() {
    for variable in ["LIBTORCH", "LIBTORCH_USE_PYTORCH", "LIBTORCH_BYPASS_VERSION_CHECK"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    println!("cargo::rustc-env=PROMOTER_LIBTORCH_VERSION={VERSION}");
    // With LIBTORCH_USE_PYTORCH torch-sys asks Python, and compares versions itself.
    if env::var_os("CARGO_FEATURE_DOC_ONLY").is_some() || env::var_os("LIBTORCH_USE_PYTORCH").is_some() {
        return;
    }
    if let Err(message) = check() {
        println!("cargo::error={message}");
    }
}

/// Looks at the LibTorch that `LIBTORCH` names.
fn check() -> Result<(), String> {
    let Some(folder) = env::var_os("LIBTORCH") else {
        return Err(format!(
            "LIBTORCH is not set: run cargo inside the project's folder, whose .cargo/config.toml sets it, \
             or export LIBTORCH=<folder of LibTorch {VERSION}>"
        ));
    };
    let folder = Path::new(&folder);
    for file in ["version.py", "build-version"] {
        println!("cargo::rerun-if-changed={}", folder.join(file).display());
    }
    let system = env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    let library = if system == "macos" { "libtorch_cpu.dylib" } else { "libtorch_cpu.so" };
    if !folder.join("lib").join(library).exists() {
        return Err(format!(
            "LibTorch {VERSION} is not in {}: run `cargo xtask setup` once (about 545 MB, under a minute), \
             or export LIBTORCH=<folder of LibTorch {VERSION}>",
            folder.display()
        ));
    }
    match version(folder) {
        Some(found) if found != VERSION && env::var_os("LIBTORCH_BYPASS_VERSION_CHECK").is_none() => Err(format!(
            "LibTorch in {} is version {found}, but version {VERSION} is wanted: unset LIBTORCH and run \
             `cargo xtask setup`, or export LIBTORCH=<folder of LibTorch {VERSION}>",
            folder.display()
        )),
        _ => Ok(()),
    }
}

/// The version that LibTorch's own files tell: a wheel's, or a zip archive's.
fn version(folder: &Path) -> Option<String> {
    let python = fs::read_to_string(folder.join("version.py")).ok();
    let assigned = python.as_deref().and_then(|text| text.lines().find_map(|line| line.strip_prefix("__version__ = ")));
    let version = match assigned {
        Some(text) => text.trim_matches(['\'', '"', ' ']).to_owned(),
        None => fs::read_to_string(folder.join("build-version")).ok()?,
    };
    version.trim().split('+').next().map(str::to_owned)
}
