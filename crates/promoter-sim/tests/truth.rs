//! The truth of any sequence.

#![allow(clippy::unwrap_used)] // tests

use promoter_sim::{Assay, Error, Truth, simulate};

#[test]
fn simulated_promoters_have_the_truth_of_the_simulation() {
    let assay = Assay { rows: 300, ..Assay::default() };
    let simulation = simulate(&assay).unwrap();
    let truth = Truth::new(&assay).unwrap();
    for row in 0..assay.rows {
        assert_eq!(truth.expression(simulation.table.codes(row)).unwrap(), simulation.truth[row]);
    }
}

#[test]
fn what_is_not_a_promoter_of_the_assay_is_refused() {
    let assay = Assay::default();
    let truth = Truth::new(&assay).unwrap();
    let short = truth.expression(&[0; 109]).unwrap_err();
    assert_eq!(short, Error::Length { expected: 110, found: 109 });
    let mut codes = [0; 110];
    codes[3] = 4;
    assert_eq!(truth.expression(&codes).unwrap_err(), Error::Code { position: 3, code: 4 });
    assert!(Truth::new(&Assay { rows: 0, ..Assay::default() }).is_err());
}
