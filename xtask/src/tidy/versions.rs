//! Versions that are written in more than one place.

use super::{Findings, Page};

pub(super) fn check(pages: &[Page], findings: &mut Findings) {
    let Some(guard) = quoted(pages, "crates/promoter-libtorch/build.rs", "const VERSION: &str = ") else {
        return findings.error("crates/promoter-libtorch/build.rs", "no `const VERSION: &str = ...`");
    };
    for page in pages.iter().filter(|page| page.path.starts_with("xtask/libtorch/")) {
        if !page.text.contains(&format!("\ntorch=={guard} ")) {
            findings.error(&page.path, format_args!("does not pin torch=={guard}, which promoter-libtorch wants"));
        }
    }
    // Every other LibTorch x.y.z that is named anywhere.
    for page in pages.iter().filter(|page| page.has_extension(&["md", "toml", "rs", "h", "lock"])) {
        for (number, line) in page.text.lines().enumerate() {
            let named = line.split("LibTorch ").skip(1).filter_map(leading_version);
            for other in named.filter(|version| *version != guard && !page.text.contains("#[cfg(test)]")) {
                findings.error(&page.path, format_args!("line {}: LibTorch {other} beside {guard}", number + 1));
            }
        }
    }

    let tch = quoted(pages, "Cargo.toml", "tch = ");
    let torch_sys = quoted(pages, "Cargo.toml", "torch-sys = ");
    if tch.is_none_or(|version| !version.starts_with('=')) || tch != torch_sys {
        findings.error(
            "Cargo.toml",
            format_args!("tch ({tch:?}) and torch-sys ({torch_sys:?}) must be the same exact version"),
        );
    }

    let toolchain = quoted(pages, "rust-toolchain.toml", "channel = ").unwrap_or_default();
    mentions(pages, "README.md", &format!("Rust {toolchain}"), findings);
    mentions(pages, "README.md", &format!("LibTorch {guard}"), findings);
    if let Some(version) = quoted(pages, "Cargo.toml", "version = ") {
        mentions(pages, "CITATION.cff", &format!("version: {version}"), findings);
        mentions(pages, "CHANGELOG.md", &format!("## {version}"), findings);
        let own = pages.iter().find(|page| page.path == "Cargo.toml");
        for line in own.into_iter().flat_map(|page| page.text.lines()).filter(|line| line.starts_with("promoter")) {
            // A crate that others use by itself may have a version of its own.
            let name = line.split(' ').next().unwrap_or_default();
            let version = quoted(pages, &format!("crates/{name}/Cargo.toml"), "version = ").unwrap_or(version);
            if !line.contains(&format!("version = \"{version}\"")) {
                findings.error("Cargo.toml", format_args!("`{line}` is not of version {version}"));
            }
        }
    }
}

/// The text in quotes after the first line that starts with `start`.
fn quoted<'a>(pages: &'a [Page], path: &str, start: &str) -> Option<&'a str> {
    let page = pages.iter().find(|page| page.path == path)?;
    page.text.lines().find_map(|line| line.strip_prefix(start)?.split('"').nth(1))
}

/// The version at the start of `text`, if it has three parts.
fn leading_version(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let version = text[..end].trim_end_matches('.');
    (version.split('.').count() == 3).then_some(version)
}

fn mentions(pages: &[Page], path: &str, wanted: &str, findings: &mut Findings) {
    if !pages.iter().any(|page| page.path == path && page.text.contains(wanted)) {
        findings.error(path, format_args!("does not say `{wanted}`"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_quotes_and_from_sentences() {
        let pages = [Page { path: "Cargo.toml".into(), text: "[a]\ntch = \"=0.24.0\" # exactly \"x\"\n".into() }];
        assert_eq!(quoted(&pages, "Cargo.toml", "tch = "), Some("=0.24.0"));
        assert_eq!(quoted(&pages, "Cargo.toml", "torch-sys = "), None);
        assert_eq!(leading_version("2.11.0. It"), Some("2.11.0"));
        assert_eq!(leading_version("2.11 for"), None);
        assert_eq!(leading_version("by pip"), None);
    }

    #[test]
    fn another_libtorch_in_a_sentence_or_a_lock_file_is_found() {
        let page = |path: &str, text: &str| Page { path: path.into(), text: text.into() };
        let pages = [
            page("crates/promoter-libtorch/build.rs", "const VERSION: &str = \"2.11.0\";\n"),
            page("docs/a.md", "With LibTorch 2.10.0.\n"),
            page("xtask/libtorch/a.lock", "#\ntorch==2.10.0 --hash=sha256:0\n"),
        ];
        let mut findings = Findings::default();
        check(&pages, &mut findings);
        let errors = findings.errors.join("\n");
        assert!(errors.contains("docs/a.md: line 1: LibTorch 2.10.0 beside 2.11.0"), "{errors}");
        assert!(errors.contains("xtask/libtorch/a.lock: does not pin torch==2.11.0"), "{errors}");
    }
}
