//! Windows of genomes, with and without an index, and regions as rows.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use promoter_encode::base;
use promoter_seq::read::Rows;
use promoter_seq::{Bed, Error, Genome};
use proptest::prelude::*;

/// Writes a genome whose lines have `width` bases and end in `end`.
fn write(folder: &Path, chromosomes: &[(&str, &str)], width: usize, end: &str) -> PathBuf {
    let mut text = String::new();
    for (name, bases) in chromosomes {
        text += &format!(">{name} some words{end}");
        for line in bases.as_bytes().chunks(width) {
            text += &format!("{}{end}", str::from_utf8(line).unwrap());
        }
    }
    let path = folder.join("genome.fa");
    fs::write(&path, text).unwrap();
    path
}

/// The index as samtools writes it.
fn write_index(path: &Path, chromosomes: &[(&str, &str)], width: usize, end: &str) {
    let (mut text, mut offset) = (String::new(), 0);
    for (name, bases) in chromosomes {
        offset += format!(">{name} some words{end}").len();
        text += &format!("{name}\t{}\t{offset}\t{width}\t{}\n", bases.len(), width + end.len());
        offset += bases.len() + bases.len().div_ceil(width) * end.len();
    }
    fs::write(path.with_extension("fa.fai"), text).unwrap();
}

fn codes(letters: &str) -> Vec<u8> {
    letters.bytes().map(base::from_ascii).collect()
}

proptest! {
    #[test]
    fn a_window_is_that_part_of_the_chromosome_with_an_index_or_not(
        first in "[ACGTNacgtR]{1,200}", second in "[ACGT]{0,90}", width in 1usize..80, crlf: bool,
        cut in (0.0f64..1.0, 0.0f64..1.0)
    ) {
        let folder = tempfile::tempdir().unwrap();
        let chromosomes = [("chrI", &first[..]), ("chrII", &second[..])];
        let end = if crlf { "\r\n" } else { "\n" };
        let path = write(folder.path(), &chromosomes, width, end);
        let mut scanned = Genome::open(&path).unwrap();
        write_index(&path, &chromosomes, width, end);
        let mut indexed = Genome::open(&path).unwrap();
        for (name, bases) in chromosomes {
            let places = [cut.0, cut.1].map(|share| (share * (bases.len() + 1) as f64) as usize);
            let window = *places.iter().min().unwrap()..*places.iter().max().unwrap();
            for genome in [&mut scanned, &mut indexed] {
                let mut found = vec![9];
                let letters = genome.window(name, window.start as u64..window.end as u64, &mut found).unwrap();
                prop_assert_eq!(&found[1..], codes(&bases[window.clone()]));
                prop_assert_eq!(letters.lower_case, bases[window.clone()].contains(char::is_lowercase));
                prop_assert_eq!(letters.iupac, bases[window.clone()].contains('R'));
                prop_assert_eq!(genome.bases(name), Some(bases.len() as u64));
            }
        }
    }
}

#[test]
fn a_chromosome_on_one_line_is_found_without_holding_it() {
    let folder = tempfile::tempdir().unwrap();
    let long = "ACGTTGCA".repeat(100_000);
    let path = write(folder.path(), &[("one", &long), ("two", "GG")], long.len(), "\n");
    let mut genome = Genome::open(&path).unwrap();
    let mut found = Vec::new();
    genome.window("one", 799_990..800_000, &mut found).unwrap();
    assert_eq!(found, codes(&long[799_990..]));
    assert_eq!((genome.bases("two"), genome.names().collect::<Vec<_>>()), (Some(2), vec!["one", "two"]));
    let error = genome.window("one", 0..Genome::LONGEST + 1, &mut found).unwrap_err();
    assert!(matches!(error, Error::Window { bases: Some(800_000), .. }), "{error}");
    assert!(matches!(genome.window("two", 1..3, &mut found), Err(Error::Window { .. })));
    assert!(matches!(genome.window("three", 0..1, &mut found), Err(Error::Window { bases: None, .. })));
}

#[test]
fn a_genome_that_cannot_be_read_by_windows_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("genome.fa");
    let open = |text: &[u8]| {
        fs::write(&path, text).unwrap();
        Genome::open(&path).unwrap_err().to_string()
    };
    assert!(open(b"\x1f\x8b\x08\x00").contains("unpack"));
    for (text, parts) in [
        ("ACGT\n", ["genome.fa:1:1", "`>`"]),
        (">a\nACGT\nAC\nACGT\n", ["genome.fa:4:1", "one length"]),
        (">a\nAC\nACGT\n", ["genome.fa:3:1", "one length"]),
        (">a\nACGT\n\nAC\n", ["genome.fa:4:1", "one length"]),
        (">a\nAC\n>a\nAC\n", ["genome.fa:5:1", "second chromosome `a`"]),
    ] {
        let error = open(text.as_bytes());
        assert!(parts.iter().all(|part| error.contains(part)), "{text:?}: {error}");
    }
    fs::write(&path, ">a\nAC*T\n").unwrap();
    let error = Genome::open(&path).unwrap().window("a", 0..4, &mut Vec::new()).unwrap_err();
    assert!(error.to_string().contains("a:3, found `*`"), "{error}");
}

