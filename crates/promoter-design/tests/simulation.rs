//! Promoters of the simulated assay, brought to a bin.

#![allow(clippy::unwrap_used)] // tests

use promoter_design::{Brief, Constraints, Design, Failure, Method, Predict, Target, Word};
use promoter_sim::{Assay, Truth, simulate};

/// The simulation's own noise-free expression.
struct Simulated<'a>(Truth<'a>);

impl Predict for Simulated<'_> {
    fn predict(&mut self, sequences: &[Vec<u8>]) -> Result<Vec<f32>, Failure> {
        sequences.iter().map(|codes| Ok(self.0.expression(codes)?)).collect()
    }
}

#[test]
fn twenty_promoters_come_within_one_bin_of_8_and_14() {
    let assay = Assay { rows: 10, ..Assay::default() };
    let promoters = simulate(&assay).unwrap().table;
    let targets = [8.0, 14.0].map(Target::Value);
    let brief = |(row, target)| Brief { start: promoters.codes(row).to_vec(), target };
    let briefs: Vec<Brief> = (0..assay.rows).flat_map(|row| targets.map(|target| (row, target))).map(brief).collect();
    let flanks = vec![0..17, 97..110];
    let sites = ["EcoRI", "BamHI", "BsaI"].map(|enzyme| Word::cut_by(enzyme).unwrap());
    let design = Design {
        constraints: Constraints {
            protected: flanks,
            gc: Some(0.25..=0.75),
            forbidden: sites.to_vec(),
            most_edits: Some(20),
            distance_to_each_other: 3,
            ..Constraints::default()
        },
        method: Method::Greedy,
        least_gain: 0.05,
        ..Design::default()
    };
    let mut predictor = Simulated(Truth::new(&assay).unwrap());
    let traces = design.run(&mut predictor, &briefs, &mut |_| {}).unwrap();
    assert_eq!(traces.len(), 20);
    let mut others = Vec::new();
    for trace in &traces {
        assert!(trace.after.score > -1.0, "{:?} ended at {}", trace.target, trace.after.prediction);
        assert!(design.constraints.check(&trace.start, &trace.sequence, &others).is_empty());
        others.push(trace.sequence.clone());
    }
    let started_far = traces.iter().filter(|trace| trace.before.score < -1.0).count();
    assert!(started_far >= 10, "{started_far}");
}
