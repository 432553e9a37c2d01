//! `promoter score`.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

/// The challenge's evaluation of 200 made-up sequences with ties, duplicated rows and public rows.
fn fixture() -> Value {
    serde_json::from_str(include_str!("../fixtures/scoring_synthetic.json")).unwrap()
}

fn sequence(row: usize) -> String {
    (0..8).map(|base| char::from(b"ACGT"[row >> (2 * base) & 3])).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn table(values: &[f64]) -> String {
    values.iter().enumerate().map(|(row, value)| format!("{}\t{value}\n", sequence(row))).collect()
}

/// The fixture as the challenge's files, with `truth.tsv`, `predictions.tsv` and `predictions.json`.
pub(super) fn challenge() -> tempfile::TempDir {
    let fixture = fixture();
    let folder = tempfile::tempdir().unwrap();
    let (subsets, public) = (folder.path().join("test_subset_ids"), folder.path().join("public_leaderboard_ids"));
    fs::create_dir(&subsets).unwrap();
    fs::create_dir(&public).unwrap();
    let (truth, predictions) = (numbers(&fixture["ground_truth"]), numbers(&fixture["predictions"]));
    let at = |row: &Value| truth[row.as_u64().unwrap() as usize];
    let each = |key: &str, write: &dyn Fn(&str, &[Value])| {
        for (name, rows) in fixture[key].as_object().unwrap() {
            write(name, rows.as_array().unwrap());
        }
    };
    let csv = |name: &str, header: &str, lines: Vec<String>| {
        fs::write(subsets.join(format!("{name}.csv")), format!("{header}\n{}\n", lines.join("\n"))).unwrap();
    };
    let object = |name: &str, entries: Map<String, Value>| {
        fs::write(public.join(format!("{name}.json")), Value::Object(entries).to_string()).unwrap();
    };
    each("subset_rows", &|name, rows| csv(name, "pos", rows.iter().map(Value::to_string).collect()));
    each("pair_rows_alt_ref", &|name, pairs| {
        csv(name, "alt_pos,ref_pos", pairs.iter().map(|pair| format!("{},{}", pair[0], pair[1])).collect());
    });
    each("public_single", &|name, rows| {
        object(name, rows.iter().map(|row| (row.to_string(), json!(at(row)))).collect());
    });
    each("public_pairs_alt_ref", &|name, pairs| {
        let entry = |pair: &Value| (format!("{},{}", pair[0], pair[1]), json!([at(&pair[0]), at(&pair[1])]));
        object(name, pairs.iter().map(entry).collect());
    });
    fs::write(folder.path().join("truth.tsv"), table(&truth)).unwrap();
    fs::write(folder.path().join("predictions.tsv"), table(&predictions)).unwrap();
    let entries = predictions.iter().enumerate().map(|(row, value)| (row.to_string(), json!(value))).collect();
    fs::write(folder.path().join("predictions.json"), Value::Object(entries).to_string()).unwrap();
    folder
}

const SCORE: &str = "score --challenge {} --truth {}/truth.tsv --predictions {}/predictions.tsv";

#[track_caller]
fn assert_close(found: &Value, expected: &Value, tolerance: f64) {
    let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
    assert!((found - expected).abs() < tolerance, "{found} is not {expected}");
}

#[test]
fn scores_are_those_of_the_challenges_code() {
    let (folder, fixture) = (challenge(), fixture());
    let json = SCORE.replace("predictions.tsv", "predictions.json");
    for call in [SCORE, &json] {
        for (rows, key) in [("all", "result_all"), ("private", "result_private_only")] {
            let output = super::succeeds(&format!("{call} --rows {rows} --json"), folder.path());
            let (score, expected): (Value, _) = (serde_json::from_str(&output).unwrap(), &fixture[key]);
            assert_close(&score["pearson_score"], &expected["Pearson Score"], 1e-12);
            assert_close(&score["spearman_score"], &expected["Spearman Score"], 1e-12);
            let subsets = score["subsets"].as_object().unwrap();
            assert_eq!(subsets.len(), 9);
            for (name, correlation) in subsets {
                let name = name.replace('_', " ");
                assert_close(&correlation["pearson"], &expected[format!("{name} r")], 1e-12);
                assert_close(&correlation["spearman"], &expected[format!("{name} ρ")], 1e-12);
                assert!(correlation["n"].as_u64().unwrap() > 0);
            }
        }
    }
}

#[test]
fn intervals_comparison_and_plot_are_options() {
    let folder = challenge();
    let options = "--rows all --bootstrap 50 --compare {}/predictions.json --plot {}/plot.svg";
    let output = super::succeeds(&format!("{SCORE} {options} --json"), folder.path());
    let score: Value = serde_json::from_str(&output).unwrap();
    let interval = &score["intervals"]["pearson_score"];
    let (low, high) = (interval["low"].as_f64().unwrap(), interval["high"].as_f64().unwrap());
    assert!(low < score["pearson_score"].as_f64().unwrap() && low < high, "{score}");
    assert_eq!(score["comparison"]["pearson_score"]["value"], 0.0, "the same predictions in two forms");
    assert!(fs::read_to_string(folder.path().join("plot.svg")).unwrap().contains("<svg"));
    let text = super::succeeds(&format!("{SCORE} {options}"), folder.path());
    assert!(text.contains("motif_tiling") && text.contains("Pearson score") && text.contains("first less second"));
}

#[test]
fn bad_input_is_told() {
    let folder = challenge();
    let swapped = "score --challenge {} --truth {}/predictions.tsv --predictions {}/truth.tsv";
    super::fails(swapped, folder.path(), 1, &["swapped"]);
    super::fails(&SCORE.replace("truth.tsv", "none.tsv"), folder.path(), 1, &["none.tsv", "No such file"]);
    let no_folder = SCORE.replace("--challenge {}", "--challenge {}/none");
    super::fails(&no_folder, folder.path(), 1, &["test_subset_ids", "No such file"]);
    super::fails(&format!("{SCORE} --rows some"), folder.path(), 2, &["private, public, all"]);

    let lines: Vec<String> = table(&numbers(&fixture()["predictions"])).lines().map(str::to_owned).collect();
    let write = |lines: &[String]| fs::write(folder.path().join("bad.tsv"), lines.join("\n") + "\n").unwrap();
    let bad = SCORE.replace("predictions.tsv", "bad.tsv");
    let mut order = lines.clone();
    order.swap(3, 4);
    let mut nan = lines.clone();
    nan[7] = format!("{}\tNaN", sequence(7));
    let mut word = lines.clone();
    word[7] = format!("{}\thigh", sequence(7));
    let cases: [(&[String], &[&str]); 4] =
        [(&lines[..199], &["199"]), (&order, &["row 3"]), (&nan, &["row 7", "NaN"]), (&word, &[":8", "high"])];
    for (lines, parts) in cases {
        write(lines);
        super::fails(&bad, folder.path(), 1, &[&["bad.tsv"], parts].concat());
    }
    for (text, parts) in [
        (r#"{"0": 1, "0": 2}"#, ["bad.tsv", "0"]),
        (r#"{"0": 1, "900": 2}"#, ["bad.tsv", "900"]),
        (r#"{"0": NaN}"#, ["bad.tsv", "NaN"]),
    ] {
        fs::write(folder.path().join("bad.tsv"), text).unwrap();
        super::fails(&bad, folder.path(), 1, &parts);
    }
}

/// Ten submissions of the public leaderboard with the scores on record.
#[test]
fn real_submissions_have_their_recorded_scores() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/dream2022");
    let recorded = fs::read_to_string(data.join("reference_submissions/scores_public.json")).unwrap();
    let recorded: Map<String, Value> = serde_json::from_str(&recorded).unwrap();
    assert_eq!(recorded.len(), 11, "ten submissions and the random template");
    for (name, expected) in recorded {
        let place = if name == "sample_submission" { "public_leaderboard_ids" } else { "reference_submissions" };
        let files = "--challenge {} --truth {}/public_leaderboard_ids/ground.json --rows public --json";
        let call = format!("score {files} --predictions {{}}/{place}/{name}.json");
        let score: Value = serde_json::from_str(&super::succeeds(&call, &data)).unwrap();
        assert_close(&score["pearson_score"], &expected["pearsons_score"], 1e-9);
        assert_close(&score["spearman_score"], &expected["spearmans_score"], 1e-9);
        for (subset, r) in expected["pearson"].as_object().unwrap() {
            assert_close(&score["subsets"][subset]["pearson"], r, 1e-9);
        }
    }
}

/// `measured.csv` with ids, groups and labels of 60 rows; `a.tsv` close to them, `b.tsv` far, both in another order.
fn any_tables() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let label = |i: usize| ((i * 37) % 61) as f64 / 7.0;
    let mut measured = String::from("id,chromosome,expression\n");
    let (mut a, mut b) = (String::from("id\tprediction\n"), String::from("id\tprediction\n"));
    for i in 0..60 {
        measured += &format!("\"p,{i}\",chr{},{}\n", i % 3, label(i));
        let j = (i * 7) % 60; // the same rows in another order
        a += &format!("p,{j}\t{}\n", label(j) + (j as f64).sin());
        b += &format!("p,{j}\t{}\n", label(j) + 4.0 * (j as f64).sin());
    }
    for (name, text) in [("measured.csv", measured), ("a.tsv", a), ("b.tsv", b)] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn any_two_tables_are_joined_and_scored_by_group() {
    let folder = any_tables();
    let options = "--truth-column expression --by id --group chromosome --bootstrap 300";
    let score = format!("score --truth {{}}/measured.csv --predictions {{}}/a.tsv {options}");
    let text = crate::succeeds(&format!("{score} --compare {{}}/b.tsv --plot {{}}/p.svg"), folder.path());
    assert!(text.contains("rows              60") && text.contains("first less second"), "{text}");
    let of = |name: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    // The residuals are sines: their mean square is a half.
    assert!((of("MSE") - 0.5).abs() < 0.02 && of("Pearson") > 0.95, "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("chr")).count(), 3, "{text}");
    assert!(fs::read_to_string(folder.path().join("p.svg")).unwrap().contains("chr2: n 20"));
    let json: Value = serde_json::from_str(&crate::succeeds(&format!("{score} --json"), folder.path())).unwrap();
    assert_eq!((&json["rows"], &json["groups"]["chr1"]["rows"]), (&json!(60), &json!(20)));
    assert!(json["intervals"]["pearson"][0].as_f64() < json["pearson"].as_f64());

    // Without keys the order joins them.
    fs::write(folder.path().join("x.tsv"), "1\n2\n4\n").unwrap();
    fs::write(folder.path().join("y.tsv"), "seq\tp\nA\t1\nC\t2\nG\t4\n").unwrap();
    let text = crate::succeeds("score --truth {}/x.tsv --predictions {}/y.tsv", folder.path());
    assert!(text.contains("R2            1.0000"), "{text}");
}

#[test]
fn tables_that_do_not_fit_are_refused_with_their_line() {
    let folder = any_tables();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("short.tsv", "id\tp\np,0\t1\n");
    write("twice.tsv", "id\tp\np,0\t1\np,0\t2\n");
    write("empty.tsv", "id\tp\n");
    write("word.tsv", "id\tp\np,0\t1\np,1\thigh\n");
    write("ragged.tsv", "id\tp\np,0\t1\np,1\n");
    write("one.tsv", "1\n2\n");
    for (predictions, options, expected) in [
        ("short.tsv", "", "measured.csv:3: {}/short.tsv has no prediction for \"p,1\""),
        ("twice.tsv", "", "lines 2 and 3 have the same key \"p,0\""),
        ("empty.tsv", "", "empty.tsv: no rows"),
        ("word.tsv", "", "word.tsv:3: expected a finite number in column 2, found \"high\""),
        ("ragged.tsv", "", "ragged.tsv:3: expected 2 columns, found 1"),
        ("one.tsv", "", "has 2 rows"),
        ("a.tsv", "--group tissue", "unknown column `tissue`: the header has id, chromosome, expression"),
        ("a.tsv", "--rows public", "--challenge"),
        ("none.tsv", "", "none.tsv"),
    ] {
        let arguments = format!("score --truth {{}}/measured.csv --predictions {{}}/{predictions} {options}");
        let output = crate::run(&arguments, folder.path());
        let error = String::from_utf8_lossy(&output.stderr);
        let expected = expected.replace("{}", folder.path().to_str().unwrap());
        assert!(!output.status.success() && error.contains(&expected), "{predictions} {options}: {error}");
        assert!(output.stdout.is_empty());
    }
}
