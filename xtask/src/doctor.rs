//! `cargo xtask doctor`: what is there, and what to do about what is not.

use crate::libtorch::{self, Choice, Lock};
use crate::project;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, thread};

pub(crate) const HELP: &str = "\
Usage: cargo xtask doctor

Looks at LibTorch, its CUDA half, the graphics driver, threads, disk and compiler, one line each, and says what to do
about each thing that is wrong. Ends with an error if something that is needed is missing.
";

/// How one thing was found.
enum Verdict {
    Fine(String),
    /// Works, but could be better.
    Note(String, String),
    /// Does not work.
    Wrong(String, String),
}

use Verdict::{Fine, Note, Wrong};

pub(crate) fn main(arguments: &[String]) -> Result<(), String> {
    project::only(arguments, &[])?;
    let root = project::root();
    let folder = match libtorch::choice(&root) {
        Choice::Own => root.join(libtorch::FOLDER).join("torch"),
        Choice::Exported(folder) => folder,
    };
    let gpus = gpus();
    let checks: [(&str, Verdict); 8] = [
        ("Rust", rust()),
        ("C++ compiler", compiler()),
        ("pip", pip()),
        ("LibTorch", libtorch(&root, &folder)),
        ("CUDA half", cuda_half(&folder, &gpus)),
        ("GPU", gpu(&gpus)),
        ("threads", threads()),
        ("disk", disk(&root)),
    ];
    let mut wrong = 0;
    for (name, verdict) in checks {
        let (sign, found, advice) = match verdict {
            Fine(found) => ("ok", found, None),
            Note(found, advice) => ("note", found, Some(advice)),
            Wrong(found, advice) => {
                wrong += 1;
                ("WRONG", found, Some(advice))
            }
        };
        println!("{sign:<6} {name:<13} {found}");
        if let Some(advice) = advice {
            println!("{:20} -> {advice}", "");
        }
    }
    if wrong == 0 { Ok(()) } else { Err(format!("{wrong} to mend, each with the way above")) }
}

fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    project::output(Command::new(program).args(arguments))?.lines().next().map(str::to_owned)
}

fn rust() -> Verdict {
    match first_line("rustc", &["--version"]) {
        Some(version) => Fine(version),
        None => Wrong("no rustc".into(), "install Rust with rustup; rust-toolchain.toml names the version".into()),
    }
}

fn compiler() -> Verdict {
    let exported = env::var("CXX").ok();
    let name = exported.as_deref().unwrap_or("c++");
    match first_line(name, &["--version"]) {
        Some(version) => Fine(version),
        None => Wrong(format!("no {name}"), "install g++ or clang (Debian, Ubuntu: apt install g++)".into()),
    }
}

fn pip() -> Verdict {
    let python = |name| first_line(name, &["-m", "pip", "--version"]);
    match python("python3").or_else(|| python("python")) {
        Some(version) => Fine(version.split(" from ").next().unwrap_or_default().to_owned()),
        None => Note(
            "no Python with pip".into(),
            "only `cargo xtask setup` needs it: install python3-pip, or export LIBTORCH=<folder of a LibTorch>".into(),
        ),
    }
}

fn libtorch(root: &Path, folder: &Path) -> Verdict {
    let own = folder.starts_with(root.join(libtorch::FOLDER));
    let place = if own { format!("{}/torch", libtorch::FOLDER) } else { format!("{} (exported)", folder.display()) };
    let mend = if own { "cargo xtask setup" } else { "unset LIBTORCH and run `cargo xtask setup`, or point it at one" };
    if !folder.join("lib").join(libtorch::library("torch_cpu")).exists() {
        return Wrong(format!("none in {place}"), mend.into());
    }
    let wanted = match Lock::of_this_system(false) {
        Ok(lock) => lock,
        Err(reason) => return Note(format!("in {place}"), reason),
    };
    match libtorch::version(folder) {
        Some(version) if version == wanted.version() => {
            let marked = [false, true]
                .into_iter()
                .any(|cuda| Lock::of_this_system(cuda).is_ok_and(|lock| libtorch::is_set_up(root, &lock.text)));
            if own && !marked {
                return Wrong(format!("{version} in {place}, not by the lock file of today"), mend.into());
            }
            Fine(format!("{version} in {place}"))
        }
        Some(version) => Wrong(format!("{version} in {place}, but tch here wants {}", wanted.version()), mend.into()),
        None => Note(format!("in {place}, of unknown version"), format!("it must be {}", wanted.version())),
    }
}

