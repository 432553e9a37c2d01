//! What every text file must hold to.

use super::{Findings, Page};

/// Lines that a source file should stay below.
const LONG: usize = 400;

pub(super) fn check(pages: &[Page], findings: &mut Findings) {
    for page in pages {
        let fixture = page.path.contains("/fixtures/");
        let written_by_hand = page.has_extension(&["rs", "toml", "md", "cff", "yml", "h", "hpp", "cpp", "sh", "lock"])
            || page.path == ".ci/run"
            || page.path == ".gitignore";
        if written_by_hand && !fixture {
            blanks(page, findings);
            machine_paths(page, findings);
            outside_paths(page, findings);
        }
        if page.has_extension(&["rs"]) {
            rust(page, findings);
        }
    }
}

fn blanks(page: &Page, findings: &mut Findings) {
    for (number, line) in page.text.split('\n').enumerate() {
        let fault = if line.ends_with([' ', '\r']) {
            "a blank or carriage return at the end"
        } else if line.contains('\t') {
            "a tab: write \\t in a string, blanks elsewhere"
        } else {
            continue;
        };
        findings.error(&page.path, format_args!("line {}: {fault}", number + 1));
    }
    if !page.text.is_empty() && !page.text.ends_with('\n') {
        findings.error(&page.path, "no newline at the end");
    }
}

/// Folders that belong to one machine; tests may name the temporary one.
fn machine_paths(page: &Page, findings: &mut Findings) {
    // Put together here, so that this file does not name them itself.
    let folders = ["home", "root", "work", "tmp"].map(|name| format!("/{name}/"));
    let mut in_tests = page.path.contains("/tests/");
    for (number, line) in page.text.lines().enumerate() {
        in_tests |= page.has_extension(&["rs"]) && line.trim() == "#[cfg(test)]";
        for folder in &folders {
            let begins = |at: usize| {
                let before = line[..at].chars().next_back();
                before.is_none_or(|letter| !letter.is_alphanumeric() && !".-_}/~".contains(letter))
            };
            if line.match_indices(folder.as_str()).any(|(at, _)| begins(at)) && !(in_tests && folder == &folders[3]) {
                findings.error(&page.path, format_args!("line {}: a path of one machine, {folder}", number + 1));
            }
        }
    }
}

/// Relative paths that lead out of the repository: a clone does not have what lies there.
fn outside_paths(page: &Page, findings: &mut Findings) {
    let folders = page.path.matches('/').count();
    for (number, line) in page.text.lines().enumerate() {
        // A crate's own folder is two below the root at most, wherever the file lies in it.
        let depth = if line.contains("CARGO_MANIFEST_DIR") { folders.min(2) } else { folders };
        let ups = line.split(|c: char| !(c.is_alphanumeric() || "./_-".contains(c)));
        if ups.map(|path| path.trim_start_matches('/')).any(|path| climbs(path) > depth) {
            findings.error(&page.path, format_args!("line {}: a path outside the repository", number + 1));
        }
    }
}

/// Folders that a path goes up before it goes down.
fn climbs(path: &str) -> usize {
    let rest = |path: &str| path.strip_prefix("../").map(str::to_owned);
    std::iter::successors(rest(path), |path| rest(path)).count()
}

fn rust(page: &Page, findings: &mut Findings) {
    // A page of Markdown may be the documentation: rustdoc then checks that it is there.
    let is_first = |line: &&str| !line.trim().is_empty() && (!line.starts_with("#!") || line.starts_with("#![doc"));
    let first = page.text.lines().find(is_first);
    if !first.is_some_and(|line| line.starts_with("//!") || line.starts_with("#![doc")) {
        findings.error(&page.path, "no module documentation (//!) at the top");
    }
    let ignored = ["#[", "ignore"].concat();
    for (number, line) in page.text.lines().enumerate() {
        if line.trim_start().starts_with(&ignored) {
            findings.error(&page.path, format_args!("line {}: an ignored test", number + 1));
        }
    }
    let lines = page.text.lines().count();
    if lines > LONG {
        let message = format_args!("{lines} lines: more than {LONG}");
        if page.path.starts_with("crates/promoter-zoo/") {
            findings.error(&page.path, message);
        } else {
            findings.warning(&page.path, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(path: &str, text: &str) -> Vec<String> {
        let mut findings = Findings::default();
        check(&[Page { path: path.into(), text: text.into() }], &mut findings);
        findings.errors
    }

    #[test]
    fn a_clean_file_passes_and_each_fault_is_named_with_its_line() {
        assert!(errors("a.rs", "//! A.\n\nfn a() {}\n").is_empty());
        assert_eq!(errors("a.rs", "fn a() {}\n"), ["a.rs: no module documentation (//!) at the top"]);
        assert_eq!(errors("a.rs", "//! A.\n#[ignore]\n"), ["a.rs: line 2: an ignored test"]);
        assert_eq!(
            errors("a.md", "a \nb\tc"),
            [
                "a.md: line 1: a blank or carriage return at the end",
                "a.md: line 2: a tab: write \\t in a string, blanks elsewhere",
                "a.md: no newline at the end"
            ]
        );
        assert!(errors("a/tests/fixtures/b.toml", "a\tb").is_empty());
    }

    #[test]
    fn paths_of_one_machine_are_found_but_not_paths_that_contain_them() {
        assert_eq!(
            errors("a.md", &format!("see {}home/x\n", '/')),
            ["a.md: line 1: a path of one machine, /ho".to_owned() + "me/"]
        );
        assert!(errors("docs/a.md", "../home2/x, https://example.org/home/, target/tmp/x\n").is_empty());
        assert!(errors("a/tests/b.rs", "//! B, in /tmp/x.\n").is_empty());
        assert_eq!(errors("a/tests/b.rs", &format!("//! B, in {}root/x.\n", '/')).len(), 1);
    }

    #[test]
    fn paths_out_of_the_repository_are_found() {
        let up = |n: usize| "../".repeat(n);
        assert_eq!(errors("a.md", &format!("see {}data/x\n", up(1))), ["a.md: line 1: a path outside the repository"]);
        assert!(errors("docs/a.md", &format!("see [x]({}README.md)\n", up(1))).is_empty());
        let manifest = |n| format!("//! A.\nconcat!(env!(\"CARGO_MANIFEST_DIR\"), \"/{}data\")\n", up(n));
        assert!(errors("crates/a/tests/b.rs", &manifest(2)).is_empty());
        assert_eq!(errors("crates/a/tests/b.rs", &manifest(3)).len(), 1);
    }

    #[test]
    fn long_files_fail_in_the_zoo_and_are_warned_of_elsewhere() {
        let text = format!("//! Long.\n{}", "\n".repeat(400));
        assert_eq!(
            errors("crates/promoter-zoo/src/a.rs", &text),
            ["crates/promoter-zoo/src/a.rs: 401 lines: more than 400"]
        );
        assert!(errors("crates/promoter-seq/src/a.rs", &text).is_empty());
    }
}
