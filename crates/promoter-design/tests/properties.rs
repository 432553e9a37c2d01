//! What holds for every design.

#![allow(clippy::unwrap_used)] // tests

mod toy;

use promoter_design::{Brief, Constraints, Design, Error, Inserts, Method, Predict, Target, Trace, Word};
use promoter_motif::{Motif, Strand};
use proptest::prelude::*;
use toy::{Additive, OneMotif, codes, is_allowed, random};

fn methods() -> impl Strategy<Value = Method> {
    prop_oneof![
        Just(Method::Greedy),
        (1..4_usize).prop_map(|width| Method::Beam { width }),
        Just(Method::Annealing { steps: 30, chains: 2, hot: 1.0, cold: 0.1 }),
        Just(Method::Evolution { population: 6, generations: 8 }),
        Just(Method::Gradient { steps: 30, rate: 0.2 }),
    ]
}

fn targets() -> impl Strategy<Value = Target> {
    prop_oneof![Just(Target::Maximize), Just(Target::Minimize), (-3.0..3.0).prop_map(Target::Value)]
}

prop_compose! {
    fn constraints(length: usize)(
        protected in prop::collection::vec((0..length, 0..4_usize), 0..2),
        gc in prop::option::of((0.1..0.4, 0.6..0.9)),
        words in prop::collection::vec("[ACGT]{3,5}", 0..4),
        longest_homopolymer in prop::option::of(2..5_usize),
        most_edits in prop::option::of(3..10_usize),
        (known, distance_to_known, distance_to_each_other) in (0..4_u64, 0..3_usize, 0..3_usize),
    ) -> Constraints {
        Constraints {
            protected: protected.into_iter().map(|(start, width)| start..(start + width).min(length)).collect(),
            gc: gc.map(|(least, most)| least..=most),
            forbidden: words.iter().map(|word| Word::new(word).unwrap()).collect(),
            longest_homopolymer,
            most_edits,
            distance_to_each_other,
            distance_to_known,
            // The first is a start.
            known: (0..known).map(|seed| random(length, seed)).collect(),
        }
    }
}

const LENGTH: usize = 16;

fn check_trace(trace: &Trace, predictor: &mut Additive) {
    let replayed = trace.steps.iter().fold(trace.start.clone(), |sequence, step| {
        assert_eq!(sequence[step.edit.position..][..step.edit.from.len()], step.edit.from);
        step.edit.apply(&sequence)
    });
    assert_eq!(replayed, trace.sequence);
    let gains: f64 = trace.steps.iter().map(|step| step.gain).sum();
    assert!((trace.before.score + gains - trace.after.score).abs() < 1e-9);
    let predicted = predictor.predict(&[trace.start.clone(), trace.sequence.clone()]).unwrap();
    assert_eq!([trace.before.prediction, trace.after.prediction], [predicted[0], predicted[1]].map(f64::from));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn designs_meet_all_constraints_and_the_same_seed_gives_them_again(
        method in methods(),
        targets in prop::collection::vec(targets(), 1..4),
        constraints in constraints(LENGTH),
        seed in 0..1000_u64,
        with_motif in any::<bool>(),
    ) {
        let mut predictor = Additive::random(LENGTH, seed);
        let motifs = if with_motif { vec![Motif::from_consensus("m", "TGASTCA").unwrap()] } else { Vec::new() };
        let design = Design { method, constraints, inserts: Inserts { motifs, samples: 1 }, seed, ..Design::default() };
        let briefs: Vec<Brief> = targets.into_iter().map(|target| Brief { start: random(LENGTH, 0), target }).collect();
        let mut last = None;
        let run = design.run(&mut predictor, &briefs, &mut |progress| last = Some(progress));
        let again = design.run(&mut predictor, &briefs, &mut |_| {});
        match run {
            Ok(traces) => {
                prop_assert_eq!(&traces, &again.unwrap());
                let mut others = Vec::new();
                for (trace, brief) in traces.iter().zip(&briefs) {
                    prop_assert!(is_allowed(&design.constraints, &brief.start, &trace.sequence, &others));
                    prop_assert!(design.constraints.check(&brief.start, &trace.sequence, &others).is_empty());
                    check_trace(trace, &mut predictor);
                    others.push(trace.sequence.clone());
                }
            }
            Err(Error::Unmendable { violations, .. }) => prop_assert!(!violations.is_empty()),
            Err(error) => prop_assert!(false, "{}", error),
        }
    }

    #[test]
    fn greedy_and_a_beam_of_one_are_the_naive_loop(
        target in targets(),
        seed in 0..1000_u64,
        least_gain in 0.0..0.5,
    ) {
        let mut predictor = Additive::random(LENGTH, seed);
        let brief = Brief { start: random(LENGTH, seed), target };
        let score = |sequence: &[u8], predictor: &Additive| target.score(f64::from(predictor.value(sequence)));
        let mut naive = brief.start.clone();
        loop {
            let mut best = naive.clone();
            for position in 0..LENGTH {
                for base in 0..4 {
                    let mut edited = naive.clone();
                    edited[position] = base;
                    if score(&edited, &predictor) > score(&best, &predictor) {
                        best = edited;
                    }
                }
            }
            if score(&best, &predictor) - score(&naive, &predictor) <= least_gain {
                break;
            }
            naive = best;
        }
        for method in [Method::Greedy, Method::Beam { width: 1 }] {
            let design = Design { method, least_gain, ..Design::default() };
            let traces = design.run(&mut predictor, std::slice::from_ref(&brief), &mut |_| {}).unwrap();
            prop_assert_eq!(&traces[0].sequence, &naive);
        }
    }

    #[test]
    fn the_pruned_gradient_needs_no_more_edits_than_greedy_for_one_strong_motif(seed in 0..10_000_u64) {
        let mut predictor = OneMotif { word: codes("TGACTCA") };
        let brief = [Brief { start: random(40, seed), target: Target::Maximize }];
        let [greedy, gradient] = [Method::Greedy, Method::Gradient { steps: 60, rate: 0.1 }].map(|method| {
            let design = Design { method, ..Design::default() };
            design.run(&mut predictor, &brief, &mut |_| {}).unwrap().remove(0)
        });
        prop_assert_eq!(greedy.after.prediction, 7.0);
        prop_assert_eq!(gradient.after.prediction, 7.0);
        prop_assert!(gradient.steps.len() <= greedy.steps.len());
    }
}

