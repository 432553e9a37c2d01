//! The project's own experiment files: complete, and every run of them an experiment at every scale.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use promoter_reproduce::{Catalogue, Error, Plan, Planned, Scale, Source, plan};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// How many experiments each report mentions.
const COUNTS: [(&str, u32); 7] =
    [("auth", 6), ("NC", 11), ("MadLab", 7), ("NAD", 9), ("Peppa", 7), ("LegNet", 1), ("PrixFixe", 1)];

fn plans(catalogue: &Catalogue, scale: Scale, source: &Source) -> Vec<Plan> {
    let of = |one| plan(catalogue, one, scale, source, "runs".as_ref()).unwrap();
    catalogue.reproductions.iter().map(of).collect()
}

#[test]
fn every_experiment_is_there_once() {
    let catalogue = Catalogue::read(&root()).unwrap();
    let mut ids: Vec<&str> = catalogue.reproductions.iter().map(|one| one.id.as_str()).collect();
    let mut expected: Vec<String> =
        COUNTS.iter().flat_map(|&(team, n)| (1..=n).map(move |i| format!("E-{team}-{i}"))).collect();
    ids.sort_unstable();
    expected.sort();
    assert_eq!(ids, expected);
}

#[test]
fn every_run_is_an_experiment_at_every_scale() {
    let catalogue = Catalogue::read(&root()).unwrap();
    let file = root().join("examples/data/dream2022/train_sequences_sample.txt.gz");
    let full = Source::open(Some(file.to_str().unwrap()), Scale::Full, &root()).unwrap();
    let small = Source::open(None, Scale::Small, &root()).unwrap();
    for (scale, source) in [(Scale::Smoke, Source::Simulated), (Scale::Small, small), (Scale::Full, full)] {
        for plan in plans(&catalogue, scale, &source) {
            // The hash is of the values, so the same value in another seed is another run.
            for planned in plan.runs.iter().filter(|planned| planned.seed > 1) {
                assert!(plan.runs.iter().filter(|other| other.key == planned.key).count() == 1, "{}", planned.id);
            }
        }
    }
}

/// Half a day of two idle cores, with what is predicted and evaluated.
#[test]
fn the_small_scale_takes_twelve_hours_at_most() {
    let catalogue = Catalogue::read(&root()).unwrap();
    let source = Source::open(None, Scale::Small, &root()).unwrap();
    let hours = promoter_reproduce::seconds(&plans(&catalogue, Scale::Small, &source)) / 3600.0;
    assert!((8.0..=12.0).contains(&hours), "{hours} hours");
}

/// What changes the first run changes the second, whose weights come from it, and nothing else.
#[test]
fn a_run_that_starts_from_another_has_its_hash_in_its_own() {
    let project = copy();
    let plan = |runs: &str| {
        let catalogue = Catalogue::read(project.path()).unwrap();
        let one = catalogue.select(&["E-auth-4".into()]).unwrap()[0];
        plan(&catalogue, one, Scale::Smoke, &Source::Simulated, runs.as_ref()).unwrap().runs
    };
    let (before, elsewhere) = (plan("runs"), plan("elsewhere"));
    let weights = |run: &Planned| run.experiment.start.as_ref().map(|start| start.weights.clone());
    assert_eq!(before.iter().map(weights).collect::<Vec<_>>(), [None, Some(before[0].weights()), None, None]);
    assert_ne!(weights(&before[1]), weights(&elsewhere[1]));
    for (run, same) in before.iter().zip(&elsewhere) {
        assert_eq!(run.key, same.key, "{}", run.name);
    }
    replace(project.path(), "xtask/experiments/E-auth-4.toml", "\"loss\" = ", "\"optimiser.lr\" = 0.002\n\"loss\" = ");
    let changed: Vec<bool> = before.iter().zip(plan("runs")).map(|(a, b)| a.key != b.key).collect();
    assert_eq!(changed, [true, true, false, false]);
}

/// A result is of the values of its files: other words leave it current, another number, protocol or example does not.
#[test]
fn words_do_not_change_a_key_and_values_do() {
    let project = copy();
    let key = |id: &str| {
        let catalogue = Catalogue::read(project.path()).unwrap();
        let one = catalogue.select(&[id.to_owned()]).unwrap()[0];
        plan(&catalogue, one, Scale::Smoke, &Source::Simulated, "runs".as_ref()).unwrap().key
    };
    let mut before = key("E-MadLab-4");
    for (file, from, to, is_same) in [
        ("xtask/experiments/E-MadLab-4.toml", "claim = \"", "claim = \"We read: ", true),
        ("xtask/experiments/E-MadLab-4.toml", "source = \"report, table 2\"", "source = \"report\"", true),
        ("xtask/experiments/protocols/madlab.toml", "reason = \"the team's", "reason = \"because the team's", true),
        ("examples/madlab.toml", "l2 = 0.001", "l2 = 0.002", false),
        ("xtask/experiments/E-MadLab-4.toml", "value = 0.001", "value = 0.002", false),
    ] {
        replace(project.path(), file, from, to);
        let after = key("E-MadLab-4");
        assert_eq!(before == after, is_same, "{file}: {to}");
        before = after;
    }
}

