//! `--keep`: names, ids and other columns of the input in the output.

use std::fs;

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::RowAccessor as _;

use super::forms::array;
use super::train::{HERE, trained};

/// A table whose ids need quotes in one form or another.
const TABLE: &str = "gene id,seq,plate\n\"a,1\",ACGTACGT,4\n\"say \"\"b\"\"\",GGGG,5\nc,TTTTTTTT,6\n";

fn call(command: &str, rest: &str) -> String {
    format!("{command} {} {rest} {HERE}", trained().join("run").display())
}

/// The rows of a CSV text as its reader sees them.
fn csv(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn kept_columns_are_in_every_form_of_predictions() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.csv"), TABLE).unwrap();
    let keep = ["predict", trained().join("run").to_str().unwrap(), "in.csv", "--sequence", "seq", "--keep", "gene id"]
        .map(str::to_owned);
    let predict = |rest: &str| {
        let words = keep.iter().cloned().chain(rest.split_whitespace().map(str::to_owned));
        let output = super::command(words).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let path = |name: &str| folder.path().join(name);

    let tsv = predict(&format!("--keep plate {HERE}"));
    assert!(tsv.starts_with("gene id\tplate\tsequence\tprediction\na,1\t4\tACGTACGT\t"), "{tsv}");
    assert!(tsv.contains("\nsay \"b\"\t5\tGGGG\t"), "{tsv}");

    let rows = csv(&predict(&format!("--to csv {HERE}")));
    assert_eq!(rows[0], ["gene id", "sequence", "prediction"]);
    assert_eq!(rows[1..].iter().map(|row| &row[0]).collect::<Vec<_>>(), ["a,1", "say \"b\"", "c"]);

    let json = predict(&format!("--to json {HERE}"));
    let ids: Vec<serde_json::Value> =
        json.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["gene id"].clone()).collect();
    assert_eq!(ids, ["a,1", "say \"b\"", "c"]);

    predict(&format!("-o out.parquet {HERE}"));
    let file = SerializedFileReader::new(fs::File::open(path("out.parquet")).unwrap()).unwrap();
    let rows: Vec<_> = file.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    assert_eq!(
        (rows[1].get_string(0).unwrap().as_str(), rows[1].get_string(1).unwrap().as_str()),
        ("say \"b\"", "GGGG")
    );

    predict(&format!("-o out.npz {HERE}"));
    let (header, bytes) = array(&path("out.npz"), "gene id");
    assert!(header.contains("'|S7'") && bytes == *b"a,1\0\0\0\0say \"b\"c\0\0\0\0\0\0", "{header}");

    // Ranks need predictions that differ.
    let simulated = super::succeeds("simulate --rows 2 --seed 5", folder.path());
    let promoters: Vec<&str> = simulated.lines().map(|line| line.split('\t').next().unwrap()).collect();
    fs::write(path("in.csv"), format!("gene id,seq\na,{}\nb,{}\n", promoters[0], promoters[1])).unwrap();
    let ranked = predict(&format!("--rank {HERE}"));
    assert!(ranked.starts_with(&format!("gene id\tsequence\tprediction\na\t{}\t", promoters[0])), "{ranked}");
}

#[test]
fn names_of_fasta_stay_with_their_predictions_and_effects() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.fa"), ">one first\nACGT\n>two\nGG\n").unwrap();
    let predicted = super::rows_of(&super::succeeds(&call("predict", "{}/in.fa --keep name"), folder.path()));
    assert_eq!(predicted.iter().map(|row| &row["name"][..]).collect::<Vec<_>>(), ["one", "two"]);
    let effects = super::rows_of(&super::succeeds(&call("explain", "{}/in.fa --keep name"), folder.path()));
    assert_eq!(effects.len(), 3 * 4 + 3 * 2);
    assert!(effects.iter().all(|row| row["name"] == row["sequence"]));
    fs::write(folder.path().join("in.fa"), ">one\nACGT\n>two\nGGGG\n").unwrap();
    super::succeeds(&call("explain", "{}/in.fa --keep name -o {}/out.npz"), folder.path());
    assert_eq!(array(&folder.path().join("out.npz"), "name").1, b"onetwo");
    super::succeeds("encode {}/in.fa --keep name -o {}/encoded.npz", folder.path());
    assert_eq!(array(&folder.path().join("encoded.npz"), "name").1, b"onetwo");
}

