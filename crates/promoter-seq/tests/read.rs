//! Files as they come, good and bad.
#![allow(clippy::unwrap_used)]

mod compressed;

use std::fs;
use std::path::PathBuf;

use promoter_encode::base;
use promoter_seq::filter::{Filter, Length};
use promoter_seq::read::{
    self, Columns, Compression, EmptyLines, Format, ReadOptions, ReadReport, Record, Rows, TooLong,
};
use promoter_seq::{Error, Table};
use proptest::prelude::*;
use tempfile::TempDir;

use self::compressed::{gzip, zst};

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

fn table(rows: &[(&str, f32)]) -> Table {
    let mut table = Table::default();
    for (letters, label) in rows {
        table.push(&letters.bytes().map(base::from_ascii).collect::<Vec<_>>(), *label);
    }
    table
}

fn named(sequence: &str, label: Option<&str>) -> ReadOptions {
    let columns = Columns::Named { sequence: sequence.into(), label: label.map(Into::into) };
    ReadOptions { columns, ..ReadOptions::default() }
}

/// Reads bytes as a file and as a stream, which must agree.
fn read_both(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<(Table, ReadReport), Error> {
    let folder = Folder::new();
    let whole = read::read(folder.file(name, bytes), options);
    let mut rows = Rows::new(std::io::Cursor::new(bytes.to_vec()), name, options);
    let streamed = match &mut rows {
        Ok(rows) => rows.table().map(|table| (table, *rows.report())),
        Err(_) => Err(rows.err().unwrap()),
    };
    match (&whole, &streamed) {
        (Ok(whole), Ok(streamed)) => assert_eq!(format!("{whole:?}"), format!("{streamed:?}")),
        (Err(Error::NoRows { .. }), Ok((table, _))) => assert!(table.is_empty()),
        (Err(whole), Err(streamed)) => {
            let whole = whole.to_string();
            assert!(whole.ends_with(streamed.to_string().trim_start_matches(name)), "{whole}\n{streamed}");
        }
        _ => panic!("{whole:?}\n{streamed:?}"),
    }
    whole
}

const ROWS: &str = "ACGTN\t11\nTTGA\t9.25\n";

#[test]
fn the_same_rows_in_every_wrapping() {
    let expected = table(&[("ACGTN", 11.0), ("TTGA", 9.25)]);
    let crlf = ROWS.replace('\n', "\r\n");
    let two_members = [gzip(&ROWS.as_bytes()[..9]), gzip(&ROWS.as_bytes()[9..])].concat();
    let two_frames = [zst(&ROWS.as_bytes()[..9]), zst(&ROWS.as_bytes()[9..])].concat();
    for (name, bytes) in [
        ("a.tsv", ROWS.as_bytes().to_vec()),
        ("a.txt", ROWS.trim_end().into()),
        ("a.TXT", crlf.into()),
        ("a.tsv", format!("\u{feff}# a comment\n\n{ROWS}\n\n").into()),
        ("a.tsv", ROWS.to_lowercase().into()),
        ("a.csv", ROWS.replace('\t', ",").into()),
        ("a.csv", "\"ACGTN\",11\nTTGA,\"9.25\"".into()),
        ("a.tsv.gz", gzip(ROWS.as_bytes())),
        ("a.txt.gz", two_members),
        ("a.tsv.zst", zst(ROWS.as_bytes())),
        ("a.tsv.zst", two_frames),
    ] {
        let (found, report) = read_both(name, &bytes, &ReadOptions::default()).unwrap();
        assert_eq!((found, report.rows), (expected.clone(), 2), "{name}");
    }
}

#[test]
fn columns_are_found_by_name() {
    let expected = table(&[("ACGT", 0.5), ("GG", -1.0)]);
    let tsv = "# made\nid\tseq\tnote\tlabel\n1\tACGT\tx\t.5\n2\tGG\t\t-1\n";
    let (found, report) = read_both("a.tsv", tsv.as_bytes(), &named("seq", Some("label"))).unwrap();
    assert_eq!(found, expected);
    assert_eq!((report.lines, report.headers, report.comments), (4, 1, 1));

    let csv = "\"note\",\"label\",\"seq\"\n\"a, \"\"b\"\"\",0.5,ACGT\n,-1,\"GG\"\n";
    assert_eq!(read_both("a.csv", csv.as_bytes(), &named("seq", Some("label"))).unwrap().0, expected);
    let semicolon = ReadOptions { delimiter: Some(';'), ..named("seq", Some("label")) };
    let (found, _) = read_both("a.csv", b"seq;label\nACGT;.5\nGG;-1", &semicolon).unwrap();
    assert_eq!(found, expected);

    let (found, _) = read_both("a.tsv", tsv.as_bytes(), &named("seq", None)).unwrap();
    assert!(found.labels().iter().all(|label| label.is_nan()));
    let only = ReadOptions { columns: Columns::Sequence, ..ReadOptions::default() };
    assert_eq!(read_both("a.tsv", b"ACGT\nGG\tx\ty\n", &only).unwrap().0.codes(1), [2, 2]);
}

#[test]
fn fasta_and_fastq_are_read() {
    for (name, bytes) in [
        ("a.fa", &b">one first\nACG\nTN\n>two\nTTGA\n"[..]),
        ("a.fasta", b">one\r\nACGTN\r\n>two\r\nTTGA"),
        ("a.fq", b"@one first\nACGTN\n+\nIIIII\n@two\nTTGA\n+\n@+@+\n"),
        ("a.fna.gz", &gzip(b">one\nACGTN\n>two\nTTGA\n")),
    ] {
        let (found, report) = read_both(name, bytes, &ReadOptions::default()).unwrap();
        assert_eq!((found.codes(0), found.codes(1)), (&[0, 1, 2, 3, 4][..], &[3, 3, 2, 0][..]), "{name}");
        assert!(found.labels().iter().all(|label| label.is_nan()));
        assert_eq!(report.rows, 2);
    }
    let options = ReadOptions { format: Some(Format::Fasta), ..ReadOptions::default() };
    let rows = Rows::new(&b">one first\nACG\nTN\n>two\nTTGA\n"[..], "stdin", &options).unwrap();
    let records: Vec<Record> = rows.collect::<Result<_, _>>().unwrap();
    assert_eq!((records[0].name.as_slice(), records[0].line), (&b"one"[..], 1));
    assert_eq!((records[1].name.as_slice(), records[1].line), (&b"two"[..], 4));
}

/// The place and words of the error that a file of these bytes gives.
fn fault(name: &str, bytes: impl AsRef<[u8]>, options: &ReadOptions) -> (u64, u64, String, String) {
    match read_both(name, bytes.as_ref(), options) {
        Err(Error::Line { line, column, expected, found, .. }) => (line, column, expected, found),
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn bad_lines_are_named_with_line_and_column() {
    let default = ReadOptions::default();
    for (bytes, line, column, expected, found) in [
        ("ACGT\n", 1, 5, "2 columns", "1"),
        ("ACGT\t1\nACGT\t1\t2\n", 2, 9, "2 columns", "3"),
        ("ACGT\t1\nAC\t\n", 2, 4, "a finite number", "nothing"),
        ("AC\tabc", 1, 4, "a finite number", "`abc`"),
        ("AC\tnan", 1, 4, "a finite number", "`nan`"),
        ("AC\t1\n\n#c\nAC\t-inf", 4, 4, "a finite number", "`-inf`"),
        ("AC\t1e40", 1, 4, "a finite number", "`1e40`"),
        ("\t1", 1, 1, "a sequence", "nothing"),
        ("AC\t1\nAC-T\t1", 2, 3, "IUPAC", "`-`"),
        ("AC\t1\n\"AC\t1", 2, 1, "a closing quote", "none"),
    ] {
        let (at_line, at_column, wanted, met) = fault("a.tsv", bytes, &default);
        assert_eq!((at_line, at_column, met.as_str()), (line, column, found), "{bytes:?}");
        assert!(wanted.contains(expected), "{bytes:?}: {wanted}");
        assert_eq!(wanted.contains("header"), line == 1, "{bytes:?}: {wanted}");
    }
    let (line, column, _, found) = fault("a.tsv", b"AC\t1\nAC\x00\xff\t1\n", &default);
    assert_eq!((line, column, found.as_str()), (2, 3, "byte 0x00"));
    let (line, _, expected, found) = fault("a.tsv", "x\tseq\n1\tA\nA\n", &named("seq", None));
    assert_eq!((line, expected.as_str(), found.as_str()), (3, "2 columns separated by a tab", "1"));
    let strict = ReadOptions { empty_lines: EmptyLines::Error, ..default };
    assert_eq!(fault("a.tsv", "A\t1\n\nA\t1", &strict).0, 2);
}

#[test]
fn bad_records_are_named_with_line_and_column() {
    let default = ReadOptions::default();
    for (name, bytes, line, column, expected) in [
        ("a.fa", "ACGT\n", 1, 1, "`>` at the start"),
        ("a.fa", ">a\nACG\nA-T\n", 3, 2, "IUPAC"),
        ("a.fa", ">a\nAC\n>b\n>c\nA\n", 3, 1, "a sequence"),
        ("a.fq", "@a\nACGT\n+\nIII\n", 1, 1, "as many qualities"),
        ("a.fq", "@a\nACGT\n", 3, 1, "a whole record"),
        ("a.fq", "@a\nAC\n+\nII\nxa\nA\n+\nI\n", 5, 1, "`@` at the start"),
        ("a.fq", "@a\nAC\n-\nII\n", 3, 1, "`+` between"),
    ] {
        let (at_line, at_column, wanted, _) = fault(name, bytes, &default);
        assert_eq!((at_line, at_column), (line, column), "{bytes:?}");
        assert!(wanted.contains(expected), "{bytes:?}: {wanted}");
    }
}

#[test]
fn files_without_a_row_are_errors() {
    for (name, bytes) in [
        ("a.tsv", &b""[..]),
        ("a.tsv.gz", b""),
        ("a.tsv.gz", &gzip(b"")),
        ("a.fa", b""),
        ("a.fq", b""),
        ("a.tsv", b"# only a comment\n\n"),
    ] {
        assert!(matches!(read_both(name, bytes, &ReadOptions::default()), Err(Error::NoRows { .. })), "{name}");
    }
    let error = read_both("a.tsv", b"seq\tlabel\n", &named("seq", Some("label"))).unwrap_err();
    assert!(error.to_string().ends_with("no row of data in 1 lines (0 rows, 1 header)"), "{error}");
}

#[test]
fn unknown_columns_are_listed() {
    match read_both("a.tsv", b"#\nseq\tlabel_raw\n", &named("seq", Some("label"))) {
        Err(Error::Column { line: 2, column, columns, .. }) => {
            assert_eq!((column.as_str(), columns), ("label", vec!["seq".to_owned(), "label_raw".to_owned()]));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn files_that_cannot_be_opened_are_errors() {
    let folder = Folder::new();
    let read = |name: &str| read::read(folder.0.path().join(name), &ReadOptions::default());
    assert!(matches!(read("missing.tsv"), Err(Error::Io { action: "open", .. })));
    fs::create_dir(folder.0.path().join("folder.tsv")).unwrap();
    assert!(matches!(read("folder.tsv"), Err(Error::Folder { .. })));
    assert!(matches!(read("."), Err(Error::Folder { .. })));
    assert!(matches!(read("missing"), Err(Error::Io { action: "open", .. })));
    folder.file("a.xlsx", "");
    assert!(matches!(read("a.xlsx"), Err(Error::Extension { .. })));
}

#[cfg(unix)]
#[test]
fn a_file_without_permission_is_an_error() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let path = folder.file("a.tsv", ROWS);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    match read::read(&path, &ReadOptions::default()) {
        Err(Error::Io { action: "open", source, .. }) => {
            assert_eq!(source.kind(), std::io::ErrorKind::PermissionDenied);
        }
        // Permissions do not bind the superuser.
        result => assert!(result.is_ok() && fs::File::open(&path).is_ok()),
    }
}

#[test]
fn the_first_bytes_must_agree_with_the_extension() {
    let folder = Folder::new();
    for (name, bytes, wanted, met) in [
        ("a.tsv", gzip(ROWS.as_bytes()), "uncompressed data", "gzip data"),
        ("a.tsv.gz", ROWS.into(), "gzip data", "uncompressed data"),
        ("a.tsv.zst", gzip(ROWS.as_bytes()), "Zstandard data", "gzip data"),
    ] {
        match read::read(folder.file(name, bytes), &ReadOptions::default()) {
            Err(Error::Compression { expected, found, .. }) => assert_eq!((expected, found), (wanted, met)),
            other => panic!("{name}: {other:?}"),
        }
    }
    let told = ReadOptions { compression: Some(Compression::Gzip), ..ReadOptions::default() };
    assert!(read::read(folder.file("a.tsv", gzip(ROWS.as_bytes())), &told).is_ok());
}

#[test]
fn cut_and_damaged_compression_is_an_error() {
    let rows = ROWS.repeat(1000);
    for (name, whole) in [("a.tsv.gz", gzip(rows.as_bytes())), ("a.tsv.zst", zst(rows.as_bytes()))] {
        for end in [5, whole.len() / 2, whole.len() - 1] {
            let error = read_both(name, &whole[..end], &ReadOptions::default()).unwrap_err();
            assert!(matches!(error, Error::Damaged { .. }), "{name} {end}: {error:?}");
        }
    }
    let mut flipped = gzip(rows.as_bytes());
    let last = flipped.len() - 6;
    flipped[last] ^= 1;
    assert!(matches!(read_both("a.tsv.gz", &flipped, &ReadOptions::default()), Err(Error::Damaged { .. })));
    // The first thing wrong in the file is the one that is told.
    let wrong = gzip(format!("AC\tx\n{rows}{}", rows.repeat(100)).as_bytes());
    assert!(matches!(
        read_both("a.tsv.gz", &wrong[..wrong.len() - 1], &ReadOptions::default()),
        Err(Error::Line { line: 1, .. })
    ));
    let cut = gzip(b">a\nACGT\n");
    let error = read_both("a.fa.gz", &cut[..cut.len() - 1], &ReadOptions::default()).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error:?}");
}

#[test]
fn the_length_policy_decides_on_huge_rows() {
    let huge = "A".repeat(10_000_000);
    let skip = ReadOptions { too_long: TooLong::Skip, ..ReadOptions::default() };
    let tsv = format!("AC\t1\n{huge}\t2\nGG\t3\n");
    let (line, column, expected, _) = fault("a.tsv", &tsv, &ReadOptions::default());
    assert_eq!((line, column, expected.as_str()), (2, 65_537, "a sequence of at most 65536 letters"));
    let (found, report) = read_both("a.tsv", tsv.as_bytes(), &skip).unwrap();
    assert_eq!((found, report.skipped_long, report.lines), (table(&[("AC", 1.0), ("GG", 3.0)]), 1, 3));
    let last = format!("AC\t1\n{huge}");
    assert_eq!(read_both("a.tsv", last.as_bytes(), &skip).unwrap().1.skipped_long, 1);
    let header = format!("{huge}\nAC\t1\n");
    assert_eq!(fault("a.tsv", &header, &named("seq", None)).0, 1);

    let short = ReadOptions { longest: 3, ..skip.clone() };
    assert_eq!(read_both("a.tsv", ROWS.as_bytes(), &short).unwrap_err().to_string().matches("skipped").count(), 1);
    let long = ReadOptions { longest: 10_000_000, ..ReadOptions::default() };
    assert_eq!(read_both("a.tsv", tsv.as_bytes(), &long).unwrap().0.codes(1).len(), 10_000_000);

    let fasta = format!(">a\nAC\n>b\n{huge}\n>c\nGG\n");
    assert!(matches!(read_both("a.fa", fasta.as_bytes(), &skip), Err(Error::Line { .. })));
    assert_eq!(read_both("a.fa", fasta.as_bytes(), &long).unwrap().1.rows, 3);
}

#[test]
fn filtering_on_the_way_is_reading_and_filtering() {
    let folder = Folder::new();
    let tsv = "AAC\t1\nAC\t2\nACN\t3\nGGG\t4\nGGG\t4.5\n".repeat(1000);
    let filter = Filter {
        length: Some(Length::Exact(3)),
        no_ambiguous: true,
        drop_singletons: 0.5,
        drop_duplicates: true,
        sample: Some(0.5),
    };
    let options = ReadOptions::default();
    for path in [folder.file("a.tsv", &tsv), folder.file("a.fa", ">a\nAAC\n>b\nACN\n>c\nAAC\n")] {
        let (table, report) = read::read(&path, &options).unwrap();
        let (table, filtered) = filter.apply(table, 5).unwrap();
        let on_the_way = read::read_filtered(&path, &options, &filter, 5).unwrap();
        assert_eq!(format!("{on_the_way:?}"), format!("{:?}", (table, report, filtered)));
    }
    let none = Filter { length: Some(Length::Exact(110)), ..filter };
    let error = read::read_filtered(folder.file("a.tsv", &tsv), &options, &none, 5).unwrap_err();
    assert!(matches!(error, Error::NothingLeft { report } if report.length == 5000), "{error}");
}

#[test]
fn batches_hold_all_rows_in_order() {
    let mut rows = Rows::new(std::io::Cursor::new(ROWS.repeat(5)), "a.tsv", &ReadOptions::default()).unwrap();
    let (mut whole, mut batch, mut sizes) = (Table::default(), Table::default(), Vec::new());
    loop {
        match rows.batch(4, &mut batch).unwrap() {
            0 => break,
            size => sizes.push(size),
        }
        whole.append(&batch);
    }
    assert_eq!(sizes, [4, 4, 2]);
    assert_eq!(whole, table(&[("ACGTN", 11.0), ("TTGA", 9.25)]).select(&[0, 1].repeat(5)));
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(
        bytes in proptest::collection::vec(
            prop_oneof![
                Just(b'\n'), Just(b'\t'), Just(b'"'), Just(b'A'), Just(b'>'), Just(b'@'), Just(b'+'), any::<u8>()
            ],
            0..120,
        ),
        header in any::<bool>(),
    ) {
        for format in [Format::Tsv, Format::Csv, Format::Fasta, Format::Fastq] {
            let options = if header { named("A", None) } else { ReadOptions::default() };
            let options = ReadOptions { format: Some(format), ..options };
            if let Ok(mut rows) = Rows::new(std::io::Cursor::new(bytes.clone()), "bytes", &options) {
                let _ = rows.table();
                let mut record = Record::default();
                prop_assert!(rows.report().rows <= bytes.len() as u64);
                prop_assert!(!rows.read(&mut record).unwrap_or(false));
            }
        }
    }
}
