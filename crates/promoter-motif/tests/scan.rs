//! Scans against a slow reference, their mirror image and another program.

#![allow(clippy::unwrap_used)] // tests

use promoter_encode::base;
use promoter_encode::random::Stream;
use promoter_motif::scan::{Ambiguous, Hit, Scan};
use promoter_motif::{Background, Distribution, Error, Motif, Pseudocount, Pwm, Strand, Strands, io};
use proptest::prelude::*;

const JASPAR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/motifs/JASPAR2024_fungi.meme");

/// Site by site, letter by letter.
fn slow(scan: &Scan, motifs: &[Motif], rows: &[Vec<u8>]) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (sequence, row) in rows.iter().enumerate() {
        for start in 0..row.len() {
            for (index, motif) in motifs.iter().enumerate() {
                let background =
                    if scan.strands == Strands::Both { motif.background().symmetric() } else { motif.background() };
                let pwm = Pwm::of(&motif.clone().with_background(background), scan.pseudocount).unwrap();
                let scores = Distribution::of(&pwm, scan.step).unwrap();
                let Some(site) = row.get(start..start + motif.width()) else { continue };
                if scan.ambiguous == Ambiguous::Skip && site.iter().any(|&code| code > 3) {
                    continue;
                }
                let turned: Vec<u8> = site.iter().rev().map(|&code| base::COMPLEMENT[code as usize]).collect();
                for (strand, site) in [(Strand::Forward, site), (Strand::Reverse, &turned[..])] {
                    let known = site.iter().enumerate().filter(|&(_, &code)| code < 4);
                    let score: i32 = known.map(|(i, &code)| scores.columns()[i][code as usize]).sum();
                    let p_value = scores.p_value(score);
                    if p_value <= scan.p_value && (strand == Strand::Forward || scan.strands == Strands::Both) {
                        let (end, score) = (start + motif.width(), f64::from(score) * scan.step);
                        hits.push(Hit { motif: index, sequence, start, end, strand, score, p_value, q_value: 1.0 });
                    }
                }
            }
        }
    }
    hits
}

fn ranked(hits: &[Hit]) -> Vec<Hit> {
    hits.iter().map(|&hit| Hit { q_value: 1.0, ..hit }).collect()
}

fn random_row(stream: &mut Stream, length: usize, unknown: bool) -> Vec<u8> {
    let code = |stream: &mut Stream| if unknown && stream.below(12) == 0 { base::N } else { stream.below(4) as u8 };
    (0..length).map(|_| code(stream)).collect()
}

