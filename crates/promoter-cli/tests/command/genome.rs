//! `--genome`: regions of BED files, and VCF against a genome.

use std::fs;
use std::path::Path;

use super::train::{HERE, trained};

fn call(command: &str, rest: &str) -> String {
    format!("{command} {} {rest} {HERE}", trained().join("run").display())
}

/// The bases of two simulated promoters, and a genome in whose first chromosome they stand.
fn genome(folder: &Path) -> [String; 2] {
    let rows = super::succeeds("simulate --rows 3 --seed 9", folder);
    let rows: Vec<&str> = rows.lines().map(|line| line.split('\t').next().unwrap()).collect();
    let chromosome = format!("{}{}{}", rows[0], rows[2], rows[1].to_lowercase());
    let mut text = String::from(">chrI of a test\n");
    for line in chromosome.as_bytes().chunks(60) {
        text += &format!("{}\n", str::from_utf8(line).unwrap());
    }
    fs::write(folder.join("genome.fa"), text + ">chrII\nACGT\n").unwrap();
    [rows[0].to_owned(), rows[1].to_owned()]
}

fn reverse_complement(sequence: &str) -> String {
    let other = |letter| char::from(b"TGCA"["ACGT".find(letter).unwrap()]);
    sequence.chars().rev().map(other).collect()
}

#[test]
fn regions_are_predicted_as_their_sequences_are() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let [first, second] = genome(folder.path());
    write("peaks.bed", "track name=x\nchrI\t0\t110\tone\t5\t+\nchrI\t220\t330\ttwo\t6\t-\n");
    write("same.tsv", &format!("{first}\n{}\n", reverse_complement(&second)));
    let expected = super::succeeds(&call("predict", "{}/same.tsv"), folder.path());
    assert_eq!(super::succeeds(&call("predict", "{}/peaks.bed --genome {}/genome.fa"), folder.path()), expected);

    // An index changes nothing but the time.
    write("genome.fa.fai", "chrI\t330\t16\t60\t61\nchrII\t4\t359\t4\t5\n");
    let kept = "{}/peaks.bed --genome {}/genome.fa --keep name --keep start --keep strand";
    let rows = super::rows_of(&super::succeeds(&call("predict", kept), folder.path()));
    for (row, line) in rows.iter().zip(expected.lines()) {
        assert_eq!(format!("{}\t{}", row["sequence"], row["prediction"]), line);
    }
    assert_eq!([&rows[1]["name"][..], &rows[1]["start"], &rows[1]["strand"]], ["two", "220", "-"]);

    // The middle of a wider region, and the names of regions that have none.
    write("wide.bed", "chrI\t0\t220\nchrI\t210\t330\n");
    let wide = super::succeeds(&call("explain", "{}/wide.bed --genome {}/genome.fa --width 20"), folder.path());
    let effects = super::rows_of(&wide);
    assert_eq!(effects.len(), 2 * 20 * 3);
    assert_eq!((&effects[0]["sequence"][..], &effects[119]["sequence"][..]), ("chrI:1-220", "chrI:211-330"));
    assert_eq!(effects[0]["reference"], first[100..101]);
}

#[test]
fn variants_of_a_genome_are_those_of_their_windows() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let [first, _] = genome(folder.path());
    let other = if &first[54..55] == "A" { "C" } else { "A" };
    let (reference, inserted) = (&first[54..55], format!("{}TT", &first[54..55]));
    write(
        "in.vcf",
        &format!("##x\n#CHROM\tPOS\tID\tREF\tALT\tINFO\nchrI\t55\trs1\t{reference}\t{other},{inserted}\tAF=1\n"),
    );
    let found = super::rows_of(&super::succeeds(
        &call("variants", "{}/in.vcf --genome {}/genome.fa --keep INFO --width 110"),
        folder.path(),
    ));
    let changed = format!("{}{other}{}", &first[..54], &first[55..]);
    let longer = format!("{}{inserted}{}", &first[..54], &first[55..108]);
    write("pairs.tsv", &format!("rs1:{other}\t{first}\t{changed}\nrs1:{inserted}\t{first}\t{longer}\n"));
    let expected = super::rows_of(&super::succeeds(&call("variants", "{}/pairs.tsv"), folder.path()));
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!((&found["INFO"][..], &found["variant"]), ("AF=1", &expected["variant"]));
        for column in ["reference", "alternative"] {
            let number = |row: &std::collections::BTreeMap<String, String>| row[column].parse::<f32>().unwrap();
            assert!((number(found) - number(expected)).abs() < 1e-4, "{found:?} {expected:?}");
        }
    }
    assert_eq!(found.len(), 2);
    // The default is the length of the model; near the ends of a chromosome the window moves.
    let model = super::rows_of(&super::succeeds(&call("variants", "{}/in.vcf --genome {}/genome.fa"), folder.path()));
    assert_eq!(model[0]["reference"], found[0]["reference"]);
}

#[test]
fn what_is_not_in_the_genome_is_told_with_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    genome(folder.path());
    let genome = "--genome {}/genome.fa -o {}/out.tsv";
    for (bed, parts) in [
        ("chrI\t0\t110\nchrIII\t0\t110\n", ["bad.bed:2:1", "(chrI, chrII), found `chrIII`"]),
        ("chrII\t0\t5\n", ["bad.bed:1:9", "at most 4, the bases of chrII"]),
        ("chrI\t5\t4\n", ["bad.bed:1:8", "above the start"]),
        ("# nothing\n", ["bad.bed: no sequences", "1 comments"]),
    ] {
        write("bad.bed", bed);
        super::fails(&call("predict", &format!("{{}}/bad.bed {genome}")), folder.path(), 1, &parts);
        assert!(!folder.path().join("out.tsv").exists());
    }
    for (vcf, parts) in [
        ("chrII\t2\t.\tG\tT\t.\n", ["bad.vcf:1:11", "the reference is G, but chrII has C at position 2"]),
        ("chrIII\t2\t.\tG\tT\t.\n", ["bad.vcf:1:1", "no chromosome chrIII; it has chrI, chrII"]),
        ("chrII\t4\t.\tTA\tT\t.\n", ["bad.vcf:1:7", "beyond the end of chrII, which has 4 bases"]),
        ("chrII\t18446744073709551615\t.\tTA\tT\t.\n", ["bad.vcf:1:7", "beyond the end"]),
    ] {
        write("bad.vcf", vcf);
        super::fails(&call("variants", &format!("{{}}/bad.vcf {genome}")), folder.path(), 1, &parts);
        assert!(!folder.path().join("out.tsv").exists());
    }
    write("good.bed", "chrI\t0\t110\n");
    fs::write(folder.path().join("genome.fa.gz"), b"\x1f\x8b\x08\x00").unwrap();
    for (rest, status, parts) in [
        ("{}/good.bed", 1, ["good.bed", "--genome"]),
        ("{}/good.bed --genome {}/genome.fa.gz", 1, ["genome.fa.gz is compressed", "unpack"]),
        ("{}/good.bed --genome {}/none.fa", 1, ["cannot open", "none.fa"]),
        ("{}/good.bed --genome {}/genome.fa --keep gene", 1, ["gene", "chrom, start"]),
        ("{}/good.bed --genome {}/genome.fa --sequence seq", 2, ["--genome", "--sequence"]),
        ("{}/good.bed --width 5", 2, ["--genome", "required"]),
    ] {
        super::fails(&call("predict", rest), folder.path(), status, &parts);
    }
}