#[test]
fn a_filtered_table_keeps_its_header() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.tsv"), "gene\tseq\tactivity\na\tACGT\t1.5\nb\tACGN\t2\nc\tTTTT\t3\n").unwrap();
    let named = "--sequence seq --label activity --no-ambiguous --keep gene";
    let tsv = super::succeeds(&format!("filter {{}}/in.tsv {named} -o -"), folder.path());
    assert_eq!(tsv, "gene\tseq\tactivity\na\tACGT\t1.5\nc\tTTTT\t3\n");
    super::succeeds(&format!("filter {{}}/in.tsv {named} -o {{}}/out.csv"), folder.path());
    assert_eq!(fs::read_to_string(folder.path().join("out.csv")).unwrap(), tsv.replace('\t', ","));
    // What was written is read as what it was.
    assert_eq!(super::succeeds(&format!("filter {{}}/out.csv {named}"), folder.path()), tsv);
    fs::write(folder.path().join("in.fa"), ">one\nACGT\n>two\nACGN\n").unwrap();
    let fasta = super::succeeds("filter {}/in.fa --no-ambiguous --keep name", folder.path());
    assert_eq!(fasta, "name\tsequence\none\tACGT\n");
}

#[test]
fn columns_of_variants_are_those_that_a_line_names() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("in.fa", ">one\nACGTACGT\n");
    write("in.vcf", "##source=x\n#CHROM\tPOS\tID\tREF\tALT\tINFO\none\t2\t.\tC\tG,T\tAF=1\n");
    let vcf = call("variants", "{}/in.vcf --references {}/in.fa --keep INFO --keep POS");
    let rows = super::rows_of(&super::succeeds(&vcf, folder.path()));
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row["INFO"] == "AF=1" && row["POS"] == "2"));
    assert_eq!(rows[1]["variant"], "one:2:C>T");

    write("pairs.tsv", "#alternative\tgene\tname\treference\nACGA\tYFG1\tv1\tACGT\n");
    let pairs = super::rows_of(&super::succeeds(&call("variants", "{}/pairs.tsv --keep gene"), folder.path()));
    write("plain.tsv", "v1\tACGT\tACGA\n");
    let plain = super::rows_of(&super::succeeds(&call("variants", "{}/plain.tsv"), folder.path()));
    assert_eq!((&pairs[0]["gene"][..], &pairs[0]["variant"][..]), ("YFG1", "v1"));
    assert_eq!(pairs[0]["difference"], plain[0]["difference"]);

    for (rest, parts) in [
        ("{}/plain.tsv --keep gene", ["plain.tsv:1: --keep gene", "begins with #"]),
        ("{}/pairs.tsv --keep gen", ["pairs.tsv:2: no column `gen`", "alternative, gene"]),
        ("{}/pairs.tsv --keep gene --keep gene", ["--keep gene", "already"]),
        ("{}/pairs.tsv --keep reference", ["--keep reference", "already"]),
    ] {
        super::fails(&call("variants", rest), folder.path(), 1, &parts);
    }
}

#[test]
fn a_column_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.csv"), TABLE).unwrap();
    fs::write(folder.path().join("in.fa"), ">one\nACGT\n").unwrap();
    for (rest, status, parts) in [
        ("{}/in.csv --sequence seq --keep well", 1, ["no column `well`", "plate"]),
        ("{}/in.csv --keep plate", 1, ["plate", "say the column of the sequences"]),
        ("{}/in.fa --keep gene", 1, ["gene", "`name`"]),
        ("{}/in.csv --sequence seq --keep plate --ids x.json", 2, ["--keep", "--ids"]),
    ] {
        super::fails(&call("predict", rest), folder.path(), status, &parts);
    }
    super::fails("encode {}/in.fa --keep name -o {}/out.npy", folder.path(), 1, &["--keep", ".npz"]);
}
