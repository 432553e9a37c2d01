//! A disk that is full, by a limit on the size of files: what cannot be written is said, nothing half is left, and who
//! goes on with more room ends with the bytes of a run that always had it.
#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::kills::{OF_A_RUN, Work, input, temporary, train};
use super::train::trained;

/// Runs a call whose files may be shorter than the limit only, which is in bytes, and sees it fail.
#[track_caller]
fn fails_below(limit: u64, call: &str, input: &Path, out: &Path) {
    // Blocks of 512 bytes; without the trap the signal would end the program.
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", (limit - 1) / 512);
    let [input, folder] = [input, out].map(|path| path.to_str().unwrap());
    let words = call.split_whitespace().map(|word| word.replace("{in}", input).replace("{out}", folder));
    let program =
        Command::new("sh").args(["-c", &script, env!("CARGO_BIN_EXE_promoter")]).args(words).output().unwrap();
    let said = String::from_utf8_lossy(&program.stderr).into_owned();
    assert_eq!(program.status.code(), Some(1), "{call}: {said}");
    assert!(said.contains("error: ") && said.contains("File too large"), "{call}: {said}");
    assert!(said.contains(folder) || said.contains("a temporary file into"), "{call} names the file: {said}");
    assert!(!said.contains("drop failed"), "{call}: {said}");
    assert_eq!(temporary(out), [""; 0].map(PathBuf::from));
}

#[test]
fn a_training_that_ran_out_of_room_goes_on_to_the_same_bytes() {
    let input = input();
    let work = Work { input: input.path(), call: train, same: &OF_A_RUN, clears: true };
    let whole = tempfile::tempdir().unwrap();
    assert!(work.start(whole.path()).wait().unwrap().success());
    for name in ["checkpoints/last.safetensors", "report.html", "predictor.safetensors"] {
        let out = tempfile::tempdir().unwrap();
        let size = fs::metadata(whole.path().join("run").join(name)).unwrap().len();
        fails_below(size, train(out.path()), input.path(), out.path());
        assert!(work.start(out.path()).wait().unwrap().success(), "{name}");
        assert!(work.files(out.path()) == work.files(whole.path()), "{name}");
    }
}

#[test]
fn an_output_without_room_is_not_there() {
    let (input, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    super::succeeds("simulate --rows 500 -o {}/in.tsv", input.path());
    fs::copy(trained().join("run/predictor.safetensors"), input.path().join("model.safetensors")).unwrap();
    let predict = "predict {in}/model.safetensors {in}/in.tsv -o {out}/out.tsv --device cpu --threads 1";
    for call in [predict, "encode {in}/in.tsv -o {out}/out.npz", "encode {in}/in.tsv -o {out}/out.npy"] {
        fails_below(30_000, call, input.path(), out.path());
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0, "{call}");
    }
}