fn replace(root: &Path, file: &str, from: &str, to: &str) {
    let path = root.join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file}: {from}");
    fs::write(&path, text.replacen(from, to, 1)).unwrap();
}

/// A copy of the project's files, in which one may break something.
fn copy() -> tempfile::TempDir {
    let project = tempfile::tempdir().unwrap();
    for part in ["xtask/experiments", "xtask/experiments/protocols", "examples"] {
        fs::create_dir_all(project.path().join(part)).unwrap();
        for entry in fs::read_dir(root().join(part)).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_file() {
                fs::copy(entry.path(), project.path().join(part).join(entry.file_name())).unwrap();
            }
        }
    }
    project
}

#[test]
fn files_that_contradict_themselves_are_refused() {
    for (file, from, to, message) in [
        ("E-Peppa-3.toml", "small = {", "smal = {", "unknown field `smal`"),
        ("E-Peppa-3.toml", "with = \"centre\"", "with = \"center\"", "unknown run \"center\""),
        ("E-Peppa-3.toml", "protocol = \"peppa\"", "protocol = \"pepa\"", "unknown protocol \"pepa\""),
        ("E-Peppa-3.toml", "by = \"validation_pearson\"", "by = \"validation_person\"", "unknown variant"),
        ("E-Peppa-3.toml", "seeds = 3", "seeds = 2", "2 and 3 seeds"),
        ("E-Peppa-5.toml", "ours = \"stem\"", "ours = \"stm\"", "neither a measure nor a run's value"),
        ("E-Peppa-5.toml", "kind = \"parameters\"", "kind = \"parameter\"", "parameter"),
        ("E-Peppa-5.toml", "layers = [\"stem\"]", "layer = [\"stem\"]", "layer"),
        ("E-Peppa-6.toml", "of = \"E-Peppa-1.peppa\"", "of = \"E-Peppa-1.pepa\"", "has no run \"pepa\" of its own"),
        ("E-NAD-4.toml", "without = [\"sharpness\"]", "without = [\"sharpnes\"]", "no table \"sharpnes\""),
        ("E-NC-2.toml", "search = \"table 1\"", "search = \"table 2\"", "unknown search \"table 2\""),
        (
            "E-auth-1.toml",
            "ranked = \"auth\"",
            "ranked = \"auth\"\nset = { \"loss.name\" = \"mse\" }",
            "let `loss.name`",
        ),
        ("E-auth-4.toml", "start = \"masked 6-mers\"", "start = \"auth\"", "no run \"auth\" before it to start from"),
        ("protocols/auth.toml", "reason = ", "reasons = ", "unknown field `reasons`"),
        ("protocols/nad_small.toml", "network.depths", "network.depth", "protocol nad_small"),
        ("list.tsv", "E-Peppa-3\tPeppa", "E-Peppa-33\tPeppa", "list.tsv"),
        ("list.tsv", "E-Peppa-3\tPeppa", "E-Peppa-3\tNAD", "team or title differ"),
    ] {
        let project = copy();
        replace(project.path(), &format!("xtask/experiments/{file}"), from, to);
        let error = Catalogue::read(project.path()).unwrap_err().chain();
        assert!(error.contains(message), "{file}, {to}: {error}");
    }
}

#[test]
fn names_are_forgiving_and_unknown_ones_get_a_suggestion() {
    let catalogue = Catalogue::read(&root()).unwrap();
    let select = |name: &str| catalogue.select(&[name.to_owned()]);
    assert_eq!(select("noisy chardonnay").unwrap().len(), 11);
    assert_eq!(select("e-peppa-3").unwrap()[0].id, "E-Peppa-3");
    assert_eq!(select("all").unwrap().len(), catalogue.reproductions.len());
    let error = select("E-Pepa-3").unwrap_err();
    assert!(matches!(&error, Error::Unknown { nearest, .. } if nearest.contains(&"E-Peppa-3".to_owned())), "{error}");
    assert!(error.to_string().contains("did you mean E-Peppa-3"), "{error}");
    let error = select("xyzzy").unwrap_err().to_string();
    assert_eq!(error, "unknown experiment or team \"xyzzy\": --list prints them all");
}
