//! `promoter explain`.

use std::fs;
use std::path::Path;

use super::train::{HERE, trained};

/// Three simulated promoters with their sites, and the call that explains them.
fn promoters() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    super::succeeds("simulate --rows 3 --seed 5 -o {}/rows.tsv --sites {}/sites.jsonl", folder.path());
    let model = trained().join("run/predictor.safetensors");
    (folder, format!("explain {} {{}}/rows.tsv {HERE}", model.display()))
}

/// Sequence, position, reference, alternative, effect.
fn effects(text: &str) -> Vec<(String, usize, char, char, f32)> {
    let mut lines = text.lines();
    assert_eq!(lines.next().unwrap(), "sequence\tposition\treference\talternative\teffect");
    let letter = |field: &str| field.parse().unwrap();
    let row = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        (fields[0].into(), fields[1].parse().unwrap(), letter(fields[2]), letter(fields[3]), fields[4].parse().unwrap())
    };
    lines.map(row).collect()
}

fn predict(folder: &Path, sequences: &[String]) -> Vec<f32> {
    fs::write(folder.join("changed.tsv"), sequences.join("\n")).unwrap();
    let model = trained().join("run/predictor.safetensors");
    let text = super::succeeds(&format!("predict {} {{}}/changed.tsv {HERE}", model.display()), folder);
    text.lines().map(|line| line.split('\t').nth(1).unwrap().parse().unwrap()).collect()
}

/// Every effect is what predicting the changed sequence gives; the gradient agrees where changes are small.
#[test]
fn effects_are_differences_of_predictions() {
    let (folder, call) = promoters();
    let found = effects(&super::succeeds(&call, folder.path()));
    assert_eq!(found.len(), 3 * 110 * 3);
    let rows = fs::read_to_string(folder.path().join("rows.tsv")).unwrap();
    let sequence = rows.lines().nth(1).unwrap().split('\t').next().unwrap();
    let second: Vec<_> = found.iter().filter(|row| row.0 == "2").collect();
    let changed = |row: &&(String, usize, char, char, f32)| {
        assert_eq!(sequence.chars().nth(row.1 - 1), Some(row.2));
        assert_ne!(row.2, row.3);
        format!("{}{}{}", &sequence[..row.1 - 1], row.3, &sequence[row.1..])
    };
    let mut sequences: Vec<String> = second.iter().map(changed).collect();
    sequences.push(sequence.to_owned());
    let mut predictions = predict(folder.path(), &sequences);
    let unchanged = predictions.pop().unwrap();
    for (row, prediction) in second.iter().zip(predictions) {
        assert!((prediction - unchanged - row.4).abs() < 1e-4, "{row:?}");
    }
    // The window of the model is 15..100: what lies beside it has no effect but rounding, as batches of
    // other sizes are summed in other orders.
    assert!(found.iter().all(|row| (16..=100).contains(&row.1) || row.4.abs() < 1e-3));
    assert!(found.iter().any(|row| row.4.abs() > 1e-2));

    let gradient = effects(&super::succeeds(&format!("{call} --method gradient"), folder.path()));
    let (mut product, mut squares) = (0.0, [0.0; 2]);
    for (a, b) in found.iter().zip(&gradient) {
        assert_eq!((&a.0, a.1, a.2, a.3), (&b.0, b.1, b.2, b.3));
        product += f64::from(a.4 * b.4);
        squares[0] += f64::from(a.4 * a.4);
        squares[1] += f64::from(b.4 * b.4);
    }
    // A network after a few steps is far from straight; effects that have nothing to do with each other stay below 0.1.
    assert!(product / (squares[0] * squares[1]).sqrt() > 0.2, "{product} {squares:?}");
    super::fails(&format!("{call} --method gradient --shift 1"), folder.path(), 1, &["use another method"]);
}

