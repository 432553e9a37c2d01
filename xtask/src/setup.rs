//! `cargo xtask setup`: LibTorch out of pip's wheels into `.libtorch/`.

use crate::libtorch::{self, Choice, FOLDER, Lock, MARK};
use crate::project;
use std::fs::{self, File};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::time::Instant;

pub(crate) const HELP: &str = "\
Usage: cargo xtask setup [--cuda]

Puts LibTorch into .libtorch/ with pip, from hash-pinned wheels (xtask/libtorch/*.lock). Needs Python 3 with pip.
Nothing else on the system is changed, no variable has to be exported. Stopped half-way, it can be started again.
When LIBTORCH is exported, that LibTorch is used and nothing is fetched.

Options:
  --cuda   both halves with NVIDIA's libraries: about 2.6 GB to fetch, 4 GB on disk (without it: 545 MB, 500 MB)
";

pub(crate) fn main(arguments: &[String]) -> Result<(), String> {
    project::only(arguments, &["--cuda"])?;
    let cuda = !arguments.is_empty();
    match set_up(cuda)? {
        Outcome::Exported(folder) => {
            println!(
                "LIBTORCH is exported: {} is used, nothing to do (`cargo xtask doctor` looks at it)",
                folder.display()
            );
        }
        Outcome::Present => println!("LibTorch is in {FOLDER}/, nothing to do"),
        Outcome::Installed => {}
    }
    Ok(())
}

/// What [`set_up`] found or did.
pub(crate) enum Outcome {
    /// The user exported `LIBTORCH`.
    Exported(PathBuf),
    /// It was there.
    Present,
    /// It is there now.
    Installed,
}

/// Makes sure that there is a LibTorch to build with.
pub(crate) fn set_up(cuda: bool) -> Result<Outcome, String> {
    let root = project::root();
    if let Choice::Exported(folder) = libtorch::choice(&root) {
        libtorch::check(&folder)?;
        return Ok(Outcome::Exported(folder));
    }
    let lock = Lock::of_this_system(cuda)?;
    let present = || {
        // The CUDA set holds the CPU half.
        libtorch::is_set_up(&root, &lock.text)
            || !cuda && Lock::of_this_system(true).is_ok_and(|lock| libtorch::is_set_up(&root, &lock.text))
    };
    if present() {
        return Ok(Outcome::Present);
    }
    let guard = one_at_a_time(&root)?;
    if present() {
        return Ok(Outcome::Present); // the other one did it
    }
    remove_leftovers(&root).map_err(|error| format!("cannot remove what an earlier set-up left: {error}"))?;

    let start = Instant::now();
    let work = root.join(format!("{FOLDER}.{}", process::id()));
    let result = install(&root, &work, &lock, &guard, cuda);
    // Left behind it would only cost disk space, and the next set-up removes it.
    let _ = fs::remove_dir_all(&work);
    result?;
    println!("LibTorch {} is in {FOLDER}/ ({:.0} s)", lock.version(), start.elapsed().as_secs_f64());
    Ok(Outcome::Installed)
}

/// Waits until no other set-up is at work here. The lock ends with the last process that holds the file, so a set-up
/// that was killed gives it back as soon as its pip ends.
fn one_at_a_time(root: &Path) -> Result<File, String> {
    let path = root.join(format!("{FOLDER}.lock"));
    let file = File::create(&path).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    if file.try_lock().is_err() {
        eprintln!("another set-up is at work: waiting for it to end");
        match file.lock() {
            Err(error) if error.kind() != io::ErrorKind::Unsupported => {
                return Err(format!("cannot lock {}: {error}", path.display()));
            }
            _ => {}
        }
    }
    Ok(file)
}

/// Removes the working folders of set-ups that were killed.
fn remove_leftovers(root: &Path) -> io::Result<()> {
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(FOLDER)?.strip_prefix('.')?.parse::<u32>().ok());
        if number.is_some() {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Fetches the wheels into `work`, drops what is not needed and puts the rest in place, whole.
fn install(root: &Path, work: &Path, lock: &Lock, guard: &File, cuda: bool) -> Result<(), String> {
    let site = work.join("site");
    let temporary = work.join("tmp");
    for folder in [&site, &temporary] {
        fs::create_dir_all(folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    }
    let mut pip = pip(work)?;
    let size = if cuda { "2.6 GB" } else { "545 MB" };
    println!("LibTorch {}: fetching about {size} with pip ...", lock.version());
    pip.args(["install", "--disable-pip-version-check", "--no-cache-dir", "--no-deps", "--no-compile"])
        .args(["--no-warn-conflicts", "--only-binary=:all:", "--implementation=cp", "--python-version=3.12"])
        .args(["--abi=cp312", "--abi=abi3", "--abi=none"])
        .args(platforms().iter().map(|platform| format!("--platform={platform}")))
        .arg("--require-hashes")
        .arg("--target")
        .arg(&site)
        .arg("-r")
        .arg(&lock.path)
        // pip unpacks there first; if it is killed, nothing stays in the system's temporary folder.
        .env("TMPDIR", &temporary)
        .env("PIP_USER", "0")
        .env("PIP_REQUIRE_VIRTUALENV", "0")
        .env("PIP_ROOT_USER_ACTION", "ignore")
        // A pip that outlives this program keeps the lock, so that the next set-up waits for it.
        .stdin(guard.try_clone().map_err(|error| format!("cannot share the lock: {error}"))?);
    if !io::stderr().is_terminal() {
        pip.arg("--quiet");
    }
    project::show(&mut pip).map_err(|error| {
        let error = error.split_once("` ended").map_or(error.clone(), |(_, rest)| format!("pip ended{rest}"));
        format!("{error}; what it said is above. Nothing is left half done: start again when that is mended")
    })?;

    let put = || -> io::Result<()> {
        prune(&site, cuda)?;
        fs::write(site.join("env.toml"), ENVIRONMENT)?;
        fs::write(site.join(MARK), &lock.text)?;
        let place = root.join(FOLDER);
        if fs::symlink_metadata(&place).is_ok() {
            fs::rename(&place, work.join("old"))?;
        }
        fs::rename(&site, &place)
    };
    put().map_err(|error| format!("cannot put LibTorch into {FOLDER}/: {error}"))
}

/// What `.cargo/config.toml` includes once LibTorch is there.
const ENVIRONMENT: &str = "\
# Written by `cargo xtask setup`.
[env]
LIBTORCH = { value = \".libtorch/torch\", relative = true }
";

/// Names of the systems whose wheels run here, as wheels spell them.
fn platforms() -> Vec<String> {
    if cfg!(target_os = "macos") {
        return (11..=26).map(|version| format!("macosx_{version}_0_{}", wheel_architecture())).collect();
    }
    let architecture = wheel_architecture();
    let glibc = (17..=28).map(|minor| format!("manylinux_2_{minor}_{architecture}"));
    let old = ["manylinux1", "manylinux2010", "manylinux2014"].map(|name| format!("{name}_{architecture}"));
    glibc.chain(old).collect()
}

fn wheel_architecture() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" if cfg!(target_os = "macos") => "arm64",
        architecture => architecture,
    }
}

/// A command that starts some pip: the system's, or that of a throw-away environment.
fn pip(work: &Path) -> Result<Command, String> {
    let runs = |program: &Path, arguments: &[&str]| project::output(Command::new(program).args(arguments)).is_some();
    for name in ["python3", "python"] {
        let python = Path::new(name);
        if runs(python, &["-m", "pip", "--version"]) {
            let mut command = Command::new(python);
            command.args(["-m", "pip"]);
            return Ok(command);
        }
        let environment = work.join("venv");
        if project::output(Command::new(python).args(["-m", "venv"]).arg(&environment)).is_some() {
            return Ok(Command::new(environment.join("bin/pip")));
        }
    }
    let found = ["python3", "python"].iter().any(|name| runs(Path::new(name), &["--version"]));
    let (missing, packages) = match found {
        true => ("this Python has neither pip nor venv", "python3-pip"),
        false => ("there is no Python 3", "python3 python3-pip"),
    };
    Err(format!(
        "{missing}, which fetches LibTorch: install it (Debian, Ubuntu: apt install {packages}), \
         or export LIBTORCH=<folder of a LibTorch>"
    ))
}

/// Drops what only Python needs, and what only CUDA needs unless `cuda`.
fn prune(site: &Path, cuda: bool) -> io::Result<()> {
    keep(site, |name| ["torch", "nvidia"].contains(&name))?;
    keep(&site.join("torch"), |name| ["lib", "include", "version.py"].contains(&name))?;
    keep(&site.join("torch/lib"), |name| {
        let python = ["libtorch_python", "libshm"].iter().any(|start| name.starts_with(start));
        let gpu = ["cuda", "nvrtc", "nvshmem"].iter().any(|part| name.contains(part));
        !python && (cuda || !gpu)
    })?;
    let toolkit = site.join("nvidia/cu13");
    if toolkit.exists() {
        keep(&toolkit, |name| name == "lib")?;
        keep(&toolkit.join("lib"), |name| cuda || name.starts_with("libcupti.so") || name.starts_with("libcudart.so"))?;
    }
    Ok(())
}

/// Removes everything from `folder` whose name is not to be kept.
fn keep(folder: &Path, kept: impl Fn(&str) -> bool) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(&kept) {
            continue;
        }
        if entry.file_type()?.is_dir() { fs::remove_dir_all(entry.path())? } else { fs::remove_file(entry.path())? }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("xtask-{name}-{}", process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn make(folder: &Path, files: &[&str]) {
        for file in files {
            let path = folder.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
    }

    #[test]
    fn pruning_keeps_the_libraries_of_the_half_that_is_wanted() {
        let files = [
            "torch/version.py",
            "torch/include/torch/torch.h",
            "torch/nn/modules.py",
            "torch/lib/libtorch_cpu.so",
            "torch/lib/libtorch_cuda.so",
            "torch/lib/libtorch_nvshmem.so",
            "torch/lib/libtorch_python.so",
            "torch/lib/libshm.so",
            "torch/lib/libgomp.so.1",
            "nvidia/cu13/lib/libcudart.so.13",
            "nvidia/cu13/lib/libnvrtc.so.13",
            "nvidia/cu13/include/cuda.h",
            "functorch/dim.py",
        ];
        let there = |site: &Path| files.iter().copied().filter(|file| site.join(file).exists()).collect::<Vec<_>>();
        let site = folder("prune");
        make(&site, &files);
        prune(&site, true).unwrap();
        let both = there(&site);
        assert_eq!(
            both,
            [files[0], files[1], files[3], files[4], files[5], files[8], files[9], files[10]],
            "with CUDA"
        );
        prune(&site, false).unwrap();
        assert_eq!(there(&site), [files[0], files[1], files[3], files[8], files[9]], "without");
        fs::remove_dir_all(&site).unwrap();
    }

    #[test]
    fn only_working_folders_of_set_ups_are_left_over() {
        let root = folder("leftovers");
        make(
            &root,
            &[".libtorch/ok", ".libtorch.17/site/torch", ".libtorch.17/tmp/x", ".libtorch.lock", ".libtorch.old/x"],
        );
        remove_leftovers(&root).unwrap();
        let mut names: Vec<_> = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, [".libtorch", ".libtorch.lock", ".libtorch.old"]);
        fs::remove_dir_all(&root).unwrap();
    }
}
