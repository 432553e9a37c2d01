//! Every error, provoked.

#![allow(clippy::unwrap_used)] // tests

use promoter_label::{Affine, Error, Fitted, Noise, PerGroup, Scale, Transform, rank, soft_bins};

#[test]
fn nothing_to_fit() {
    for name in ["identity", "z_score", "nad", "rank", "log1p", "quantile"] {
        let transform: Transform = serde_json::from_str(&format!("{name:?}")).unwrap();
        assert_eq!((transform.name(), transform.fit(&[])), (name, Err(Error::Empty)));
    }
    assert_eq!(rank(&[]), Err(Error::Empty));
    assert_eq!(PerGroup::fit(&[], &[""; 0]), Err(Error::Empty));
    assert_eq!(Affine::fit(&[], &[]), Err(Error::Empty));
}

#[test]
fn labels_that_are_no_numbers() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let values = [1.0, 2.0, bad];
        let errors = [
            Transform::ZScore.fit(&values).unwrap_err(),
            Fitted::Identity.apply(&values).unwrap_err(),
            Fitted::Nad.invert(&values).unwrap_err(),
            rank(&values).unwrap_err(),
            soft_bins::mass(&values).unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, Error::NotFinite { row: 2, .. }), "{error}");
        }
    }
    let text = rank(&[f32::NAN]).unwrap_err().to_string();
    assert_eq!(text, "label of row 0 is NaN, expected a finite number");
}

#[test]
fn constant_labels_have_no_z_score_rank_or_quantile() {
    // 0.1 is not exact: the mean of many differs from it in the last place, the labels still do not vary.
    for (transform, name) in
        [(Transform::ZScore, "z_score"), (Transform::Rank, "rank"), (Transform::Quantile, "quantile")]
    {
        let error = transform.fit(&[0.1; 7]).unwrap_err();
        assert_eq!(error, Error::Constant { transform: name, rows: 7, value: 0.1 });
        assert_eq!(error.to_string(), format!("all 7 labels are 0.1: `{name}` needs labels that differ"));
    }
    assert!(matches!(rank(&[-0.0, 0.0]), Err(Error::Constant { rows: 2, .. })));
    assert!(Transform::Nad.fit(&[0.1; 7]).is_ok() && Transform::Log1p.fit(&[0.1; 7]).is_ok());
    let error = PerGroup::fit(&[1.0, 2.0, 3.0], &["a", "a", "b"]).unwrap_err();
    assert_eq!(error, Error::ConstantGroup { group: "b".into(), rows: 1, value: 3.0 });
    assert_eq!(Affine::fit(&[0.1; 7], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]), Ok(Affine::IDENTITY));
}

#[test]
fn labels_below_0_have_no_logarithm() {
    let negative = Err(Error::Negative { transform: "log1p", row: 1, value: -0.5 });
    assert_eq!(Transform::Log1p.fit(&[0.0, -0.5]), negative);
    assert_eq!(Fitted::Log1p.apply(&[0.0, -0.5]).map(|_| Fitted::Log1p), negative);
    assert_eq!(Fitted::Log1p.apply(&[0.0, 1.0]).unwrap(), [0.0, std::f32::consts::LN_2]);
}

#[test]
fn groups_that_were_not_fitted() {
    let scales = PerGroup::fit(&[1.0, 2.0], &["a", "a"]).unwrap();
    assert_eq!(scales.apply(&[1.0, 2.0], &["a", "b"]), Err(Error::UnknownGroup { row: 1, group: "b".into() }));
    assert_eq!(scales.invert(&[1.0], &["a", "a"]), Err(Error::Length { what: "groups", expected: 1, found: 2 }));
}

#[test]
fn calibrations_of_unequal_lengths_or_without_numbers() {
    assert_eq!(Affine::fit(&[1.0], &[1.0, 2.0]), Err(Error::Length { what: "predictions", expected: 2, found: 1 }));
    for (x, y) in [([1.0, f32::NAN], [1.0, 2.0]), ([1.0, 2.0], [1.0, f32::INFINITY])] {
        assert!(matches!(Affine::fit(&x, &y), Err(Error::NotFinite { row: 1, .. })));
    }
    assert_eq!(Affine::new(f64::INFINITY, 0.0), Err(Error::Affine { slope: f64::INFINITY, intercept: 0.0 }));
}

#[test]
fn ranks_cannot_be_inverted() {
    assert_eq!(Fitted::Rank.invert(&[0.5]), Err(Error::NotInvertible { transform: "rank" }));
}

#[test]
fn scales_that_cannot_be_applied() {
    for (mean, sd) in [(11.0, 0.0), (11.0, -1.0), (f64::INFINITY, 1.0), (0.0, f64::INFINITY)] {
        assert_eq!(Scale::new(mean, sd), Err(Error::Scale { mean, sd }));
    }
    assert!(Scale::new(0.0, f64::NAN).is_err());
}

#[test]
fn noise_out_of_range() {
    let add = |sd, clip| Noise { sd, clip }.add(1, 0, &[0], &mut [0.5]).unwrap_err();
    for sd in [-0.1, f32::INFINITY] {
        assert!(matches!(add(sd, None), Error::Noise { name: "sd", value, .. } if value == sd));
    }
    for clip in [[1.0, 0.0], [f32::NAN, 1.0], [0.0, f32::INFINITY]] {
        assert!(matches!(add(0.1, Some(clip)), Error::Noise { name: "clip", .. }));
    }
}

#[test]
fn lengths_that_do_not_match() {
    let error = Noise::NAD.add(1, 0, &[0, 1], &mut [0.5]).unwrap_err();
    assert_eq!(error, Error::Length { what: "row numbers", expected: 1, found: 2 });
    let error = soft_bins::expectation(&[0.1; 19]).unwrap_err();
    assert_eq!(error, Error::Length { what: "class probabilities", expected: 36, found: 19 });
}

#[test]
fn files_with_unknown_names_or_impossible_figures() {
    for text in ["\"zscore\"", "\"Nad\"", "{\"z_score\":{}}"] {
        assert!(serde_json::from_str::<Transform>(text).is_err(), "{text}");
    }
    for text in [
        r#"{"z_score":{"mean":1.0,"sd":0.0}}"#,
        r#"{"z_score":{"mean":1.0}}"#,
        r#"{"z_score":{"mean":1.0,"sd":2.0,"median":1.0}}"#,
        r#"{"log":{}}"#,
        r#"{"quantile":{"labels":[1.0,2.0],"scores":[0.0]}}"#,
        r#"{"quantile":{"labels":[1.0,1.0],"scores":[0.0,1.0]}}"#,
    ] {
        assert!(serde_json::from_str::<Fitted>(text).is_err(), "{text}");
    }
    assert!(serde_json::from_str::<Noise>(r#"{"sd":0.1,"clips":[0,1]}"#).is_err());
    assert_eq!(serde_json::from_str::<Transform>("\"z_score\"").unwrap(), Transform::ZScore);
    assert_eq!(serde_json::from_str::<Noise>(r#"{"sd":0.05,"clip":[0,1]}"#).unwrap(), Noise::NAD);
}
