//! Input that claims or unfolds to more than there is memory: an error with status 1, never an abort.
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::kills::input;
use super::train::{HERE, trained};

/// The address space of a program, in KiB: LibTorch itself takes a quarter of it.
const MEMORY: u32 = 2_000_000;

/// The program with little memory; `{}` is the folder.
fn limited(arguments: &str, folder: &Path) -> Output {
    let script = format!("ulimit -v {MEMORY}; exec \"$0\" \"$@\"");
    let words = arguments.split_whitespace().map(|word| word.replace("{}", folder.to_str().unwrap()));
    Command::new("sh").arg("-c").arg(script).arg(env!("CARGO_BIN_EXE_promoter")).args(words).output().unwrap()
}

/// The call ends with status 1 and one message that says `part`.
#[track_caller]
fn refuses(arguments: &str, folder: &Path, part: &str) {
    let output = limited(arguments, folder);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{arguments}: {said}");
    assert!(said.starts_with("error: ") && said.contains(part), "{arguments} should say `{part}`: {said}");
    for trace in ["backtrace", "panicked", "terminate called", "Exception raised"] {
        assert!(!said.contains(trace), "{arguments}: {said}");
    }
}

/// 3 GiB of `A`, in members of a MiB, after `head`.
fn bomb(path: &Path, head: &str) {
    let member = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let mut bytes = member(head.as_bytes());
    bytes.extend(member(&[b'A'; 1 << 20]).repeat(3 << 10));
    fs::write(path, bytes).unwrap();
}

#[test]
fn endless_lines_are_refused_by_every_reader() {
    let folder = tempfile::tempdir().unwrap();
    let model = trained().join("run/predictor.safetensors");
    fs::copy(model, folder.path().join("model.safetensors")).unwrap();
    fs::write(folder.path().join("short.fa"), ">p\nACGT\n").unwrap();
    for (name, head) in [("a.tsv.gz", "ACGT\t1\n"), ("a.csv.gz", "ACGT,1\n"), ("a.fa.gz", ">a\n"), ("a.fq.gz", "@a\n")]
    {
        bomb(&folder.path().join(name), head);
        for call in ["encode {}/IN -o {}/out.npy", "filter {}/IN -o {}/out.tsv", "embed {}/IN --kmers 3 -o {}/out.txt"]
        {
            refuses(&call.replace("IN", name), folder.path(), "65536 letters");
        }
        let predict = format!("predict {{}}/model.safetensors {{}}/{name} -o {{}}/out.tsv {HERE}");
        refuses(&predict, folder.path(), "65536 letters");
    }
    let variants = format!("variants {{}}/model.safetensors -o {{}}/out.tsv {HERE}");
    bomb(&folder.path().join("pairs.tsv.gz"), "ACGT\tACGA\n");
    refuses(&format!("{variants} {{}}/pairs.tsv.gz"), folder.path(), "pairs.tsv.gz:2:16777217");
    refuses(&format!("{variants} {{}}/a.tsv.gz --references {{}}/short.fa"), folder.path(), "a.tsv.gz:");
    refuses(&format!("{variants} {{}}/a.tsv.gz --references {{}}/a.fa.gz"), folder.path(), "65536 letters");
    bomb(&folder.path().join("a.vcf.gz"), "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\n");
    refuses(&format!("{variants} {{}}/a.vcf.gz --references {{}}/short.fa"), folder.path(), "a.vcf.gz:3:16777217");
    let explain = format!("explain {{}}/model.safetensors {{}}/short.fa -o {{}}/out.tsv {HERE}");
    bomb(&folder.path().join("sites.jsonl.gz"), "");
    refuses(&format!("{explain} --sites {{}}/sites.jsonl.gz"), folder.path(), "sites.jsonl.gz:1:16777217");
    refuses(&format!("{explain} --sites {{}}/a.tsv.gz"), folder.path(), "a.tsv.gz:1: not a list of sites");
}

#[test]
fn endless_lines_of_scores_are_refused() {
    let folder = super::score::challenge();
    bomb(&folder.path().join("a.tsv.gz"), "ACGT\t1\n");
    fs::write(folder.path().join("b.tsv"), "ACGT\t1\n").unwrap();
    refuses("score --truth {}/a.tsv.gz --predictions {}/b.tsv", folder.path(), "a.tsv.gz:2:1048577");
    refuses("score --truth {}/b.tsv --predictions {}/a.tsv.gz", folder.path(), "a.tsv.gz:2:1048577");
    let challenge = "score --challenge {} --truth {}/a.tsv.gz --predictions {}/b.tsv";
    refuses(challenge, folder.path(), "a.tsv.gz:2: expected at most 134217728 bytes of text");
}

/// The parts of a safetensors file: its header and its data.
fn parts(path: &Path) -> (Value, Vec<u8>) {
    let bytes = fs::read(path).unwrap();
    let (length, rest) = bytes.split_first_chunk().unwrap();
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
    (serde_json::from_slice(header).unwrap(), data.to_vec())
}

