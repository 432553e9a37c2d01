//! `promoter report` and `promoter search`.

use std::fs;

use super::train::{HERE, trained};

#[test]
fn a_report_is_written_again_from_the_folder() {
    let run = trained().join("run");
    let page = fs::read(run.join("report.html")).unwrap();
    fs::write(run.join("report.html"), "damaged").unwrap();
    super::succeeds("report {}/run", trained());
    assert!(fs::read(run.join("report.html")).unwrap() == page, "the same bytes");

    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("all.html");
    super::succeeds(&format!("report {{}}/run {{}}/run -o {}", out.display()), trained());
    let page = fs::read_to_string(out).unwrap();
    assert!(page.contains("2 runs") && page.matches("<svg").count() == 2 && !page.contains("src="), "{page}");
    let text = super::succeeds("report {}/run -o -", trained());
    assert!(text.contains("<h1>1 run</h1>"), "{text}");

    super::fails("report {}", folder.path(), 1, &["is not a run folder", "config.toml"]);
    for name in ["config.toml", "env.json", "metrics.jsonl"] {
        fs::copy(run.join(name), folder.path().join(name)).unwrap();
    }
    super::fails("report {}", folder.path(), 1, &["summary.json", "promoter train --resume"]);
    fs::write(folder.path().join("summary.json"), "{").unwrap();
    super::fails("report {}", folder.path(), 1, &["summary.json", "EOF"]);
}

#[test]
fn a_search_is_ranked_resumed_and_leaves_a_predictor() {
    let folder = tempfile::tempdir().unwrap();
    let config = trained().join("run/config.toml");
    let search = format!(
        "[search]\nkind = 'grid'\nmetric = 'mse'\nexperiment = '{}'\n[keys]\ntraining.epochs = [1]\n\
         data.simulated.rows = [200]\noptimiser.lr = [0.0001, 0.01]\n",
        config.display()
    );
    fs::write(folder.path().join("search.toml"), search).unwrap();
    let listed = super::succeeds("search {}/search.toml --list", folder.path());
    assert!(listed.lines().count() == 2 && listed.contains("optimiser.lr=0.01"), "{listed}");
    assert!(!folder.path().join("out").exists());
    let call = format!("search {{}}/search.toml --out {{}}/out {HERE}");
    let text = super::succeeds(&call, folder.path());
    for part in ["trial 000", "trial 001", "rank  trial  mse", "trials.txt", "best.safetensors"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let again = super::succeeds(&call, folder.path());
    assert!(again.starts_with("2 of 2 trials are already finished") && !again.contains("\ntrial 0"), "{again}");
    super::succeeds("simulate --rows 2 -o {}/in.tsv", folder.path());
    let call = format!("predict {{}}/out/best.safetensors {{}}/in.tsv {HERE}");
    assert_eq!(super::succeeds(&call, folder.path()).lines().count(), 2);

    fs::write(folder.path().join("search.toml"), "[search]\nkind = 'all'\n").unwrap();
    super::fails("search {}/search.toml", folder.path(), 1, &["search.toml is not a valid search file", "all"]);
}

#[test]
fn a_run_starts_from_another_ones_predictor_and_goes_on_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let (config, weights) = (trained().join("run/config.toml"), folder.path().join("weights.safetensors"));
    fs::copy(trained().join("run/predictor.safetensors"), &weights).unwrap();
    let call = format!(
        "train {} --set start.weights={} --set training.epochs=1 --set training.steps=3 --out {{}}/tuned {HERE}",
        config.display(),
        weights.display()
    );
    super::succeeds(&call, folder.path());
    let resolved = fs::read_to_string(folder.path().join("tuned/config.toml")).unwrap();
    assert!(resolved.contains("[start]") && resolved.contains("hash = \""), "{resolved}");
    fs::remove_file(&weights).unwrap();
    // The file of the experiment does not say the hash, and is the run's nevertheless.
    super::succeeds(&format!("{call} --resume"), folder.path());
    super::fails(&call.replace("tuned", "again"), folder.path(), 1, &["weights.safetensors", "No such file"]);
    assert!(!folder.path().join("again").exists());
}

/// Masked k-mers first: a run without a predictor, whose weights another run takes up.
#[test]
fn a_network_learns_masked_kmers_and_then_expression() {
    let folder = tempfile::tempdir().unwrap();
    let text = "title = 'bert'\n[data.simulated]\nrows = 200\n[split]\nkind = 'random'\nvalidation = 0.2\nseed = 1\n\
                [encoding.one_hot.fit]\nlength = 110\n[network]\nname = 'bert'\nk = 3\nchannels = 8\nblocks = 1\n\
                heads = 2\n[optimiser]\nname = 'adam_w'\nlr = 0.001\n[loss]\nname = 'mse'\n[training]\nepochs = 2\n\
                batch_size = 32\n";
    fs::write(folder.path().join("bert.toml"), text).unwrap();
    let call = format!("train {{}}/bert.toml {HERE}");
    let masked = "--set loss.name=masked_kmers --set network.objective=masked_kmers --set training.best=accuracy";
    let text = super::succeeds(&format!("{call} {masked} --out {{}}/masked"), folder.path());
    for part in ["accuracy   rows/s", "report.html", "weights    ", "best.safetensors"] {
        assert!(text.contains(part) && !text.contains("Pearson"), "{part}: {text}");
    }
    super::succeeds("report {}/masked", folder.path());
    super::succeeds("simulate --rows 2 -o {}/in.tsv", folder.path());
    let predict = format!("predict {{}}/masked {{}}/in.tsv {HERE}");
    super::fails(&predict, folder.path(), 1, &["has learnt masked k-mers", "start.weights"]);
    let weights = folder.path().join("masked/checkpoints/best.safetensors");
    let tuned = format!("{call} --set start.weights={} --out {{}}/tuned", weights.display());
    assert!(super::succeeds(&tuned, folder.path()).contains("predictor.safetensors"));
}

#[test]
fn every_shell_gets_its_completions() {
    let nowhere = std::path::Path::new(".");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = super::succeeds(&format!("completions {shell}"), nowhere);
        assert!(script.contains("explain") && script.contains("strands"), "{shell}");
    }
    super::fails("completions tcsh", nowhere, 2, &["tcsh", "zsh"]);
}
