//! Every error, provoked.

#![allow(clippy::unwrap_used)] // tests
#![allow(clippy::single_range_in_vec_init)] // one protected range is what is meant

mod toy;

use promoter_design::{
    Brief, Constraints, Design, Ensemble, Error, Failure, Inserts, Method, Predict, Target, Violation, Word,
};
use promoter_motif::Motif;
use toy::{Additive, codes};

/// Returns what it holds, whatever it is asked for.
#[derive(Default)]
struct Broken {
    values: Vec<f32>,
    spreads: Option<Vec<f32>>,
    gradient: Option<Vec<[f32; 4]>>,
}

impl Predict for Broken {
    fn predict(&mut self, _: &[Vec<u8>]) -> Result<Vec<f32>, Failure> {
        if self.values.is_empty() { Err("out of memory".into()) } else { Ok(self.values.clone()) }
    }

    fn predict_with_spread(&mut self, _: &[Vec<u8>]) -> Result<Option<Ensemble>, Failure> {
        Ok(self.spreads.clone().map(|spreads| Ensemble { predictions: self.values.clone(), spreads }))
    }

    fn gradient(&mut self, _: &[u8]) -> Result<Option<Vec<[f32; 4]>>, Failure> {
        Ok(self.gradient.clone())
    }
}

fn brief(letters: &str) -> Brief {
    Brief { start: codes(letters), target: Target::Maximize }
}

/// The error of the default design for `brief` after `change`.
fn refused(brief: Brief, change: impl Fn(&mut Design)) -> Error {
    let mut design = Design::default();
    change(&mut design);
    let mut predictor = Additive { weights: vec![[0.0; 4]; brief.start.len()] };
    design.run(&mut predictor, &[brief], &mut |_| {}).unwrap_err()
}

/// The error of a broken predictor.
fn broken(mut predictor: Broken, method: Method, spread_weight: f64) -> Error {
    Design { method, spread_weight, ..Design::default() }
        .run(&mut predictor, &[brief("ACGT")], &mut |_| {})
        .unwrap_err()
}

#[test]
fn settings_out_of_range_are_named() {
    let refuses = |name: &str, change: &dyn Fn(&mut Design)| {
        let error = refused(brief("ACGT"), change);
        assert!(matches!(&error, Error::Setting { setting, .. } if *setting == name), "{name}: {error}");
    };
    let annealing = |hot, cold| Method::Annealing { steps: 1, chains: 1, hot, cold };
    refuses("spread_weight", &|design| design.spread_weight = -1.0);
    refuses("least_gain", &|design| design.least_gain = f64::NAN);
    refuses("width", &|design| design.method = Method::Beam { width: 0 });
    refuses("cold", &|design| design.method = annealing(1.0, 0.0));
    refuses("hot", &|design| design.method = annealing(0.1, 1.0));
    refuses("steps", &|design| design.method = Method::Annealing { steps: 0, chains: 1, hot: 1.0, cold: 1.0 });
    refuses("chains", &|design| design.method = Method::Annealing { steps: 1, chains: 0, hot: 1.0, cold: 1.0 });
    refuses("population", &|design| design.method = Method::Evolution { population: 1, generations: 1 });
    refuses("generations", &|design| design.method = Method::Evolution { population: 2, generations: 0 });
    refuses("steps", &|design| design.method = Method::Gradient { steps: 0, rate: 1.0 });
    refuses("rate", &|design| design.method = Method::Gradient { steps: 1, rate: f64::INFINITY });
    refuses("gc", &|design| design.constraints.gc = Some(0.5..=1.5));
    refuses("gc", &|design| design.constraints.gc = Some(0.5..=0.4));
    refuses("longest_homopolymer", &|design| design.constraints.longest_homopolymer = Some(0));
    let nan = Brief { target: Target::Value(f64::NAN), ..brief("ACGT") };
    assert!(matches!(refused(nan, |_| {}), Error::Setting { setting: "target", .. }));
}

