//! The project's own experiment files: complete, and every run of them an experiment at every scale.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use promoter_reproduce::{Catalogue, Error, Scale, Source, plan};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../xtask/experiments")
}

/// How many experiments each report mentions, and how many of its statements differ from its code.
const COUNTS: [(&str, u32, u32); 7] = [
    ("auth", 6, 3),
    ("NC", 11, 5),
    ("MadLab", 7, 8),
    ("NAD", 9, 5),
    ("Peppa", 7, 5),
    ("LegNet", 1, 0),
    ("PrixFixe", 1, 0),
];

#[test]
fn every_experiment_and_every_discrepancy_is_there_once() {
    let catalogue = Catalogue::read(&folder()).unwrap();
    let mut ids: Vec<&str> = catalogue.reproductions.iter().map(|one| one.id.as_str()).collect();
    let mut expected: Vec<String> =
        COUNTS.iter().flat_map(|&(team, n, _)| (1..=n).map(move |i| format!("E-{team}-{i}"))).collect();
    ids.sort_unstable();
    expected.sort();
    assert_eq!(ids, expected);
    let mut known = BTreeMap::new();
    for id in catalogue.reproductions.iter().flat_map(|one| one.discrepancies.keys()) {
        *known.entry(id.clone()).or_insert(0) += 1;
    }
    let expected = COUNTS.iter().flat_map(|&(team, _, n)| (1..=n).map(move |i| (format!("D-{team}-{i}"), 1)));
    assert_eq!(known, expected.collect::<BTreeMap<_, _>>());
}

#[test]
fn every_run_is_an_experiment_at_every_scale() {
    let catalogue = Catalogue::read(&folder()).unwrap();
    let data = tempfile::tempdir().unwrap();
    fs::create_dir(data.path().join("public_leaderboard_ids")).unwrap();
    let names = ["train_sequences_sample.txt.gz", "yeast_train_70k.tsv.gz", "test_sequences.txt.gz"];
    for name in names.into_iter().chain(["public_leaderboard_ids/ground.json"]) {
        fs::write(data.path().join(name), name).unwrap();
    }
    let path = data.path().to_str().unwrap().to_owned();
    for (scale, given) in [
        (Scale::Smoke, "simulated".to_owned()),
        (Scale::Small, path.clone()),
        (Scale::Full, format!("{path}/{}", names[0])),
    ] {
        let source = Source::open(&given, scale).unwrap();
        for one in &catalogue.reproductions {
            let runs = plan::runs(&catalogue, one, scale, &source, "runs".as_ref()).unwrap();
            assert!(runs.len() >= one.runs.len());
            // The hash is of the values, so the same value in another seed is another run.
            for planned in runs.iter().filter(|planned| planned.seed > 1) {
                assert!(runs.iter().filter(|other| other.key == planned.key).count() == 1, "{}", planned.id);
            }
        }
    }
}

/// What changes the first run changes the second, whose weights come from it, and nothing else.
#[test]
fn a_run_that_starts_from_another_has_its_hash_in_its_own() {
    let mut catalogue = Catalogue::read(&folder()).unwrap();
    let plan = |catalogue: &Catalogue, runs: &str| {
        let one = catalogue.select(&["E-auth-4".into()]).unwrap()[0];
        plan::runs(catalogue, one, Scale::Smoke, &Source::Simulated, runs.as_ref()).unwrap()
    };
    let (before, elsewhere) = (plan(&catalogue, "runs"), plan(&catalogue, "elsewhere"));
    let weights = |run: &plan::Planned| run.experiment.start.as_ref().map(|start| start.weights.clone());
    assert_eq!(before.iter().map(weights).collect::<Vec<_>>(), [None, Some(before[0].weights()), None, None]);
    assert_ne!(weights(&before[1]), weights(&elsewhere[1]));
    for (run, same) in before.iter().zip(&elsewhere) {
        assert_eq!(run.key, same.key, "{}", run.name);
    }
    let one = catalogue.reproductions.iter_mut().find(|one| one.id == "E-auth-4").unwrap();
    one.runs[0].set.insert("optimiser.lr".into(), toml::Value::Float(0.002));
    let changed: Vec<bool> = before.iter().zip(plan(&catalogue, "runs")).map(|(a, b)| a.key != b.key).collect();
    assert_eq!(changed, [true, true, false, false]);
}

/// A copy of the project's files, in which one may break something.
fn copy(to: &Path) {
    fs::create_dir_all(to.join("protocols")).unwrap();
    for part in ["", "protocols"] {
        for entry in fs::read_dir(folder().join(part)).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_file() {
                fs::copy(entry.path(), to.join(part).join(entry.file_name())).unwrap();
            }
        }
    }
}

#[test]
fn files_that_contradict_themselves_are_refused() {
    for (file, from, to, message) in [
        ("E-Peppa-3.toml", "small = {", "smal = {", "unknown field `smal`"),
        ("E-Peppa-3.toml", "with = \"centre\"", "with = \"center\"", "there is no run \"center\""),
        ("E-Peppa-3.toml", "protocol = \"peppa\"", "protocol = \"pepa\"", "there is no protocol \"pepa\""),
        ("E-Peppa-5.toml", "ours = \"stem\"", "ours = \"stm\"", "neither a measure nor a run's value"),
        ("E-Peppa-5.toml", "kind = \"parameters\"", "kind = \"parameter\"", "parameter"),
        ("E-Peppa-5.toml", "layers = [\"stem\"]", "layer = [\"stem\"]", "layer"),
        ("E-auth-4.toml", "start = \"masked 6-mers\"", "start = \"auth\"", "no run \"auth\" before it to start from"),
        ("list.tsv", "E-Peppa-3\tPeppa", "E-Peppa-33\tPeppa", "list.tsv"),
        ("list.tsv", "E-Peppa-3\tPeppa", "E-Peppa-3\tNAD", "team or title differ"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        copy(folder.path());
        let path = folder.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file}: {from}");
        fs::write(&path, text.replacen(from, to, 1)).unwrap();
        let error = Catalogue::read(folder.path()).unwrap_err().chain();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn names_are_forgiving_and_unknown_ones_get_a_suggestion() {
    let catalogue = Catalogue::read(&folder()).unwrap();
    let select = |name: &str| catalogue.select(&[name.to_owned()]);
    assert_eq!(select("noisy chardonnay").unwrap().len(), 11);
    assert_eq!(select("e-peppa-3").unwrap()[0].id, "E-Peppa-3");
    assert_eq!(select("all").unwrap().len(), catalogue.reproductions.len());
    let error = select("E-Pepa-3").unwrap_err();
    assert!(matches!(&error, Error::Unknown { nearest, .. } if nearest.contains(&"E-Peppa-3".to_owned())), "{error}");
    assert!(error.to_string().contains("did you mean E-Peppa-3"), "{error}");
    assert_eq!(
        select("xyzzy").unwrap_err().to_string(),
        "there is no experiment or team \"xyzzy\": --list prints them all"
    );
}
