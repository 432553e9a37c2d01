//! Which LibTorch the project uses and where it is looked for.

use crate::project;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Folder that `cargo xtask setup` makes, from the project's root.
pub(crate) const FOLDER: &str = ".libtorch";

/// File in it that is a copy of the lock file whose wheels lie there, written last.
pub(crate) const MARK: &str = "ok";

/// Which LibTorch a build here would use.
pub(crate) enum Choice {
    /// The project's own, in [`FOLDER`].
    Own,
    /// The one that the user's `LIBTORCH` names.
    Exported(PathBuf),
}

/// The LibTorch that `LIBTORCH` chooses. Cargo sets that variable too, from the project's configuration; the user
/// did not choose that one.
pub(crate) fn choice(root: &Path) -> Choice {
    match env::var_os("LIBTORCH").map(PathBuf::from) {
        Some(folder) if !folder.starts_with(root.join(FOLDER)) && !folder.starts_with(root.join("xtask")) => {
            Choice::Exported(folder)
        }
        _ => Choice::Own,
    }
}

/// Whether the project's own LibTorch is the one of the lock file `lock` (its text), whole.
pub(crate) fn is_set_up(root: &Path, lock: &str) -> bool {
    fs::read_to_string(root.join(FOLDER).join(MARK)).is_ok_and(|mark| mark == lock)
}

/// Version of the LibTorch in `folder`, as its own files tell it; nothing when they do not.
pub(crate) fn version(folder: &Path) -> Option<String> {
    let python = fs::read_to_string(folder.join("version.py")).ok();
    let version = python
        .as_deref()
        .and_then(|text| text.lines().find_map(|line| line.strip_prefix("__version__ = ")))
        .map(|version| version.trim_matches(['\'', '"', ' ']).to_owned())
        .or_else(|| fs::read_to_string(folder.join("build-version")).ok())?;
    Some(version.trim().split('+').next().unwrap_or_default().to_owned())
}

/// Whether an exported `folder` holds the LibTorch that the project wants; otherwise one line that says what to do.
pub(crate) fn check(folder: &Path) -> Result<(), String> {
    let place = folder.display();
    let mend = "unset LIBTORCH, or export LIBTORCH=<folder of";
    let Ok(lock) = Lock::of_this_system(false) else { return Ok(()) };
    let wanted = lock.version();
    if !folder.join("lib").join(library("torch_cpu")).exists() {
        return Err(format!("LIBTORCH is exported, but there is no LibTorch in {place}: {mend} LibTorch {wanted}>"));
    }
    match version(folder) {
        Some(found) if found != wanted && env::var_os("LIBTORCH_BYPASS_VERSION_CHECK").is_none() => Err(format!(
            "LIBTORCH is exported: {place} is version {found}, but {wanted} is wanted: {mend} LibTorch {wanted}>"
        )),
        _ => Ok(()),
    }
}

/// File name of a library on this system.
pub(crate) fn library(name: &str) -> String {
    format!("{}{name}{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX)
}

/// A lock file: the wheels of one system.
pub(crate) struct Lock {
    /// Where it lies.
    pub(crate) path: PathBuf,
    /// What is in it.
    pub(crate) text: String,
}

impl Lock {
    /// The lock file of this system, with the CUDA half or without it.
    pub(crate) fn of_this_system(cuda: bool) -> Result<Self, String> {
        let system = format!("{}-{}", env::consts::OS, env::consts::ARCH);
        let name = format!("{system}{}.lock", if cuda { "-cuda" } else { "" });
        let path = project::root().join("xtask/libtorch").join(&name);
        if !path.exists() {
            return Err(format!(
                "no LibTorch is pinned for {system}{}: export LIBTORCH=<folder of a LibTorch> instead",
                if cuda { " with CUDA" } else { "" }
            ));
        }
        let text = fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        Ok(Self { path, text })
    }

    /// The version of torch, which is LibTorch's.
    pub(crate) fn version(&self) -> &str {
        let torch = self.text.lines().find_map(|line| line.strip_prefix("torch=="));
        torch.and_then(|rest| rest.split_whitespace().next()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_either_file() {
        let folder = env::temp_dir().join(format!("xtask-version-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        assert_eq!(version(&folder), None);
        fs::write(folder.join("build-version"), "2.10.0+cpu\n").unwrap();
        assert_eq!(version(&folder).as_deref(), Some("2.10.0"));
        fs::write(folder.join("version.py"), "from typing import Optional\n__version__ = '2.11.0+cu130'\n").unwrap();
        assert_eq!(version(&folder).as_deref(), Some("2.11.0"));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn an_exported_folder_of_another_version_or_without_libtorch_is_refused() {
        let folder = env::temp_dir().join(format!("xtask-check-{}", std::process::id()));
        fs::create_dir_all(folder.join("lib")).unwrap();
        assert!(check(&folder).unwrap_err().contains("there is no LibTorch in"));
        fs::write(folder.join("lib").join(library("torch_cpu")), "").unwrap();
        fs::write(folder.join("build-version"), "2.10.0\n").unwrap();
        let error = check(&folder).unwrap_err();
        assert!(error.contains("is version 2.10.0, but 2.11.0 is wanted: unset LIBTORCH"), "{error}");
        fs::write(folder.join("build-version"), "2.11.0+cu130\n").unwrap();
        assert_eq!(check(&folder), Ok(()));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn every_lock_file_pins_the_same_version_with_hashes_and_names_no_host() {
        let locks = fs::read_dir(project::root().join("xtask/libtorch")).unwrap();
        let mut versions = Vec::new();
        for entry in locks {
            let path = entry.unwrap().path();
            let lock = Lock { text: fs::read_to_string(&path).unwrap(), path };
            versions.push(lock.version().to_owned());
            for line in lock.text.lines().filter(|line| !line.starts_with('#')) {
                let hash = line.split_once(" --hash=sha256:").map(|(_, hash)| hash).unwrap_or_default();
                assert!(hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()), "{line}");
                assert!(!line.contains("//"), "{line}");
            }
        }
        assert_eq!(versions.len(), 4);
        assert!(versions.iter().all(|version| version == "2.11.0"), "{versions:?}");
    }
}
