//! Memory of commands that stream: three times the rows take no more.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use super::train::trained;

/// Most memory that a call took at a time, in bytes, as Linux counts it.
fn peak(call: &str, folder: &Path) -> u64 {
    let words = call.split_whitespace().map(|word| word.replace("{}", folder.to_str().unwrap()));
    let mut child = super::command(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut peak = 0;
    let status = loop {
        // It never falls, so that the last look before the end counts.
        let text = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.map_or(peak, |line| line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024);
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    assert!(status.success() && peak > 0, "{call}");
    peak
}

/// A file of rows of `length` bases, as many as 64 times `members`.
fn rows(path: &Path, length: usize, members: usize) {
    let row = ["ACGT".repeat(length / 4), "\n".into()].concat();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(row.repeat(64).as_bytes()).unwrap();
    fs::write(path, encoder.finish().unwrap().repeat(members)).unwrap();
}

#[test]
fn three_times_the_rows_take_no_more_memory() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(trained().join("run/predictor.safetensors"), folder.path().join("model.safetensors")).unwrap();
    // Held in memory, the further rows would take at least three times the allowance. What an allocator keeps differs
    // from run to run by up to 20 MiB.
    const ALLOWANCE: u64 = 32 << 20;
    let predict = "predict {}/model.safetensors {}/in.tsv.gz -o {}/out.tsv --device cpu --threads 1";
    for (call, length, members) in [(predict, 4_096, 192), ("encode {}/in.tsv.gz -o {}/out.npz", 128, 500)] {
        let [few, many] = [1, 3].map(|times| {
            rows(&folder.path().join("in.tsv.gz"), length, times * members);
            peak(call, folder.path())
        });
        assert!(many < few + ALLOWANCE, "{call}: {few} bytes, then {many}");
    }
}
