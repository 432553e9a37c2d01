//! An experiment on k-mers, from vectors that are learnt to predictions in a new process.

use std::fs;

const EXPERIMENT: &str = r#"
[data.simulated]
rows = 300
[split]
kind = "random"
validation = 0.2
seed = 1
[encoding.kmer]
fit = { length = 110, crop = [16, 98] }
k = 3
vectors = { glove = { dimension = 8, iterations = 3 } }
[network]
name = "nad"
embedding = 8
channels = [8, 8, 8, 8, 16]
depths = [1, 1, 1, 1]
[loss]
name = "mse"
[optimiser]
name = "adam_w"
lr = 0.001
betas = [0.9, 0.999]
eps = 1e-8
weight_decay = 0.05
[augment]
reverse_complement = "stacked"
[evaluation]
strands = true
[training]
epochs = 1
batch_size = 32
"#;

#[test]
fn vectors_are_learnt_once_and_stay_with_the_run_and_the_predictor() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("kmer.toml"), EXPERIMENT).unwrap();
    let here = "--device cpu --threads 1";
    super::succeeds(&format!("train {{}}/kmer.toml --out {{}}/run {here}"), folder.path());
    let trained = fs::read_to_string(path("run/predictions.tsv")).unwrap();
    let rows: Vec<(&str, f32)> = trained
        .lines()
        .skip(1)
        .map(|line| (line.split('\t').next().unwrap(), line.rsplit('\t').next().unwrap().parse().unwrap()))
        .collect();
    fs::write(path("input.tsv"), rows.iter().map(|(sequence, _)| format!("{sequence}\n")).collect::<String>()).unwrap();
    // The evaluation of the run, both strands, is what its predictor does unless told otherwise.
    for model in ["run", "run/predictor.safetensors"] {
        let out = super::succeeds(&format!("predict {{}}/{model} {{}}/input.tsv {here}"), folder.path());
        for (line, (_, expected)) in out.lines().zip(&rows) {
            let found: f32 = line.rsplit('\t').next().unwrap().parse().unwrap();
            assert!((found - expected).abs() < 1e-4, "{model}: {found} {expected}");
        }
    }
    let predict =
        |option: &str| super::succeeds(&format!("predict {{}}/run {{}}/input.tsv {here} {option}"), folder.path());
    assert_eq!(predict("--strands both"), predict(""));
    assert_ne!(predict("--strands one"), predict(""));
    assert_eq!(predict("--strands one"), predict("--shift 0"));
    let card = fs::read_to_string(path("run/predictor.md")).unwrap();
    assert!(card.contains("a vector for each 3-mer"), "{card}");

    // A resume ends with the same predictions; without whole vectors there are none.
    let vectors = fs::read(path("run/vectors.safetensors")).unwrap();
    super::succeeds(&format!("train --resume --out {{}}/run {here}"), folder.path());
    assert_eq!(fs::read_to_string(path("run/predictions.tsv")).unwrap(), trained);
    fs::write(path("run/vectors.safetensors"), &vectors[..vectors.len() / 2]).unwrap();
    super::fails(&format!("predict {{}}/run {{}}/input.tsv {here}"), folder.path(), 1, &["vectors"]);
}
