//! Sites are where they are said to be and do what they are said to do.

#![allow(clippy::unwrap_used)]

use promoter_encode::base;
use promoter_sim::{Assay, Factor, Role, Simulation, Site, Strand, factor, simulate};
use proptest::prelude::*;

/// An assay with one activator, planted in every row, on which nothing else acts.
fn one_factor(reverse: f64) -> Assay {
    let mut assay = Assay { rows: 400, ..Assay::default() };
    assay.factors = vec![Factor {
        name: "only".to_owned(),
        consensus: "GATTACAGGC".to_owned(),
        mismatch: 3.0,
        affinity: 4.0,
        role: Role::Regulator,
        effect: 1.5,
        distance: 40.0,
        width: 15.0,
        reverse,
    }];
    assay.planting.probability = 1.0;
    assay.planting.most = 1;
    assay.planting.spared = 0.0;
    assay.expression.phase = 0.0;
    assay.expression.roadblock = 0.0;
    assay
}

fn text(simulation: &Simulation, row: usize) -> String {
    simulation.table.codes(row).iter().map(|&code| char::from(base::to_ascii(code))).collect()
}

fn planted(simulation: &Simulation) -> impl Iterator<Item = (usize, &Site)> {
    simulation
        .sites
        .iter()
        .enumerate()
        .flat_map(|(row, sites)| sites.iter().map(move |site| (row, site)))
        .filter(|(_, site)| site.planted)
}

#[test]
fn planted_sites_read_as_their_consensus_on_their_strand() {
    let simulation = simulate(&one_factor(1.0)).unwrap();
    assert_eq!(planted(&simulation).count(), 400);
    for (row, site) in planted(&simulation) {
        let found = &text(&simulation, row)[site.start as usize..(site.start + site.length) as usize];
        assert_eq!(found, if site.strand == Strand::Forward { "GATTACAGGC" } else { "GCCTGTAATC" });
        assert!((17..=87).contains(&site.start));
        assert!(site.occupancy > 0.5, "{site:?}");
    }
    let forward = planted(&simulation).filter(|(_, site)| site.strand == Strand::Forward).count();
    assert!((150..250).contains(&forward), "{forward}");
}

#[test]
fn a_planted_site_acts_by_its_strand_and_distance() {
    let mut assay = one_factor(0.0);
    // No weak sites and no nucleosome: the planted site is alone, and bound with w / (1 + w).
    assay.factors[0].mismatch = 20.0;
    assay.expression.nucleosome = -50.0;
    let simulation = simulate(&assay).unwrap();
    let bound = 4_f32.exp() / (1.0 + 4_f32.exp());
    let mut by_distance = Vec::new();
    for (_, site) in planted(&simulation) {
        assert!((site.occupancy - bound).abs() < 1e-5, "{site:?}");
        let distance = 97.0 - (f64::from(site.start) + 5.0);
        match site.strand {
            Strand::Reverse => assert!(site.effect.abs() < 1e-5, "{site:?}"),
            Strand::Forward => by_distance.push(((distance - 40.0).abs(), site.effect)),
        }
    }
    by_distance.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert!(by_distance.len() > 100);
    assert!(by_distance[0].1 > 3.0, "{by_distance:?}");
    assert!(by_distance.windows(2).all(|pair| pair[0].1 >= pair[1].1 - 1e-5), "{by_distance:?}");
}

#[test]
fn a_repressor_does_the_opposite() {
    let mut assay = one_factor(1.0);
    let activated = simulate(&assay).unwrap();
    assay.factors[0].effect = -1.5;
    let repressed = simulate(&assay).unwrap();
    for ((row, up), (_, down)) in planted(&activated).zip(planted(&repressed)) {
        assert!(up.effect > -1e-3 && down.effect < 1e-3, "{up:?} {down:?}");
        assert!(activated.truth[row] >= repressed.truth[row]);
    }
}

#[test]
fn effects_are_differences_of_the_truth_without_the_site() {
    // Sites of one factor only, and one of them per row: taking the factor away takes the site away.
    let mut assay = one_factor(1.0);
    assay.factors[0].mismatch = 20.0;
    let with = simulate(&assay).unwrap();
    assay.factors[0].affinity = -50.0;
    let without = simulate(&assay).unwrap();
    for (row, site) in planted(&with) {
        assert_eq!(with.table.codes(row), without.table.codes(row));
        assert!((with.truth[row] - without.truth[row] - site.effect).abs() < 1e-4, "{site:?}");
        assert_eq!((without.sites[row][0].occupancy, without.sites[row][0].effect), (0.0, 0.0));
    }
}

