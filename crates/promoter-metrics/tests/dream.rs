//! The official score against the challenge's own figures, and every kind of bad input.
#![cfg(feature = "dream")]
#![allow(clippy::unwrap_used)] // the helpers are tests too, but do not look so to clippy

use std::fs;
use std::path::{Path, PathBuf};

use promoter_metrics::Side;
use promoter_metrics::dream::{Bootstrap, Challenge, Error, Rows, Score, Subset, Values};
use serde_json::{Map, Value, json};

/// The challenge's evaluation of 200 made-up sequences with ties, duplicated rows and public rows.
fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/scoring_synthetic.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn sequence(row: u64) -> String {
    (0..8).map(|base| char::from(b"ACGT"[(row >> (2 * base) & 3) as usize])).collect()
}

/// The fixture as the challenge's files.
struct Files {
    folder: tempfile::TempDir,
    truth: Vec<f64>,
    prediction: Vec<f64>,
}

impl Files {
    fn new() -> Self {
        let fixture = fixture();
        let folder = tempfile::tempdir().unwrap();
        let (subsets, public) = (folder.path().join("test_subset_ids"), folder.path().join("public_leaderboard_ids"));
        fs::create_dir(&subsets).unwrap();
        fs::create_dir(&public).unwrap();
        let truth = numbers(&fixture["ground_truth"]);
        let at = |row: &Value| truth[row.as_u64().unwrap() as usize];
        for (name, rows) in fixture["subset_rows"].as_object().unwrap() {
            let lines = rows
                .as_array()
                .unwrap()
                .iter()
                .enumerate()
                .map(|(i, row)| format!("{i},tag,{},{row},\n", sequence(row.as_u64().unwrap())));
            let text: String = [",tag,sequence,pos,exp\n".to_owned()].into_iter().chain(lines).collect();
            fs::write(subsets.join(format!("{name}.csv")), text).unwrap();
        }
        for (name, pairs) in fixture["pair_rows_alt_ref"].as_object().unwrap() {
            let mut text = ",alt_pos,ref_pos\n".to_owned();
            for (i, pair) in pairs.as_array().unwrap().iter().enumerate() {
                text += &format!("{i},{},{}\n", pair[0], pair[1]);
            }
            fs::write(subsets.join(format!("{name}.csv")), text).unwrap();
        }
        let write = |name: &str, object: Map<String, Value>| {
            fs::write(public.join(format!("{name}.json")), Value::Object(object).to_string()).unwrap();
        };
        for (name, rows) in fixture["public_single"].as_object().unwrap() {
            write(name, rows.as_array().unwrap().iter().map(|row| (row.to_string(), json!(at(row)))).collect());
        }
        for (name, pairs) in fixture["public_pairs_alt_ref"].as_object().unwrap() {
            let pairs = pairs.as_array().unwrap().iter();
            let entry = |pair: &Value| (format!("{},{}", pair[0], pair[1]), json!([at(&pair[0]), at(&pair[1])]));
            write(name, pairs.map(entry).collect());
        }
        Self { folder, prediction: numbers(&fixture["predictions"]), truth }
    }

