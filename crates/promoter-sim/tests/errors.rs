//! Every error, provoked.

use promoter_sim::{Assay, Error, simulate};

/// The error of the default assay after `change`.
fn refused(change: impl Fn(&mut Assay)) -> Error {
    let mut assay = Assay { rows: 1, ..Assay::default() };
    change(&mut assay);
    simulate(&assay).expect_err("the assay should be refused")
}

#[track_caller]
fn out_of_range(key: &str, change: impl Fn(&mut Assay)) {
    let error = refused(change);
    assert!(matches!(&error, Error::Range { name, .. } if name == key), "{key}: {error}");
}

#[test]
fn numbers_out_of_range() {
    out_of_range("rows", |assay| assay.rows = 0);
    out_of_range("construct.insert", |assay| assay.construct.insert = 0);
    out_of_range("construct.left", |assay| assay.construct.left = "A".repeat(10_001));
    out_of_range("construct.composition", |assay| assay.construct.composition = [0.5, 0.5, 0.5, -0.5]);
    out_of_range("construct.composition", |assay| assay.construct.composition = [0.5; 4]);
    out_of_range("planting.probability", |assay| assay.planting.probability = -0.1);
    out_of_range("planting.spared", |assay| assay.planting.spared = f64::NAN);
    out_of_range("planting.most", |assay| assay.planting.most = 0);
    out_of_range("listed_occupancy", |assay| assay.listed_occupancy = 1.5);
    out_of_range("sorting.bins", |assay| assay.sorting.bins = 1);
    out_of_range("sorting.cell_sd", |assay| assay.sorting.cell_sd = 0.0);
    out_of_range("sorting.mean_reads", |assay| assay.sorting.mean_reads = 0.5);
    out_of_range("sorting.stray", |assay| assay.sorting.stray = 2.0);
    out_of_range("expression.basal", |assay| assay.expression.basal = f64::INFINITY);
    out_of_range("expression.core", |assay| assay.expression.core = f64::NAN);
    out_of_range("expression.synergy", |assay| assay.expression.synergy = f64::NAN);
    out_of_range("expression.phase", |assay| assay.expression.phase = -0.5);
    out_of_range("expression.turn", |assay| assay.expression.turn = 0.0);
    out_of_range("expression.roadblock", |assay| assay.expression.roadblock = f64::NAN);
    out_of_range("expression.roadblock_reach", |assay| assay.expression.roadblock_reach = -1.0);
    out_of_range("expression.nucleosome", |assay| assay.expression.nucleosome = 1e3);
    out_of_range("expression.nucleosome_gc", |assay| assay.expression.nucleosome_gc = f64::NAN);
    out_of_range("factors.TBP.mismatch", |assay| assay.factors[0].mismatch = 0.0);
    out_of_range("factors.TBP.affinity", |assay| assay.factors[0].affinity = 21.0);
    out_of_range("factors.TBP.effect", |assay| assay.factors[0].effect = f64::NAN);
    out_of_range("factors.TBP.distance", |assay| assay.factors[0].distance = f64::NAN);
    out_of_range("factors.TBP.width", |assay| assay.factors[0].width = 0.0);
    out_of_range("factors.TBP.reverse", |assay| assay.factors[0].reverse = f64::NAN);
    out_of_range("factors.TBP.consensus", |assay| assay.factors[0].consensus.clear());
    // 110 bp of a factor that binds every base with a weight of e^20.
    out_of_range("factors", |assay| {
        assay.factors[0].consensus = "N".to_owned();
        assay.factors[0].affinity = 20.0;
    });
}

#[test]
fn letters_that_may_not_stand_there() {
    let error = refused(|assay| assay.construct.right = "ACGN".to_owned());
    assert_eq!(error.to_string(), "construct.right has the letter `N` at position 3, expected A, C, G or T");
    let error = refused(|assay| assay.factors[0].consensus = "TATAé".to_owned());
    assert!(matches!(&error, Error::Letter { name, letter: 'é', position: 4, .. } if name == "factors.TBP.consensus"));
}

#[test]
fn sites_that_do_not_fit() {
    let error = refused(|assay| assay.construct.insert = 16);
    assert_eq!(error, Error::TooLong { factor: "Gal4".to_owned(), length: 17, insert: 16 });
}

#[test]
fn factors_that_are_not_there_or_twice() {
    let error = refused(|assay| assay.planting.factors = vec!["Gnc4".to_owned()]);
    assert!(
        matches!(&error, Error::UnknownFactor { name, known } if name == "Gnc4" && known.contains(&"Gcn4".to_owned()))
    );
    let error = refused(|assay| assay.factors[1].name = "TBP".to_owned());
    assert_eq!(error, Error::FactorName { name: "TBP".to_owned() });
    let error = refused(|assay| assay.factors[1].name.clear());
    assert_eq!(error, Error::FactorName { name: String::new() });
}

#[test]
fn no_factor_at_all_is_an_assay_of_noise() {
    let assay = Assay { rows: 20, factors: Vec::new(), ..Assay::default() };
    let simulation = simulate(&assay).expect("an assay");
    assert!(simulation.sites.iter().all(Vec::is_empty));
    assert!(simulation.truth.iter().all(|&truth| truth == simulation.truth[0]));
    assert_eq!(simulation.noise_ceiling, 0.0);
}

#[test]
fn configurations_are_strict_and_round_trip() {
    let assay = Assay::default();
    let text = toml::to_string(&assay).expect("a file");
    assert_eq!(toml::from_str::<Assay>(&text).expect("the assay"), assay);
    assert_eq!(toml::from_str::<Assay>("").expect("the default"), assay);
    assert_eq!(toml::from_str::<Assay>("rows = 7\n[planting]\nmost = 1").expect("an assay").planting.most, 1);
    for text in ["row = 1", "[sorting]\nbin = 3", "[expression]\nhelix = 1.0", "[[factors]]\nname = \"x\""] {
        assert!(toml::from_str::<Assay>(text).is_err(), "{text}");
    }
}
