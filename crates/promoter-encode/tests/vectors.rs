//! Files of vectors: exact round trips, and a named error for every kind of damage.

#![allow(clippy::unwrap_used)] // tests

use promoter_encode::embed::io::{Format, read, write};
use promoter_encode::embed::{Corpus, Error, Vectors, glove, projection, similarity::Summary};
use promoter_encode::kmer::{Kmers, Oov};
use promoter_encode::random::Stream;
use promoter_encode::{Codes, Letters};
use proptest::prelude::*;

const FORMATS: &[Format] = &[
    Format::GloveText,
    Format::Word2vecText,
    Format::Word2vecBinary,
    #[cfg(feature = "safetensors")]
    Format::Safetensors,
];

fn vectors(words: &[&str], dimension: usize, data: &[f32]) -> Result<Vectors, Error> {
    Vectors::new(words.iter().map(ToString::to_string).collect(), dimension, data.to_vec())
}

fn kmers(k: usize) -> Corpus {
    Corpus::of_kmers(&Kmers { k, ..Kmers::default() }).unwrap()
}

fn bytes(vectors: &Vectors, format: Format) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(vectors, &mut bytes, format).unwrap();
    bytes
}

fn finite() -> impl Strategy<Value = f32> {
    any::<u32>().prop_map(f32::from_bits).prop_filter("finite", |x| x.is_finite())
}

proptest! {
    #[test]
    fn every_format_round_trips_to_the_bit(data in proptest::collection::vec(finite(), 6), swap in any::<bool>()) {
        let words = if swap { ["ACG", "\u{3b2}", "A"] } else { ["A", "<unk>", "ACG"] };
        let vectors = vectors(&words, 2, &data).unwrap();
        for &format in FORMATS {
            let again = read(&bytes(&vectors, format)[..], format).unwrap();
            prop_assert_eq!(again.words(), vectors.words());
            let bits = |vectors: &Vectors| vectors.data().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&again), bits(&vectors));
        }
    }

    #[test]
    fn damaged_files_are_errors_or_vectors_but_never_a_panic(
        cut in 0usize..200,
        at in 0usize..200,
        byte in any::<u8>(),
    ) {
        let vectors = vectors(&["AC", "GT", "TT"], 3, &[0.5, -1.0, 2.0, 1e-20, 3.25, 0.0, 1.0, 1.5, -7.0]).unwrap();
        for &format in FORMATS {
            let mut bytes = bytes(&vectors, format);
            bytes.truncate(cut);
            if let Some(target) = bytes.get_mut(at) {
                *target = byte;
            }
            if let Ok(found) = read(&bytes[..], format) {
                prop_assert!(found.data().iter().all(|x| x.is_finite()));
            }
        }
    }
}

#[test]
fn every_cut_of_a_binary_or_safetensors_file_is_noticed() {
    let vectors = vectors(&["AC", "GT"], 2, &[0.5, -1.0, 2.0, 1.0]).unwrap();
    for &format in &FORMATS[2..] {
        let bytes = bytes(&vectors, format);
        // The last byte of the binary format is a line feed that some programs leave out.
        for cut in 0..bytes.len() - 1 {
            assert!(read(&bytes[..cut], format).is_err(), "{format:?} cut at {cut}");
        }
    }
}

#[test]
fn the_layouts_are_those_of_other_programs() {
    let vectors = vectors(&["AC", "GT"], 2, &[0.5, -1.0, 2.0, 0.1]).unwrap();
    assert_eq!(bytes(&vectors, Format::GloveText), b"AC 0.5 -1\nGT 2 0.1\n");
    assert_eq!(bytes(&vectors, Format::Word2vecText), b"2 2\nAC 0.5 -1\nGT 2 0.1\n");
    let mut binary = b"2 2\nAC ".to_vec();
    binary.extend([0.5f32, -1.0].iter().flat_map(|x| x.to_le_bytes()));
    binary.extend(b"\nGT ");
    binary.extend([2.0f32, 0.1].iter().flat_map(|x| x.to_le_bytes()));
    assert_eq!(read(&binary[..], Format::Word2vecBinary).unwrap(), vectors);
    binary.push(b'\n');
    assert_eq!(bytes(&vectors, Format::Word2vecBinary), binary);
}

