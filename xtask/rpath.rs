//! Build script of every package here whose programs link LibTorch: bakes LibTorch's folder into them, so that no
//! variable has to be exported to start them. Cargo does not pass such a flag on from a dependency. `PROMOTER_RUN_PATH`
//! names another folder, for programs that move: `cargo xtask bundle` sets it.
#![allow(clippy::print_stdout, reason = "a build script talks to cargo through it")]

fn main() {
    println!("cargo::rerun-if-env-changed=LIBTORCH");
    println!("cargo::rerun-if-env-changed=PROMOTER_RUN_PATH");
    if std::env::var_os("CARGO_FEATURE_DOC_ONLY").is_some() {
        return; // nothing is linked
    }
    if let Ok(folder) = std::env::var("PROMOTER_RUN_PATH") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{folder}");
    } else if let Ok(folder) = std::env::var("LIBTORCH") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{folder}/lib");
    }
}
