//! `promoter new` and `promoter train --data`: from a table to an experiment and a predictor.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use flate2::read::GzDecoder;

use super::train::HERE;
use super::{fails, run, succeeds};

const YEAST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/dream2022/yeast_train_70k.tsv.gz");

/// Measured promoters with a header: seq, label_hqscale, label_raw, source.
fn yeast(rows: usize) -> String {
    let lines = BufReader::new(GzDecoder::new(File::open(YEAST).unwrap())).lines();
    lines.take(rows + 1).map(|line| line.unwrap() + "\n").collect()
}

/// A random base for a row and a place.
fn base(row: usize, at: usize) -> char {
    // The finaliser of SplitMix64.
    let mut x = ((row * 1009 + at) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ['A', 'C', 'G', 'T'][(x >> 62) as usize]
}

/// A table of `sequence` and `label`, both of the number of a row.
fn table(rows: usize, sequence: impl Fn(usize) -> String, label: impl Fn(usize) -> String) -> String {
    let mut text = String::from("id,Sequence,value\n");
    for row in 0..rows {
        writeln!(text, "{row},{},{}", sequence(row), label(row)).unwrap();
    }
    text
}

fn random(row: usize) -> String {
    (0..60).map(|at| base(row, at)).collect()
}

/// The experiment that `new` writes with these options for a table, and what it says.
#[track_caller]
fn plan(text: &str, options: &str) -> (toml::Table, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rows.csv"), text).unwrap();
    let output = run(&format!("new - --data {{}}/rows.csv {options}"), folder.path());
    let warnings = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{warnings}");
    (String::from_utf8(output.stdout).unwrap().parse().unwrap(), warnings)
}

#[test]
fn measured_rows_become_an_experiment_file_that_says_why() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rows.tsv"), yeast(400)).unwrap();
    let new = "new {}/own.toml --data {}/rows.tsv --label label_hqscale";
    assert_eq!(succeeds(new, folder.path()), "");
    let text = fs::read_to_string(folder.path().join("own.toml")).unwrap();
    let experiment: toml::Table = text.parse().unwrap();
    assert_eq!(experiment["split"]["kind"].as_str(), Some("kmers"));
    assert_eq!(
        (experiment["split"]["left"].as_integer(), experiment["split"]["right"].as_integer()),
        (Some(17), Some(13))
    );
    assert_eq!(experiment["encoding"]["one_hot"]["fit"]["length"].as_integer(), Some(110));
    assert!(text.lines().filter(|line| line.contains("# ")).count() > 10, "{text}");
    // Nothing that it decides is lost among the defaults, and nothing is in it that the schema does not have.
    let whole = succeeds("train {}/own.toml --print-config", folder.path());
    for key in ["with_ridge = true", "batch_norm_averages = \"estimated\"", "precision = \"auto\""] {
        assert!(text.contains(key) && whole.contains(key), "{key}: {whole}");
    }
    let value = serde_json::to_value(&experiment).unwrap();
    assert!(super::schema::validator().is_valid(&value), "{text}");
    fails(new, folder.path(), 1, &["own.toml exists"]);
}

#[test]
fn a_table_alone_trains_a_predictor_and_its_experiment_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    succeeds("simulate --rows 200 --seed 3 -o {}/rows.tsv", folder.path());
    let said =
        succeeds(&format!("train --data {{}}/rows.tsv --recipe small --out {{}}/runs/own {HERE}"), folder.path());
    let file = fs::read_to_string(folder.path().join("runs/own.toml")).unwrap();
    assert!(said.starts_with(&file) && said.contains("runs/own.toml"), "{said}");
    assert!(folder.path().join("runs/own/predictor.safetensors").is_file());
    // What the run scored is what its predictor predicts, ridge regression included.
    let held_out = fs::read_to_string(folder.path().join("runs/own/test_predictions.tsv")).unwrap();
    let rows: String =
        held_out.lines().skip(1).map(|line| line.split('\t').next().unwrap().to_owned() + "\n").collect();
    fs::write(folder.path().join("held_out.txt"), rows).unwrap();
    succeeds("predict {}/runs/own {}/held_out.txt -o {}/again.tsv --device cpu", folder.path());
    let again = fs::read_to_string(folder.path().join("again.tsv")).unwrap();
    let last = |line: &str| line.rsplit('\t').next().unwrap().parse::<f32>().unwrap();
    let [scored, again] = [&held_out, &again]
        .map(|text| text.lines().filter(|line| !line.starts_with("sequence")).map(last).collect::<Vec<_>>());
    assert_eq!(scored.len(), 20);
    assert!(scored.iter().zip(&again).all(|(a, b)| (a - b).abs() < 1e-4), "{scored:?} {again:?}");
    // The run is that of the file.
    succeeds(&format!("train {{}}/runs/own.toml --resume --out {{}}/runs/own {HERE}"), folder.path());
    let again = format!("train --data {{}}/rows.tsv --out {{}}/runs/own {HERE}");
    fails(&again, folder.path(), 1, &["runs/own.toml exists"]);
}

