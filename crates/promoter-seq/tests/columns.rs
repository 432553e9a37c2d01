//! Columns of text: read, carried through every step, and what splits make of them.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;

use promoter_seq::filter::{Filter, Length};
use promoter_seq::read::{self, Columns, MissingLabels, ReadOptions, Rows};
use promoter_seq::split::Size;
use promoter_seq::trim::Mismatch;
use promoter_seq::{Error, Split, Table, Trim, cache};
use proptest::prelude::*;

const TSV: &str = "id\tseq\tgene\tpart\tlabel\tother\n\
                   a\tTACGTG\tg1\ttrain\t1.5\t0.25\n\
                   b\tTAC\tg2\ttrain\t2\t\n\
                   \"c, d\"\tTGGGTG\tg1\tvalidation\t3\tNA\n\
                   e\tTCCCTG\tg\u{3b2}\ttest\t4\t-2\n";

fn options(keep: &[&str]) -> ReadOptions {
    let columns = Columns::Named { sequence: "seq".into(), label: Some("label".into()) };
    ReadOptions { columns, keep: keep.iter().map(|name| (*name).into()).collect(), ..ReadOptions::default() }
}

fn cells<'a>(table: &'a Table, column: &str) -> Vec<&'a str> {
    table.column(column).unwrap().collect()
}

#[test]
fn kept_columns_follow_their_rows_through_every_step() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tsv");
    fs::write(&path, TSV).unwrap();
    let options = options(&["gene", "id", "other"]);
    let (table, _) = read::read(&path, &options).unwrap();
    assert_eq!(cells(&table, "id"), ["a", "b", "c, d", "e"]);
    assert_eq!(cells(&table, "gene"), ["g1", "g2", "g1", "g\u{3b2}"]);
    assert_eq!((table.line(0), table.line(3)), (Some(2), Some(5)));
    let other = table.numbers("other").unwrap();
    assert!(other[0] == 0.25 && other[1].is_nan() && other[2].is_nan() && other[3] == -2.0, "{other:?}");

    let streamed = Rows::open(&path, &options).unwrap().table().unwrap();
    assert_eq!(streamed, table);
    for _ in 0..2 {
        assert_eq!(cache::read(&path, &options, folder.path().join("copy")).unwrap().0, table);
    }
    let filter = Filter { length: Some(Length::Exact(6)), ..Filter::default() };
    let (filtered, _) = filter.apply(table.clone(), 0).unwrap();
    assert_eq!(cells(&filtered, "id"), ["a", "c, d", "e"]);
    assert_eq!(read::read_filtered(&path, &options, &filter, 0).unwrap().0, filtered);
    let trim = Trim { left: "T".into(), right: "GTG".into(), mismatch: Mismatch::Remove };
    assert_eq!(cells(&trim.apply(&filtered).unwrap().0, "id"), ["a", "c, d"]);
    let selected = filtered.select(&[2, 0, 2]);
    assert_eq!((cells(&selected, "id"), selected.line(0)), (vec!["e", "a", "e"], Some(5)));

    let error = table.column("part").err().unwrap().to_string();
    assert_eq!(error, "the table has no column of text `part`; kept were: gene, id, other");
    assert!(matches!(table.numbers("id"), Err(Error::Cell { line: 2, .. })));
    let none = ReadOptions { keep: vec!["colour".into()], ..options };
    assert!(matches!(read::read(&path, &none), Err(Error::Column { column, .. }) if column == "colour"));
}

#[test]
fn names_are_what_fasta_has_and_tables_without_a_header_have_none() {
    let keep = |name: &str| ReadOptions { keep: vec![name.into()], ..ReadOptions::default() };
    let fasta = ">one first\nAC\n>two\nGG\n";
    let table = Rows::new(fasta.as_bytes(), "a.fa", &keep("name")).unwrap().table().unwrap();
    assert_eq!((cells(&table, "name"), table.line(1)), (vec!["one", "two"], Some(3)));
    for name in ["a.fa", "a.tsv"] {
        let refused = Rows::new(&b"AC\t1\n"[..], name, &keep("gene"));
        assert!(matches!(refused.err(), Some(Error::Setting { name: "keep", .. })), "{name}");
    }
}

#[test]
fn missing_labels_are_errors_or_counted() {
    let tsv = "seq\tlabel\nAC\t1\nAC\t\nAC\tNA\nAC\tnan\nGG\t2\n";
    let read = |options: &ReadOptions, text: &'static str| -> Result<_, Error> {
        let mut rows = Rows::new(text.as_bytes(), "a.tsv", options)?;
        Ok((rows.table()?, *rows.report()))
    };
    let error = read(&options(&[]), tsv).unwrap_err();
    assert!(matches!(error, Error::Line { line: 3, column: 4, .. }), "{error}");
    for keep in [&[][..], &["seq"]] {
        let skip = ReadOptions { missing_labels: MissingLabels::Skip, ..options(keep) };
        let (table, report) = read(&skip, tsv).unwrap();
        assert_eq!((table.labels(), report.rows, report.skipped_labels), (&[1.0, 2.0][..], 2, 3));
        assert!(report.to_string().contains("3 rows skipped for their missing label"));
        let error = read(&skip, "seq\tlabel\nAC\tx\n").unwrap_err();
        assert!(matches!(error, Error::Line { line: 2, column: 4, .. }), "{error}");
    }
}

#[test]
fn the_authors_parts_are_taken_and_other_words_refused() {
    let split = Split::Column { column: "part".into() };
    let read = |text: &str| {
        let text = std::io::Cursor::new(text.to_owned());
        Rows::new(text, "a.tsv", &options(&["part"])).unwrap().table().unwrap()
    };
    let parts = split.parts(&read(TSV)).unwrap();
    assert_eq!((parts.train, parts.validation, parts.test), (vec![0, 1], vec![2], vec![3]));
    let error = split.parts(&read(&TSV.replace("validation", "dev"))).unwrap_err().to_string();
    assert_eq!(error, "line 4, column `part`: expected train, validation or test, found `dev`");
    assert!(matches!(split.parts(&read(&TSV.replace("train", "test"))), Err(Error::Setting { .. })));
    assert!(matches!(split.parts(&Table::default()), Err(Error::NotKept { .. })));
}

proptest! {
    #[test]
    fn groups_never_straddle_and_parts_keep_their_sizes(
        groups in proptest::collection::vec(0u8..12, 10..120), validation in 0u32..5, test in 0u32..5, seed: u64,
    ) {
        let mut table = Table::with_columns(["gene"]);
        for (row, group) in groups.iter().enumerate() {
            table.push_row(&[0], 0.0, row as u64 + 1, &[group.to_string()]);
        }
        let most = (validation, test);
        let (validation, test) = (Size::Rows(validation), Size::Rows(test));
        let split = Split::Group { column: "gene".into(), validation, test, seed };
        let parts = split.parts(&table).unwrap();
        let genes = |rows: &[u32]| -> BTreeSet<u8> { rows.iter().map(|&row| groups[row as usize]).collect() };
        let all = [&parts.train[..], &parts.validation, &parts.test];
        for (a, b) in [(0, 1), (0, 2), (1, 2)] {
            prop_assert!(genes(all[a]).is_disjoint(&genes(all[b])));
        }
        let mut rows = all.concat();
        rows.sort_unstable();
        prop_assert!(rows.iter().copied().eq(0..groups.len() as u32));
        prop_assert!(parts.validation.len() <= most.0 as usize && parts.test.len() <= most.1 as usize);
        prop_assert_eq!(split.parts(&table).unwrap(), parts);
    }
}