#[test]
fn briefs_that_do_not_fit_are_refused() {
    let mut predictor = Broken::default();
    assert!(matches!(Design::default().run(&mut predictor, &[], &mut |_| {}), Err(Error::NoBriefs)));
    let n = refused(brief("ACNT"), |_| {});
    assert_eq!(n.to_string(), "start 0 has code 4 at position 2, expected a base (0 to 3)");
    assert!(matches!(refused(brief(""), |_| {}), Error::NothingToEdit { length: 0, .. }));
    let all = refused(brief("ACGT"), |design| design.constraints.protected = vec![0..2, 2..4]);
    assert!(matches!(all, Error::NothingToEdit { brief: 0, length: 4 }));
    let outside = refused(brief("ACGT"), |design| design.constraints.protected = vec![2..5]);
    assert!(matches!(outside, Error::Protected { start: 2, end: 5, length: 4, .. }));
    let known = refused(brief("ACGT"), |design| design.constraints.known = vec![codes("ACGT"), codes("ACG")]);
    assert!(matches!(known, Error::Length { known: 1, expected: 4, found: 3, .. }));
    let known = refused(brief("ACGT"), |design| design.constraints.known = vec![codes("ACRT")]);
    assert!(matches!(known, Error::Code { what: "known sequence", position: 2, code: 5, .. }));
    let wide = Motif::from_consensus("wide", "ACGTA").unwrap();
    let wide = refused(brief("ACGT"), |design| design.inserts = Inserts { motifs: vec![wide.clone()], samples: 0 });
    assert!(matches!(wide, Error::Motif { width: 5, length: 4, .. }));
}

#[test]
fn starts_that_no_edit_mends_are_refused_with_what_they_violate() {
    let site = refused(brief("GAATTCAA"), |design| {
        design.constraints = Constraints {
            forbidden: vec![Word::cut_by("EcoRI").unwrap()],
            protected: vec![0..6],
            ..Constraints::default()
        };
    });
    assert_eq!(site.to_string(), "no edit mends brief 0: EcoRI stands at position 0 (+)");
    let few = refused(brief("AAAAAAAA"), |design| {
        design.constraints = Constraints { gc: Some(0.5..=1.0), most_edits: Some(2), ..Constraints::default() };
    });
    assert!(matches!(&few, Error::Unmendable { violations, .. } if matches!(violations[..], [Violation::Gc { .. }])));
    let known = refused(brief("ACGTACGT"), |design| {
        design.constraints = Constraints {
            known: vec![codes("TTTTTTTT"), codes("ACGTACGA")],
            distance_to_known: 5,
            most_edits: Some(3),
            ..Constraints::default()
        };
    });
    assert!(known.to_string().contains("known sequence 1, expected at least 5"), "{known}");
}

#[test]
fn what_a_predictor_returns_is_checked() {
    let gradient = Method::Gradient { steps: 1, rate: 0.1 };
    let error = broken(Broken::default(), Method::Greedy, 0.0);
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "out of memory");
    let one = || Broken { values: vec![1.0], ..Broken::default() };
    let count = broken(one(), Method::Greedy, 0.0);
    assert!(matches!(count, Error::Count { what: "predictions", expected: 12, found: 1 }));
    for value in [f32::NAN, f32::INFINITY] {
        let error = broken(Broken { values: vec![value], ..one() }, Method::Greedy, 0.0);
        assert!(matches!(error, Error::Value { what: "predictions", index: 0, .. }));
    }
    assert!(matches!(broken(one(), Method::Greedy, 0.5), Error::NoSpread { weight: 0.5 }));
    for spreads in [vec![], vec![f32::NAN], vec![-1.0]] {
        let error = broken(Broken { spreads: Some(spreads), ..one() }, Method::Greedy, 1.0);
        assert!(matches!(error, Error::Count { what: "spreads", .. } | Error::Value { what: "spreads", .. }));
    }
    assert!(matches!(broken(one(), gradient, 0.0), Error::NoGradient));
    let short = broken(Broken { gradient: Some(vec![[0.0; 4]; 3]), ..one() }, gradient, 0.0);
    assert!(matches!(short, Error::Count { what: "gradients", expected: 4, found: 3 }));
    let mut bases = vec![[0.0; 4]; 4];
    bases[2][1] = f32::NAN;
    let nan = broken(Broken { gradient: Some(bases), ..one() }, gradient, 0.0);
    assert!(matches!(nan, Error::Value { what: "gradients", index: 2, .. }));
}
