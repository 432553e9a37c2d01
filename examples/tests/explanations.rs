//! The programs that explain and design, on networks that were trained for a moment.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

/// What an example prints; cargo builds it beside this test.
fn run(name: &str, arguments: &[&str]) -> String {
    let test = std::env::current_exe().unwrap();
    let program = test.parent().unwrap().with_file_name("examples").join(name);
    let small = ["--training-rows", "300", "--threads", "1"];
    let mut command = Command::new(program);
    let output = command.args(small).args(arguments).env("OMP_WAIT_POLICY", "passive").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn motifs_are_found_in_sequences_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<String> = (0..20_u64)
        .map(|row| {
            (0..110_u64).map(|i| b"ACGT"[((row * 7 + i * i * (row + 3) + i * 5) % 13 % 4) as usize] as char).collect()
        })
        .collect();
    std::fs::write(folder.path().join("rows.tsv"), rows.join("\n")).unwrap();
    let text = run("find_motifs", &["--sequences", folder.path().join("rows.tsv").to_str().unwrap()]);
    assert!(text.starts_with("motif ") && text.contains(" in 20 sequences, "), "{text}");
}

#[test]
fn designs_are_shown_with_their_edits_and_their_true_expression() {
    let text = run("design_promoters", &["--designs", "2", "--target", "9"]);
    assert_eq!(text.lines().count(), 6, "{text}");
    assert_eq!(text.matches("predicted ").count(), 2, "{text}");
    let sequence = text.lines().next().unwrap().split_whitespace().nth(1).unwrap();
    assert!(sequence.len() == 110 && sequence.starts_with("TGCATTTTTTTCACATC") && !sequence.contains("GAATTC"));
}

#[test]
fn every_score_stands_beside_what_it_is_of() {
    let text = run("known_truth", &["--rows", "10", "--designs", "1"]);
    for part in [
        "predictors  1; r with the true",
        "mutagenesis: area",
        "gradient: area",
        "integrated gradients: area",
        "DeepLIFT: area",
        "of 19 factors",
        "114 places of 19 factors",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    for method in ["greedy for", "gradient for"] {
        assert_eq!(text.matches(method).count(), 3, "{text}");
    }
    assert_eq!(text.matches("spread weight 0: ").count(), 6, "{text}");
}
