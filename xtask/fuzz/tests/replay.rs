//! Every target on its corpus: inputs that once were special stay mended.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::PathBuf;

use promoter_fuzz::TARGETS;

fn corpus() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus"))
}

#[test]
fn every_input_of_the_corpus_keeps_its_property() {
    for target in &TARGETS {
        let mut inputs: Vec<PathBuf> =
            fs::read_dir(corpus().join(target.name)).unwrap().map(|entry| entry.unwrap().path()).collect();
        inputs.sort();
        assert!(inputs.len() >= 2, "{} has {} inputs", target.name, inputs.len());
        for path in inputs {
            let data = fs::read(&path).unwrap();
            let run = std::panic::catch_unwind(|| (target.run)(&data));
            assert!(run.is_ok(), "{} breaks {}", path.display(), target.name);
            // Nor does a file that breaks off anywhere.
            for end in (0..data.len()).step_by(data.len() / 16 + 1) {
                let run = std::panic::catch_unwind(|| (target.run)(&data[..end]));
                assert!(run.is_ok(), "the first {end} bytes of {} break {}", path.display(), target.name);
            }
        }
    }
}

#[test]
fn every_folder_of_the_corpus_has_a_target() {
    for entry in fs::read_dir(corpus()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(promoter_fuzz::target(&name).is_some(), "{name}");
    }
}