#[test]
fn an_index_of_another_genome_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("genome.fa");
    fs::write(&path, ">a\nACGT\nAC\n>b\nGGGG\n").unwrap();
    let open = |index: &str| {
        fs::write(folder.path().join("genome.fa.fai"), index).unwrap();
        Genome::open(&path).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(open("a\t6\t3\t4\t5\nb\t4\t14\t4\t5\n"), Ok(()));
    for (index, part) in [
        ("a\t6\t3\t4\t5\nc\t4\t14\t4\t5\n", "samtools faidx"),
        ("a\t6\t4\t4\t5\n", "samtools faidx"),
        ("a\t600\t3\t4\t5\n", "samtools faidx"),
        ("a\t6\t3\t4\t4\nb\t4\t14\t4\n", "genome.fa.fai:2:1"),
        ("a\t6\t3\t0\t0\n", "genome.fa.fai:1:1"),
        ("a\t6\t3\t4\t5\na\t6\t3\t4\t5\n", "genome.fa.fai:2:1"),
        ("a\t6\t99999999999999999\t4\t5\n", "genome.fa.fai:1:1"),
    ] {
        let error = open(index).unwrap_err();
        assert!(error.contains(part), "{index:?}: {error}");
    }
    // An index that fits at the start only is noticed when a window is read.
    fs::write(&path, ">a\nACGT\nAC\nA\n").unwrap();
    open("a\t7\t3\t4\t5\n").unwrap();
    let error = Genome::open(&path).unwrap().window("a", 0..7, &mut Vec::new()).unwrap_err();
    assert!(matches!(error, Error::Index { .. }), "{error}");
}

/// Rows of some regions of a small genome: names, letters and kept cells.
fn rows(bed: &str, width: Option<u64>) -> Result<Vec<(String, String, Vec<String>)>, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), &[("chrI", "AACCGGTTACGTacgt"), ("chrII", "GGG")], 7, "\n");
    let bed = Bed::new(std::io::Cursor::new(bed.as_bytes().to_vec()), "peaks.bed")?;
    let keep = ["chrom", "start", "end", "name", "score", "strand"].map(String::from);
    let rows = Rows::regions(bed, Genome::open(&path)?, width, &keep)?;
    rows.map(|record| {
        let record = record?;
        let letters = record.codes.iter().map(|&code| char::from(base::to_ascii(code))).collect();
        Ok((String::from_utf8(record.name).unwrap(), letters, record.cells))
    })
    .collect()
}

#[test]
fn regions_are_rows_from_their_strands() {
    let bed = "track name=x\n#c\nchrI\t0\t4\tone\t7\t+\textra\n\nchrI\t0\t4\t.\t.\t-\nchrI 12 16\n";
    let found = rows(bed, None).unwrap();
    let letters: Vec<_> = found.iter().map(|(name, letters, _)| (&name[..], &letters[..])).collect();
    assert_eq!(letters, [("one", "AACC"), ("chrI:1-4(-)", "GGTT"), ("chrI:13-16", "ACGT")]);
    assert_eq!(found[0].2, ["chrI", "0", "4", "one", "7", "+"]);
    assert_eq!(found[1].2, ["chrI", "0", "4", ".", ".", "-"]);
}

#[test]
fn a_width_is_around_the_middle_and_n_beyond_the_ends() {
    let found = rows("chrI\t6\t10\nchrI\t0\t2\t\t\t-\nchrII\t0\t3\nchrI\t15\t16\n", Some(6)).unwrap();
    let letters: Vec<_> = found.iter().map(|(_, letters, _)| &letters[..]).collect();
    assert_eq!(letters, ["GTTACG", "GGTTNN", "NNGGGN", "ACGTNN"]);
    assert!(rows("chrI\t6\t10\n", Some(0)).is_err());
}

#[test]
fn a_region_that_is_not_there_is_an_error_with_its_place() {
    for (bed, parts) in [
        ("chrI\t0\t4\nchrX\t0\t4\n", ["peaks.bed:2:1: expected a chromosome of", "(chrI, chrII), found `chrX`"]),
        ("chrI\t0\t17\n", ["peaks.bed:1:8: expected an end of at most 16", "found `17`"]),
        ("chrI\t4\t4\n", ["peaks.bed:1:8", "an end above the start, 4"]),
        ("chrI\t-1\t4\n", ["peaks.bed:1:6", "found `-1`"]),
        ("chrI\t1\n", ["peaks.bed:1:7", "2 columns"]),
        ("chrI\t1\t3\ta\t.\t*\n", ["peaks.bed:1:14", "+, - or ."]),
        ("chrI\t1\t99999999999999999999\n", ["peaks.bed:1:8", "a position"]),
    ] {
        let error = rows(bed, None).unwrap_err().to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{bed:?}: {error}");
    }
}
