//! `promoter encode`.

use std::fs;
use std::path::Path;

use super::forms::{array, floats, parse};

fn encode(folder: &Path, options: &str) -> (String, Vec<u8>) {
    assert_eq!(super::succeeds(&format!("encode {{}}/in.tsv -o {{}}/out.npy {options}"), folder), "");
    parse(&fs::read(folder.join("out.npy")).unwrap())
}

fn tokens(bytes: &[u8]) -> Vec<i32> {
    bytes.as_chunks().0.iter().map(|bytes| i32::from_le_bytes(*bytes)).collect()
}

#[test]
fn arrays_have_the_shape_that_the_encoding_says() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.tsv"), "ACGT\nTTNA\n").unwrap();
    let (header, bytes) = encode(folder.path(), "");
    assert!(header.contains("'descr': '<f4'") && header.contains("'shape': (2, 4, 4)"), "{header}");
    let mut identity = [0.0; 16];
    (0..4).for_each(|i| identity[5 * i] = 1.0);
    assert_eq!(floats(&bytes)[..16], identity);
    assert_eq!(floats(&bytes)[24..28], [0.0; 4], "N");

    // Enformer's N is zeros too, tangermeme's channels come first.
    let (header, bytes) = encode(folder.path(), "--one-hot {order=\"AGCT\",n=\"uniform\"}");
    assert!(header.contains("(2, 4, 4)"));
    assert_eq!(floats(&bytes)[4..8], [0.0, 0.0, 1.0, 0.0], "C is the third");
    assert_eq!(floats(&bytes)[24..28], [0.25; 4]);
    let (_, first) = encode(folder.path(), "--one-hot {layout=\"channels_first\"}");
    assert_eq!(floats(&first)[16..20], [0.0, 0.0, 0.0, 1.0], "A of the second sequence");

    let (header, bytes) = encode(folder.path(), "--kmers {k=2,oov=\"token\"}");
    assert!(header.contains("'descr': '<i4'") && header.contains("(2, 3)"), "{header}");
    assert_eq!(tokens(&bytes), [1, 6, 11, 15, 16, 16]);

    let fit = "--fit {length=6,longer=\"keep_first\",shorter={pad_right=\"N\"}}";
    let (header, _) = encode(folder.path(), fit);
    assert!(header.contains("(2, 6, 4)"), "{header}");

    super::succeeds(&format!("encode {{}}/in.tsv -o {{}}/out.npz {fit}"), folder.path());
    let (header, _) = array(&folder.path().join("out.npz"), "encoded");
    assert!(header.contains("(2, 6, 4)"), "{header}");
    let (_, letters) = array(&folder.path().join("out.npz"), "sequence");
    assert_eq!(letters, b"ACGTTTNA", "the sequences as they are");
}

/// Each preset encodes a construct of the challenge.
#[test]
fn every_preset_has_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let construct = format!("TGCATTTTTTTCACATC{}GGTTACGGCTGTT\n", "ACGTGATTAC".repeat(8));
    fs::write(folder.path().join("in.tsv"), construct).unwrap();
    let help = super::succeeds("encode --help", folder.path());
    for preset in promoter::encode::one_hot::OneHot::presets() {
        assert!(help.contains(preset), "{preset} is not in the help");
        let (header, _) = encode(folder.path(), &format!("--one-hot {preset}"));
        assert!(header.contains("110"), "{preset}: {header}");
    }
    for (preset, positions) in [("auth", 80), ("madlab", 110), ("peppa", 85), ("prix_fixe", 150)] {
        assert!(help.contains(preset), "{preset} is not in the help");
        let (header, _) = encode(folder.path(), &format!("--fit {preset}"));
        assert!(header.contains(&format!("(1, {positions}, 4)")), "{preset}: {header}");
    }
    let (header, _) = encode(folder.path(), "--kmers nad");
    assert!(header.contains("(1, 80)"), "{header}");
}

#[test]
fn what_cannot_be_encoded_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let call = "encode {}/in.tsv -o {}/out.npy";
    for (text, options, status, parts) in [
        ("ACGT\nACG\n", "", 1, ["in.tsv:2: sequence 2 has 3 bases", "--fit"]),
        ("ACGT\nACNT\n", "--one-hot auth", 1, ["in.tsv:2: sequence 2", "N"]),
        ("ACNT\n", "--kmers 2", 1, ["in.tsv:1", "N"]),
        ("A\n", "--kmers 2", 1, ["in.tsv:1", "2"]),
        ("ACGT\n", "--fit auth", 1, ["in.tsv:1", "110"]),
        ("", "", 1, ["in.tsv", "no sequences to encode"]),
        ("ACGT\n", "--kmers {k=2,oov=\"skip\"}", 1, ["skip", "different lengths"]),
        ("ACGT\n", "--one-hot legnot", 2, ["legnot", "legnet"]),
        ("ACGT\n", "--one-hot peppa --kmers 3", 2, ["--one-hot", "--kmers"]),
    ] {
        fs::write(folder.path().join("in.tsv"), text).unwrap();
        super::fails(&format!("{call} {options}"), folder.path(), status, &parts);
        assert!(!folder.path().join("out.npy").exists(), "{options}");
    }
    super::fails("encode {}/in.tsv -o {}/out.h5", folder.path(), 1, &["out.h5", ".npz or .npy"]);
}
