//! Designs against the best of all sequences.

#![allow(clippy::unwrap_used)] // tests
#![allow(clippy::single_range_in_vec_init)] // one protected range is what is meant

mod toy;

use promoter_design::{Brief, Constraints, Design, Difference, Method, Target, Trace, Word};
use toy::{Additive, all_sequences, codes, is_allowed, random};

const ANNEALING: Method = Method::Annealing { steps: 400, chains: 8, hot: 1.0, cold: 0.02 };
const EVOLUTION: Method = Method::Evolution { population: 60, generations: 60 };
const GRADIENT: Method = Method::Gradient { steps: 200, rate: 0.1 };

fn design(method: Method, constraints: &Constraints, brief: &Brief, predictor: &mut Additive) -> Trace {
    let design = Design { method, constraints: constraints.clone(), ..Design::default() };
    design.run(predictor, std::slice::from_ref(brief), &mut |_| {}).unwrap().remove(0)
}

/// The best score of all sequences that are allowed.
fn optimum(constraints: &Constraints, brief: &Brief, predictor: &Additive) -> f64 {
    all_sequences(brief.start.len())
        .filter(|sequence| is_allowed(constraints, &brief.start, sequence, &[]))
        .map(|sequence| brief.target.score(f64::from(predictor.value(&sequence))))
        .fold(f64::NEG_INFINITY, f64::max)
}

#[test]
fn every_method_finds_the_extremes_of_an_additive_predictor() {
    let beam = Method::Beam { width: 3 };
    for seed in 0..6 {
        let mut predictor = Additive::random(7, seed);
        for target in [Target::Maximize, Target::Minimize] {
            let brief = Brief { start: random(7, seed), target };
            let free = Constraints::default();
            let best = optimum(&free, &brief, &predictor);
            for method in [Method::Greedy, beam, ANNEALING, EVOLUTION, GRADIENT] {
                let trace = design(method, &free, &brief, &mut predictor);
                assert_eq!(trace.after.score, best, "{method:?}, seed {seed}, {target:?}");
            }
        }
    }
}

#[test]
fn greedy_beam_and_gradient_choose_the_best_few_edits() {
    for seed in 0..10 {
        let mut predictor = Additive::random(6, seed);
        let brief = Brief { start: random(6, seed), target: Target::Maximize };
        for most in 0..4 {
            let few = Constraints { most_edits: Some(most), protected: vec![2..3], ..Constraints::default() };
            let best = optimum(&few, &brief, &predictor);
            for method in [Method::Greedy, Method::Beam { width: 2 }, GRADIENT] {
                let trace = design(method, &few, &brief, &mut predictor);
                assert_eq!(trace.after.score, best, "{method:?}, seed {seed}, {most} edits");
            }
        }
    }
}

#[test]
fn annealing_and_evolution_find_the_optimum_under_all_constraints() {
    for seed in 0..6 {
        let mut predictor = Additive::random(6, seed);
        let start = codes("GATTAC");
        let constraints = Constraints {
            protected: vec![1..2],
            gc: Some(0.3..=0.7),
            forbidden: vec![Word::new("GTC").unwrap(), Word::new("ACG").unwrap(), Word::new("CAT").unwrap()],
            longest_homopolymer: Some(2),
            most_edits: Some(4),
            known: vec![codes("GATTGG"), codes("CACTGG")],
            distance_to_known: 2,
            ..Constraints::default()
        };
        for target in [Target::Maximize, Target::Value(0.5)] {
            let brief = Brief { start: start.clone(), target };
            let best = optimum(&constraints, &brief, &predictor);
            for method in [ANNEALING, EVOLUTION] {
                let trace = design(method, &constraints, &brief, &mut predictor);
                assert_eq!(trace.after.score, best, "{method:?}, seed {seed}, {target:?}");
            }
        }
    }
}

#[test]
fn no_design_needs_more_edits_than_the_nearest_sequence_as_good() {
    for seed in 0..6 {
        let mut predictor = Additive::random(6, seed);
        let brief = Brief { start: random(6, seed), target: Target::Maximize };
        let best = optimum(&Constraints::default(), &brief, &predictor);
        let edits = |sequence: &[u8]| sequence.iter().zip(&brief.start).filter(|(a, b)| a != b).count();
        let as_good = all_sequences(6).filter(|sequence| f64::from(predictor.value(sequence)) == best);
        let fewest = as_good.map(|sequence| edits(&sequence)).min().unwrap();
        for method in [Method::Greedy, ANNEALING, EVOLUTION, GRADIENT] {
            let trace = design(method, &Constraints::default(), &brief, &mut predictor);
            assert_eq!(edits(&trace.sequence), fewest, "{method:?}, seed {seed}");
        }
    }
}

#[test]
fn constraints_are_checked_as_by_letters() {
    let start = codes("GAATTC");
    let others = [codes("GAATAC"), codes("CCCCCC")];
    let constraints = Constraints {
        protected: vec![0..1, 4..5],
        gc: Some(0.25..=0.67),
        forbidden: vec![Word::new("GTC").unwrap(), Word::cut_by("EcoRI").unwrap()],
        longest_homopolymer: Some(2),
        most_edits: Some(4),
        distance_to_each_other: 2,
        known: vec![codes("GCCCTA")],
        distance_to_known: 3,
    };
    let mut allowed = 0;
    for sequence in all_sequences(6) {
        let expected = is_allowed(&constraints, &start, &sequence, &others);
        let violations = constraints.check(&start, &sequence, &others);
        assert_eq!(violations.is_empty(), expected, "{sequence:?}: {violations:?}");
        allowed += usize::from(expected);
    }
    assert!(allowed > 30, "{allowed}");
}

#[test]
fn the_penalty_takes_the_spread_off_the_score() {
    let mut predictor = Additive { weights: vec![[0.0, 0.0, 0.0, 1.0]; 4] };
    let brief = [Brief { start: vec![0; 4], target: Target::Maximize }];
    for (spread_weight, expected) in [(0.0, "TTTT"), (3.9, "TTTT"), (4.1, "AAAA")] {
        let design = Design { spread_weight, ..Design::default() };
        let trace = design.run(&mut predictor, &brief, &mut |_| {}).unwrap().remove(0);
        assert_eq!(trace.sequence, codes(expected), "{spread_weight}");
        assert_eq!(trace.after.spread.is_some(), spread_weight > 0.0);
        let penalty = spread_weight * trace.after.spread.unwrap_or(0.0);
        assert_eq!(trace.after.score, trace.after.prediction - penalty);
    }
}

#[test]
fn a_difference_of_predictors_is_designed_for() {
    let (a, b) = (Additive::random(6, 1), Additive::random(6, 2));
    let weights = a.weights.iter().zip(&b.weights).map(|(a, b)| std::array::from_fn(|base| a[base] - b[base]));
    let single = Additive { weights: weights.collect() };
    let brief = Brief { start: random(6, 3), target: Target::Maximize };
    let best = optimum(&Constraints::default(), &brief, &single);
    for method in [Method::Greedy, GRADIENT] {
        for spread_weight in [0.0, 1e-9] {
            let mut pair = Difference { first: Additive::random(6, 1), second: Additive::random(6, 2) };
            let design = Design { method, spread_weight, ..Design::default() };
            let trace = design.run(&mut pair, std::slice::from_ref(&brief), &mut |_| {}).unwrap().remove(0);
            assert_eq!(trace.after.prediction, best, "{method:?}");
        }
    }
}