#[test]
fn a_motif_is_written_in_one_step_and_named() {
    let mut predictor = OneMotif { word: codes("TGACTCA") };
    let motifs = vec![Motif::from_consensus("GCN4", "TGAGTCA").unwrap().reverse_complement()];
    for (start, width) in [("CCCCCCCCCCCCCC", 1), ("GGGGGGGGGGGGGG", 3)] {
        let design = Design {
            inserts: Inserts { motifs: motifs.clone(), samples: 0 },
            method: Method::Beam { width },
            ..Design::default()
        };
        let brief = [Brief { start: codes(start), target: Target::Maximize }];
        let trace = design.run(&mut predictor, &brief, &mut |_| {}).unwrap().remove(0);
        let site = trace.steps[0].edit.site.clone().unwrap();
        // TGACTCA is how the stored motif reads on its own strand.
        assert_eq!((site.motif.as_str(), site.strand), ("GCN4", Strand::Forward));
        assert_eq!((trace.steps.len(), trace.after.prediction), (1, 7.0));
    }
}

#[test]
fn designs_from_one_start_keep_their_distance() {
    let mut predictor = Additive::random(20, 4);
    let brief = Brief { start: random(20, 4), target: Target::Maximize };
    for method in [Method::Greedy, Method::Gradient { steps: 50, rate: 0.1 }] {
        let constraints = Constraints { distance_to_each_other: 5, ..Constraints::default() };
        let design = Design { method, constraints, ..Design::default() };
        let traces = design.run(&mut predictor, &vec![brief.clone(); 6], &mut |_| {}).unwrap();
        for (index, trace) in traces.iter().enumerate() {
            for other in &traces[..index] {
                let differ = trace.sequence.iter().zip(&other.sequence).filter(|(a, b)| a != b).count();
                assert!(differ >= 5, "{differ}");
            }
        }
    }
}

#[test]
fn a_start_with_violations_is_mended() {
    let constraints = Constraints {
        gc: Some(0.4..=0.6),
        forbidden: vec![Word::cut_by("EcoRI").unwrap()],
        longest_homopolymer: Some(3),
        ..Constraints::default()
    };
    let start = codes("GAATTCAAAAAAAAAAAAAATTTTTTTTGAATTC");
    let mut predictor = Additive { weights: vec![[0.0; 4]; start.len()] };
    let design = Design { constraints, ..Design::default() };
    let brief = [Brief { start, target: Target::Maximize }];
    let mut reports = 0;
    let trace = design.run(&mut predictor, &brief, &mut |_| reports += 1).unwrap().remove(0);
    assert!(is_allowed(&design.constraints, &trace.start, &trace.sequence, &[]));
    assert!(!trace.steps.is_empty() && trace.steps.iter().all(|step| step.gain == 0.0));
    assert_eq!(reports, trace.steps.len());
}