fn cuda_half(folder: &Path, gpus: &[String]) -> Verdict {
    if folder.join("lib").join(libtorch::library("torch_cuda")).exists() {
        return Fine(format!("{} beside the CPU half", libtorch::library("torch_cuda")));
    }
    if gpus.is_empty() {
        return Fine("not there, and no NVIDIA GPU that would need it".into());
    }
    Note("not there: training runs on the CPU".into(), "cargo xtask setup --cuda".into())
}

/// Name, driver and memory of every NVIDIA GPU.
fn gpus() -> Vec<String> {
    let query = ["--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"];
    let found = project::output(Command::new("nvidia-smi").args(query)).unwrap_or_default();
    found.lines().map(str::to_owned).collect()
}

fn gpu(gpus: &[String]) -> Verdict {
    if !gpus.is_empty() {
        // CUDA 13 needs a driver of the 580 series.
        let old = |gpu: &&String| {
            let driver = gpu.split(", ").nth(1).and_then(|driver| driver.split('.').next()?.parse::<u32>().ok());
            driver.is_some_and(|driver| driver < 580)
        };
        return match gpus.iter().find(old) {
            Some(gpu) => {
                Note(gpu.clone(), "LibTorch's CUDA 13 wants a driver of series 580 or newer: update it".into())
            }
            None => Fine(gpus.join("; ")),
        };
    }
    if Path::new("/dev/nvidia0").exists() {
        let advice = "install the driver's tools; see whether nvidia-smi runs".into();
        return Note("a device file, but nvidia-smi finds no GPU".into(), advice);
    }
    Fine("none (the CPU is used)".into())
}

fn threads() -> Verdict {
    let count = thread::available_parallelism().map_or(1, usize::from);
    let set = |name: &str| env::var(name).map_or_else(|_| format!("{name} not set"), |value| format!("{name}={value}"));
    let found = format!("{count} available, {}, {}", set("OMP_NUM_THREADS"), set("OMP_WAIT_POLICY"));
    if env::var("OMP_WAIT_POLICY").is_ok_and(|policy| policy.eq_ignore_ascii_case("passive")) {
        return Fine(found);
    }
    let advice = "export OMP_WAIT_POLICY=passive for programs of your own: spinning threads are slow beside other work \
                  (cargo and the programs of this project set it themselves)";
    Note(found, advice.into())
}

/// Space that a set-up and a build need, in GB.
const DISK: f64 = 5.0;

fn disk(root: &Path) -> Verdict {
    let table = project::output(Command::new("df").arg("-Pk").arg(root));
    let free = table.as_deref().and_then(|table| {
        let row = table.lines().nth(1)?;
        row.split_whitespace().nth(3)?.parse::<f64>().ok()
    });
    let Some(free) = free.map(|kilobytes| kilobytes * 1024.0 / 1e9) else {
        return Note("cannot tell how much is free".into(), "set-up and build need about 5 GB".into());
    };
    let mine = |name: &str| size(&root.join(name)) as f64 / 1e9;
    let found = format!("{free:.1} GB free; .libtorch {:.1} GB, target {:.1} GB", mine(".libtorch"), mine("target"));
    if free + mine(".libtorch") + mine("target") < DISK {
        return Wrong(found, format!("set-up and build need about {DISK:.0} GB: make room"));
    }
    Fine(found)
}

/// Bytes of all files below a folder.
fn size(folder: &Path) -> u64 {
    let mut total = 0;
    let mut folders: Vec<PathBuf> = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(data) if data.is_dir() => folders.push(entry.path()),
                Ok(data) => total += data.len(),
                Err(_) => {}
            }
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_driver_is_told() {
        assert!(matches!(gpu(&["A, 570.86.10, 81559 MiB".into()]), Note(..)));
        assert!(matches!(gpu(&["A, 580.65.06, 81559 MiB".into()]), Fine(_)));
    }

    #[test]
    fn a_folder_without_libtorch_is_wrong() {
        let Wrong(found, advice) = libtorch(&project::root(), Path::new("no/such/folder")) else {
            panic!("it must be wrong");
        };
        assert_eq!(found, "none in no/such/folder (exported)");
        assert!(advice.contains("cargo xtask setup"), "{advice}");
    }
}
