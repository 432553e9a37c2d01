//! Runs that start from the weights of another.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use promoter_torch::Params;
use promoter_torch::file::Tensors;
use promoter_train::average::Average;
use promoter_train::run::Folder;
use promoter_train::start::Start;
use promoter_train::{Error, Experiment, Prepared, Progress, Session};
use tch::Device;

#[path = "small/experiment.rs"]
mod experiment;
use experiment::{small, start};

/// The weights of a network of the small experiment, drawn from another seed, and that experiment from them on.
fn elsewhere(path: &Path) -> (Tensors, Experiment) {
    let mut experiment = small();
    let mut params = Params::new(Device::Cpu, 7);
    experiment.network.build(&mut params).unwrap();
    let tensors = Tensors::of(&params).unwrap();
    tensors.write(path).unwrap();
    experiment.start = Some(Start { weights: path.to_owned(), except: Vec::new(), hash: None });
    experiment.training.batch_size = 128;
    experiment.training.steps = Some(8);
    (tensors, experiment)
}

fn hash(experiment: &Experiment) -> Option<&String> {
    experiment.start.as_ref().unwrap().hash.as_ref()
}

#[test]
fn a_new_run_has_the_weights_of_the_file_and_its_hash() {
    let folder = tempfile::tempdir().unwrap();
    let (other, mut experiment) = elsewhere(&folder.path().join("other.safetensors"));
    experiment.training.average = Some(Average { decay: 0.9 });
    let prepared = Prepared::read(&experiment).unwrap();
    for except in [vec![], vec!["head.".to_owned(), "stem.conv.b".to_owned()]] {
        let path = folder.path().join(format!("run{}", except.len()));
        experiment.start.as_mut().unwrap().except = except.clone();
        let trainer = start(&experiment, &prepared, &path).unwrap();
        let first = Tensors::read(&trainer.folder().last_path()).unwrap();
        let mut drawn = Params::new(Device::Cpu, experiment.seed);
        experiment.network.build(&mut drawn).unwrap();
        for (name, loaded) in &other.tensors {
            let expected = match except.iter().any(|prefix| name.starts_with(prefix)) {
                true => drawn.get(name).unwrap(),
                false => loaded,
            };
            assert_eq!(&first.tensors[&format!("network.{name}")], expected, "{name}");
        }
        assert_eq!(&first.tensors["average.last.conv.weight"], &other.tensors["last.conv.weight"]);
        drop(trainer);
        let resolved = Folder::open(&path).unwrap().experiment().unwrap();
        let expected = blake3::hash(&fs::read(folder.path().join("other.safetensors")).unwrap()).to_hex().to_string();
        assert_eq!((hash(&experiment), hash(&resolved)), (None, Some(&expected)));
        // The file as it is written is of this run; with other weights it is of another.
        assert!(experiment.is_that_of(&resolved) && !resolved.is_that_of(&experiment));
        let mut changed = resolved.clone();
        changed.start.as_mut().unwrap().hash = Some("other".into());
        assert!(!changed.is_that_of(&resolved));
    }
}

/// Stopped before its first step and after every third, with the file gone: the bytes of a run that was not stopped.
#[test]
fn a_resume_does_not_need_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, stopped) = (folder.path().join("whole"), folder.path().join("stopped"));
    let file = folder.path().join("other.safetensors");
    let (_, mut experiment) = elsewhere(&file);
    experiment.training.checkpoint_steps = Some(1);
    let prepared = Prepared::read(&experiment).unwrap();
    start(&experiment, &prepared, &whole).unwrap().train(&mut |_| {}).unwrap();
    drop(start(&experiment, &prepared, &stopped).unwrap());
    fs::remove_file(&file).unwrap();
    for _ in 0..10 {
        let mut trainer = Session::resume_on(prepared.clone(), &stopped, Device::Cpu).unwrap();
        let mut steps = 0;
        // A panic in the middle of a step stops as a kill does: without a last word.
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            trainer.train(&mut |progress| {
                steps += u32::from(matches!(progress, Progress::Step { .. }));
                assert!(steps < 4, "stopped on purpose");
            })
        }));
        if done.is_ok() {
            break;
        }
    }
    for file in ["config.toml", "checkpoints/last.safetensors", "checkpoints/best.safetensors", "predictions.tsv"] {
        assert!(fs::read(whole.join(file)).unwrap() == fs::read(stopped.join(file)).unwrap(), "{file}");
    }
}

#[test]
fn what_does_not_fit_is_refused_before_the_first_step() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("other.safetensors");
    let (tensors, experiment) = elsewhere(&file);
    let prepared = Prepared::read(&experiment).unwrap();
    let run = folder.path().join("run");
    let refused = |change: &dyn Fn(&mut Start)| {
        let mut experiment = experiment.clone();
        change(experiment.start.as_mut().unwrap());
        let error = start(&experiment, &prepared, &run).unwrap_err();
        assert!(!run.exists());
        error
    };
    let nowhere = refused(&|start| start.weights = "nowhere.safetensors".into());
    assert!(matches!(&nowhere, Error::Io { path, .. } if path == Path::new("nowhere.safetensors")), "{nowhere}");
    for (change, message) in [
        (
            (|start| start.except = vec!["haed.".into()]) as fn(&mut Start),
            "`start.except` is haed., expected beginnings of names in the network or in the file",
        ),
        (
            |start| start.except = vec![String::new()],
            "`start.except` is , expected exceptions that leave something to load",
        ),
        (|start| start.hash = Some("b1a3".into()), "`start.hash` is b1a3, expected "),
    ] {
        let error = refused(&change).to_string();
        assert!(error.starts_with(message), "{error}");
    }

    // Another network's weights: every difference is told, and exceptions do not hide the others.
    let mut other = Tensors { tensors: tensors.tensors, ..Tensors::default() };
    let weight = other.tensors.remove("head.weight").unwrap();
    other.insert("output.weight", &weight).unwrap();
    other.insert("last.conv.weight", &weight).unwrap();
    other.write(&file).unwrap();
    let error = refused(&|_| {}).to_string();
    for part in ["last.conv.weight: expected Float [", "missing: head.weight", "not in the network: output.weight"] {
        assert!(error.contains(part), "{error}");
    }
    let error = refused(&|start| start.except = vec!["head.".into(), "output.".into()]).to_string();
    assert!(error.contains("last.conv.weight") && !error.contains("head.weight"), "{error}");
    fs::write(&file, "no tensors").unwrap();
    let error = refused(&|_| {});
    assert!(matches!(error, Error::Params(promoter_torch::Error::Format { .. })), "{error}");
}
