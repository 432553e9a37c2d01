//! Compiles the C++ shim against LibTorch's headers and puts LibTorch's folder into this package's test programs.
#![allow(clippy::print_stdout, reason = "a build script talks to cargo through it")]

use std::env;
use std::path::PathBuf;

fn main() {
    for source in ["src/shim.cpp", "src/shim.hpp", "src/distributed.cpp", "src/distributed/gloo_stub"] {
        println!("cargo::rerun-if-changed={source}");
    }
    println!("cargo::rerun-if-env-changed=LIBTORCH");
    if env::var_os("CARGO_FEATURE_DOC_ONLY").is_some() {
        return; // nothing is linked
    }
    let Some(lib) = env::var_os("DEP_TCH_LIBTORCH_LIB").map(PathBuf::from) else {
        println!("cargo::error=torch-sys names no LibTorch: run `cargo xtask setup` once");
        return;
    };
    let include = lib.with_file_name("include");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .warnings(false)
        .opt_level(1)
        .debug(false)
        .define("_GLIBCXX_USE_CXX11_ABI", "1")
        // Gloo serves the CPU; its own headers are not in the wheel.
        .define("USE_C10D_GLOO", None)
        .include("src/distributed/gloo_stub")
        .include(&include)
        .include(include.join("torch/csrc/api/include"))
        .file("src/shim.cpp")
        .file("src/distributed.cpp")
        .compile("promoter_torch_shim");
    println!("cargo::rustc-link-search=native={}", lib.display());
    println!("cargo::rustc-link-lib=torch_cpu");
    println!("cargo::rustc-link-lib=c10");
    println!("cargo::rustc-link-arg=-Wl,-rpath,{}", lib.display());
}
