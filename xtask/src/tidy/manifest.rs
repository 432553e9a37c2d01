//! The packages' manifests: who depends on whom, and what every package must have.

use super::{Findings, Page};

/// Packages that may name tch and torch-sys. All others build and test with cargo alone.
const WITH_LIBTORCH: [&str; 11] = [
    "promoter-torch",
    "promoter-zoo",
    "promoter-train",
    "promoter",
    "promoter-models",
    "promoter-cli",
    "promoter-reproduce",
    "promoter-examples",
    "promoter-benches",
    "promoter-fuzz",
    "promoter-libfuzzer",
];

/// The parts of a `Cargo.toml` that the checks read.
pub(super) struct Manifest {
    path: String,
    name: String,
    build: Option<String>,
    inherits_lints: bool,
    /// Section and name of every dependency.
    dependencies: Vec<(String, String)>,
}

impl Manifest {
    /// Reads a package's manifest; nothing for other files.
    pub(super) fn of(page: &Page) -> Option<Self> {
        if !page.path.ends_with("/Cargo.toml") {
            return None;
        }
        let mut manifest = Self {
            path: page.path.clone(),
            name: String::new(),
            build: None,
            inherits_lints: false,
            dependencies: Vec::new(),
        };
        let mut section = String::new();
        for line in page.text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(header) = line.strip_prefix('[') {
                section = header.trim_end_matches(']').to_owned();
                // [dependencies.NAME]
                if let Some((table, name)) = section.rsplit_once('.')
                    && table.ends_with("dependencies")
                {
                    manifest.dependencies.push((table.to_owned(), name.to_owned()));
                }
                continue;
            }
            let Some((key, value)) = line.split_once('=') else { continue };
            let (key, value) = (key.trim(), value.trim());
            let text = || value.trim_matches('"').to_owned();
            match (section.as_str(), key) {
                ("package", "name") => manifest.name = text(),
                ("package", "build") => manifest.build = Some(text()),
                ("lints", "workspace") => manifest.inherits_lints = value == "true",
                (table, name) if table.ends_with("dependencies") => {
                    // NAME.workspace = true
                    let name = name.split('.').next().unwrap_or(name);
                    manifest.dependencies.push((table.to_owned(), name.to_owned()));
                }
                _ => {}
            }
        }
        (!manifest.name.is_empty()).then_some(manifest)
    }

    fn folder(&self) -> &str {
        self.path.trim_end_matches("Cargo.toml")
    }

    fn names_tch(&self) -> bool {
        self.dependencies.iter().any(|(_, name)| name == "tch" || name == "torch-sys")
    }
}

pub(super) fn check(manifests: &[Manifest], pages: &[Page], findings: &mut Findings) {
    for manifest in manifests {
        if !manifest.inherits_lints {
            findings.error(&manifest.path, "no `[lints] workspace = true`");
        }
        if WITH_LIBTORCH.contains(&manifest.name.as_str()) {
            run_path(manifest, pages, findings);
        } else {
            torch_free(manifest, manifests, pages, findings);
        }
    }
}

/// A package that builds with cargo alone names neither tch nor a package that does.
fn torch_free(manifest: &Manifest, all: &[Manifest], pages: &[Page], findings: &mut Findings) {
    for (section, name) in &manifest.dependencies {
        if name == "tch" || name == "torch-sys" || WITH_LIBTORCH.contains(&name.as_str()) {
            findings.error(
                &manifest.path,
                format_args!("[{section}] names {name}, but {} needs no LibTorch", manifest.name),
            );
        }
    }
    let calls = ["tch", "torch_sys"].map(|name| format!("{name}::"));
    // Of the package itself, not of one in a folder below it.
    let folder = manifest.folder();
    let below: Vec<&str> =
        all.iter().map(Manifest::folder).filter(|of| *of != folder && of.starts_with(folder)).collect();
    let is_its = |path: &str| path.starts_with(folder) && !below.iter().any(|folder| path.starts_with(folder));
    for page in pages.iter().filter(|page| is_its(&page.path) && page.has_extension(&["rs"])) {
        for (number, line) in page.text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            if calls.iter().any(|call| names_path(line, call)) {
                findings.error(&page.path, format_args!("line {}: tch in a crate that needs no LibTorch", number + 1));
            }
        }
    }
}