#[test]
fn text_errors_name_their_line() {
    let message = |text: &str, format| read(text.as_bytes(), format).unwrap_err().to_string();
    let glove = |text| message(text, Format::GloveText);
    assert_eq!(glove("AC 1 2\nGT 1\n"), "line 2: expected 2 numbers, found 1");
    assert_eq!(glove("AC 1 2\nGT 1 2 3\n"), "line 2: expected 2 numbers, found 3");
    assert_eq!(glove("AC\n"), "line 1: expected 1 numbers, found 0");
    assert_eq!(glove("AC 1 x\n"), "line 1: expected a number, found \"x\"");
    assert_eq!(glove("AC 1\n\nGT 1\n"), "line 2: expected a word and its numbers, found nothing");
    assert_eq!(glove("AC 1 2\nGT 0 NaN\n"), "value 2 of line 2 is NaN, which is not finite");
    assert_eq!(glove("AC 1\nGT inf\n"), "value 1 of line 2 is inf, which is not finite");
    assert_eq!(glove("AC 1\nGT 2\nAC 3\n"), "word \"AC\" stands at 1 and again at 3");
    assert_eq!(glove(""), "the vocabulary is empty");
    let word2vec = |text| message(text, Format::Word2vecText);
    assert_eq!(word2vec("3 1\nAC 1\nGT 2\n"), "the header says 3 words, the file holds 2");
    assert_eq!(word2vec("1 1\nAC 1\nGT 2\n"), "the header says 1 words, the file holds 2");
    assert_eq!(word2vec("2 1\nAC 1\nGT 2 2\n"), "line 3: expected 1 numbers, found 2");
    assert_eq!(word2vec("2 1\nAC 1\nAC 2\n"), "word \"AC\" stands at 2 and again at 3");
    for header in ["", "2\n", "a b\n", "2 0\n", "1 2 3\n"] {
        assert!(word2vec(header).starts_with("line 1: expected number of words and dimension"), "{header}");
    }
    let not_text = read(&b"AC 1\n\xff 2\n"[..], Format::GloveText);
    assert!(matches!(not_text, Err(Error::Line { line: 2, .. })));
}

#[test]
fn binary_errors_are_named() {
    let header_only = read(&b"2 2\n"[..], Format::Word2vecBinary);
    assert!(matches!(header_only, Err(Error::Truncated { expected: 2, found: 0 })));
    let huge = read(&b"1 4611686018427387904\nAC 1"[..], Format::Word2vecBinary);
    assert!(matches!(huge, Err(Error::Line { line: 1, .. })));
    let claims = read(&b"1 1000000000000\nAC 1"[..], Format::Word2vecBinary);
    assert!(matches!(claims, Err(Error::Truncated { expected: 1, found: 0 })));
    let mut more = bytes(&vectors(&["AC"], 1, &[1.0]).unwrap(), Format::Word2vecBinary);
    more.extend(b"rest");
    assert!(matches!(read(&more[..], Format::Word2vecBinary), Err(Error::Line { line: 3, .. })));
    let nan = [&b"1 1\nAC "[..], &f32::NAN.to_le_bytes()].concat();
    assert!(matches!(read(&nan[..], Format::Word2vecBinary), Err(Error::NotFinite { line: 2, column: 1, .. })));
}

