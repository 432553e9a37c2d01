//! Packed copies that are used, and those that must not be.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::time::{Duration, SystemTime};

use promoter_seq::Error;
use promoter_seq::cache::{self, Origin};
use promoter_seq::read::{self, Iupac, LetterPolicy, ReadOptions};

const ROWS: &str = "ACGTN\t11\nTTGA\t9.25\n";

#[test]
fn a_copy_is_used_until_the_source_or_the_options_change() {
    let folder = tempfile::tempdir().unwrap();
    let (source, copy) = (folder.path().join("a.tsv"), folder.path().join("a.cache"));
    fs::write(&source, ROWS).unwrap();
    let options = ReadOptions::default();
    let read = |options: &ReadOptions| {
        let (table, report, origin) = cache::read(&source, options, &copy).unwrap();
        assert_eq!((table, report), read::read(&source, options).unwrap());
        origin
    };
    assert_eq!(read(&options), Origin::Source);
    assert_eq!(read(&options), Origin::Cache);

    let other =
        ReadOptions { letters: LetterPolicy { iupac: Iupac::AsN, ..LetterPolicy::default() }, ..options.clone() };
    assert_eq!(read(&other), Origin::Source);
    assert_eq!(read(&other), Origin::Cache);
    assert_eq!(read(&options), Origin::Source);

    // The same size and time, other contents.
    let time = fs::metadata(&source).unwrap().modified().unwrap();
    fs::write(&source, ROWS.replace('9', "8")).unwrap();
    fs::File::options().write(true).open(&source).unwrap().set_modified(time).unwrap();
    assert_eq!(read(&options), Origin::Source);

    // The same contents, another time.
    let later = SystemTime::now() + Duration::from_secs(60);
    fs::File::options().write(true).open(&source).unwrap().set_modified(later).unwrap();
    assert_eq!(read(&options), Origin::Source);
    assert_eq!(read(&options), Origin::Cache);
}

#[test]
fn a_damaged_copy_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (source, copy) = (folder.path().join("a.tsv"), folder.path().join("a.cache"));
    fs::write(&source, ROWS).unwrap();
    let options = ReadOptions::default();
    cache::read(&source, &options, &copy).unwrap();
    let whole = fs::read(&copy).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for bytes in [&flipped[..], &whole[..whole.len() / 2], b"", b"something else"] {
        fs::write(&copy, bytes).unwrap();
        assert_eq!(cache::read(&source, &options, &copy).unwrap().2, Origin::Source);
        assert_eq!(fs::read(&copy).unwrap(), whole);
    }
    let names = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(names, 2, "a temporary file stays behind");
}

#[test]
fn failures_are_errors_and_leave_no_copy() {
    let folder = tempfile::tempdir().unwrap();
    let (source, copy) = (folder.path().join("a.tsv"), folder.path().join("a.cache"));
    let options = ReadOptions::default();
    assert!(matches!(cache::read(&source, &options, &copy), Err(Error::Io { action: "open", .. })));
    assert!(matches!(cache::read(folder.path(), &options, &copy), Err(Error::Folder { .. })));
    fs::write(&source, "ACGT\tx\n").unwrap();
    assert!(matches!(cache::read(&source, &options, &copy), Err(Error::Line { .. })));
    assert!(!copy.exists());
    fs::write(&source, ROWS).unwrap();
    let nowhere = folder.path().join("missing/a.cache");
    assert!(matches!(cache::read(&source, &options, &nowhere), Err(Error::Io { action: "write", .. })));
}