#[test]
fn groups_stay_together_and_missing_labels_are_told() {
    let label = |row: usize| if row.is_multiple_of(50) { String::new() } else { (row % 13).to_string() };
    let text = table(400, random, label);
    let gene = |(at, line): (usize, &str)| match at {
        0 => format!("gene,{line}\n"),
        _ => format!("g{},{line}\n", at % 40),
    };
    let grouped: String = text.lines().enumerate().map(gene).collect();
    let (experiment, warnings) = plan(&grouped, "--label value --group gene");
    assert_eq!(experiment["split"]["kind"].as_str(), Some("group"));
    assert_eq!(experiment["data"]["file"]["read"]["keep"].as_array().unwrap()[0].as_str(), Some("gene"));
    assert!(warnings.contains("8 rows have no label"), "{warnings}");
}

#[test]
fn replicates_are_weighed_by_a_column() {
    let text = table(400, |row| random(row / 2), |row| (row % 13).to_string());
    let reads = |(at, line): (usize, &str)| match at {
        0 => format!("reads,{line}\n"),
        _ => format!("{at},{line}\n"),
    };
    let weighed: String = text.lines().enumerate().map(reads).collect();
    for (options, key) in [("--weight reads", "weight"), ("--variance reads", "variance")] {
        let (experiment, warnings) = plan(&weighed, &format!("--label value {options}"));
        assert_eq!(experiment["label"]["replicates"][key].as_str(), Some("reads"), "{warnings}");
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rows.csv"), weighed.replace("\n7,", "\n0,")).unwrap();
    let new = "new {}/own.toml --data {}/rows.csv --label value --weight";
    fails(&format!("{new} reads"), folder.path(), 1, &["line 8", "`reads`", "a number above 0"]);
    fails(&format!("{new} cells"), folder.path(), 1, &["no column `cells`", "reads, id, Sequence, value"]);
    fails(&format!("{new} reads --variance reads"), folder.path(), 2, &["cannot be used with"]);
}

/// Simulated rows with columns sequence, a and b; a third of b is missing, and it is large.
fn two_labels(folder: &Path) {
    succeeds("simulate --rows 240 --seed 3 -o {}/raw.tsv", folder);
    let raw = fs::read_to_string(folder.join("raw.tsv")).unwrap();
    let mut text = String::from("sequence\ta\tb\n");
    for (row, line) in raw.lines().enumerate() {
        let (sequence, label) = line.split_once('\t').unwrap();
        let b = 1000.0 + 10.0 * label.parse::<f64>().unwrap();
        let b = if row % 3 == 0 { String::new() } else { b.to_string() };
        writeln!(text, "{sequence}\t{label}\t{b}").unwrap();
    }
    fs::write(folder.join("rows.tsv"), text).unwrap();
}

#[test]
fn one_network_learns_several_labels_and_predicts_each() {
    let folder = tempfile::tempdir().unwrap();
    two_labels(folder.path());
    let train = "train --data {}/rows.tsv --label a --label b --recipe small --out {}/runs/own";
    let said = succeeds(&format!("{train} {HERE}"), folder.path());
    for line in ["mean: network with ridge, held-out", "a: network with ridge, held-out", "b: ridge on 2..6-mers, test"]
    {
        assert!(said.contains(line), "{line}: {said}");
    }
    let file = fs::read_to_string(folder.path().join("runs/own.toml")).unwrap();
    assert!(file.contains("labels = 2") && file.contains("columns = [\"a\", \"b\"]"), "{file}");
    let whole = succeeds("train {}/runs/own.toml --print-config", folder.path());
    assert!(super::schema::validator().is_valid(&serde_json::to_value(whole.parse::<toml::Table>().unwrap()).unwrap()));

    // What the run scored is what its predictor predicts, of both labels or of one.
    let held_out = fs::read_to_string(folder.path().join("runs/own/test_predictions.tsv")).unwrap();
    let fields = |text: &str, column: usize| -> Vec<String> {
        text.lines().skip(1).map(|line| line.split('\t').nth(column).unwrap().to_owned()).collect()
    };
    assert!(held_out.starts_with("sequence\tmeasured_a\tpredicted_a\tmeasured_b\tpredicted_b\n"), "{held_out}");
    assert!(fields(&held_out, 3).contains(&"NaN".to_owned()), "rows without b are predicted too");
    fs::write(folder.path().join("held_out.txt"), fields(&held_out, 0).join("\n") + "\n").unwrap();
    let predict = "predict {}/runs/own/predictor.safetensors {}/held_out.txt --device cpu";
    let both = succeeds(predict, folder.path());
    assert!(both.starts_with("sequence\tprediction_a\tprediction_b\n"), "{both}");
    let near = |a: &[String], b: &[String]| {
        let number = |text: &String| text.parse::<f32>().unwrap();
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (number(a) - number(b)).abs() < 1e-4 * number(a).abs())
    };
    assert!(near(&fields(&held_out, 2), &fields(&both, 1)) && near(&fields(&held_out, 4), &fields(&both, 2)));
    assert!(fields(&both, 2).iter().all(|value| value.parse::<f32>().unwrap() > 500.0), "in units of b");
    let one = succeeds(&format!("{predict} --label b"), folder.path());
    assert!(near(&fields(&both, 2), &fields(&format!("\n{one}"), 1)));

    for command in ["explain", "variants"] {
        let chosen = format!("{command} {{}}/runs/own {{}}/held_out.txt --device cpu -o {{}}/{command}.tsv");
        fails(&chosen, folder.path(), 1, &["has learnt a, b", "--label"]);
    }
    fails(&format!("{predict} --rank"), folder.path(), 1, &["the model has a, b", "--label"]);
    fails(&format!("{predict} --label c"), folder.path(), 1, &["label is c", "one of a, b"]);
    succeeds("explain {}/runs/own {}/held_out.txt --label b --device cpu -o {}/explained.tsv", folder.path());
}

