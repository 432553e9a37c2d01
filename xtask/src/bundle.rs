//! `cargo xtask bundle`: the command `promoter` in a folder that can be moved to another machine.

use crate::libtorch::{self, Choice, FOLDER};
use crate::{project, setup};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) const HELP: &str = "\
Usage: cargo xtask bundle [--without-libtorch] [--dev] [--out DIR]

Builds the command promoter and puts it into a folder that starts wherever it is copied, on machines of the same system
and a C library that is as new as this one's. At the end the program is started in an empty environment.

  --without-libtorch  leaves LibTorch out, for machines that have torch of the same version from pip or conda: promoter
                      finds it by LIBTORCH, or in torch/ beside itself. At most 64 MB
  --dev               builds in the development profile: sooner, and slower programs
  --out DIR           the folder, which must not exist [default: target/bundle/promoter-VERSION-SYSTEM]
";

/// Bytes of a bundle that has no LibTorch, at most.
const MOST: u64 = 64_000_000;

/// Where programs look for LibTorch last, or only: see `xtask/rpath.rs`.
const BESIDE: &str = "$ORIGIN/torch/lib";

/// The script that starts a bundle without LibTorch.
const STARTER: &str = include_str!("../promoter.sh");

/// What is asked for.
#[derive(Debug, Default, PartialEq)]
struct Options {
    without_libtorch: bool,
    dev: bool,
    out: Option<PathBuf>,
}

pub(crate) fn main(arguments: &[String]) -> Result<(), String> {
    let options = parse(arguments)?;
    setup::set_up(false)?;
    let root = project::root();
    let system = format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH);
    let default = root.join(format!("target/bundle/promoter-{}-{system}", env!("CARGO_PKG_VERSION")));
    let out = options.out.clone().unwrap_or(default);
    if out.exists() {
        return Err(format!("{} exists: remove it, or name another folder with --out", out.display()));
    }
    let program = build(&root, &options)?;
    put(&root, &program, &out, options.without_libtorch).map_err(|error| format!("{}: {error}", out.display()))?;
    start(&root, &out, options.without_libtorch)?;
    let bytes = size(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    if options.without_libtorch && bytes > MOST {
        return Err(format!("{} has {:.1} MB, more than {} MB", out.display(), bytes as f64 / 1e6, MOST / 1_000_000));
    }
    println!("{} ({:.1} MB)", out.display(), bytes as f64 / 1e6);
    Ok(())
}

fn parse(arguments: &[String]) -> Result<Options, String> {
    let mut options = Options::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--without-libtorch" => options.without_libtorch = true,
            "--dev" => options.dev = true,
            "--out" => options.out = Some(rest.next().ok_or("--out: expected a folder")?.into()),
            other => return Err(format!("unexpected argument {other:?}: `cargo xtask bundle --help` has all")),
        }
    }
    Ok(options)
}

/// The program, whose run path begins with LibTorch's folder here.
fn build(root: &Path, options: &Options) -> Result<PathBuf, String> {
    let mut command = project::cargo();
    command.current_dir(root).args(["build", "--package", "promoter-cli"]);
    if !options.dev {
        command.arg("--release");
    }
    project::show(&mut command)?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join(if options.dev { "debug" } else { "release" }).join("promoter"))
}

/// Puts everything into a folder beside `out`, and renames it: the bundle is whole or absent.
fn put(root: &Path, program: &Path, out: &Path, without_libtorch: bool) -> std::io::Result<()> {
    let partial = out.with_extension("partial");
    if partial.exists() {
        fs::remove_dir_all(&partial)?;
    }
    fs::create_dir_all(&partial)?;
    for file in ["README.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        fs::copy(root.join(file), partial.join(file))?;
    }
    let own = partial.join("promoter");
    if without_libtorch {
        fs::create_dir(partial.join("libexec"))?;
        move_out(root, program, &partial.join("libexec/promoter"))?;
        let version = libtorch::Lock::of_this_system(false).map_err(std::io::Error::other)?.version().to_owned();
        fs::write(&own, STARTER.replace("@VERSION@", &version))?;
        fs::set_permissions(&own, fs::Permissions::from_mode(0o755))?;
    } else {
        move_out(root, program, &own)?;
        let torch = libtorch_folder(root);
        fs::create_dir_all(partial.join("torch"))?;
        copy(&torch.join("lib"), &partial.join("torch/lib"))?;
        // LibTorch looks for them beside its folder, as the wheels have them.
        let nvidia = torch.join("../nvidia");
        if nvidia.exists() {
            copy(&nvidia, &partial.join("nvidia"))?;
        }
    }
    fs::rename(partial, out)
}

fn libtorch_folder(root: &Path) -> PathBuf {
    match libtorch::choice(root) {
        Choice::Own => root.join(FOLDER).join("torch"),
        Choice::Exported(folder) => folder,
    }
}

