//! `promoter models`, `promoter shrink`, and names of models in place of files.

use std::fs;
use std::path::Path;

use super::train::trained;

/// A promoter of the challenge's construct.
const CONSTRUCT: &str =
    "TGCATTTTTTTCACATCAAAAAAAAAAAAAAAAAAAAAAACTAGCAAACCAATGAAGCGGCTTGGCTTACAGGTACATTTTACCTTAGCGCTAAATGGGTTACGGCTGTT";

#[test]
fn models_are_listed_and_have_a_card() {
    let list = super::succeeds("models", Path::new("."));
    assert!(list.starts_with("yeast  "), "{list}");
    assert!(super::succeeds("models yeast", Path::new(".")).contains("## What it is not for"));
    super::fails("models yeats", Path::new("."), 2, &["invalid value 'yeats'", "yeast"]);
}

#[test]
fn a_name_stands_for_a_model_unless_a_file_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("in.txt"), format!("{CONSTRUCT}\n{CONSTRUCT}\n")).unwrap();
    let predict = |model: &str, folder: &Path| {
        let call = ["predict", model, "in.txt", "--device", "cpu"];
        super::command(call).current_dir(folder).output().unwrap()
    };
    let predicted = predict("yeast", folder);
    assert!(predicted.status.success(), "{}", String::from_utf8_lossy(&predicted.stderr));
    let text = String::from_utf8(predicted.stdout).unwrap();
    let values: Vec<f32> = text.lines().map(|line| line.split('\t').nth(1).unwrap().parse().unwrap()).collect();
    assert!(values.len() == 2 && values[0] == values[1] && (0.0..17.0).contains(&values[0]), "{text}");
    fs::write(folder.join("yeast"), "not a predictor").unwrap();
    assert!(!predict("yeast", folder).status.success());
}

#[test]
fn half_the_size_predicts_nearly_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let whole = trained().join("run/predictor.safetensors");
    super::succeeds(&format!("shrink {} -o {{}}/half.safetensors", whole.display()), folder);
    let size = |path: &Path| fs::metadata(path).unwrap().len() as f64;
    assert!(size(&folder.join("half.safetensors")) < 0.8 * size(&whole));
    assert!(folder.join("half.md").exists());
    fs::write(folder.join("in.txt"), format!("{CONSTRUCT}\n{}\n", CONSTRUCT.replace("TTAC", "GGCA"))).unwrap();
    let values = |model: &Path| -> Vec<f64> {
        let text = super::succeeds(&format!("predict {} {{}}/in.txt --device cpu", model.display()), folder);
        text.lines().map(|line| line.split('\t').nth(1).unwrap().parse().unwrap()).collect()
    };
    for (whole, half) in values(&whole).iter().zip(values(&folder.join("half.safetensors"))) {
        assert!((whole - half).abs() < 0.02, "{whole} and {half}");
    }
    super::fails(&format!("shrink {} -o {{}}", whole.display()), folder, 1, &["is a folder"]);
}