fn some_motifs() -> impl Strategy<Value = Vec<Motif>> {
    let column = prop::array::uniform4(0.0..9.0f64).prop_map(|column| column.map(|count| count + 0.1));
    let motif =
        (prop::collection::vec(column, 1..13), prop::array::uniform4(0.1..1.0f64)).prop_map(|(counts, odds)| {
            Motif::from_counts("m", counts).unwrap().with_background(Background::new(odds).unwrap())
        });
    prop::collection::vec(motif, 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_scan_equals_the_reference(
        motifs in some_motifs(),
        lengths in prop::collection::vec(0usize..40, 0..5),
        (both, skip) in any::<(bool, bool)>(),
        seed in any::<u64>(),
    ) {
        let mut stream = Stream::new(seed, "test", 0);
        let rows: Vec<Vec<u8>> = lengths.iter().map(|&length| random_row(&mut stream, length, true)).collect();
        let scan = Scan {
            p_value: 0.2,
            strands: if both { Strands::Both } else { Strands::Forward },
            ambiguous: if skip { Ambiguous::Skip } else { Ambiguous::Neutral },
            step: 0.1,
            ..Scan::default()
        };
        let hits = scan.scanner(&motifs).unwrap().hits(&rows).unwrap();
        prop_assert_eq!(ranked(&hits), slow(&scan, &motifs, &rows));
    }

    #[test]
    fn the_reverse_complement_has_the_same_sites_on_the_other_strand(motifs in some_motifs(), seed in any::<u64>()) {
        let row = random_row(&mut Stream::new(seed, "test", 0), 60, true);
        let turned: Vec<u8> = row.iter().rev().map(|&code| base::COMPLEMENT[code as usize]).collect();
        let scan = Scan { p_value: 0.1, step: 0.1, ..Scan::default() };
        let scanner = scan.scanner(&motifs).unwrap();
        let sites = |row: &[u8], turn: bool| {
            let mut sites: Vec<_> = scanner.hits(&[row]).unwrap().iter().map(|hit| {
                let (start, strand) = if turn { (60 - hit.end, hit.strand.other()) } else { (hit.start, hit.strand) };
                (hit.motif, start, strand, hit.score.to_bits(), hit.p_value.to_bits(), hit.q_value.to_bits())
            }).collect();
            sites.sort_unstable();
            sites
        };
        prop_assert_eq!(sites(&row, false), sites(&turned, true));
    }
}

#[test]
fn q_values_are_of_all_sites_that_were_looked_at() {
    let motif = Motif::from_consensus("m", "TGACTCA").unwrap();
    let mut row = vec![0; 107];
    row[50..57].copy_from_slice(&[3, 2, 0, 1, 3, 1, 0]);
    row[100] = base::N; // seven sites fewer
    let hits = Scan::default().scanner(&[motif]).unwrap().hits(&[row]).unwrap();
    assert_eq!(hits.len(), 1);
    assert!((hits[0].q_value / (hits[0].p_value * 2.0 * 94.0) - 1.0).abs() < 1e-12);
}

#[test]
fn short_motifs_are_named_as_out_of_reach() {
    let motifs = [Motif::from_consensus("short", "TGACTC").unwrap(), Motif::from_consensus("long", "TGACTCA").unwrap()];
    let scanner = Scan::default().scanner(&motifs).unwrap();
    assert_eq!(scanner.out_of_reach(), [0]);
    let thresholds = scanner.thresholds();
    let second = Pwm::of(&motifs[1], Pseudocount::default()).unwrap().score(&[0, 2, 0, 1, 3, 1, 0]);
    assert!(thresholds[0].is_none() && thresholds[1].unwrap() > second - 0.04, "{thresholds:?}");
    assert!(scanner.hits(&[vec![3, 2, 0, 1, 3, 1]]).unwrap().is_empty());
}

#[test]
fn what_cannot_be_scanned_is_refused_with_its_place() {
    let motif = [Motif::from_consensus("m", "TGACTCA").unwrap()];
    let scanner = Scan::default().scanner(&motif).unwrap();
    let rows = [vec![0, 1], vec![0, 16]];
    assert!(matches!(scanner.hits(&rows), Err(Error::Code { sequence: 1, position: 1, code: 16 })));
    let strict = Scan { ambiguous: Ambiguous::Error, ..Scan::default() }.scanner(&motif).unwrap();
    let refused = strict.hits(&[[0, base::N]]);
    assert!(matches!(refused, Err(Error::Letter { sequence: 0, position: 1, letter: 'N' })), "{refused:?}");
    for p_value in [-0.1, 1.1, f64::NAN] {
        let scan = Scan { p_value, ..Scan::default() };
        assert!(matches!(scan.scanner(&motif), Err(Error::Setting { setting: "p_value", .. })));
    }
}

#[test]
fn hits_are_those_of_memesuite_lite() {
    let fixture: serde_json::Value = serde_json::from_str(include_str!("fixtures/memesuite_lite_fimo.json")).unwrap();
    let all = io::read(JASPAR).unwrap();
    let indices: Vec<usize> = serde_json::from_value(fixture["motifs"].clone()).unwrap();
    let motifs: Vec<Motif> = indices.iter().map(|&index| all[index].clone()).collect();
    let sequences: Vec<String> = serde_json::from_value(fixture["sequences"].clone()).unwrap();
    let rows: Vec<Vec<u8>> = sequences.iter().map(|row| row.bytes().map(base::from_ascii).collect()).collect();
    let scan = Scan {
        p_value: 1e-3,
        ambiguous: Ambiguous::Neutral,
        pseudocount: Pseudocount::Frequency(1e-4),
        ..Scan::default()
    };
    let hits = scan.scanner(&motifs).unwrap().hits(&rows).unwrap();
    let expected = fixture["hits"].as_array().unwrap();
    let mut found = 0;
    for hit in expected {
        let same = hits.iter().find(|own| {
            indices[own.motif] as u64 == hit["motif"].as_u64().unwrap()
                && own.sequence as u64 == hit["sequence"].as_u64().unwrap()
                && own.start as u64 == hit["start"].as_u64().unwrap()
                && own.strand.to_string() == hit["strand"].as_str().unwrap()
        });
        let p_value = hit["p"].as_f64().unwrap();
        // Its scores are not scaled, and its p-values come from rounding the sum: the last step may differ.
        match same {
            Some(own) => {
                found += 1;
                assert_eq!(own.end as u64, hit["end"].as_u64().unwrap());
                assert!((own.score - hit["score"].as_f64().unwrap()).abs() < 0.05, "{own:?} {hit}");
                // A tenth, or two of the sites that there are.
                let two_sites = 2.0 * 0.25_f64.powi((own.end - own.start) as i32);
                let close = (own.p_value - p_value).abs() < (0.1 * own.p_value).max(two_sites);
                assert!(close, "{own:?} {hit}");
            }
            None => assert!(p_value > 9.5e-4, "{hit}"),
        }
    }
    assert!(found >= 25 && hits.len() <= expected.len() + 2, "{found} of {}, {} here", expected.len(), hits.len());
}