/// Whether `line` has `path` where a path begins: `tch::`, not `batch::`.
fn names_path(line: &str, path: &str) -> bool {
    let begins =
        |at: usize| line[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '"');
    line.match_indices(path).any(|(at, _)| begins(at))
}

/// A package whose programs link LibTorch bakes LibTorch's folder into them.
fn run_path(manifest: &Manifest, pages: &[Page], findings: &mut Findings) {
    if !manifest.names_tch() && manifest.dependencies.iter().all(|(_, name)| !WITH_LIBTORCH.contains(&name.as_str())) {
        return;
    }
    let shared = manifest.build.as_deref().is_some_and(|build| build.ends_with("xtask/rpath.rs"));
    let own = manifest.folder().to_owned() + manifest.build.as_deref().unwrap_or("build.rs");
    if !shared && !pages.iter().any(|page| page.path == own && page.text.contains("-Wl,-rpath,")) {
        findings.error(&manifest.path, "its programs link LibTorch: `build = \"<root>/xtask/rpath.rs\"` is missing");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str, text: &str) -> Page {
        Page { path: path.into(), text: text.into() }
    }

    fn errors(pages: &[Page]) -> Vec<String> {
        let manifests: Vec<Manifest> = pages.iter().filter_map(Manifest::of).collect();
        let mut findings = Findings::default();
        check(&manifests, pages, &mut findings);
        findings.errors
    }

    #[test]
    fn dependencies_are_read_in_every_spelling() {
        let text = "[package]\nname = \"a\"\n[dependencies]\nb.workspace = true\nc = { version = \"1\" }\n\
                    [target.'cfg(unix)'.dependencies]\nd = \"1\"\n[dev-dependencies.e]\nversion = \"1\"\n";
        let manifest = Manifest::of(&page("crates/a/Cargo.toml", text)).unwrap();
        let names: Vec<&str> = manifest.dependencies.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, ["b", "c", "d", "e"]);
    }

    #[test]
    fn a_torch_free_crate_that_names_tch_is_found() {
        let manifest = "[package]\nname = \"promoter-seq\"\n[dependencies]\ntch.workspace = true\n\
                        [dev-dependencies]\npromoter-zoo.workspace = true\n[lints]\nworkspace = true\n";
        let source = "//! A.\nuse TCH::Tensor;\n// TCH::Tensor\nuse batch::Batch;\n".replace("TCH", "tch");
        let pages = [page("crates/promoter-seq/Cargo.toml", manifest), page("crates/promoter-seq/src/lib.rs", &source)];
        assert_eq!(
            errors(&pages),
            [
                "crates/promoter-seq/Cargo.toml: [dependencies] names tch, but promoter-seq needs no LibTorch",
                "crates/promoter-seq/Cargo.toml: [dev-dependencies] names promoter-zoo, but promoter-seq needs no \
                 LibTorch",
                "crates/promoter-seq/src/lib.rs: line 2: tch in a crate that needs no LibTorch"
            ]
        );
    }

    #[test]
    fn a_package_without_lints_or_run_path_is_found() {
        let text = "[package]\nname = \"promoter-zoo\"\n[dependencies]\ntch.workspace = true\n";
        assert_eq!(errors(&[page("crates/promoter-zoo/Cargo.toml", text)]).len(), 2);
        let text = text.replace("[dep", "build = \"../../xtask/rpath.rs\"\n[lints]\nworkspace = true\n[dep");
        assert!(errors(&[page("crates/promoter-zoo/Cargo.toml", &text)]).is_empty());
    }
}
