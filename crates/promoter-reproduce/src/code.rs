//! Which code made a number.

use std::path::Path;
use std::process::{Command, Stdio};

/// A hash of the crates that numbers depend on, as committed, with `+` when files differ from the commit; outside a
/// clone the version of this package.
pub fn version(root: &Path) -> String {
    let git = |arguments: &[&str]| -> Option<String> {
        let output = Command::new("git").arg("-C").arg(root).args(arguments).stdin(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let is_ours = |line: &&str| !line.contains("crates/promoter-reproduce");
    let Some(trees) = git(&["ls-tree", "HEAD", "crates/"]).filter(|trees| !trees.is_empty()) else {
        return env!("CARGO_PKG_VERSION").into();
    };
    let trees: Vec<&str> = trees.lines().filter(is_ours).collect();
    let hash = blake3::hash(trees.join("\n").as_bytes()).to_hex();
    let changed = git(&["status", "--porcelain", "--", "crates"]).unwrap_or_default();
    let changed = changed.lines().any(|line| is_ours(&line));
    format!("{}{}", &hash[..12], if changed { "+" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_a_clone_it_is_the_packages_version() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(version(folder.path()), env!("CARGO_PKG_VERSION"));
    }
}