    fn challenge(&self) -> Result<Challenge, Error> {
        Challenge::read(self.folder.path())
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// The final round's table.
    fn table(&self, name: &str, values: &[f64]) -> PathBuf {
        let lines = values.iter().enumerate().map(|(row, value)| format!("{}\t{value}\n", sequence(row as u64)));
        self.write(name, &lines.collect::<String>())
    }

    /// The leaderboard's JSON of some rows.
    fn json(&self, name: &str, values: &[f64], rows: impl Iterator<Item = usize>) -> PathBuf {
        let object: Map<String, Value> = rows.map(|row| (row.to_string(), json!(values[row]))).collect();
        self.write(name, &Value::Object(object).to_string())
    }

    fn score(&self, rows: Rows, truth: &Path, predictions: &Path) -> Result<Score, Error> {
        self.challenge()?.select(rows, &Values::read(truth)?, &Values::read(predictions)?)?.score()
    }
}

#[track_caller]
fn assert_close(found: f64, expected: &Value, tolerance: f64) {
    let expected = expected.as_f64().unwrap();
    assert!((found - expected).abs() < tolerance, "{found} is not {expected}");
}

#[test]
fn scores_are_those_of_the_challenges_code() {
    let (files, fixture) = (Files::new(), fixture());
    let truth = files.table("truth.txt", &files.truth);
    let table = files.table("predictions.txt", &files.prediction);
    let json = files.json("predictions.json", &files.prediction, (0..200).rev());
    for predictions in [table, json] {
        for (rows, key) in [(Rows::All, "result_all"), (Rows::Private, "result_private_only")] {
            let score = files.score(rows, &truth, &predictions).unwrap();
            let expected = &fixture[key];
            assert_close(score.pearson_score, &expected["Pearson Score"], 1e-12);
            assert_close(score.spearman_score, &expected["Spearman Score"], 1e-12);
            for (subset, c) in &score.subsets {
                let name = subset.name().replace('_', " ");
                assert_close(c.pearson, &expected[format!("{name} r")], 1e-12);
                assert_close(c.spearman, &expected[format!("{name} ρ")], 1e-12);
            }
        }
    }
}

#[test]
fn public_and_private_rows_are_all_rows() {
    let files = Files::new();
    let truth = files.table("truth.txt", &files.truth);
    let predictions = files.table("predictions.txt", &files.prediction);
    let [public, private, all] =
        [Rows::Public, Rows::Private, Rows::All].map(|rows| files.score(rows, &truth, &predictions).unwrap());
    for subset in Subset::ALL {
        assert_eq!(public.subsets[&subset].n + private.subsets[&subset].n, all.subsets[&subset].n, "{subset}");
    }
    // The duplicated yeast rows count once.
    assert_eq!(all.subsets[&Subset::Yeast].n, 20);
    // Public truth is enough for the public rows, and the order of a pair for nothing.
    let challenge = files.challenge().unwrap();
    let flipped = |values: &[f64]| values.iter().map(|x| -x).collect::<Vec<_>>();
    let score = |truth: &[f64], prediction: &[f64]| {
        let pairs =
            |values: &[f64]| values.iter().copied().enumerate().map(|(row, x)| (row as u32, x)).collect::<Vec<_>>();
        let truth = Values::of_pairs("truth", pairs(truth)).unwrap();
        let predictions = Values::of_pairs("predictions", pairs(prediction)).unwrap();
        challenge.select(Rows::Public, &truth, &predictions)?.score()
    };
    assert_eq!(score(&files.truth, &files.prediction).unwrap(), public);
    let opposite = score(&files.truth, &flipped(&files.prediction)).unwrap();
    assert_eq!(opposite.pearson_score, public.pearson_score);
    assert_eq!(opposite.spearman_score, -public.spearman_score);
}

#[test]
fn weights_are_the_challenges() {
    assert!((Subset::ALL.iter().map(|s| s.weight()).sum::<f64>() - Subset::TOTAL_WEIGHT).abs() < 1e-12);
    let names = serde_json::to_value(Subset::ALL).unwrap();
    assert_eq!(names, json!(Subset::ALL.map(Subset::name)));
    assert_eq!("private".parse::<Rows>().unwrap(), Rows::Private);
    assert!(matches!("final".parse::<Rows>(), Err(Error::UnknownRows { name }) if name == "final"));
}

#[test]
fn tables_json_and_plots_have_every_subset() {
    let files = Files::new();
    let truth = Values::of_rows("truth", &files.truth).unwrap();
    let predictions = Values::of_rows("predictions", &files.prediction).unwrap();
    let selection = files.challenge().unwrap().select(Rows::All, &truth, &predictions).unwrap();
    let score = selection.score().unwrap();
    let json = serde_json::to_value(&score).unwrap();
    assert_eq!(json["pearson_score"], json!(score.pearson_score));
    assert_eq!(json["subsets"]["SNVs"]["pearson"], json!(score.subsets[&Subset::Snvs].pearson));
    let intervals = Bootstrap { rounds: 50, ..Bootstrap::default() }.intervals(&selection).unwrap();
    let (table, plot) = (score.table(Some(&intervals)), selection.plot().unwrap());
    for subset in Subset::ALL {
        assert!(json["subsets"][subset.name()]["n"].is_u64());
        assert!(table.contains(subset.name()) && plot.contains(subset.name()));
    }
    assert!(score.table(None).lines().all(|line| line.trim_end() == line && !line.contains('[')));
    assert!(plot.starts_with("<svg") && plot.ends_with("</svg>\n") && !plot.contains("NaN"));
}

#[test]
fn intervals_hold_the_score_and_do_not_depend_on_threads() {
    let files = Files::new();
    let truth = Values::of_rows("truth", &files.truth).unwrap();
    let challenge = files.challenge().unwrap();
    let select =
        |values: &[f64]| challenge.select(Rows::All, &truth, &Values::of_rows("predictions", values).unwrap()).unwrap();
    let (selection, noisy) = (
        select(&files.prediction),
        select(
            &files
                .prediction
                .iter()
                .enumerate()
                .map(|(i, p)| p + f64::from(i as u32 * 37 % 11) / 4.0)
                .collect::<Vec<_>>(),
        ),
    );
    let bootstrap = Bootstrap { rounds: 400, seed: 9, ..Bootstrap::default() };
    let with = |threads, bootstrap: Bootstrap| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| bootstrap.intervals(&selection).unwrap())
    };
    let intervals = with(1, bootstrap);
    assert_eq!(intervals, with(3, bootstrap));
    assert_ne!(intervals.pearson_score, with(1, Bootstrap { seed: 10, ..bootstrap }).pearson_score);
    let score = selection.score().unwrap();
    for (subset, c) in &score.subsets {
        let of = &intervals.subsets[subset];
        assert!(of.pearson.low < c.pearson && c.pearson < of.pearson.high, "{subset}");
        assert!(of.spearman.low < c.spearman && c.spearman < of.spearman.high, "{subset}");
    }
    let narrow = Bootstrap { level: 0.5, ..bootstrap }.intervals(&selection).unwrap();
    assert!(narrow.pearson_score.low > intervals.pearson_score.low);

    let comparison = bootstrap.compare(&selection, &noisy).unwrap();
    let difference = comparison.pearson_score;
    assert_eq!(difference.value, score.pearson_score - noisy.score().unwrap().pearson_score);
    assert!(difference.larger > 0.99 && difference.interval.low > 0.0);
    let same = bootstrap.compare(&selection, &selection).unwrap().subsets[&Subset::High].spearman;
    assert_eq!((same.value, same.larger, same.interval.low, same.interval.high), (0.0, 0.5, 0.0, 0.0));
    assert!(Subset::ALL.iter().all(|subset| comparison.table().contains(subset.name())));
    let none = Bootstrap { rounds: 1, ..bootstrap }.intervals(&selection);
    assert!(matches!(none, Err(Error::Bootstrap { rounds: 1, .. })));
    assert!(matches!(Bootstrap { level: 1.0, ..bootstrap }.intervals(&selection), Err(Error::Bootstrap { .. })));
    let public = challenge.select(Rows::Public, &truth, &truth).unwrap();
    assert!(matches!(bootstrap.compare(&selection, &public), Err(Error::NotPaired)));
}

