//! Build script of every package here whose programs link LibTorch: bakes LibTorch's folder into them, so that no
//! variable has to be exported to start them. Cargo does not pass such a flag on from a dependency. Behind it
//! comes `torch/lib` beside the program, which `cargo xtask bundle` leaves as the only one.
#![allow(clippy::print_stdout, reason = "a build script talks to cargo through it")]

fn main() {
    println!("cargo::rerun-if-env-changed=LIBTORCH");
    if std::env::var_os("CARGO_FEATURE_DOC_ONLY").is_some() {
        return; // nothing is linked
    }
    if let Ok(folder) = std::env::var("LIBTORCH") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{folder}/lib:$ORIGIN/torch/lib");
    }
}