#[test]
fn ridge_regression_is_a_predictor_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    succeeds("simulate --rows 400 --seed 3 -o {}/raw.tsv", folder.path());
    let raw = fs::read_to_string(folder.path().join("raw.tsv")).unwrap();
    let line = |line: &str| {
        let (sequence, label) = line.split_once('\t').unwrap();
        format!("{sequence}\t{label}\t{}\n", (label.parse::<f64>().unwrap() / 2.0).exp())
    };
    let rows: String = raw.lines().map(line).collect();
    fs::write(folder.path().join("rows.tsv"), format!("sequence\tbins\ttail\n{rows}")).unwrap();
    for (labels, run) in [("--label bins", "bins"), ("--label tail", "tail"), ("--label bins --label tail", "both")] {
        let train = format!("train --data {{}}/rows.tsv {labels} --network ridge --out {{}}/runs/{run}");
        let said = succeeds(&format!("{train} {HERE}"), folder.path());
        assert!(said.contains("ridge, held-out test rows") && !said.contains("\nepoch "), "{said}");
        let path = folder.path().join(format!("runs/{run}"));
        let bytes = fs::metadata(path.join("predictor.safetensors")).unwrap().len();
        assert!(bytes < 120_000 && path.join("report.html").is_file(), "{bytes} bytes");
        // Its scores are those of the floor; of what is learnt as a logarithm, in its units.
        let scores = |start: &str| -> Vec<f64> {
            let line = said.lines().find(|line| line.starts_with(start)).unwrap();
            line[38..].split_whitespace().map(|score| score.parse().unwrap()).collect()
        };
        if run == "bins" {
            assert_eq!(scores("ridge, held-out test rows"), scores("ridge on 2..6-mers, test"));
        }
        let held_out = fs::read_to_string(path.join("test_predictions.tsv")).unwrap();
        let fields = |text: &str, column: usize| -> Vec<String> {
            text.lines().skip(1).map(|line| line.split('\t').nth(column).unwrap().to_owned()).collect()
        };
        fs::write(folder.path().join("held_out.txt"), fields(&held_out, 0).join("\n") + "\n").unwrap();
        let again = succeeds(
            &format!("predict {{}}/runs/{run}/predictor.safetensors {{}}/held_out.txt --device cpu"),
            folder.path(),
        );
        let again = if run == "both" { again } else { format!("\n{again}") };
        for (scored, predicted) in fields(&held_out, 2).iter().zip(fields(&again, 1)) {
            let [a, b] = [scored, &predicted].map(|text| text.parse::<f32>().unwrap());
            assert!((a - b).abs() <= 1e-4 * a.abs(), "{a} {b}");
        }
    }
    let explain = "explain {}/runs/tail {}/held_out.txt --method deep-lift --device cpu -o {}/explained.tsv";
    succeeds(explain, folder.path());
    succeeds(&format!("train --resume --out {{}}/runs/bins {HERE}"), folder.path());
    let alone = format!("train {{}}/runs/bins.toml --set training.with_ridge=false --out {{}}/runs/other {HERE}");
    fails(&alone, folder.path(), 1, &["`network` is ridge", "with_ridge"]);
}