#[cfg(feature = "safetensors")]
#[test]
fn a_safetensors_file_of_something_else_is_refused() {
    use safetensors::{Dtype, serialize, tensor::TensorView};
    let data = [0u8; 8];
    let one = |name: &'static str, dtype, shape| {
        serialize([(name, TensorView::new(dtype, shape, &data).unwrap())], None).unwrap()
    };
    let files = [
        b"not a tensor".to_vec(),
        one("weights", Dtype::F32, vec![2]),
        one("vectors", Dtype::F32, vec![2, 1]),
        serialize(
            [
                ("vectors", TensorView::new(Dtype::F32, vec![2], &data).unwrap()),
                ("words", TensorView::new(Dtype::U8, vec![8], &data).unwrap()),
            ],
            None,
        )
        .unwrap(),
        serialize(
            [
                ("vectors", TensorView::new(Dtype::F32, vec![2, 1], &data).unwrap()),
                ("words", TensorView::new(Dtype::F32, vec![2], &data).unwrap()),
            ],
            None,
        )
        .unwrap(),
    ];
    for file in files {
        assert!(matches!(read(&file[..], Format::Safetensors), Err(Error::Safetensors { .. })));
    }
}

#[test]
fn tables_that_make_no_vectors_are_refused() {
    assert!(matches!(vectors(&["A"], 0, &[]), Err(Error::Setting { setting: "dimension", .. })));
    assert!(matches!(vectors(&[], 1, &[]), Err(Error::Empty)));
    assert!(matches!(vectors(&["A"], 2, &[1.0]), Err(Error::Shape { words: 1, dimension: 2, values: 1 })));
    assert!(matches!(vectors(&["A"], usize::MAX, &[1.0]), Err(Error::Shape { .. })));
    assert!(matches!(vectors(&["A", "A"], 1, &[1.0, 2.0]), Err(Error::Duplicate { first: 0, again: 1, .. })));
    assert!(matches!(vectors(&["A", "B C"], 1, &[1.0, 2.0]), Err(Error::Word { line: 1, .. })));
    assert!(matches!(vectors(&["A", ""], 1, &[1.0, 2.0]), Err(Error::Word { line: 1, .. })));
    assert!(matches!(vectors(&["A"], 2, &[1.0, f32::NAN]), Err(Error::NotFinite { line: 0, column: 2, .. })));
}

