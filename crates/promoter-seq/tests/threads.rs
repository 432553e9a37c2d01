//! One thread and two give the same bytes.
#![allow(clippy::unwrap_used)]

use std::fmt::Write;

use promoter_encode::random::Stream;
use promoter_seq::filter::{Filter, Length};
use promoter_seq::read::{self, ReadOptions, Rows};
use promoter_seq::split::{self, Size, Split, leakage};
use promoter_seq::trim::Trim;
use promoter_seq::{Table, cache};

/// Three megabytes of rows of several lengths, some with `N`, some twice.
fn text() -> String {
    let mut text = String::new();
    for row in 0..30_000 {
        let mut stream = Stream::new(1, "threads", row % 29_000);
        let length = 78 + stream.below(5);
        text.extend(
            (0..length)
                .map(|_| if stream.below(500) == 0 { 'N' } else { ['A', 'C', 'G', 'T'][stream.below(4) as usize] }),
        );
        writeln!(text, "\t{}", stream.below(4) as f64 / 2.0).unwrap();
    }
    text
}

/// Everything that the crate computes from a file.
fn everything(path: &std::path::Path) -> Vec<String> {
    let options = ReadOptions::default();
    let filter = Filter {
        length: Some(Length::Range { min: 79, max: 81 }),
        no_ambiguous: true,
        drop_singletons: 0.5,
        drop_duplicates: true,
        sample: Some(0.9),
    };
    let (table, report) = read::read(path, &options).unwrap();
    let rows = Rows::open(path, &options).unwrap().table().unwrap();
    assert_eq!(rows, table);
    let on_the_way = read::read_filtered(path, &options, &filter, 7).unwrap();
    let filtered = filter.apply(table.clone(), 7).unwrap();
    assert_eq!((&on_the_way.0, on_the_way.2), (&filtered.0, filtered.1));
    let copy = path.with_extension("cache");
    let first = cache::read(path, &options, &copy).unwrap();
    let second = cache::read(path, &options, &copy).unwrap();
    assert_eq!((&first.0, &second.0), (&table, &table));
    let bytes = std::fs::read(&copy).unwrap();
    std::fs::remove_file(&copy).unwrap();
    let validation = Size::Fraction(0.2);
    let splits = [
        Split::Random { validation, seed: 3, test: Size::default() },
        Split::ScikitLearn { validation, seed: 3 },
        Split::Positional { validation },
        Split::Hash { fold: 3 },
        Split::Kmers { validation, seed: 3, k: 9, left: 17, right: 13, test: Size::default() },
    ];
    let (a, b): (Table, Table) = (table.select(&[0, 1, 2]), table.select(&[29_000, 29_001, 5]));
    let mut all = vec![format!("{table:?} {report:?}"), format!("{on_the_way:?}"), format!("{bytes:?}")];
    all.extend(splits.map(|split| format!("{:?}", split.parts(&table).unwrap())));
    all.push(format!("{:?}", split::groups(&table, 12, 0, 0).unwrap()));
    all.push(format!("{:?}", leakage::check(&a, &b, 12, 0, 0).unwrap()));
    all.push(format!("{:?}", Trim::auth().apply(&table).unwrap()));
    all
}

#[test]
fn one_thread_and_two_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.tsv");
    std::fs::write(&path, text()).unwrap();
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| everything(&path))
    };
    for (one, two) in with(1).into_iter().zip(with(2)) {
        assert!(one == two, "{}", &one[..one.len().min(200)]);
    }
}