/// The sums of the contributions in the file are the differences of the predictions, with every method that says so.
#[test]
fn contributions_add_up() {
    let (folder, call) = promoters();
    let numbers = |name: &str| -> Vec<f32> {
        let (_, bytes) = super::forms::array(&folder.path().join("out.npz"), name);
        bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
    };
    for (method, tolerance) in
        [("deep-lift --references 3", 1e-3), ("integrated-gradients --references 2 --steps 100", 1.0)]
    {
        let output = super::run(&format!("{call} --method {method} -o {{}}/out.npz"), folder.path());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && said.contains("convergence delta: at most "), "{said}");
        assert_eq!(said.contains("warning"), tolerance > 0.1, "{method}: {said}");
        let (prediction, reference) = (numbers("prediction"), numbers("reference"));
        let (contributions, effects) = (numbers("contributions"), numbers("effects"));
        assert_eq!((prediction.len(), contributions.len(), effects.len()), (3, 3 * 110 * 4, 3 * 110 * 4));
        for row in 0..3 {
            // The base that is there is the one without an effect.
            let own = |i: &usize| effects[*i] == 0.0 && contributions[*i] != 0.0;
            let sum: f32 = (440 * row..440 * (row + 1)).filter(own).map(|i| contributions[i]).sum();
            let difference = prediction[row] - reference[row];
            assert!((sum - difference).abs() < tolerance, "{method}: {sum} {difference}");
        }
    }
    super::fails(&format!("{call} --references 3"), folder.path(), 1, &["integrated-gradients and deep-lift only"]);
    super::fails(&format!("{call} --method deep-lift --steps 3"), folder.path(), 1, &["integrated-gradients only"]);
    super::fails(&format!("{call} --method deep-lift --references 0"), folder.path(), 1, &["at least 1"]);
}

#[test]
fn known_sites_are_compared_and_drawn() {
    let (folder, call) = promoters();
    let output =
        super::run(&format!("{call} --sites {{}}/sites.jsonl --logo {{}}/logo.html -o {{}}/out.tsv"), folder.path());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && output.stdout.is_empty(), "{said}");
    let numbers: Vec<f64> = said.split([' ', ',', '(', ')']).filter_map(|word| word.parse().ok()).collect();
    // 3 rows; area, chance, positives of positions.
    let [rows, area, chance, positives, positions] = numbers[..] else { panic!("{said}") };
    assert_eq!((rows, positions), (3.0, 330.0));
    assert!((positives / positions - chance).abs() < 1e-3 && (0.0..=1.0).contains(&area), "{said}");
    let page = fs::read_to_string(folder.path().join("logo.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.matches("<use ").count() > 100 && !page.contains("src="));

    let maps = format!("{call} -o {{}}/out.tsv --heat-map {{}}/map.html --logos 2");
    super::succeeds(&maps, folder.path());
    let maps = fs::read_to_string(folder.path().join("map.html")).unwrap();
    assert!(maps.starts_with("<!DOCTYPE html>") && !maps.contains("src="));
    assert_eq!((maps.matches("<title>").count(), maps.matches("<circle").count()), (1 + 2 * 330, 2 * 110));

    let svg = format!("{call} -o {{}}/out.tsv --logo {{}}/logo.svg --logos 1");
    super::succeeds(&svg, folder.path());
    let svg = fs::read_to_string(folder.path().join("logo.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains(">1: ") && !svg.contains(">2: "));

    let sites = fs::read_to_string(folder.path().join("sites.jsonl")).unwrap();
    let two: Vec<&str> = sites.lines().take(2).collect();
    for (text, parts) in [
        (two.join("\n"), ["bad.jsonl has 2 lines", "more sequences"]),
        (format!("{sites}[]\n"), ["bad.jsonl has 4 lines", "3 sequences"]),
        (sites.replacen("\"start\"", "\"begin\"", 1), ["bad.jsonl:", "begin"]),
        (sites.replacen("\"length\":", "\"length\":9", 1), ["bad.jsonl:", "ends beyond the sequence"]),
    ] {
        fs::write(folder.path().join("bad.jsonl"), text).unwrap();
        fs::remove_file(folder.path().join("out.tsv")).unwrap_or_default();
        super::fails(&format!("{call} --sites {{}}/bad.jsonl -o {{}}/out.tsv"), folder.path(), 1, &parts);
        assert!(!folder.path().join("out.tsv").exists());
    }
    super::fails(&format!("{call} --logo {{}}/logo.png"), folder.path(), 1, &["logo.png", ".svg or .html"]);
}

#[test]
fn names_of_fasta_are_kept_and_refused_sequences_named() {
    let (folder, call) = promoters();
    fs::write(folder.path().join("rows.fa"), ">first one\nACGTN\n>second\nGG\n").unwrap();
    let found = effects(&super::succeeds(&call.replace("rows.tsv", "rows.fa"), folder.path()));
    assert_eq!(found.len(), 4 * 3 + 4 + 2 * 3, "N has four alternatives");
    assert!(found[0].0 == "first" && found.last().unwrap().0 == "second");
    fs::write(folder.path().join("rows.tsv"), "").unwrap();
    super::fails(&call, folder.path(), 1, &["rows.tsv", "no sequences to explain"]);
}
