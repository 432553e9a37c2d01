//! Build script of every package here that makes an executable with LibTorch: puts LibTorch's folder into it, so that
//! no variable has to be exported to start it.
#![allow(clippy::print_stdout, reason = "a build script talks to cargo through it")]

fn main() {
    println!("cargo::rerun-if-env-changed=LIBTORCH");
    if let Ok(folder) = std::env::var("LIBTORCH") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{folder}/lib");
    }
}