fn write(path: &Path, header: &Value, data: &[u8]) {
    let header = header.to_string();
    fs::write(path, [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()).unwrap();
}

#[test]
fn sizes_that_a_predictor_claims_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.safetensors");
    fs::write(folder.path().join("in.tsv"), "ACGT\n").unwrap();
    let (header, data) = parts(&trained().join("run/predictor.safetensors"));
    let description: Value = serde_json::from_str(header["__metadata__"]["promoter"].as_str().unwrap()).unwrap();
    let predict = format!("predict {{}}/model.safetensors {{}}/in.tsv -o {{}}/out.tsv {HERE}");
    for (pointer, value, part) in [
        ("/network/channels", 1u64 << 32, "at most 1048576"),
        ("/network/channels", 6_016, "do not fit"),
        ("/network/blocks", 1 << 40, "at most 1000"),
        ("/network/blocks", 999, "do not fit"),
        ("/encoding/one_hot/fit/length", 1 << 32, "at most 65536"),
        ("/encoding/one_hot/fit/length", u64::MAX, "at most 65536"),
        ("/encoding/one_hot/fit/crop/1", u64::MAX, "window"),
        ("/evaluation/shift", u64::MAX, "shift"),
    ] {
        let (mut claims, mut header) = (description.clone(), header.clone());
        *claims.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}: {description}")) = json!(value);
        header["__metadata__"]["promoter"] = json!(claims.to_string());
        write(&model, &header, &data);
        refuses(&predict, folder.path(), part);
    }
    let name = header.as_object().unwrap().keys().find(|name| *name != "__metadata__").unwrap().clone();
    for (key, value) in [
        ("shape", json!([1u64 << 62])),
        ("shape", json!([1u64 << 31, 1u64 << 31])),
        ("data_offsets", json!([0, 1u64 << 62])),
    ] {
        let mut header = header.clone();
        header[&name][key] = value;
        write(&model, &header, &data);
        refuses(&predict, folder.path(), "model.safetensors");
    }
    fs::write(&model, [&(1u64 << 62).to_le_bytes()[..], &data].concat()).unwrap();
    refuses(&predict, folder.path(), "not a whole safetensors file");
}

#[test]
fn files_larger_than_memory_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let input = input();
    fs::copy(input.path().join("kills.toml"), folder.path().join("run.toml")).unwrap();
    fs::write(folder.path().join("in.tsv"), "ACGT\n").unwrap();
    // Without blocks on the disk.
    for name in ["big.safetensors", "big.pt", "big.toml", "big.vcf", "big.fa", "big.meme", "big.jsonl"] {
        File::create(folder.path().join(name)).unwrap().set_len(6 << 30).unwrap();
    }
    refuses(&format!("predict {{}}/big.safetensors {{}}/in.tsv {HERE}"), folder.path(), "big.safetensors");
    refuses(&format!("train {{}}/big.toml --out {{}}/run {HERE}"), folder.path(), "big.toml");
    refuses(&format!("search {{}}/big.toml --out {{}}/run {HERE}"), folder.path(), "big.toml");
    for name in ["big.safetensors", "big.pt"] {
        let set = format!("--set start.weights={{}}/{name}");
        refuses(&format!("train {{}}/run.toml {set} --out {{}}/run {HERE}"), folder.path(), name);
    }
    refuses("encode {}/big.vcf --format tsv -o {}/out.npy", folder.path(), "big.vcf:1:");
    fs::copy(trained().join("run/predictor.safetensors"), folder.path().join("model.safetensors")).unwrap();
    fs::write(folder.path().join("in.bed"), "chrI\t0\t4\n").unwrap();
    let model = format!("{{}}/model.safetensors -o {{}}/out.tsv {HERE}");
    refuses(&format!("predict {model} {{}}/in.bed --genome {{}}/big.fa"), folder.path(), "big.fa:1");
    refuses(&format!("marginalize {model} --motifs {{}}/big.meme"), folder.path(), "big.meme");
    refuses(&format!("explain {model} {{}}/in.tsv --sites {{}}/big.jsonl"), folder.path(), "big.jsonl:1:");
    refuses(&format!("predict {model} {{}}/in.tsv --ids {{}}/big.jsonl"), folder.path(), "big.jsonl");
    assert!(!folder.path().join("run").exists());
}

#[test]
fn sizes_that_an_experiment_claims_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let input = input();
    fs::copy(input.path().join("kills.toml"), folder.path().join("run.toml")).unwrap();
    for (sets, part) in [
        ("data.simulated.rows=4294967295", "GiB are free"),
        ("data.simulated.rows=1073741824", "GiB are free"),
        ("data.simulated.construct.insert=9223372036854775807", "GiB are free"),
        ("data.simulated.planting.most=4294967295", "planting.most"),
        ("network.channels=4294967296", "at most 1048576"),
        ("network.channels=4096 network.blocks=2", "GiB are free"),
        ("network={name='auth',lstm_units=4294967296}", "at most 1048576"),
        ("encoding.one_hot.fit.length=4294967296", "at most 65536"),
        ("training.batch_size=9223372036854775807", "at most 2147483648"),
        ("training.epoch_steps=9223372036854775807", "at most 2147483648"),
        ("training.replicas=4294967296", "training.replicas"),
    ] {
        let sets: String = sets.split(' ').map(|set| format!(" --set {set}")).collect();
        refuses(&format!("train {{}}/run.toml{sets} --out {{}}/run {HERE}"), folder.path(), part);
        assert!(!folder.path().join("run").exists());
    }
    refuses("simulate --rows 4294967295 -o {}/out.tsv", folder.path(), "GiB are free");
    refuses("simulate --rows 20000000 -o {}/out.tsv", folder.path(), "GiB are free");
}
