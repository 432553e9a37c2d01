//! Comparisons against another program, and what must hold for any motifs.

#![allow(clippy::unwrap_used)] // tests

use promoter_motif::compare::{Comparison, Match, Similarity, WIDEST_QUERY};
use promoter_motif::{Error, Motif, Strand, Strands, io};

const JASPAR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/motifs/JASPAR2024_fungi.meme");

fn of_target(matches: &[Match], target: u64) -> Match {
    *matches.iter().find(|found| found.target as u64 == target).unwrap()
}

#[test]
fn p_values_and_alignments_are_those_of_memesuite_lite() {
    let fixture: serde_json::Value = serde_json::from_str(include_str!("fixtures/memesuite_lite_tomtom.json")).unwrap();
    let motifs = io::read(JASPAR).unwrap();
    let comparison =
        Comparison { similarity: Similarity::Euclidean, min_overlap: 1, bins: 400, ..Comparison::default() };
    let targets = comparison.targets(&motifs).unwrap();
    let (mut compared, mut same_place) = (0, 0);
    for query in fixture["queries"].as_array().unwrap() {
        let index = query["query"].as_u64().unwrap();
        let matches = targets.matches(&motifs[index as usize]).unwrap();
        assert_eq!(matches[0].target as u64, index, "a motif is most like itself");
        for expected in query["targets"].as_array().unwrap() {
            let found = of_target(&matches, expected["target"].as_u64().unwrap());
            let p_value = expected["p"].as_f64().unwrap();
            // The grids differ by up to half a step per column. A motif beside itself has columns that hardly any other
            // has: its p-value hangs on the last bins of the grid alone.
            let is_itself = expected["target"].as_u64() == Some(index);
            let tolerance = if is_itself { 0.07 * -p_value.ln() } else { 0.1 };
            assert!((found.p_value / p_value).ln().abs() < tolerance, "{found:?} {expected}");
            compared += 1;
            same_place += usize::from(
                expected["offset"].as_i64() == Some(found.offset as i64)
                    && expected["overlap"].as_u64() == Some(found.overlap as u64)
                    && expected["strand"].as_str() == Some(&found.strand.to_string()),
            );
        }
    }
    // Palindromes match alike on both strands, and scores that are equal on one grid may differ on the other.
    assert!(compared > 200 && same_place * 100 > compared * 95, "{same_place} of {compared}");
}

#[test]
fn a_motif_and_its_reverse_complement_match_alike() {
    let motifs = io::read(JASPAR).unwrap();
    let targets = Comparison::default().targets(&motifs).unwrap();
    for query in motifs.iter().step_by(25) {
        let (forward, reverse) =
            (targets.matches(query).unwrap(), targets.matches(&query.reverse_complement()).unwrap());
        for found in &forward {
            let turned = of_target(&reverse, found.target as u64);
            assert!((found.p_value / turned.p_value).ln().abs() < 1e-6, "{found:?} {turned:?}");
            assert!((found.score - turned.score).abs() < 1e-9);
        }
    }
}

#[test]
fn noise_does_not_hide_what_a_motif_is() {
    let motifs = io::read(JASPAR).unwrap();
    let targets = Comparison::default().targets(&motifs).unwrap();
    let index = motifs.iter().position(|motif| motif.name() == "REB1").unwrap();
    let mut columns = vec![[0.25; 4]; 2];
    let noisy = |column: [f64; 4]| column.map(|p| 0.6 * p + 0.1);
    columns.extend(motifs[index].probabilities().into_iter().map(noisy));
    let query = Motif::from_probabilities("q", &columns, 50.0).unwrap();
    let best = targets.best(&[query], 0.01).unwrap()[0].unwrap();
    assert_eq!((best.target, best.offset, best.strand), (index, -2, Strand::Forward));
    assert_eq!(best.overlap, motifs[index].width());
    assert!(best.e_value < 1e-3 && (best.e_value / best.p_value - 178.0).abs() < 1e-6);
}

#[test]
fn chance_motifs_have_p_values_that_are_not_too_small() {
    let motifs = io::read(JASPAR).unwrap();
    let targets = Comparison { strands: Strands::Forward, ..Comparison::default() }.targets(&motifs).unwrap();
    // Queries whose columns are every seventh of all targets: what the null draws.
    let columns: Vec<[f64; 4]> = motifs.iter().flat_map(Motif::probabilities).collect();
    let mut p_values = Vec::new();
    for first in 0..40 {
        let query: Vec<[f64; 4]> = (0..8).map(|i| columns[(first * 131 + i * 617) % columns.len()]).collect();
        let query = Motif::from_probabilities("q", &query, 10.0).unwrap();
        p_values.extend(targets.matches(&query).unwrap().iter().map(|found| found.p_value));
    }
    for threshold in [0.5, 0.1, 0.01] {
        let share = p_values.iter().filter(|&&p| p <= threshold).count() as f64 / p_values.len() as f64;
        assert!(share < 1.6 * threshold && share > 0.2 * threshold, "{share} of {threshold}");
    }
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let motif = Motif::from_consensus("m", "ACGTACGT").unwrap();
    let targets = |comparison: Comparison| comparison.targets(std::slice::from_ref(&motif));
    assert!(matches!(targets(Comparison { min_overlap: 0, ..Comparison::default() }), Err(Error::Setting { .. })));
    assert!(matches!(targets(Comparison { bins: 1, ..Comparison::default() }), Err(Error::Setting { .. })));
    assert!(matches!(Comparison::default().targets(&[]), Err(Error::Setting { setting: "targets", .. })));
    let wide = Motif::from_consensus("w", &"A".repeat(WIDEST_QUERY + 1)).unwrap();
    assert!(matches!(targets(Comparison::default()).unwrap().matches(&wide), Err(Error::Motif { .. })));
    // One column like any other: nothing can be told, and nothing fails.
    let flat = Motif::from_consensus("n", "NNNNNN").unwrap();
    let alone = Comparison::default().targets(std::slice::from_ref(&flat)).unwrap().matches(&flat).unwrap();
    assert_eq!(alone[0].p_value, 1.0);
}