#[test]
fn files_are_written_whole_and_errors_name_them() {
    let folder = tempfile::tempdir().unwrap();
    let vectors = vectors(&["AC", "GT"], 1, &[0.25, 8.0]).unwrap();
    for &format in FORMATS {
        let path = folder.path().join("vectors");
        vectors.save(&path, format).unwrap();
        assert_eq!(Vectors::load(&path, format).unwrap(), vectors);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file stays");
    let missing = folder.path().join("missing").join("file");
    for error in [Vectors::load(&missing, FORMATS[0]).unwrap_err(), vectors.save(&missing, FORMATS[0]).unwrap_err()] {
        assert!(matches!(&error, Error::File { path, source } if *path == missing && matches!(**source, Error::Io(_))));
    }
    // The target is a folder: the temporary file is written, cannot be renamed and must not stay.
    let taken = folder.path().join("folder");
    std::fs::create_dir(&taken).unwrap();
    assert!(matches!(vectors.save(&taken, FORMATS[0]), Err(Error::File { .. })));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn neighbours_are_ordered_by_cosine() {
    let vectors = vectors(&["a", "b", "c", "d"], 2, &[1.0, 0.0, 0.0, 2.0, 3.0, 0.3, -1.0, 0.0]).unwrap();
    let found = vectors.nearest("a", 10).unwrap();
    assert_eq!(found.iter().map(|(word, _)| *word).collect::<Vec<_>>(), ["c", "b", "d"]);
    assert!((found[0].1 - 3.0 / 9.09f64.sqrt()).abs() < 1e-7 && found[2].1 == -1.0);
    assert_eq!(vectors.nearest("a", 1).unwrap().len(), 1);
    assert!(matches!(vectors.nearest("x", 1), Err(Error::UnknownWord { word }) if word == "x"));
}

#[test]
fn principal_components_are_uncorrelated_and_in_order() {
    let mut stream = Stream::new(5, "test", 0);
    let (n, dimension) = (300, 10);
    let data: Vec<f32> = (0..n * dimension).map(|i| (stream.normal() * (1 + i % dimension) as f64) as f32).collect();
    let words = (0..n).map(|i| format!("w{i}")).collect();
    let vectors = Vectors::new(words, dimension, data).unwrap();
    let points = projection::principal(&vectors);
    let moment = |f: &dyn Fn(&[f64; 2]) -> f64| points.iter().map(f).sum::<f64>() / n as f64;
    assert!(moment(&|p| p[0]).abs() < 1e-10 && moment(&|p| p[1]).abs() < 1e-10);
    let (first, second) = (moment(&|p| p[0] * p[0]), moment(&|p| p[1] * p[1]));
    assert!(moment(&|p| p[0] * p[1]).abs() < 1e-10 * first);
    // The columns have variances 1, 4, .. 100: the first two components are near the last two columns.
    assert!(first > second && (80.0..130.0).contains(&first) && (60.0..110.0).contains(&second), "{first} {second}");
    // Nothing depends on where the cloud lies, and one dimension is enough.
    let line = Vectors::new(vec!["a".into(), "b".into()], 1, vec![5.0, 7.0]).unwrap();
    assert_eq!(projection::principal(&line), [[-1.0, 0.0], [1.0, 0.0]]);
}

#[test]
fn the_summary_counts_every_pair_once() {
    let mut stream = Stream::new(2, "test", 0);
    let corpus = kmers(3);
    let words: Vec<String> = (0..64).map(|number| corpus.word(number)).collect();
    let vectors = Vectors::new(words, 4, (0..256).map(|_| stream.normal() as f32).collect()).unwrap();
    let summary = Summary::of(&vectors);
    assert_eq!((summary.values.n, summary.norms.n, summary.pairs.n), (256, 64, 64 * 63 / 2));
    // Every word has 4 successors, of which the 4 homopolymers have themselves; 9 substitutions, each shared by two;
    // no word of odd length is its own reverse complement.
    assert_eq!((summary.successors.n, summary.substitutions.n, summary.complements.n), (64 * 4 - 4, 64 * 9 / 2, 32));
}

#[test]
fn corpora_refuse_what_they_cannot_hold() {
    for k in [0, 13] {
        let refused = Corpus::of_kmers(&Kmers { k, ..Kmers::default() });
        assert!(matches!(refused, Err(Error::Sequence(promoter_encode::Error::Setting { setting: "k", .. }))));
    }
    let mut corpus = kmers(3);
    for short in [&b"AC"[..], b""] {
        assert!(matches!(
            corpus.push_sequence(Letters(short)),
            Err(Error::Sequence(promoter_encode::Error::Length { .. }))
        ));
    }
    for bad in [&b"ACG\xffT"[..], b"AC-T", b"ACNT"] {
        assert!(matches!(corpus.push_sequence(Letters(bad)), Err(Error::Sequence(_))));
    }
    assert!(matches!(corpus.push_sequence(Codes(&[0, 1, 2, 99])), Err(Error::Sequence(_))));
    assert!(matches!(corpus.push(&[0, 64]), Err(Error::Token { position: 1, token: 64, size: 64 })));
    assert!(corpus.is_empty() && corpus.sentences().count() == 0);
    assert!(matches!(Corpus::from_text(" \n "), Err(Error::Empty)));
    assert!(matches!(Corpus::of_words(vec![]), Err(Error::Empty)));
    assert!(matches!(Corpus::of_words(vec!["a".into(), "a".into()]), Err(Error::Duplicate { .. })));
    let mut words = Corpus::of_words(vec!["a".into()]).unwrap();
    assert!(matches!(words.push_sequence("ACGT"), Err(Error::NotKmers)));
    assert_eq!((words.word(0), words.word(9)), ("a".into(), String::new()));
}

#[test]
fn nad_rows_give_nads_words() {
    let expected: serde_json::Value = serde_json::from_str(include_str!("fixtures/nad_tokenise.json")).unwrap();
    let (rows, tokens) = (expected["sequences"].as_array().unwrap(), expected["tokens"].as_array().unwrap());
    for (row, tokens) in rows.iter().zip(tokens) {
        let mut corpus = Corpus::of_kmers(&Kmers::nad()).unwrap();
        corpus.push_sequence(row.as_str().unwrap()).unwrap();
        let words: Vec<String> = corpus.sentences().flatten().map(|&token| corpus.word(token)).collect();
        assert_eq!(serde_json::json!(words), *tokens);
    }
}

#[test]
fn the_longest_kmers_fit() {
    let mut corpus = Corpus::of_kmers(&Kmers { k: 12, oov: Oov::Skip, ..Kmers::default() }).unwrap();
    corpus.push_sequence("TTTTTTTTTTTTACGTNACGTACGTACGTA").unwrap();
    let words: Vec<String> = corpus.sentences().flatten().map(|&token| corpus.word(token)).collect();
    assert_eq!(
        words,
        [
            "TTTTTTTTTTTT",
            "TTTTTTTTTTTA",
            "TTTTTTTTTTAC",
            "TTTTTTTTTACG",
            "TTTTTTTTACGT",
            "ACGTACGTACGT",
            "CGTACGTACGTA"
        ]
    );
    assert_eq!(corpus.left_out(), 30 - 12 + 1 - 7);
    let config = glove::Config { dimension: 2, min_count: 1, iterations: 1, ..glove::Config::nad() };
    assert_eq!(glove::train(&corpus, &config, |_| {}).unwrap().words().len(), 7);
}

#[test]
fn letters_and_codes_give_the_same_words_and_unknown_ones_have_a_name() {
    let mut corpus = Corpus::of_kmers(&Kmers { k: 2, oov: Oov::Token, ..Kmers::default() }).unwrap();
    corpus.push_sequence("acgn").unwrap();
    corpus.push_sequence(Codes(&[0, 1, 2, 4])).unwrap();
    let sentences: Vec<&[u32]> = corpus.sentences().collect();
    assert_eq!(sentences, [[1, 6, 16]; 2]);
    assert_eq!([16, 17].map(|number| corpus.word(number)), ["<unk>", ""]);
    assert_eq!((corpus.words(), corpus.len(), corpus.left_out()), (17, 6, 0));
}

#[cfg(feature = "serde")]
#[test]
fn formats_survive_serde() {
    for &format in FORMATS {
        let text = serde_json::to_string(&format).unwrap();
        assert_eq!(serde_json::from_str::<Format>(&text).unwrap(), format);
    }
}

#[test]
fn endless_lines_are_errors() {
    for (format, start, line) in [
        (Format::GloveText, &b"AC 1 2\n"[..], 2),
        (Format::Word2vecText, b"", 1),
        (Format::Word2vecText, b"2 1\nAC 1\n", 3),
        (Format::Word2vecBinary, b"1 1\n", 2),
    ] {
        let endless = std::io::BufReader::new(std::io::Read::chain(start, std::io::repeat(b'A')));
        match read(endless, format) {
            Err(Error::Line { line: found, .. }) => assert_eq!(found, line),
            other => panic!("{format:?}: {other:?}"),
        }
    }
}

/// A link where the temporary file would be is left alone, and so is what it leads to.
#[cfg(unix)]
#[test]
fn saving_follows_no_link() {
    let folder = tempfile::tempdir().unwrap();
    let (path, victim) = (folder.path().join("v.txt"), folder.path().join("victim"));
    std::fs::write(&victim, "untouched").unwrap();
    let link = folder.path().join(format!("v.txt.{}-0.tmp", std::process::id()));
    std::os::unix::fs::symlink(&victim, &link).unwrap();
    let vectors = Vectors::new(vec!["AC".into()], 2, vec![0.5, -1.0]).unwrap();
    vectors.save(&path, Format::GloveText).unwrap();
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "untouched");
    assert!(link.is_symlink());
    assert_eq!(Vectors::load(&path, Format::GloveText).unwrap(), vectors);
    // Neither the vectors nor a temporary file lie about.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
}