#[test]
fn expression_depends_on_position_strand_and_company() {
    let simulation = simulate(&Assay { rows: 4000, ..Assay::default() }).unwrap();
    let mean = |keep: &dyn Fn(&Site) -> bool| {
        let effects: Vec<f64> =
            planted(&simulation).filter(|(_, site)| keep(site)).map(|(_, site)| f64::from(site.effect)).collect();
        assert!(effects.len() > 20);
        effects.iter().sum::<f64>() / effects.len() as f64
    };
    let of = |name: &'static str| move |site: &Site| &*site.factor == name;
    assert!(
        mean(&|site| of("Gcn4")(site) && (40..60).contains(&site.start))
            > mean(&|site| of("Gcn4")(site) && site.start > 75) + 0.5
    );
    let rap1 = |strand| mean(&|site| of("Rap1")(site) && (35..65).contains(&site.start) && site.strand == strand);
    assert!(rap1(Strand::Forward) > rap1(Strand::Reverse) + 0.5);
    assert!(mean(&of("Ume6")) < -1.0 && mean(&of("Rox1")) < -1.0);
}

#[test]
fn tata_needs_activators() {
    let mut assay = Assay { rows: 2000, ..Assay::default() };
    assay.expression.core = 0.0;
    assay.expression.roadblock = 0.0;
    let effects = |assay: &Assay| -> Vec<f32> {
        let simulation = simulate(assay).unwrap();
        let tata =
            |site: &Site| &*site.factor == "TBP" && site.strand == Strand::Forward && (50..80).contains(&site.start);
        planted(&simulation).filter(|(_, site)| tata(site)).map(|(_, site)| site.effect).collect()
    };
    let together = effects(&assay);
    assert!(together.len() > 15);
    assert!(together.iter().sum::<f32>() / together.len() as f32 > 0.3, "{together:?}");
    for factor in assay.factors.iter_mut().filter(|factor| factor.role == Role::Regulator) {
        factor.effect = 0.0;
    }
    assert!(effects(&assay).iter().all(|effect| effect.abs() < 1e-4));
}

#[test]
fn palindromic_sites_are_listed_once_on_the_forward_strand() {
    let mut assay = one_factor(1.0);
    assay.factors = factor::yeast().into_iter().filter(|factor| factor.name == "Cbf1").collect();
    assert!(assay.factors[0].is_palindromic());
    let simulation = simulate(&assay).unwrap();
    for sites in &simulation.sites {
        assert!(sites.iter().all(|site| site.strand == Strand::Forward));
        assert!(sites.windows(2).all(|pair| pair[0].start < pair[1].start));
    }
}

#[test]
fn named_factors_only_are_planted_and_all_of_them_stay_apart() {
    let mut assay = Assay { rows: 500, ..Assay::default() };
    assay.planting.factors = vec!["Gal4".to_owned(), "Rap1".to_owned()];
    assay.planting.most = 20;
    let simulation = simulate(&assay).unwrap();
    assert!(planted(&simulation).all(|(_, site)| ["Gal4", "Rap1"].contains(&&*site.factor)));
    for row in &simulation.sites {
        let planted: Vec<&Site> = row.iter().filter(|site| site.planted).collect();
        assert!(planted.windows(2).all(|pair| pair[0].start + pair[0].length <= pair[1].start), "{planted:?}");
    }
    assert!(planted(&simulation).count() > 500);
}

#[test]
fn sites_have_a_stable_form_in_files() {
    let site = Site {
        factor: "Abf1".into(),
        start: 40,
        strand: Strand::Reverse,
        length: 13,
        occupancy: 0.5,
        effect: 1.25,
        planted: true,
    };
    let text = r#"{"factor":"Abf1","start":40,"strand":"-","length":13,"occupancy":0.5,"effect":1.25,"planted":true}"#;
    assert_eq!(serde_json::to_string(&site).unwrap(), text);
    assert_eq!(serde_json::from_str::<Site>(text).unwrap(), site);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_assay_gives_finite_figures(
        seed: u64,
        insert in 20_usize..150,
        bins in 2_u32..40,
        probability in 0.0..1.0,
        spared in 0.0..1.0,
    ) {
        let mut assay = Assay { rows: 10, seed, ..Assay::default() };
        assay.construct.insert = insert;
        assay.sorting.bins = bins;
        assay.planting.probability = probability;
        assay.planting.spared = spared;
        let simulation = simulate(&assay).unwrap();
        let top = (bins - 1) as f32;
        prop_assert!(simulation.table.labels().iter().chain(&simulation.truth).all(|y| (0.0..=top).contains(y)));
        prop_assert!((-1.0..=1.0).contains(&simulation.noise_ceiling));
        for site in simulation.sites.iter().flatten() {
            prop_assert!((0.0..=1.0).contains(&site.occupancy) && site.effect.abs() <= top);
            prop_assert!((site.start + site.length) as usize <= insert + 30);
        }
    }
}