#[test]
fn rows_that_are_all_related_are_split_at_random_with_a_warning() {
    let origin = random(0);
    let variant = |row: usize| {
        let at = row % 58;
        format!("{}{}{}", &origin[..at], base(row, 1), &origin[at + 1..])
    };
    let (experiment, warnings) = plan(&table(200, variant, |row| (row % 13).to_string()), "--label value");
    assert_eq!(experiment["split"]["kind"].as_str(), Some("random"));
    assert!(warnings.contains("share 20 bases"), "{warnings}");
}

#[test]
fn labels_with_a_long_tail_are_learnt_as_logarithms() {
    let tail = |row: usize| ((row as f64 / 20.0).exp()).to_string();
    let (experiment, warnings) = plan(&table(200, random, tail), "--label value");
    assert_eq!(experiment["label"]["transform"].as_str(), Some("log1p"));
    assert!(warnings.contains("z_score"), "{warnings}");
    let (experiment, warnings) = plan(&table(200, random, |row| (row % 13).to_string()), "--label value");
    assert_eq!((experiment["label"]["transform"].as_str(), &warnings[..]), (Some("z_score"), ""));
}

#[test]
fn sequences_of_several_lengths_are_brought_to_one_that_nearly_all_fit_into() {
    let cut = |row: usize| random(row)[..40 + row % 20].to_owned();
    let (experiment, _) = plan(&table(200, cut, |row| (row % 13).to_string()), "--label value");
    assert_eq!(experiment["encoding"]["one_hot"]["fit"]["length"].as_integer(), Some(59));
    assert_eq!(experiment["network"]["length"].as_integer(), Some(59));
}

#[test]
fn every_network_that_takes_bases_can_be_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    succeeds("simulate --rows 120 --seed 3 -o {}/rows.tsv", folder.path());
    let mut planned = Vec::new();
    let help = run("new x --data x --network x", folder.path());
    let help = String::from_utf8(help.stderr).unwrap();
    let names = help.split("possible values: ").nth(1).and_then(|rest| rest.split(']').next()).unwrap();
    for name in names.split(", ") {
        let output = run(&format!("new - --data {{}}/rows.tsv --network {name}"), folder.path());
        let error = String::from_utf8(output.stderr).unwrap();
        match output.status.success() {
            true => planned.push(name),
            // A multiple of 8, for one.
            false => assert!(error.contains("length"), "{name}: {error}"),
        }
    }
    for name in ["auth", "dream-cnn", "legnet", "madlab", "noisy-chardonnay", "peppa"] {
        assert!(planned.contains(&name), "{name}: {planned:?}");
    }
}

#[test]
fn a_table_that_nothing_can_be_learnt_from_is_refused_and_leaves_no_folder() {
    let number = |row: usize| (row % 13).to_string();
    let good = table(200, random, number);
    for (text, options, parts) in [
        (&good, "--label expression", &["no column `expression`", "id, Sequence, value"][..]),
        (&good, "--label value --sequence dna", &["no column `dna`", "id, Sequence, value"]),
        (&good, "--label value --group gene", &["no column `gene`", "id, Sequence, value"]),
        (&good.replace("Sequence", "dna"), "--label value", &["no column `sequence`", "id, dna, value"]),
        (&good, "--label Sequence", &["rows.csv:2", "expected a finite number"]),
        (&table(200, random, |_| "3".into()), "--label value", &["rows.csv", "all labels are 3"]),
        (
            &table(200, random, |_| String::new()),
            "--label value",
            &["rows.csv", "200 rows skipped for their missing label"],
        ),
        (&table(200, |_| "N".repeat(50), number), "--label value", &["no sequence has a letter A, C, G or T"]),
        (&table(99, random, number), "--label value", &["99 rows", "at least 100"]),
        (
            &table(200, random, |row| (row % 2).to_string()),
            "--label value --group value",
            &["groups of column `value`"],
        ),
        (&table(200, random, |row| format!("-{row}")), "--label value --network legnet", &["0 to 17", "legnet"]),
        (&table(200, random, |row| format!("-{row}")), "--label value --network peppa", &["positive", "peppa"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("rows.csv"), text).unwrap();
        fails(&format!("train --data {{}}/rows.csv {options} --out {{}}/run {HERE}"), folder.path(), 1, parts);
        fails(&format!("new {{}}/own.toml --data {{}}/rows.csv {options}"), folder.path(), 1, parts);
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["rows.csv"], "{options}");
    }
    fails("train --data rows.csv --network pepa", Path::new("."), 2, &["pepa", "possible values", "peppa"]);
    fails("train --data rows.csv own.toml", Path::new("."), 2, &["cannot be used with"]);
}
