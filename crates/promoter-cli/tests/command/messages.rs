//! Every text that the program shows to people, in one file, so that a change of it is seen in review.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::train::{HERE, trained};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/messages/messages.txt");

/// Set to write the file anew from what the program says.
const UPDATE: &str = "PROMOTER_UPDATE_MESSAGES";

/// Files that the calls below read: name and content.
const FILES: &[(&str, &str)] = &[
    ("good.tsv", "ACGTACGTTTAACGT\t1\nACGAACGTACCAGTA\t2\n"),
    ("letter.tsv", "ACGT\t1\nAC!T\t2\n"),
    ("label.tsv", "ACGT\t1\nACGT\thigh\n"),
    ("ambiguous.tsv", "ACNT\n"),
    ("lengths.tsv", "ACGT\nACG\n"),
    ("empty.tsv", ""),
    ("named.csv", "seq,value\nACGT,1\n"),
    ("cut.fq", "@a\nACGT\n+\nII\n"),
    ("references.fa", ">one\nACGTACGT\n"),
    ("twice.fa", ">one\nACGT\n>one\nACGT\n"),
    ("position.tsv", "one\t9\tA\tC\n"),
    ("zero.tsv", "one\t0\tA\tC\n"),
    ("other.tsv", "one\t2\tG\tA\n"),
    ("nobody.tsv", "two\t2\tG\tA\n"),
    ("symbol.tsv", "one\t1\tA\t<DEL>\n"),
    ("three.tsv", "one\t1\tA\n"),
    ("gap.tsv", "ACGT\tAC-T\n"),
    ("assay.toml", "rwos = 3\n"),
    ("search.toml", "[search]\nkind = 'all'\n"),
    ("misspelt.toml", "[training]\nepocs = 3\n"),
    ("pickle.safetensors", "PK\x03\x04 and more"),
    ("half.safetensors", "half of a file"),
    ("sites.jsonl", "[]\n[]\n"),
    ("damaged.jsonl", "{\n"),
    ("ids.json", "{\"60\": 0}"),
    ("list.json", "[1]"),
    ("starts.fa", ">first\nACGTACGAATTCGTACGTAC\n"),
    ("other.fa", ">other\nACGT\n"),
    (
        "long.fa",
        ">long\n\
         ACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGT\
         ACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGT\n",
    ),
    ("short.meme", "MEME version 4\n\nALPHABET= ACGT\n"),
    ("damaged.meme", "MEME version 4\n\nMOTIF m\nletter-probability matrix: w= 2\n0.5 0.5 0 0\n0.5 x 0 0\n"),
    (
        "wide.jaspar",
        ">wide\n9 9 9 9 9 9 9 9 9 9 9 9\n0 0 0 0 0 0 0 0 0 0 0 0\n0 0 0 0 0 0 0 0 0 0 0 0\n0 0 0 0 0 0 0 0 0 0 0 0\n",
    ),
];

