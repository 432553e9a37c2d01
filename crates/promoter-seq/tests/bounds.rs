//! Input that never ends is refused with its line, and memory stays small.
#![allow(clippy::unwrap_used)]

mod compressed;

use promoter_seq::Error;
use promoter_seq::read::{Columns, Lines, ReadOptions, Rows};

use self::compressed::{gzip, zst};

#[test]
fn endless_lines_and_records_are_errors_with_their_line() {
    let endless = |start: &'static [u8]| std::io::Read::chain(start, std::io::repeat(b'A'));
    let options = ReadOptions::default();
    let columns = Columns::Named { sequence: "seq".into(), label: None };
    let named = ReadOptions { columns, ..ReadOptions::default() };
    for (name, start, options, expected) in [
        ("a.tsv", &b"AC\t1\n"[..], &options, 2),
        ("a.csv", b"seq,note\nAC,", &named, 2),
        ("a.tsv", b"", &named, 1),
        ("a.fa", b">a\nAC\n>b\nGG\n>c\n", &options, 5),
        ("a.fq", b"@a\nAC\n+\nII\n@b\n", &options, 5),
    ] {
        let error = Rows::new(endless(start), name, options).and_then(|mut rows| rows.table()).unwrap_err();
        let Error::Line { path, line, .. } = &error else { panic!("{name}: {error:?}") };
        assert_eq!((path.to_str(), *line), (Some(name), expected), "{error}");
    }
    // A record of many short lines is bounded too.
    let lines = std::io::Read::chain(&b">a\nAC\n>b\n"[..], Repeated { text: b"ACGT\n", at: 0 });
    let error = Rows::new(lines, "a.fa", &options).unwrap().table().unwrap_err();
    assert!(matches!(error, Error::Line { line: 3, .. }), "{error}");
}

/// A text again and again.
struct Repeated {
    text: &'static [u8],
    at: usize,
}

impl std::io::Read for Repeated {
    fn read(&mut self, target: &mut [u8]) -> std::io::Result<usize> {
        for byte in target.iter_mut() {
            *byte = self.text[self.at];
            self.at = (self.at + 1) % self.text.len();
        }
        Ok(target.len())
    }
}

#[test]
fn lines_come_with_their_numbers_and_are_bounded() {
    let read = |bytes: Vec<u8>, longest| Lines::new(std::io::Cursor::new(bytes), "a.vcf", longest).unwrap();
    let text = b"\xef\xbb\xbfone\r\n\ntwo".to_vec();
    for bytes in [text.clone(), gzip(&text), zst(&text)] {
        let lines: Vec<_> = read(bytes, 3).collect::<Result<_, _>>().unwrap();
        assert_eq!(lines, [(1, "one".to_owned()), (2, String::new()), (3, "two".to_owned())]);
    }
    let error = |mut lines: Lines| {
        let error = lines.find_map(Result::err).unwrap();
        assert!(lines.next().is_none());
        error.to_string()
    };
    assert_eq!(error(read(text, 2)), "a.vcf:1:3: expected a line of at most 2 bytes, found a longer line");
    assert_eq!(error(read(b"a\nb\xff".to_vec(), 9)), "a.vcf:2:2: expected UTF-8 text, found other bytes");
    let endless = std::io::Read::chain(&b"a\n"[..], std::io::repeat(b'A'));
    let endless = Lines::new(endless, "a.vcf", 1 << 20).unwrap();
    assert_eq!(error(endless), "a.vcf:2:1048577: expected a line of at most 1048576 bytes, found a longer line");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb.gz");
    std::fs::write(&path, gzip(&vec![b'A'; 1 << 20])).unwrap();
    assert!(error(Lines::open(path, 1000).unwrap()).contains("bomb.gz:1:1001"));
    assert!(matches!(Lines::open("missing", 9), Err(Error::Io { action: "open", .. })));
}
