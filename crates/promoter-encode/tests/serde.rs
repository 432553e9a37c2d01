//! Every configuration survives a round trip, and unknown keys and names are refused.

#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used)] // tests

use promoter_encode::Error;
use promoter_encode::fit::{Fit, Longer, Shorter};
use promoter_encode::kmer::{Kmers, Oov, Span, Strand};
use promoter_encode::one_hot::{Case, OneHot};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
    let with_unknown_key = text.replacen('{', "{\"colour\": 1, ", 1);
    assert!(serde_json::from_str::<T>(&with_unknown_key).is_err(), "{with_unknown_key}");
}

#[test]
fn one_hot_encodings_round_trip() {
    for name in OneHot::presets() {
        round_trip(&name.parse::<OneHot>().unwrap());
    }
    let parsed: OneHot = serde_json::from_str(r#"{"order": "AGCT", "case": "as_n"}"#).unwrap();
    assert_eq!(parsed, OneHot { order: OneHot::deepsea().order, case: Case::AsN, ..OneHot::default() });
    for wrong in [r#"{"order": "AGCC"}"#, r#"{"case": "ignore"}"#, r#"{"flags": ["is_forward"]}"#] {
        assert!(serde_json::from_str::<OneHot>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn fits_round_trip() {
    for fit in [Fit::auth(), Fit::madlab(), Fit::peppa(), Fit::prix_fixe()] {
        round_trip(&fit);
    }
    let parsed: Fit =
        serde_json::from_str(r#"{"length": 9, "longer": "keep_last", "shorter": {"pad_left": "N"}}"#).unwrap();
    let expected = Fit { longer: Longer::KeepLast, shorter: Shorter::PadLeft('N'), ..Fit::exact(9) };
    assert_eq!(parsed, expected);
}

#[test]
fn the_name_of_a_preset_stands_for_its_table() {
    fn named<T: DeserializeOwned + std::str::FromStr<Err = Error> + PartialEq + Debug>(names: &[&str]) {
        for name in names {
            assert_eq!(serde_json::from_str::<T>(&format!("{name:?}")).unwrap(), name.parse::<T>().unwrap());
        }
        let error = serde_json::from_str::<T>("\"pepa\"").unwrap_err().to_string();
        assert!(names.iter().all(|name| error.contains(name)), "{error}");
        let error = serde_json::from_str::<T>("3").unwrap_err().to_string();
        assert!(error.contains("a table or the name of a"), "{error}");
    }
    named::<Fit>(&["auth", "madlab", "noisy_chardonnay_sweep", "peppa", "prix_fixe"]);
    named::<OneHot>(&OneHot::presets().collect::<Vec<_>>());
    named::<Kmers>(&["nad"]);
    assert_eq!("nad".parse(), Ok(Kmers::nad()));
    assert_eq!("peppa".parse(), Ok(Fit::peppa()));
    assert_eq!("deepsea".parse(), Ok(OneHot::deepsea()));
    // What is wrong with a table is told as if there were no names.
    let error = serde_json::from_str::<Fit>(r#"{"lenght": 3}"#).unwrap_err().to_string();
    assert!(error.contains("unknown field `lenght`"), "{error}");
}

#[test]
fn kmers_round_trip() {
    for kmers in [
        Kmers::default(),
        Kmers::nad(),
        Kmers { k: 3, stride: 2, strand: Strand::Canonical, oov: Oov::Token, span: Span::Whole },
    ] {
        round_trip(&kmers);
    }
    let wrong = r#"{"span": {"centred": {"start": 1, "end": 2, "step": 3}}}"#;
    assert!(serde_json::from_str::<Kmers>(wrong).is_err());
}