/// Calls that must fail; MODEL is a trained one.
const BAD: &[&str] = &[
    "scor",
    "completions tcsh",
    "design MODEL --maximise",
    "design MODEL --start starts.fa",
    "design MODEL --start starts.fa --maximise --minimise",
    "design MODEL --start starts.fa --target high",
    "design MODEL --start starts.fa --target inf",
    "design MODEL --start starts.fa --maximise --random 3 --length 10",
    "design MODEL --start empty.tsv --maximise",
    "design MODEL --start ambiguous.tsv --maximise",
    "design MODEL --random 1 --maximise",
    "design MODEL --random 1 --length 500 --maximise",
    "design MODEL --start starts.fa --maximise --protect 1..20",
    "design MODEL --start starts.fa --maximise --protect 5..21",
    "design MODEL --start starts.fa --maximise --protect 0..3",
    "design MODEL --start starts.fa --maximise --protect 5..12 --forbid EcoRI",
    "design MODEL --start starts.fa --maximise --gc 0.9..1 --edits 2",
    "design MODEL --start starts.fa --maximise --gc 40..60",
    "design MODEL --start starts.fa --maximise --forbid EcoXI",
    "design MODEL --start starts.fa --maximise --homopolymer 0",
    "design MODEL --start starts.fa --maximise --known other.fa",
    "design MODEL --start starts.fa --maximise --known ambiguous.tsv",
    "design MODEL --start starts.fa --maximise --spread-weight 1",
    "design MODEL --start starts.fa --maximise --spread-weight -1",
    "design MODEL --start starts.fa --maximise --method climb",
    "design MODEL --start starts.fa --maximise --method beam:0",
    "design MODEL --start starts.fa --maximise --motifs short.meme",
    "design MODEL --start starts.fa --maximise --motifs damaged.meme",
    "design MODEL --start other.fa --maximise --motifs wide.jaspar",
    "design MODEL --start starts.fa --maximise --trace steps.xlsx",
    "embed good.tsv -o out.csv",
    "embed good.tsv -o -",
    "embed good.tsv -o out.txt --kmers 13",
    "embed good.tsv -o out.txt --kmers nad",
    "embed good.tsv -o out.txt --kmers 3 --min-count 99",
    "embed good.tsv -o out.txt --kmers 3 --dimension 0",
    "embed good.tsv -o out.txt --kmers 3 --nearest AXG",
    "embed empty.tsv -o out.txt",
    "encode good.tsv -o out.h5",
    "encode good.tsv -o folder.npy",
    "encode none.tsv -o out.npy",
    "encode empty.tsv -o out.npy",
    "encode lengths.tsv -o out.npy",
    "encode letter.tsv -o out.npy",
    "encode cut.fq -o out.npy",
    "encode ambiguous.tsv -o out.npy --one-hot auth",
    "encode ambiguous.tsv -o out.npy --kmers 2",
    "encode good.tsv -o out.npy --fit auth",
    "encode good.tsv -o out.npy --fit pepa",
    "encode good.tsv -o out.npy --one-hot legnot",
    "encode good.tsv -o out.npy --one-hot {ordr='ACGT'}",
    "encode good.tsv -o out.npy --kmers five",
    "encode good.tsv -o out.npy --kmers {k=2,oov='skip'}",
    "encode good.tsv -o out.npy --one-hot peppa --kmers 3",
    "encode named.csv -o out.npy --sequence sequence",
    "explain MODEL empty.tsv",
    "explain MODEL good.tsv --method gradient --shift 1",
    "explain MODEL good.tsv --logo logo.png",
    "explain MODEL good.tsv --heat-map map.png",
    "explain MODEL good.tsv --sites damaged.jsonl -o effects.tsv",
    "explain MODEL lengths.tsv -o out.npz",
    "filter label.tsv",
    "filter none.tsv",
    "filter good.tsv --length 9",
    "filter good.tsv --length x",
    "filter good.tsv --sample 1.5",
    "filter named.csv --sequence seq",
    "filter named.csv --sequence seq --label expression",
    "info pepa",
    "marginalize MODEL",
    "marginalize MODEL --word TATAXA",
    "marginalize MODEL --word ACGTACGTACGTACGTACGTA --backgrounds starts.fa",
    "marginalize MODEL --word ACGT --backgrounds starts.fa --position 18",
    "marginalize MODEL --word ACGT --backgrounds starts.fa --position 0",
    "marginalize MODEL --word ACGT --backgrounds empty.tsv",
    "marginalize MODEL --word ACGT --backgrounds long.fa",
    "marginalize MODEL --word AC --word AC --spacing --backgrounds lengths.tsv",
    "marginalize MODEL --word ACGT --spacing",
    "marginalize MODEL --motifs short.meme",
    "marginalize MODEL --motifs damaged.meme",
    "marginalize MODEL --motifs none.meme",
    "marginalize MODEL --motifs wide.jaspar --name narrow",
    "marginalize MODEL --motifs wide.jaspar --backgrounds other.fa",
    "marginalize MODEL --name wide --word ACGT",
    "motifs MODEL empty.tsv",
    "motifs MODEL good.tsv --database short.meme",
    "motifs MODEL good.tsv --database damaged.meme",
    "motifs MODEL good.tsv --database empty.tsv",
    "motifs MODEL good.tsv --method gradient --strands both",
    "motifs MODEL good.tsv --html none/page.html",
    "motifs MODEL letter.tsv",
    "new own.toml",
    "new own.toml --data good.tsv",
    "new own.toml --data named.csv --label expression",
    "new own.toml --data none.tsv",
    "new misspelt.toml --data good.tsv",
    "predict",
    "predict MODEL",
    "predict none.safetensors good.tsv",
    "predict half.safetensors good.tsv",
    "predict pickle.safetensors good.tsv",
    "predict folder.npy good.tsv",
    "predict MODEL empty.tsv",
    "predict MODEL letter.tsv",
    "predict MODEL good.tsv --shift 11",
    "predict MODEL good.tsv --to xlsx",
    "predict MODEL good.tsv --to npz",
    "predict MODEL good.tsv -o out.xlsx",
    "predict MODEL good.tsv -o none/out.tsv",
    "predict MODEL good.tsv -o folder.tsv",
    "predict MODEL good.tsv --ids ids.json",
    "predict MODEL good.tsv --ids list.json",
    "report folder.npy",
    "score --truth none.tsv --predictions none.tsv --challenge none",
    "score --truth none.tsv --predictions none.tsv --challenge none --rows some",
    "search search.toml",
    "search none.toml",
    "simulate assay.toml",
    "simulate --rows 0",
    "simulate --rows 3 -o none/out.tsv",
    "train",
    "train none.toml",
    "train misspelt.toml",
    "train --resume --out none",
    "train --data good.tsv",
    "train --data good.tsv misspelt.toml",
    "train misspelt.toml --network auth",
    "variants MODEL empty.tsv",
    "variants MODEL gap.tsv",
    "variants MODEL three.tsv",
    "variants MODEL position.tsv --references references.fa",
    "variants MODEL zero.tsv --references references.fa",
    "variants MODEL other.tsv --references references.fa",
    "variants MODEL nobody.tsv --references references.fa",
    "variants MODEL symbol.tsv --references references.fa",
    "variants MODEL three.tsv --references references.fa",
    "variants MODEL other.tsv --references twice.fa",
];

