//! `cargo xtask tidy`: what neither rustc nor clippy sees.

mod manifest;
mod sources;
mod style;
mod versions;

use crate::project;
use manifest::Manifest;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) const HELP: &str = "\
Usage: cargo xtask tidy

Checks, in a second, without building anything:

  - only the crates that may name tch and torch-sys do, and crates that build without LibTorch depend
    on none that needs it
  - packages whose programs link LibTorch bake its folder in; every package inherits the workspace's lints
  - every .rs file opens with module documentation; files and functions stay short; no test is ignored
  - no line has more than 120 columns, and no sentence ends in `without`
  - no trailing blank, tab, carriage return or missing last newline; no path of one machine or
    outside the repository
  - the versions of tch, LibTorch, Rust and of this project agree wherever they are written
  - the pages that README.md and docs/ link to exist
";

/// A file of the project as text, with its path from the root.
pub(crate) struct Page {
    path: String,
    text: String,
}

impl Page {
    fn has_extension(&self, extensions: &[&str]) -> bool {
        Path::new(&self.path).extension().is_some_and(|own| extensions.iter().any(|wanted| own == *wanted))
    }
}

/// What is wrong, and what should be looked at, each a line that starts with a path.
#[derive(Default)]
pub(crate) struct Findings {
    errors: Vec<String>,
    warnings: Vec<String>,
}

impl Findings {
    fn error(&mut self, path: &str, message: impl std::fmt::Display) {
        self.errors.push(format!("{path}: {message}"));
    }

    fn warning(&mut self, path: &str, message: impl std::fmt::Display) {
        self.warnings.push(format!("{path}: {message}"));
    }
}

pub(crate) fn main(arguments: &[String]) -> Result<(), String> {
    project::only(arguments, &[])?;
    let root = project::root();
    let pages = read(&root).map_err(|error| format!("cannot read the project's files: {error}"))?;
    let mut findings = Findings::default();
    sources::check(&pages, &mut findings);
    style::check(&pages, &mut findings);
    let manifests: Vec<Manifest> = pages.iter().filter_map(Manifest::of).collect();
    manifest::check(&manifests, &pages, &mut findings);
    versions::check(&pages, &mut findings);
    links(&root, &pages, &mut findings);

    for warning in &findings.warnings {
        println!("warning: {warning}");
    }
    for error in &findings.errors {
        println!("error: {error}");
    }
    match findings.errors.len() {
        0 => Ok(()),
        count => Err(format!("{count} to mend")),
    }
}

/// Reads the project's text files; binary ones, build outputs and hidden folders that are not the project's stay out.
fn read(root: &Path) -> std::io::Result<Vec<Page>> {
    let mut pages = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = folder.join(&name);
            let kind = entry.file_type()?;
            if kind.is_dir() {
                let ours = !name.starts_with('.') || [".cargo", ".ci", ".github"].contains(&name.as_str());
                if ours && !["target", "runs"].contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if kind.is_file()
                && let Ok(text) = fs::read_to_string(entry.path())
            {
                pages.push(Page { path: path.to_string_lossy().replace('\\', "/"), text });
            }
        }
    }
    pages.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(pages)
}

/// Every relative link of a Markdown page must lead somewhere.
fn links(root: &Path, pages: &[Page], findings: &mut Findings) {
    for page in pages.iter().filter(|page| page.has_extension(&["md"])) {
        let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
        for target in page.text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            // `::` is the path of an item, in pages that are a crate's documentation; rustdoc checks those.
            let elsewhere =
                file.is_empty() || file.contains("://") || file.contains("::") || file.starts_with("mailto:");
            if !elsewhere && !root.join(folder).join(file).exists() {
                findings.error(&page.path, format_args!("links to {target}, which is not there"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        let text = "[a](Cargo.toml) [b](docs/none.md#part) [c](https://example.org) [d](#here)".into();
        let mut findings = Findings::default();
        links(&project::root(), &[Page { path: "README.md".into(), text }], &mut findings);
        assert_eq!(findings.errors, ["README.md: links to docs/none.md#part, which is not there"]);
    }
}
