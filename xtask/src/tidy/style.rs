//! What makes texts and code pleasant to read: width of lines, length of functions, and some words.

use super::{Findings, Page};

/// Columns of a line.
const WIDTH: usize = 120;

/// Lines of a function.
const FUNCTION: usize = 60;

pub(super) fn check(pages: &[Page], findings: &mut Findings) {
    for page in pages.iter().filter(|page| !page.path.contains("/fixtures/")) {
        if page.has_extension(&["rs", "toml", "md"]) {
            wide_lines(page, findings);
        }
        if page.has_extension(&["rs", "md"]) {
            trailing_without(page, findings);
        }
        if page.has_extension(&["rs"]) && !page.path.contains("/tests/") {
            long_functions(page, findings);
        }
    }
}

fn fault(page: &Page, line: usize, message: impl std::fmt::Display, findings: &mut Findings) {
    findings.error(&page.path, format_args!("line {}: {message}", line + 1));
}

/// Tables, links and what a program prints cannot be broken.
fn wide_lines(page: &Page, findings: &mut Findings) {
    let is_markdown = page.has_extension(&["md"]);
    let mut in_block = false;
    for (number, line) in page.text.lines().enumerate() {
        in_block ^= is_markdown && line.trim_start().starts_with("```");
        let text = if is_markdown { Some(line) } else { line.trim_start().strip_prefix("//") };
        let text = text.map_or("", |text| text.trim_start_matches(['/', '!', ' ']));
        let is_table = text.starts_with('|');
        let unbreakable = is_markdown && in_block || is_table || line.contains("://");
        let columns = line.chars().count();
        if columns > WIDTH && !unbreakable {
            fault(page, number, format_args!("{columns} columns: more than {WIDTH}"), findings);
        }
    }
}

/// A clause that ends in that word leaves a reader to guess what is missing.
fn trailing_without(page: &Page, findings: &mut Findings) {
    let words = |line: &str| match page.has_extension(&["md"]) {
        true => Some(line.trim().to_owned()),
        false => line.trim().strip_prefix("//").map(|text| text.trim_start_matches(['/', '!']).trim().to_owned()),
    };
    let lines: Vec<Option<String>> = page.text.lines().map(words).collect();
    for (number, line) in lines.iter().enumerate() {
        let Some(line) = line else { continue };
        let ends_here = lines.get(number + 1).is_none_or(|next| next.as_deref().is_none_or(str::is_empty));
        let trails = |(at, word): (usize, &str)| {
            let before = line[..at].chars().next_back();
            let after = line[at + word.len()..].chars().next();
            before == Some(' ') && after.map_or(ends_here, |after| ".,;:)|".contains(after))
        };
        if line.match_indices("without").any(trails) {
            fault(page, number, "a trailing `without`: say what is missing", findings);
        }
    }
}

/// As rustfmt writes them: a function ends where a brace stands as deep as its first line.
fn long_functions(page: &Page, findings: &mut Findings) {
    let lines: Vec<&str> = page.text.lines().take_while(|line| line.trim() != "#[cfg(test)]").collect();
    for (number, line) in lines.iter().enumerate() {
        let Some(name) = function(line) else { continue };
        let signature_end = lines[number..].iter().find(|line| line.ends_with(['{', '}', ';']));
        if signature_end.is_none_or(|line| !line.ends_with('{')) {
            continue; // of one line, or a declaration
        }
        let end = format!("{}}}", &line[..line.len() - line.trim_start().len()]);
        let length = lines[number..].iter().position(|line| *line == end).map_or(0, |last| last + 1);
        if length > FUNCTION {
            fault(page, number, format_args!("`{name}` has {length} lines: more than {FUNCTION}"), findings);
        }
    }
}

/// Name of the function that begins in a line.
fn function(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let is_qualifier =
        |word: &str| word.starts_with("pub") || ["const", "async", "unsafe", "extern", "\"C\""].contains(&word);
    let name = after.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    (before.split_whitespace().all(is_qualifier) && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let mut findings = Findings::default();
        check(&[Page { path: path.into(), text: text.into() }], &mut findings);
        findings.errors
    }

    #[test]
    fn wide_lines_are_found_outside_of_tables_links_and_output() {
        let wide = "a ".repeat(61);
        assert_eq!(found("a.rs", &format!("//! A.\n{wide}\n")), ["a.rs: line 2: 122 columns: more than 120"]);
        assert!(found("a.rs", &format!("{}\n", "é".repeat(120))).is_empty(), "columns, not bytes");
        assert!(found("a.rs", &format!("/// | {wide}\n")).is_empty());
        assert_eq!(found("a.rs", &format!("|a| {wide}\n")).len(), 1);
        assert!(found("a.md", &format!("| {wide}\nhttps://{wide}\n```console\n{wide}\n```\n")).is_empty());
        assert_eq!(found("a.md", &format!("```\n```\n{wide}\n")).len(), 1);
        assert!(found("a/fixtures/b.toml", &wide).is_empty());
    }

    #[test]
    fn a_trailing_without_is_found_and_one_that_goes_on_is_not() {
        let lines = "/// Into a file, nothing without.\n/// Rows without\n/// labels, or without\nfn a() {}\n";
        let message = "a trailing `without`: say what is missing";
        assert_eq!(found("a.rs", lines), [1, 3].map(|line| format!("a.rs: line {line}: {message}")));
        assert_eq!(found("a.md", "none without (or\nnone without)\n").len(), 1);
        assert!(found("a.rs", "let without = 1; f(without);\n").is_empty());
    }

    #[test]
    fn functions_are_measured_with_their_signature() {
        let body = |lines: usize| "        a();\n".repeat(lines);
        let method = |lines| {
            format!("impl A {{\n    pub(crate) fn long(\n        a: u8,\n    ) {{\n{}    }}\n}}\n", body(lines))
        };
        assert!(found("a.rs", &method(56)).is_empty());
        assert_eq!(found("a.rs", &method(57)), ["a.rs: line 2: `long` has 61 lines: more than 60"]);
        let declared = format!("trait A {{\n    fn a();\n    fn b() {{}}\n{}}}\n", body(90));
        assert!(found("a.rs", &declared).is_empty());
        assert!(found("a.rs", &format!("#[cfg(test)]\n{}", method(90))).is_empty());
    }
}