/// A copy of a program that has no names for debuggers, and looks for LibTorch beside itself alone.
fn move_out(root: &Path, program: &Path, to: &Path) -> std::io::Result<()> {
    if project::output(Command::new("strip").arg("-o").arg(to).arg(program)).is_none() {
        // The same program, and larger.
        fs::copy(program, to)?;
    }
    let mut bytes = fs::read(to)?;
    let here = libtorch_folder(root).join("lib").display().to_string();
    if !relocate(&mut bytes, &here) {
        let reason = format!("its run path does not begin with {here}: build it again");
        return Err(std::io::Error::other(reason));
    }
    fs::write(to, bytes)
}

/// Cuts the folder `here` off the front of the run path of a program; false where the run path is another one. The
/// place that it leaves is filled with zeros, which end a name.
fn relocate(program: &mut [u8], here: &str) -> bool {
    let before = format!("\0{here}:{BESIDE}\0").into_bytes();
    let Some(at) = program.windows(before.len()).position(|window| window == before) else { return false };
    let place = &mut program[at + 1..at + before.len()];
    place.fill(0);
    place[..BESIDE.len()].copy_from_slice(BESIDE.as_bytes());
    true
}

/// Copies a folder's files, but those of LibTorch's CUDA half.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, to) = (entry.file_name(), to.join(entry.file_name()));
        let is_of_gpu = ["libtorch_cuda", "libc10_cuda", "nvrtc", "nvshmem"]
            .iter()
            .any(|part| name.to_string_lossy().contains(part));
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to)?,
            false if is_of_gpu => {}
            false => drop(fs::copy(entry.path(), to)?),
        }
    }
    Ok(())
}

/// Starts the program as a machine would that knows nothing of this project.
fn start(root: &Path, out: &Path, without_libtorch: bool) -> Result<(), String> {
    let mut command = Command::new(out.join("promoter"));
    command.env_clear().current_dir("/").args(["info", "peppa"]);
    if without_libtorch {
        command.env("LIBTORCH", libtorch_folder(root));
    }
    match project::output(&mut command) {
        Some(said) if said.contains("peppa") => Ok(()),
        _ => {
            project::show(&mut command)?;
            Err(format!("{} does not say what it should", out.display()))
        }
    }
}

/// Bytes of all files below a folder.
fn size(folder: &Path) -> std::io::Result<u64> {
    let mut total = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        total += if entry.file_type()?.is_dir() { size(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_or_refused() {
        let words = |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
        assert_eq!(parse(&[]), Ok(Options::default()));
        let all = Options { without_libtorch: true, dev: true, out: Some("x".into()) };
        assert_eq!(parse(&words("--without-libtorch --dev --out x")), Ok(all));
        for text in ["--with", "--out"] {
            assert!(parse(&words(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_program_looks_for_libtorch_beside_itself_when_it_is_moved() {
        let mut program = b"names\0/opt/own/torch/lib:$ORIGIN/torch/lib\0more".to_vec();
        assert!(!relocate(&mut program, "/elsewhere/torch/lib"));
        assert!(relocate(&mut program, "/opt/own/torch/lib"));
        let mut expected = b"names\0$ORIGIN/torch/lib".to_vec();
        expected.resize(program.len() - 4, 0);
        assert_eq!(program, [&expected[..], b"more"].concat());
    }

    /// A program that prints which LibTorch it was given.
    #[test]
    fn the_starter_finds_libtorch_by_its_variable_or_beside_itself_and_refuses_another_version() {
        let folder = std::env::temp_dir().join(format!("xtask-bundle-{}", std::process::id()));
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        };
        write("promoter", &STARTER.replace("@VERSION@", "2.11.0"));
        write("libexec/promoter", "#!/bin/sh\necho $LD_LIBRARY_PATH $1\n");
        std::os::unix::fs::symlink("promoter", folder.join("link")).unwrap();
        let said = |variables: &[(&str, &Path)]| {
            let mut command = Command::new(folder.join("link"));
            let output = command.arg("one").env_clear().envs(variables.iter().copied()).output().unwrap();
            String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
        };
        assert!(said(&[]).starts_with("error: LibTorch 2.11.0 is not in "), "{}", said(&[]));
        write("torch/lib/libtorch_cpu.so", "");
        let own = fs::canonicalize(&folder).unwrap();
        assert_eq!(said(&[]), format!("{}/torch/lib one\n", own.display()));
        write("other/lib/libtorch_cpu.so", "");
        write("other/version.py", "from typing import Optional\n__version__ = '2.11.0+cu130'\n");
        let other = folder.join("other");
        assert_eq!(said(&[("LIBTORCH", &other)]), format!("{}/lib one\n", other.display()));
        write("other/version.py", "__version__ = '2.10.0'\n");
        assert!(said(&[("LIBTORCH", &other)]).contains("is version 2.10.0, but version 2.11.0 is wanted"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
