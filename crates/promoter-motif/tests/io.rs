//! Files of motifs: round trips, MEME's own output, damage.

#![allow(clippy::unwrap_used)] // tests

use std::error::Error as _;

use promoter_motif::io::{self, Format, jaspar, meme};
use promoter_motif::{Background, Error, Motif};
use proptest::prelude::*;

const JASPAR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/motifs/JASPAR2024_fungi.meme");

/// As MEME 5 writes it, shortened.
const MEME_OUTPUT: &str = include_str!("fixtures/meme_output.txt");

fn place(text: &str) -> (usize, usize, String) {
    match io::parse(text.as_bytes()) {
        Err(Error::Syntax { line, column, expected, .. }) => (line, column, expected),
        other => panic!("{other:?}"),
    }
}

fn close(a: &Motif, b: &Motif) -> bool {
    let pairs = a.probabilities().into_iter().flatten().zip(b.probabilities().into_iter().flatten());
    a.width() == b.width() && pairs.into_iter().all(|(a, b)| (a - b).abs() < 2e-6)
}

#[test]
fn the_fungal_motifs_of_jaspar_read_whole() {
    let motifs = io::read(JASPAR).unwrap();
    assert_eq!(motifs.len(), 178);
    assert_eq!((motifs[0].accession(), motifs[0].name()), (Some("MA0271.1"), "ARG80"));
    assert_eq!((motifs[0].width(), motifs[0].sites().round()), (6, 158.0));
    assert!((motifs[0].probabilities()[4][2] - 0.411458).abs() < 1e-6);
    assert!(motifs.iter().all(|motif| motif.background() == Background::UNIFORM && motif.e_value() == Some(0.0)));
    let gcn4 = motifs.iter().find(|motif| motif.name() == "GCN4").unwrap();
    assert!(gcn4.consensus().contains("TGA"), "{}", gcn4.consensus());
}

#[test]
fn the_output_of_meme_itself_reads_too() {
    let motifs = io::parse(MEME_OUTPUT.as_bytes()).unwrap();
    let names: Vec<_> = motifs.iter().map(|motif| (motif.accession(), motif.name(), motif.width())).collect();
    assert_eq!(names, [(Some("TGACTCA"), "MEME-1", 7), (None, "2", 3)]);
    assert_eq!(motifs[0].consensus(), "TGACTCA");
    assert_eq!((motifs[0].sites().round(), motifs[0].e_value()), (8.0, Some(0.21)));
    assert_eq!(motifs[1].background(), Background::new([0.3, 0.2, 0.2, 0.3]).unwrap());
}

