//! The simulated assay as the predictor: its truth is known, so what is found in it can be scored.

#![allow(clippy::unwrap_used)] // tests

use std::collections::BTreeMap;

use promoter_explain::{Effects, Element, Failure, Marginal, recovery};
use promoter_metrics::Regression;
use promoter_motif::Strand;
use promoter_sim::{Assay, Planting, Truth, simulate};

fn truth(assay: &Assay) -> impl FnMut(&[Vec<u8>]) -> Result<Vec<f32>, Failure> {
    let truth = Truth::new(assay).unwrap();
    move |sequences| Ok(sequences.iter().map(|codes| truth.expression(codes)).collect::<Result<_, _>>()?)
}

#[test]
fn marginal_effects_of_the_factors_are_those_of_the_simulation() {
    let assay = Assay { rows: 3000, ..Assay::default() };
    let mut own: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for site in simulate(&assay).unwrap().sites.iter().flatten().filter(|site| site.planted) {
        own.entry(site.factor.to_string()).or_default().push(f64::from(site.effect));
    }

    let bare =
        Assay { rows: 20, seed: 2, planting: Planting { probability: 0.0, ..Planting::default() }, ..Assay::default() };
    let backgrounds: Vec<Vec<u8>> = simulate(&bare).unwrap().table.rows().map(|(codes, _)| codes.to_vec()).collect();
    let mut predictor = truth(&bare);
    let (mut expected, mut found) = (Vec::new(), Vec::new());
    for factor in &assay.factors {
        let element = Element::word(&factor.consensus).unwrap();
        // Over the insert, as sites are planted there.
        let starts = [17, 37, 57, 97 - element.width()];
        let mut effects = Vec::new();
        for (start, strand) in starts.into_iter().flat_map(|start| [(start, Strand::Forward), (start, Strand::Reverse)])
        {
            let marginal = Marginal { strand, ..Marginal::new(element.clone(), start) };
            effects.push(marginal.effect(&mut predictor, &backgrounds).unwrap().mean);
        }
        found.push(effects.iter().sum::<f64>() / effects.len() as f64);
        let own = &own[&factor.name];
        assert!(own.len() > 50, "{}", factor.name);
        expected.push(own.iter().sum::<f64>() / own.len() as f64);
    }
    let r = Regression::of(&expected, &found).unwrap().pearson;
    assert!(r > 0.9, "{r}: {expected:?} {found:?}");
}

#[test]
fn effects_of_substitutions_find_planted_sites() {
    let planting = Planting { probability: 1.0, ..Planting::default() };
    let assay = Assay { rows: 40, planting, ..Assay::default() };
    let simulation = simulate(&assay).unwrap();
    let rows: Vec<&[u8]> = simulation.table.rows().map(|(codes, _)| codes).collect();
    let effects = Effects::of(&mut truth(&assay), &rows).unwrap();
    let strengths: Vec<Vec<f32>> = effects.iter().zip(&rows).map(|(effects, codes)| effects.strengths(codes)).collect();
    let planted: Vec<Vec<_>> = simulation
        .sites
        .iter()
        .map(|sites| {
            let planted = sites.iter().filter(|site| site.planted);
            planted.map(|site| site.start as usize..(site.start + site.length) as usize).collect()
        })
        .collect();
    let recovery = recovery(&strengths, &planted).unwrap();
    println!("{recovery:?}");
    assert!(recovery.area > 2.0 * recovery.chance, "{recovery:?}");
}