#[test]
fn predictions_that_do_not_fit_the_truth_are_refused() {
    let files = Files::new();
    let truth = files.table("truth.txt", &files.truth);
    let score = |predictions: &Path| files.score(Rows::All, &truth, predictions).unwrap_err();
    let json = |name: &str, text: &str| score(&files.write(name, text));

    let error = score(&files.table("short.txt", &files.prediction[..199]));
    assert!(matches!(error, Error::RowCount { found: 199, expected: 200, .. }), "{error}");
    let error = score(&files.json("missing.json", &files.prediction, (0..200).filter(|row| ![7, 9].contains(row))));
    assert!(matches!(error, Error::Missing { side: Side::Prediction, count: 2, needed: 200, row: 7, .. }), "{error}");
    let mut swapped: Vec<String> = fs::read_to_string(&truth).unwrap().lines().map(str::to_owned).collect();
    swapped.swap(3, 150);
    let error = score(&files.write("order.txt", &swapped.join("\n")));
    assert!(matches!(&error, Error::Sequence { row: 3 | 150, .. }), "{error}");
    let error = json("unknown.json", r#"{"200": 1.0}"#);
    assert!(matches!(error, Error::UnknownRow { row: 200, rows: 200, .. }), "{error}");
    assert!(matches!(json("id.json", r#"{"007": 1.0}"#), Error::Id { id, .. } if id == "007"));
    assert!(matches!(json("twice.json", r#"{"7": 1.0, "8": 2, "7": 1.0}"#), Error::DuplicateRow { row: 7, .. }));
    assert!(matches!(json("half.json", r#"{"7": 1.0, "8""#), Error::Json { .. }));
    assert!(matches!(json("text.json", r#"{"7": "NaN"}"#), Error::Json { .. }));
    for (text, row) in [("{\"7\": 1.0,\n \"12\": NaN}", "12"), ("{\"3\":\n-Infinity}", "3")] {
        let error = json("nan.json", text);
        assert!(matches!(&error, Error::NotFinite { row: found, .. } if found == row), "{error}");
    }
    assert!(matches!(json("nan.txt", "ACGT\t1\nACGT\tnan\n"), Error::NotFinite { row, .. } if row == "1"));
    assert!(matches!(json("header.txt", "seq\texpression\nACGT\t1\n"), Error::Line { line: 1, .. }));
    assert!(matches!(json("number.txt", "ACGT\t1\nACGT\tx1\n"), Error::Line { line: 2, .. }));
    assert!(matches!(json("column.txt", "ACGT\t1\nACGT 2\n"), Error::Line { line: 2, found, .. } if found == "ACGT 2"));
    assert!(matches!(json("empty.txt", ""), Error::NoValues { .. }));
    assert!(matches!(score(Path::new("no/such/file.json")), Error::Read { .. }));
    let error = score(&files.table("constant.txt", &[0.5; 200]));
    assert!(matches!(error, Error::Constant { side: Side::Prediction, subset: Subset::All, n: 200 }), "{error}");
}

#[test]
fn a_truth_that_is_not_the_truth_is_refused() {
    let files = Files::new();
    let truth = files.table("truth.txt", &files.truth);
    let predictions = files.table("predictions.txt", &files.prediction);
    let error = files.score(Rows::All, &predictions, &truth).unwrap_err();
    assert!(matches!(error, Error::Swapped { .. }), "{error}");
    assert!(error.to_string().contains("predictions.txt"));
    let error = files.score(Rows::All, &predictions, &predictions).unwrap_err();
    assert!(matches!(error, Error::NotTheTruth { .. }), "{error}");
    let public = files.json("public.json", &files.truth, [157, 26].into_iter());
    let error = files.score(Rows::Public, &public, &predictions).unwrap_err();
    assert!(matches!(error, Error::Missing { side: Side::Truth, .. }), "{error}");
}

#[test]
fn broken_challenge_files_are_named() {
    let read = |file: &str, text: &str| {
        let files = Files::new();
        files.write(file, text);
        let error = files.challenge().unwrap_err();
        assert!(error.to_string().contains(file.rsplit('/').next().unwrap()), "{error}");
        error
    };
    let (single, pairs) =
        ("public_leaderboard_ids/low_exp_indices.json", "public_leaderboard_ids/SNVs_exp_indices.json");
    let rows = "test_subset_ids/low_exp_seqs.csv";
    assert!(matches!(read(rows, "a,b\n1,2\n"), Error::Column { column: "pos", .. }));
    assert!(matches!(read(rows, "a,pos\n1,2\n3\n"), Error::Csv { .. }));
    assert!(matches!(read(rows, "a,pos\n1,2.5\n"), Error::Id { .. }));
    assert!(matches!(read(single, "[1]"), Error::Json { .. }));
    assert!(matches!(read(single, r#"{"1,2": 3}"#), Error::Id { .. }));
    assert!(matches!(read(single, r#"{"1": NaN}"#), Error::NotFinite { .. }));
    assert!(matches!(read(pairs, r#"{"12": [1, 2]}"#), Error::Id { .. }));
    assert!(matches!(read(pairs, r#"{"1,2": [1]}"#), Error::Json { .. }));
    let nowhere = tempfile::tempdir().unwrap();
    assert!(matches!(Challenge::read(nowhere.path()), Err(Error::Read { .. })));
    let files = Files::new();
    files.write("test_subset_ids/yeast_seqs.csv", "pos\n");
    let values = Values::of_rows("truth", &files.truth).unwrap();
    let empty = files.challenge().unwrap().select(Rows::All, &values, &values).unwrap().score();
    assert!(matches!(empty, Err(Error::Metric(promoter_metrics::Error::Empty))));
}

/// The challenge's real files.
fn real() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/dream2022")
}

#[test]
fn real_submissions_score_as_on_the_leaderboard() {
    let folder = real();
    let expected = fs::read_to_string(folder.join("reference_submissions/scores_public.json")).unwrap();
    let expected: Map<String, Value> = serde_json::from_str(&expected).unwrap();
    let challenge = Challenge::read(&folder).unwrap();
    assert_eq!(challenge.rows(), 71_103);
    let truth = Values::read(folder.join("public_leaderboard_ids/ground.json")).unwrap();
    assert_eq!(expected.len(), 11);
    for (name, expected) in &expected {
        // The random template's score is there too.
        let place = if name == "sample_submission" { "public_leaderboard_ids" } else { "reference_submissions" };
        let path = folder.join(place).join(format!("{name}.json"));
        let score = challenge.select(Rows::Public, &truth, &Values::read(&path).unwrap()).unwrap().score().unwrap();
        assert_close(score.pearson_score, &expected["pearsons_score"], 1e-9);
        assert_close(score.spearman_score, &expected["spearmans_score"], 1e-9);
        for (subset, c) in &score.subsets {
            assert_close(c.pearson, &expected["pearson"][subset.name()], 1e-9);
        }
    }
}

#[test]
fn the_random_template_scores_as_the_challenge_published() {
    let folder = real();
    let expected: Value =
        serde_json::from_str(include_str!("fixtures/scoring_public_leaderboard_sample_submission.json")).unwrap();
    let public = folder.join("public_leaderboard_ids");
    let truth = Values::read(public.join("ground.json")).unwrap();
    let predictions = Values::read(public.join("sample_submission.json")).unwrap();
    let challenge = Challenge::read(&folder).unwrap();
    let score = challenge.select(Rows::Public, &truth, &predictions).unwrap().score().unwrap();
    assert_close(score.pearson_score, &expected["pearson_score"], 1e-12);
    assert_close(score.spearman_score, &expected["spearman_score"], 1e-12);
    for (subset, c) in &score.subsets {
        assert_eq!(c.n as u64, expected["n"][subset.name()].as_u64().unwrap());
        assert_close(c.pearson, &expected["pearson_r_and_spearman_rho"][subset.name()][0], 1e-12);
        assert_close(c.spearman, &expected["pearson_r_and_spearman_rho"][subset.name()][1], 1e-12);
    }
    let private = challenge.select(Rows::Private, &truth, &predictions);
    assert!(matches!(private, Err(Error::Missing { side: Side::Truth, count: 62_058, .. })));
    assert!(matches!(challenge.select(Rows::Public, &predictions, &truth), Err(Error::Swapped { .. })));
}
