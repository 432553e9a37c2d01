//! Every configuration and motif survives a round trip, and what is unknown or damaged is refused.

#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used)] // tests

use std::fmt::Debug;

use promoter_motif::cluster::Cluster;
use promoter_motif::compare::{Comparison, Similarity};
use promoter_motif::scan::{Ambiguous, Scan};
use promoter_motif::seqlet::{Recursive, Windowed};
use promoter_motif::{Background, Motif, Pseudocount, Strand, Strands};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
    let with_unknown_key = text.replacen('{', "{\"colour\": 1, ", 1);
    assert!(serde_json::from_str::<T>(&with_unknown_key).is_err(), "{with_unknown_key}");
}

#[test]
fn configurations_round_trip() {
    round_trip(&Scan {
        strands: Strands::Forward,
        ambiguous: Ambiguous::Neutral,
        pseudocount: Pseudocount::SquareRoot,
        ..Scan::default()
    });
    round_trip(&Comparison { similarity: Similarity::Euclidean, ..Comparison::default() });
    round_trip(&Recursive { threshold: 0.001, ..Recursive::default() });
    round_trip(&Windowed { window: 21, ..Windowed::default() });
    round_trip(&Cluster { seeds: 7, ..Cluster::default() });
    let scan: Scan = serde_json::from_str(r#"{"p_value": 0.001, "pseudocount": {"sites": 0.5}}"#).unwrap();
    assert_eq!(scan, Scan { p_value: 0.001, pseudocount: Pseudocount::Sites(0.5), ..Scan::default() });
    assert_eq!(serde_json::to_string(&Strand::Reverse).unwrap(), r#""-""#);
}

#[test]
fn motifs_round_trip_and_damaged_ones_are_refused() {
    let motif =
        Motif::from_consensus("GCN4", "TGASTCA").unwrap().with_accession("MA0303.3").unwrap().with_e_value(1e-9);
    round_trip(&motif.with_background(Background::new([0.31, 0.19, 0.19, 0.31]).unwrap()));
    let short: Motif = serde_json::from_str(r#"{"name": "a", "counts": [[1, 0, 0, 3]]}"#).unwrap();
    assert_eq!(short, Motif::from_counts("a", vec![[1.0, 0.0, 0.0, 3.0]]).unwrap());
    for wrong in [
        r#"{"name": "a", "counts": []}"#,
        r#"{"name": "a b", "counts": [[1, 0, 0, 3]]}"#,
        r#"{"name": "a", "counts": [[1, 0, -1, 3]]}"#,
        r#"{"name": "a", "counts": [[1, 0, 0, 3]], "background": [1, 0, 0, 0]}"#,
    ] {
        assert!(serde_json::from_str::<Motif>(wrong).is_err(), "{wrong}");
    }
}
