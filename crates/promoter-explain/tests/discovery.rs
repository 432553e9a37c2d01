//! Motifs that a predictor looks for are found in what it attributes to bases, and named.

#![allow(clippy::unwrap_used)] // tests

use promoter_encode::random::Stream;
use promoter_explain::{Discovery, Effects, Element, Failure, Marginal};
use promoter_motif::{Motif, Pseudocount, Pwm, Strand, io};

/// JASPAR 2024, CC BY 4.0.
const JASPAR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/motifs/JASPAR2024_fungi.meme");

/// What the predictor looks for, and what a site does.
const FACTORS: [(&str, f32); 3] = [("REB1", 2.0), ("CBF1", 1.0), ("RPN4", -1.5)];

const LENGTH: usize = 80;

/// The probability that a matrix is bound somewhere, on either strand.
fn bound(matrices: &[Pwm; 2], codes: &[u8]) -> f64 {
    let weight = |pwm: &Pwm| -> f64 {
        let score = |start| pwm.score(&codes[start..start + pwm.width()]);
        (0..=codes.len() - pwm.width()).map(|start| (score(start) - pwm.highest() + 4.0).exp2()).sum()
    };
    let sum: f64 = matrices.iter().map(weight).sum();
    sum / (1.0 + sum)
}

#[test]
fn the_motifs_of_a_predictor_are_found_named_and_signed() {
    let all = io::read(JASPAR).unwrap();
    let motifs: Vec<Motif> =
        FACTORS.iter().map(|(name, _)| all.iter().find(|motif| motif.name() == *name).unwrap().clone()).collect();
    let matrices: Vec<[Pwm; 2]> = motifs
        .iter()
        .map(|motif| Pwm::of(motif, Pseudocount::default()).unwrap())
        .map(|pwm| [pwm.reverse_complement(), pwm])
        .collect();
    let mut predictor = |sequences: &[Vec<u8>]| -> Result<Vec<f32>, Failure> {
        let of = |codes: &Vec<u8>| -> f32 {
            matrices.iter().zip(FACTORS).map(|(both, (_, effect))| effect * bound(both, codes) as f32).sum()
        };
        Ok(sequences.iter().map(of).collect())
    };

    // A site drawn from one motif in each sequence, on either strand.
    let mut stream = Stream::new(3, "test", 0);
    let mut rows = Vec::new();
    for row in 0..120 {
        let motif = &motifs[row % motifs.len()];
        let background: Vec<u8> = (0..LENGTH).map(|_| stream.below(4) as u8).collect();
        let start = stream.below((LENGTH - motif.width()) as u64) as usize;
        let strand = if stream.below(2) == 0 { Strand::Forward } else { Strand::Reverse };
        let site = Element::motif(motif.clone());
        let marginal = Marginal { strand, seed: row as u64, ..Marginal::new(site, start) };
        rows.extend(marginal.apply(&[background]).unwrap());
    }
    let effects = Effects::of(&mut predictor, &rows).unwrap();
    let tracks: Vec<Vec<f32>> =
        effects.iter().zip(&rows).map(|(effects, codes)| effects.contributions(codes)).collect();
    let found = Discovery::default().find(&rows, &tracks, &all).unwrap();

    let mut names: Vec<(&str, bool)> =
        found.motifs.iter().filter_map(|found| Some((all[found.best?.target].name(), found.effect > 0.0))).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names, [("CBF1", true), ("REB1", true), ("RPN4", false)]);
    let sites: usize = found.motifs.iter().map(|found| found.sites.len()).sum();
    assert_eq!(sites + found.left_over, found.seqlets);
    for motif in &found.motifs {
        assert!(motif.best.is_none_or(|best| best.q_value <= 0.05));
        assert!(motif.sequences <= motif.sites.len() && motif.sequences >= 10, "{motif:?}");
        let mean = motif.sites.iter().map(|site| site.effect).sum::<f64>() / motif.sites.len() as f64;
        assert!((mean - motif.effect).abs() < 1e-9);
        for site in &motif.sites {
            let sum: f32 = tracks[site.sequence][site.bases.clone()].iter().sum();
            assert!((f64::from(sum) - site.effect).abs() < 1e-4, "{site:?}");
        }
    }
}