#[test]
fn files_are_written_whole_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let motifs = io::read(JASPAR).unwrap();
    for format in [Format::Meme, Format::Jaspar] {
        let path = folder.path().join("motifs.txt");
        io::write(&path, &motifs, format).unwrap();
        let back = io::read(&path).unwrap();
        assert_eq!(back.len(), motifs.len());
        for (a, b) in back.iter().zip(&motifs) {
            assert!(close(a, b) && a.name() == b.name() && a.accession() == b.accession(), "{a:?} {b:?}");
            assert!((a.sites() / b.sites() - 1.0).abs() < 1e-9);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
    let error = io::write(folder.path().join("none/motifs.txt"), &motifs, Format::Meme).unwrap_err();
    assert!(error.to_string().ends_with("motifs.txt") && error.source().is_some());
    let error = io::read(folder.path().join("none")).unwrap_err();
    assert!(matches!(error, Error::File { ref source, .. } if matches!(**source, Error::Io { action: "read", .. })));
}

#[test]
fn damage_is_told_with_its_place() {
    let head = "MEME version 4\n\n";
    let matrix = "letter-probability matrix:";
    for (text, line, column, expected) in [
        (String::new(), 1, 1, "a motif"),
        ("\n \n".into(), 3, 1, "a motif"),
        ("hello\n".into(), 1, 1, "`MEME version` 4 or 5"),
        ("MEME version 3\n".into(), 1, 1, "`MEME version` 4 or 5"),
        (head.into(), 3, 1, "`MOTIF` and a matrix"),
        (format!("{head}ALPHABET= ACGU\n"), 3, 1, "the alphabet ACGT"),
        (format!("{head}ALPHABET \"RNA\"\nA ~ U\n"), 5, 1, "`END ALPHABET`"),
        (format!("{head}ALPHABET \"RNA\"\nA ~ U\nC ~ G\nEND ALPHABET\n"), 3, 1, "the alphabet ACGT"),
        (
            format!("{head}Background letter frequencies\nA 0.5 C 0.5\n"),
            4,
            1,
            "`A` frequency `C` frequency `G` frequency `T` frequency",
        ),
        (format!("{head}Background letter frequencies\nA 1 G 1 C 1 T 1\n"), 4, 5, "`C`"),
        (format!("{head}MOTIF\n"), 3, 6, "the name of the motif"),
        (format!("{head}MOTIF m\n"), 4, 1, "`letter-probability matrix:` for the motif m"),
        (format!("{head}MOTIF m\nMOTIF n\n"), 3, 1, "`letter-probability matrix:` for the motif m before the next"),
        (format!("{head}{matrix} w= 1\n1 0 0 0\n"), 3, 1, "`MOTIF` and a name before the matrix"),
        (format!("{head}MOTIF m\n{matrix} alength= 20 w= 1\n"), 4, 1, "alength= 4"),
        (format!("{head}MOTIF m\n{matrix} w= 1001\n"), 4, 1, "a whole w= from 1 to 1000"),
        (format!("{head}MOTIF m\n{matrix} w= many\n"), 4, 31, "a finite figure of at least 0"),
        (format!("{head}MOTIF m\n{matrix} w= 2\n1 0 0 0\n"), 6, 1, "row 2 of 2 of the motif m"),
        (format!("{head}MOTIF m\n{matrix} w= 2\n1 0 0 0\n0 1 x 0\n"), 6, 5, "a finite figure of at least 0"),
        (format!("{head}MOTIF m\n{matrix} w= 1\n1 0 0\n"), 5, 1, "four frequencies"),
        (format!("{head}MOTIF m\n{matrix} w= 1\n1 0.5 0 0\n"), 5, 1, "four frequencies whose sum is 1"),
        (format!("{head}MOTIF m\n{matrix} nsites= 3\n\n"), 5, 1, "four frequencies"),
    ] {
        assert_eq!(place(&text), (line, column, expected.to_owned()), "{text}");
    }
    assert!(matches!(io::parse(b"MEME version 4\n\xff"), Err(Error::Syntax { line: 2, column: 1, .. })));
    let zero = format!("{head}Background letter frequencies\nA 0 C 1 G 1 T 1\n");
    assert!(matches!(io::parse(zero.as_bytes()), Err(Error::Background { .. })));
}

#[test]
fn a_file_holds_one_background() {
    let motif = Motif::from_consensus("a", "ACGT").unwrap();
    let other = Motif::from_consensus("b", "ACGT").unwrap().with_background(Background::new([1., 2., 3., 4.]).unwrap());
    assert!(matches!(meme::to_string(&[motif, other]), Err(Error::Backgrounds { motif }) if motif == "b"));
}

proptest! {
    #[test]
    fn motifs_survive_both_formats(
        name in "[A-Za-z0-9:()_.-]{1,12}",
        accession in prop::option::of("[A-Z]{2}[0-9]{4}\\.[0-9]"),
        counts in prop::collection::vec(prop::array::uniform4(0u32..1000), 1..30),
        e_value in prop::option::of(0.0..10.0f64),
    ) {
        let counts: Vec<[f64; 4]> = counts.iter().map(|column| column.map(|count| f64::from(count) + 0.5)).collect();
        let mut motif = Motif::from_counts(name, counts).unwrap();
        if let Some(accession) = accession {
            motif = motif.with_accession(accession).unwrap();
        }
        let back = jaspar::parse(jaspar::to_string(std::slice::from_ref(&motif)).as_bytes()).unwrap();
        prop_assert_eq!(&back, std::slice::from_ref(&motif));
        if let Some(e_value) = e_value {
            motif = motif.with_e_value(e_value);
        }
        let text = meme::to_string(std::slice::from_ref(&motif)).unwrap();
        let back = meme::parse(text.as_bytes()).unwrap();
        prop_assert!(back.len() == 1 && close(&back[0], &motif));
        prop_assert_eq!((back[0].name(), back[0].accession()), (motif.name(), motif.accession()));
        prop_assert_eq!(back[0].e_value(), motif.e_value());
    }

    #[test]
    fn no_text_makes_a_reader_panic(lines in prop::collection::vec(prop_oneof![
        Just("MEME version 4".to_owned()), Just(">x".to_owned()), Just("MOTIF a".to_owned()),
        Just("letter-probability matrix: w= 2".to_owned()), Just("ALPHABET \"x\"".to_owned()),
        Just("END ALPHABET".to_owned()), Just("Background letter frequencies".to_owned()),
        "[ACGT0-9.\\[\\] é-]{0,20}",
    ], 0..9)) {
        let text = lines.join("\n");
        let _ = io::parse(text.as_bytes());
        let _ = meme::parse(text.as_bytes());
        let _ = jaspar::parse(text.as_bytes());
    }
}
