//! Every error, provoked.

use promoter_label::{Error, Fitted, Noise, Scale, Transform, rank, soft_bins};

#[test]
fn nothing_to_fit() {
    for transform in [Transform::Identity, Transform::ZScore, Transform::Nad, Transform::Rank] {
        assert_eq!(transform.fit(&[]), Err(Error::Empty));
    }
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
fn constant_labels_have_no_z_score() {
    // 0.1 is not exact: the mean of many differs from it in the last place, the labels still do not vary.
    assert_eq!(Transform::ZScore.fit(&[0.1; 7]), Err(Error::Constant { rows: 7, value: 0.1 }));
    assert!(Transform::Nad.fit(&[0.1; 7]).is_ok());
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
    ] {
        assert!(serde_json::from_str::<Fitted>(text).is_err(), "{text}");
    }
    assert!(serde_json::from_str::<Noise>(r#"{"sd":0.1,"clips":[0,1]}"#).is_err());
    assert_eq!(serde_json::from_str::<Transform>("\"z_score\"").unwrap(), Transform::ZScore);
    assert_eq!(serde_json::from_str::<Noise>(r#"{"sd":0.05,"clip":[0,1]}"#).unwrap(), Noise::NAD);
}
