//! `promoter schema`, and the experiment files that it is for.

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Set to write the committed files anew from what the program prints.
const UPDATE: &str = "PROMOTER_UPDATE_SCHEMA";

#[track_caller]
fn is_committed(file: &str, arguments: &str) {
    let path = Path::new(ROOT).join("docs").join(file);
    let found = super::succeeds(arguments, Path::new("."));
    if std::env::var_os(UPDATE).is_some() {
        fs::write(&path, &found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap();
    let mut lines = found.lines().zip(expected.lines()).enumerate();
    let differs = lines.find(|(_, (found, expected))| found != expected).map_or(0, |(line, _)| line + 1);
    let advice = format!("`{arguments}` prints something else: run the tests with {UPDATE}=1, read the difference");
    assert!(found == expected, "docs/{file}:{differs}: {advice} and commit the file");
}

#[test]
fn the_committed_schema_and_reference_are_those_of_the_program() {
    is_committed("experiment.schema.json", "schema");
    is_committed("experiment_file.md", "schema --markdown");
}

pub(super) fn validator() -> Validator {
    let schema = super::succeeds("schema", Path::new("."));
    jsonschema::draft7::new(&serde_json::from_str(&schema).unwrap()).unwrap()
}

/// The example experiments, which editors know by their first line.
fn examples() -> Vec<(PathBuf, String)> {
    let paths = fs::read_dir(Path::new(ROOT).join("examples")).unwrap().map(|entry| entry.unwrap().path());
    let texts = paths.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let texts = texts.map(|path| (path.clone(), fs::read_to_string(path).unwrap()));
    // A search and a manifest are files of another kind.
    texts.filter(|(_, text)| text.contains("\n[network]\n")).collect()
}

fn json(text: &str) -> Value {
    serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap()
}

#[test]
fn every_example_fits_the_schema_as_it_is_and_with_all_its_values() {
    let validator = validator();
    let examples = examples();
    assert!(examples.len() >= 9, "{}", examples.len());
    for (path, text) in examples {
        assert_eq!(text.lines().next(), Some("#:schema ../docs/experiment.schema.json"), "{}", path.display());
        let whole = super::succeeds(&format!("train {} --print-config", path.display()), Path::new("."));
        for text in [text, whole] {
            let mistakes: Vec<String> = validator.iter_errors(&json(&text)).map(|error| error.to_string()).collect();
            assert!(mistakes.is_empty(), "{}: {mistakes:?}", path.display());
        }
    }
}

#[test]
fn mistakes_do_not_fit_the_schema() {
    let validator = validator();
    let text = fs::read_to_string(Path::new(ROOT).join("examples/enformer_slim.toml")).unwrap();
    assert!(validator.is_valid(&json(&text)));
    for (from, to) in [
        ("\nepochs =", "\nepocs ="),              // a misspelt key
        ("\nepochs = 3", "\nepochs = 'three'"),   // a wrong type
        ("name = \"peppa\"", "name = \"pepa\""),  // an unknown network
        ("dropout = 0.1", "droppout = 0.1"),      // a key that the network does not have
        ("name = \"poisson\"", "name = \"mse\""), // another loss has no `eps`
        ("\"keep_first\"", "\"keep_middle\""),    // an unknown value
        ("kind = \"kmers\"", "kind = \"kmer\""),  // an unknown split
        ("[training]\nepochs = 3", "[training]"), // a required key
        ("[encoding.one_hot.fit]", "[encoding.one_hot]\nfit = 'pepa'\n[encoding.one_hot.policy]"), // an unknown preset
    ] {
        assert!(text.contains(from), "{from}");
        let changed = text.replacen(from, to, 1);
        assert!(changed.parse::<toml::Table>().is_ok(), "{to} should be TOML");
        assert!(!validator.is_valid(&json(&changed)), "{to} should not fit the schema");
    }
}

/// Every table that the schema describes, with its place.
fn tables<'a>(place: &str, schema: &'a Value, found: &mut Vec<(String, &'a Value)>) {
    if schema.get("properties").is_some() {
        found.push((place.to_owned(), schema));
    }
    for (key, value) in schema.as_object().into_iter().flatten() {
        tables(&format!("{place}/{key}"), value, found);
    }
    for (at, value) in schema.as_array().into_iter().flatten().enumerate() {
        tables(&format!("{place}/{at}"), value, found);
    }
}

#[test]
fn no_table_takes_unknown_keys() {
    let schema: Value = serde_json::from_str(&super::succeeds("schema", Path::new("."))).unwrap();
    let mut found = Vec::new();
    tables("", &schema, &mut found);
    assert!(found.len() > 50, "{}", found.len());
    for (place, table) in found {
        assert_eq!(table["additionalProperties"], false, "{place}");
    }
}

#[test]
fn the_complete_example_of_the_reference_is_an_experiment() {
    let page = super::succeeds("schema --markdown", Path::new("."));
    let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert!(validator().is_valid(&json(example)));
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("first.toml"), example).unwrap();
    super::succeeds("train {}/first.toml --print-config", folder.path());
}
