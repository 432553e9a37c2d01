//! The simulated assay as the predictor: its truth is known, so what is found in it can be scored.

#![allow(clippy::unwrap_used)] // tests

use std::collections::BTreeMap;
use std::ops::Range;

use promoter_explain::{Ablation, Discovery, Effects, Element, Failure, Marginal, recovery};
use promoter_metrics::Regression;
use promoter_motif::{Motif, Strand};
use promoter_sim::{Assay, Planting, Site, Truth, simulate};

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

/// 60 promoters with sites.
fn planted() -> Assay {
    Assay { rows: 60, planting: Planting { probability: 1.0, ..Planting::default() }, ..Assay::default() }
}

fn region(site: &Site) -> Range<usize> {
    site.start as usize..(site.start + site.length) as usize
}

#[test]
fn regions_contribute_what_their_sites_do() {
    let assay = planted();
    let simulation = simulate(&assay).unwrap();
    let mut predictor = truth(&assay);
    let (mut expected, mut found) = (Vec::new(), Vec::new());
    for (row, sites) in simulation.sites.iter().enumerate() {
        let sites: Vec<&Site> = sites.iter().filter(|site| site.planted).collect();
        let regions: Vec<Range<usize>> = sites.iter().copied().map(region).collect();
        let effects = Ablation::default().effects(&mut predictor, simulation.table.codes(row), &regions).unwrap();
        expected.extend(sites.iter().map(|site| f64::from(site.effect)));
        found.extend(effects.iter().map(|effect| effect.mean));
    }
    let r = Regression::of(&expected, &found).unwrap().pearson;
    // Not the same question: a region holds other sites too, and bases of the site that do not matter.
    assert!(r > 0.8 && found.len() > 100, "{r} over {}", found.len());
}

#[test]
fn effects_of_substitutions_find_planted_sites() {
    let assay = planted();
    let simulation = simulate(&assay).unwrap();
    let rows: Vec<&[u8]> = simulation.table.rows().map(|(codes, _)| codes).collect();
    let effects = Effects::of(&mut truth(&assay), &rows).unwrap();
    let strengths: Vec<Vec<f32>> = effects.iter().zip(&rows).map(|(effects, codes)| effects.strengths(codes)).collect();
    let matters = |site: &&Site| site.planted && site.effect.abs() >= 0.5;
    let mut planted: Vec<Vec<Range<usize>>> =
        simulation.sites.iter().map(|sites| sites.iter().filter(matters).map(region).collect()).collect();
    let found = recovery(&strengths, &planted).unwrap();
    assert!(found.area > 3.5 * found.chance, "{found:?}");
    planted.rotate_right(1);
    let of_others = recovery(&strengths, &planted).unwrap();
    assert!(of_others.area < 1.5 * of_others.chance, "sites of other promoters: {of_others:?}");
}

#[test]
fn what_is_discovered_are_factors_of_the_assay_with_their_signs() {
    let planted = ["Reb1", "Gcn4", "Ume6"];
    let factors = planted.map(str::to_owned).to_vec();
    let planting = Planting { probability: 1.0, factors, ..Planting::default() };
    let assay = Assay { rows: 100, planting, ..Assay::default() };
    let simulation = simulate(&assay).unwrap();
    let rows: Vec<&[u8]> = simulation.table.rows().map(|(codes, _)| codes).collect();
    let effects = Effects::of(&mut truth(&assay), &rows).unwrap();
    let tracks: Vec<Vec<f32>> =
        effects.iter().zip(&rows).map(|(effects, codes)| effects.contributions(codes)).collect();
    let known: Vec<Motif> =
        assay.factors.iter().map(|factor| Motif::from_consensus(&factor.name, &factor.consensus).unwrap()).collect();
    let found = Discovery::default().find(&rows, &tracks, &known).unwrap();
    let mut names = Vec::new();
    for motif in &found.motifs {
        let factor = &assay.factors[motif.best.unwrap().target];
        assert_eq!(motif.effect > 0.0, factor.effect > 0.0, "{}", factor.name);
        names.push(factor.name.as_str());
    }
    assert!(planted.iter().all(|name| names.contains(name)), "{names:?}");
}
