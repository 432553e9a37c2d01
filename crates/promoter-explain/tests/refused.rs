//! What cannot be explained is refused, by name.

#![allow(clippy::unwrap_used)] // tests

use std::error::Error as _;

use promoter_explain::{
    Ablation, Discovery, Effects, Element, Epistasis, Error, Failure, Marginal, Spacing, recovery, shuffled,
};
use promoter_motif::{Motif, cluster::Cluster};

fn zero(sequences: &[Vec<u8>]) -> Result<Vec<f32>, Failure> {
    Ok(vec![0.0; sequences.len()])
}

fn gcn4(start: usize) -> Marginal {
    Marginal::new(Element::word("TGACTCA").unwrap(), start)
}

#[test]
fn empty_lists_are_refused() {
    let nothing: [Vec<u8>; 0] = [];
    assert!(matches!(Effects::of(&mut zero, &nothing), Err(Error::Empty { what: "sequences" })));
    assert!(matches!(gcn4(0).effect(&mut zero, &nothing), Err(Error::Empty { what: "backgrounds" })));
    assert!(matches!(gcn4(0).apply(&nothing), Err(Error::Empty { .. })));
    assert!(matches!(shuffled(&nothing, 3, 1), Err(Error::Empty { .. })));
    assert!(matches!(spacing(0).table(&mut zero, &nothing), Err(Error::Empty { .. })));
    let tracks: [Vec<f32>; 0] = [];
    assert!(matches!(Discovery::default().find(&nothing, &tracks, &[]), Err(Error::Empty { .. })));
    assert!(matches!(recovery(&tracks, &[]), Err(Error::Score { .. })));
}

fn spacing(start: usize) -> Spacing {
    let [first, second] = ["ACGT", "TTTTTTTT"].map(|word| Element::word(word).unwrap());
    Spacing { first, second, start, seed: 1 }
}

#[test]
fn elements_that_do_not_fit_are_refused() {
    let backgrounds = [vec![0; 9], vec![0; 6]];
    let refused = gcn4(0).effect(&mut zero, &backgrounds);
    assert!(matches!(refused, Err(Error::TooLong { sequence: 1, length: 6, width: 7 })));
    for start in [3, usize::MAX] {
        let refused = gcn4(start).apply(&backgrounds[..1]);
        assert!(matches!(refused, Err(Error::Region { sequence: 0, length: 9, region }) if region.start == start));
    }
    assert!(gcn4(2).apply(&backgrounds[..1]).is_ok());
    assert!(matches!(spacing(0).table(&mut zero, &backgrounds), Err(Error::Length { expected: 9, found: 6, .. })));
    assert!(matches!(spacing(6).table(&mut zero, &backgrounds[..1]), Err(Error::Region { .. })));
    assert!(matches!(spacing(0).table(&mut zero, &[[0; 7]]), Err(Error::TooLong { width: 8, .. })));
    assert!(spacing(3).table(&mut zero, &backgrounds[..1]).unwrap().is_empty(), "no room for the second one");
}

#[test]
#[allow(clippy::reversed_empty_ranges)] // on purpose
fn regions_outside_of_the_sequence_are_refused() {
    let (codes, ablation) = ([0; 9], Ablation::default());
    for region in [3..3, 5..3, 8..10, 9..10] {
        let regions = [0..2, region.clone()];
        assert!(matches!(ablation.effects(&mut zero, &codes, &regions), Err(Error::Region { .. })));
        assert!(matches!(ablation.pairs(&mut zero, &codes, &regions), Err(Error::Region { .. })));
        assert!(matches!(Epistasis::of(&mut zero, &codes, region.clone()), Err(Error::Region { .. })));
        assert!(matches!(recovery(&[[0.0_f32; 9]], &[vec![region]]), Err(Error::Region { length: 9, .. })));
    }
    let refused = ablation.pairs(&mut zero, &codes, &[0..4, 6..8, 3..5]);
    assert!(matches!(refused, Err(Error::Overlap { first, second }) if (&first, &second) == (&(0..4), &(3..5))));
    let none = Ablation { shuffles: 0, ..ablation };
    assert!(matches!(none.effects(&mut zero, &codes, &[]), Err(Error::Setting { setting: "shuffles", .. })));
    assert!(matches!(recovery(&[[0.0_f32; 9]], &[]), Err(Error::Length { expected: 1, found: 0, .. })));
}

#[test]
fn bytes_that_are_not_codes_are_refused() {
    let rows = [vec![0, 1], vec![0, 16]];
    let is_code = |error| matches!(error, Error::Code { sequence: 1, position: 1, code: 16 });
    assert!(is_code(Effects::of(&mut zero, &rows).unwrap_err()));
    assert!(is_code(Marginal::new(Element::word("A").unwrap(), 0).apply(&rows).unwrap_err()));
    assert!(is_code(shuffled(&rows, 1, 1).unwrap_err()));
    assert!(is_code(Discovery::default().find(&rows, &[[0.0; 2]; 2], &[]).unwrap_err()));
}

#[test]
fn what_a_predictor_does_wrong_is_reported() {
    let rows = [[0, 1, 2], [3, 3, 3]];
    let mut fails = |_: &[Vec<u8>]| -> Result<Vec<f32>, Failure> { Err("out of memory".into()) };
    let error = Effects::of(&mut fails, &rows).unwrap_err();
    assert_eq!(error.to_string(), "the predictor failed");
    assert_eq!(error.source().unwrap().to_string(), "out of memory");
    for surplus in [-1, 1] {
        let mut wrong = |sequences: &[Vec<u8>]| -> Result<Vec<f32>, Failure> {
            Ok(vec![0.0; sequences.len().checked_add_signed(surplus).unwrap_or(0)])
        };
        let refused = Effects::of(&mut wrong, &rows);
        let found = 2_usize.checked_add_signed(surplus).unwrap();
        assert!(matches!(refused, Err(Error::Predictions { expected: 2, found: f }) if f == found));
    }
    for value in [f32::NAN, f32::INFINITY] {
        // Of ATG only, which is not among the sequences but a substitution of one.
        let mut sometimes = |sequences: &[Vec<u8>]| -> Result<Vec<f32>, Failure> {
            Ok(sequences.iter().map(|codes| if codes[..] == [0, 3, 2] { value } else { 0.0 }).collect())
        };
        let error = Effects::of(&mut sometimes, &rows).unwrap_err();
        assert_eq!(error.to_string(), format!("the prediction of ATG is {value}"));
    }
}

#[test]
fn discoveries_out_of_range_are_refused_with_their_source() {
    let rows = [[0; 9]];
    let find = |discovery: Discovery, tracks: &[Vec<f32>]| discovery.find(&rows, tracks, &[]);
    let default = Discovery::default();
    let q_value = Discovery { q_value: 1.5, ..default };
    assert!(matches!(find(q_value, &[vec![0.0; 9]]), Err(Error::Setting { setting: "q_value", .. })));
    let cluster = Discovery { cluster: Cluster { similarity: 0.0, ..default.cluster }, ..default };
    for refused in [find(cluster, &[vec![0.0; 9]]), find(default, &[vec![0.0; 8]]), find(default, &[vec![f32::NAN; 9]])]
    {
        let error = refused.unwrap_err();
        assert!(matches!(error, Error::Motif { .. }) && error.source().is_some());
    }
    let known = [Motif::from_consensus("m", "TGACTCA").unwrap()];
    let nothing = default.find(&rows, &[vec![0.0; 9]], &known).unwrap();
    assert_eq!((nothing.motifs.len(), nothing.seqlets, nothing.left_over), (0, 0, 0));
}
