//! Tables, FASTA, FASTQ, compressed or not: the bulk reader and the row reader give the same.

use std::io::Write as _;
use std::path::Path;

use promoter::seq::cache;
use promoter::seq::read::{Columns, Format, ReadOptions, ReadReport, Rows, read};
use promoter::seq::{Bed, Error, Genome, Table};

use crate::scratch;

/// Short enough that a fuzzer reaches it.
fn options(columns: Columns) -> ReadOptions {
    ReadOptions { columns, longest: 64, ..ReadOptions::default() }
}

fn named() -> Columns {
    Columns::Named { sequence: "sequence".into(), label: Some("label".into()) }
}

/// Row by row.
fn by_rows(path: &Path, options: &ReadOptions) -> Result<(Table, ReadReport), Error> {
    let mut rows = Rows::open(path, options)?;
    let table = rows.table()?;
    let report = *rows.report();
    match report.rows {
        0 => Err(Error::NoRows { path: path.to_owned(), lines: report.lines, what: report.to_string() }),
        _ => Ok((table, report)),
    }
}

/// Rows as bits, as a row that has no label is NaN, which is not equal to itself.
fn bits(table: &Table) -> Vec<(Vec<u8>, u32)> {
    table.rows().map(|(codes, label)| (codes.to_vec(), label.to_bits())).collect()
}

fn both(path: &Path, options: &ReadOptions) -> Result<Vec<(Vec<u8>, u32)>, String> {
    match (read(path, options), by_rows(path, options)) {
        (Ok((table, report)), Ok((other, counted))) => {
            let rows = bits(&table);
            assert_eq!((&rows, report), (&bits(&other), counted));
            assert!(table.labels().iter().all(|label| !label.is_infinite()));
            assert!(rows.iter().all(|(codes, _)| codes.len() <= 64 && codes.iter().all(|&code| code < 15)));
            Ok(rows)
        }
        (Err(error), Err(other)) => {
            assert_eq!(error.to_string(), other.to_string());
            Err(error.to_string())
        }
        (bulk, rows) => panic!("bulk: {bulk:?}, rows: {rows:?}"),
    }
}

pub(crate) fn tsv(data: &[u8]) {
    let path = scratch::file("input.tsv", data);
    for columns in [Columns::Challenge, Columns::Sequence, named()] {
        let _ = both(&path, &options(columns));
    }
}

pub(crate) fn csv(data: &[u8]) {
    let path = scratch::file("input.csv", data);
    for columns in [Columns::Challenge, named()] {
        let _ = both(&path, &options(columns));
    }
}

pub(crate) fn fasta(data: &[u8]) {
    let _ = both(&scratch::file("input.fa", data), &options(Columns::Sequence));
}

pub(crate) fn fastq(data: &[u8]) {
    let _ = both(&scratch::file("input.fq", data), &options(Columns::Sequence));
}

/// Regions of a small genome, as they are and in windows of one width.
pub(crate) fn bed(data: &[u8]) {
    let genome = scratch::file("genome.fa", b">chrI first\nACGTACGT\nNNacgt\n>chrII\nTTTT\n");
    for width in [None, Some(6)] {
        let bed = Bed::new(std::io::Cursor::new(data.to_vec()), "input.bed").unwrap();
        let rows = Rows::regions(bed, Genome::open(&genome).unwrap(), width, &["strand".to_owned()]).unwrap();
        for row in rows {
            let Ok(row) = row else { break };
            assert!((1..=14).contains(&row.codes.len()) && row.codes.iter().all(|&code| code < 15));
            assert!(width.is_none_or(|width| row.codes.len() as u64 == width) && !row.name.is_empty());
            assert!(matches!(&row.cells[..], [strand] if strand == "+" || strand == "-"));
        }
    }
}

/// Bytes that claim to be gzipped.
pub(crate) fn gz(data: &[u8]) {
    let _ = both(&scratch::file("input.tsv.gz", data), &options(Columns::Challenge));
}

/// Bytes that claim to be compressed by Zstandard.
pub(crate) fn zst(data: &[u8]) {
    let _ = both(&scratch::file("input.tsv.zst", data), &options(Columns::Challenge));
}

/// Compression changes nothing but the name of the file.
pub(crate) fn compressed(data: &[u8]) {
    let options = options(Columns::Challenge);
    let plain = both(&scratch::file("input.tsv", data), &options);
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(data).unwrap();
    let zst = zstd::encode_all(data, 1).unwrap();
    for (extension, bytes) in [("gz", gz.finish().unwrap()), ("zst", zst)] {
        let name = format!("input.tsv.{extension}");
        let found =
            both(&scratch::file(&name, &bytes), &options).map_err(|error| error.replacen(&name, "input.tsv", 1));
        assert_eq!(found, plain);
    }
}

/// A damaged copy is never believed: two bytes of place, then bytes that replace those there.
pub(crate) fn cache(data: &[u8]) {
    let source = scratch::path("source.tsv");
    let copy = scratch::path("copy.cache");
    let options = ReadOptions { format: Some(Format::Tsv), ..ReadOptions::default() };
    if !source.exists() {
        std::fs::write(&source, "ACGT\t1.5\nACNT\t2\nGGGTTTCCC\t-3\n").unwrap();
    }
    let _ = std::fs::remove_file(&copy);
    let (expected, ..) = cache::read(&source, &options, &copy).unwrap();
    let mut bytes = std::fs::read(&copy).unwrap();
    if let Some(([low, high], changes)) = data.split_first_chunk() {
        let start = usize::from(u16::from_le_bytes([*low, *high])) % (bytes.len() + 1);
        bytes.truncate(start + changes.len().min(bytes.len() - start).max(changes.len() % 7));
        let end = (start + changes.len()).min(bytes.len());
        bytes[start..end].copy_from_slice(&changes[..end - start]);
    } else {
        bytes = data.to_vec();
    }
    std::fs::write(&copy, bytes).unwrap();
    assert_eq!(cache::read(&source, &options, &copy).unwrap().0, expected);
}
