//! Counts on the challenge's real data.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use promoter_seq::read::{self, Columns, ReadOptions};
use promoter_seq::split::{self, Parts, Size, Split, leakage};
use promoter_seq::{Filter, Table};

/// A file of the real data.
fn real(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/dream2022").join(name)
}

fn yeast() -> Table {
    let columns = Columns::Named { sequence: "seq".into(), label: Some("label_hqscale".into()) };
    let options = ReadOptions { columns, ..ReadOptions::default() };
    let (table, report) = read::read(real("yeast_train_70k.tsv.gz"), &options).unwrap();
    assert_eq!((report.rows, report.lines), (70_302, 70_303));
    table
}

#[test]
fn challenge_rows_are_all_read() {
    let (table, report) = read::read(real("train_sequences_sample.txt.gz"), &ReadOptions::default()).unwrap();
    assert_eq!(report.rows, 7_369);
    let integers = table.labels().iter().filter(|label| label.fract() == 0.0).count();
    assert_eq!((integers as f64 / 73.69).round(), 58.0);
    let lengths = table.rows().map(|(codes, _)| codes.len());
    assert_eq!((lengths.clone().min(), lengths.max()), (Some(87), Some(135)));
    let (_, report) = Filter { no_ambiguous: true, ..Filter::default() }.apply(table, 0).unwrap();
    assert_eq!(report.ambiguous, 31);
}

/// Number of groups by 20-mers of the insert, and rows in the largest.
fn groups(table: &Table) -> (usize, u32) {
    let mut sizes = vec![0; table.len()];
    split::groups(table, 20, 17, 13).unwrap().iter().for_each(|&first| sizes[first as usize] += 1);
    (sizes.iter().filter(|&&size| size > 0).count(), sizes.into_iter().max().unwrap())
}

#[test]
fn yeast_promoters_fall_into_the_known_groups() {
    let table = yeast();
    assert_eq!(groups(&table), (17_070, 2_795));
    let (table, report) = Filter::exact_110().apply(table, 0).unwrap();
    assert_eq!(report.kept, 67_082);
    assert_eq!(groups(&table), (13_853, 2_795));
}

#[test]
fn no_test_sequence_shares_a_20_mer_with_a_training_row_on_its_own_strand() {
    let train = yeast();
    let (test, _) = read::read(real("test_sequences.txt.gz"), &ReadOptions::default()).unwrap();
    assert_eq!(test.len(), 71_103);
    let leakage = leakage::check(&test, &train, 20, 17, 13).unwrap();
    assert_eq!((leakage.rows, leakage.equal, leakage.same_strand, leakage.other_strand), (70_302, 0, 0, 722));
    let Parts { train: kept, validation, .. } =
        Split::Kmers { validation: Size::Fraction(0.1), seed: 0, k: 20, left: 17, right: 13, test: Size::default() }
            .parts(&train)
            .unwrap();
    let leakage = leakage::check(&train.select(&kept), &train.select(&validation), 20, 17, 13).unwrap();
    assert!(leakage.is_clean(), "{leakage}");
}