fn commands(help: &str) -> impl Iterator<Item = &str> {
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    list.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help")
}

/// What the program says to a call, without the folders of this machine.
fn said(call: &str, folder: &Path) -> (Option<i32>, String) {
    let model = trained().join("run/predictor.safetensors").display().to_string();
    let words = call.split(' ').map(|word| if word == "MODEL" { model.clone() } else { word.to_owned() });
    let here = if call.contains("MODEL") { HERE } else { "" };
    let output =
        super::command(words.chain(here.split_whitespace().map(str::to_owned))).current_dir(folder).output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap().replace(&model, "MODEL");
    // Blanks at the ends of lines are clap's, and no editor keeps them.
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    (output.status.code(), lines.join("\n"))
}

fn messages() -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("folder.npy")).unwrap();
    fs::create_dir(folder.path().join("folder.tsv")).unwrap();
    for (name, content) in FILES {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let mut text = String::new();
    let help = said("--help", folder.path()).1;
    writeln!(text, "$ promoter --help\n{help}").unwrap();
    for command in commands(&help) {
        let call = format!("{command} --help");
        writeln!(text, "\n$ promoter {call}\n{}", said(&call, folder.path()).1).unwrap();
    }
    for call in BAD {
        let (status, message) = said(call, folder.path());
        let status = status.unwrap();
        assert_ne!(status, 0, "{call} should fail: {message}");
        writeln!(text, "\n$ promoter {call}\n{message}\n[status {status}]").unwrap();
    }
    text
}

#[test]
fn every_message_is_the_committed_one() {
    let found = messages();
    if std::env::var_os(UPDATE).is_some() {
        fs::write(FILE, &found).unwrap();
    }
    let expected = fs::read_to_string(FILE).unwrap();
    let mut lines = found.lines().zip(expected.lines()).enumerate();
    if let Some((number, (found, expected))) = lines.find(|(_, (found, expected))| found != expected) {
        panic!(
            "{FILE}:{}:\n  found    {found}\n  expected {expected}\nif the new text is right, run the tests with \
             {UPDATE}=1 and commit the file",
            number + 1
        );
    }
    assert_eq!(found, expected, "more or fewer lines: run the tests with {UPDATE}=1 and commit the file");
}
