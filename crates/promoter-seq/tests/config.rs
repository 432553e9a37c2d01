//! Configurations as they stand in an experiment file.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used)]

use promoter_seq::filter::{Filter, Length};
use promoter_seq::read::{Columns, Format, LetterPolicy, Other, ReadOptions, TooLong};
use promoter_seq::split::{Size, Split};
use promoter_seq::trim::{Mismatch, Trim};
use serde::de::DeserializeOwned;

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| error.to_string())
}

#[test]
fn configurations_are_read() {
    let options: ReadOptions = parse(
        "format = 'tsv'\ntoo_long = 'skip'\nletters = { other = 'as_n' }\n\
         columns = { named = { sequence = 'seq', label = 'label_raw' } }",
    )
    .unwrap();
    let columns = Columns::Named { sequence: "seq".into(), label: Some("label_raw".into()) };
    let letters = LetterPolicy { other: Other::AsN, ..LetterPolicy::default() };
    let expected =
        ReadOptions { format: Some(Format::Tsv), too_long: TooLong::Skip, letters, columns, ..ReadOptions::default() };
    assert_eq!(options, expected);
    assert_eq!(parse("columns = 'challenge'"), Ok(ReadOptions::default()));

    assert_eq!(parse("length = { exact = 110 }\nno_ambiguous = true"), Ok(Filter::exact_110()));
    let range = Filter { length: Some(Length::Range { min: 80, max: 120 }), ..Filter::default() };
    assert_eq!(parse("length = { range = { min = 80, max = 120 } }"), Ok(range));
    assert_eq!(parse("drop_singletons = 0.5"), Ok(Filter::madlab()));

    let nad = Split::ScikitLearn { validation: Size::Fraction(0.1), seed: 1 };
    assert_eq!(parse("kind = 'scikit_learn'\nvalidation = 0.1\nseed = 1"), Ok(nad));
    let peppa = Split::Random { validation: Size::Rows(10_000), seed: 0, test: Size::default() };
    assert_eq!(parse("kind = 'random'\nvalidation = 10000\nseed = 0"), Ok(peppa));
    let kmers =
        Split::Kmers { validation: Size::Fraction(0.1), seed: 0, k: 20, left: 17, right: 13, test: Size::default() };
    assert_eq!(parse("kind = 'kmers'\nvalidation = 0.1\nseed = 0\nleft = 17\nright = 13"), Ok(kmers));

    let trim = Trim { mismatch: Mismatch::Remove, ..Trim::auth() };
    let text = "left = 'TGCATTTTTTTCACATC'\nright = 'GGTTACGGCTGTT'\nmismatch = 'remove'";
    assert_eq!(parse(text), Ok(trim));
}

#[test]
fn unknown_names_are_errors() {
    fn refused<T: DeserializeOwned + std::fmt::Debug>(text: &str, word: &str) {
        let error = parse::<T>(text).unwrap_err();
        assert!(error.contains(word), "{error}");
    }
    refused::<ReadOptions>("colums = 'challenge'", "colums");
    refused::<ReadOptions>("columns = { named = { sequence = 'a', labels = 'b' } }", "labels");
    refused::<ReadOptions>("letters = { other = 'guess' }", "guess");
    refused::<Filter>("drop_singleton = 0.5", "drop_singleton");
    refused::<Filter>("length = { exactly = 110 }", "exactly");
    refused::<Split>("kind = 'kmer'\nvalidation = 0.1\nseed = 1", "kmer");
    refused::<Split>("kind = 'random'\nvalidation = 0.1\nseeds = 1\nseed = 1", "seeds");
    refused::<Split>("kind = 'random'\nvalidation = '0.1'\nseed = 1", "Size");
    refused::<Trim>("left = 'A'\nright = 'A'\nmismatch = 'warn'", "warn");
}
