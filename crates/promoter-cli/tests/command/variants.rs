//! `promoter variants`.

use std::fs;
use std::io::Write as _;

use super::train::{HERE, trained};

fn call(input: &str) -> String {
    let model = trained().join("run/predictor.safetensors");
    format!("variants {} {{}}/{input} {HERE}", model.display())
}

/// Name, reference, alternative, difference.
fn rows(text: &str) -> Vec<(String, [f32; 3])> {
    let mut lines = text.lines();
    assert_eq!(lines.next().unwrap(), "variant\treference\talternative\tdifference");
    let row = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        (fields[0].to_owned(), [1, 2, 3].map(|i| fields[i].parse().unwrap()))
    };
    lines.map(row).collect()
}

/// Pairs of sequences and changes to a file of sequences are two ways to say the same.
#[test]
fn pairs_and_changes_give_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let first = "TGCATTTTTTTCACATCAAACCCGGGTTTACGTACGTACGTAAACCCGGGTTTACGTACGTACGTAAACCCGGGTTTACGTACGTGGTTACGGCTGTT";
    let (snv, deletion) = (first.replacen("AAACCC", "AAGCCC", 1), first.replacen("AAACCC", "AAAC", 1));
    write("pairs.tsv", &format!("# comment\n{first}\t{snv}\n{first}\t{deletion}\n"));
    write("named.tsv", &format!("a\t{first}\t{snv}\nb\t{first}\t{deletion}\n"));
    write("references.fa", &format!(">one promoter\n{first}\n>two\nACGT\n"));
    write("changes.tsv", "one\t20\tA\tG\none\t21\tCCC\tC\n");
    let vcf = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\none\t20\trs1\tA\tG,g\t.\none\t21\t.\tCCC\tC\t.\n";
    let mut file = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    file.write_all(vcf.as_bytes()).unwrap();
    fs::write(folder.path().join("changes.vcf.gz"), file.finish().unwrap()).unwrap();

    let pairs = rows(&super::succeeds(&call("pairs.tsv"), folder.path()));
    assert_eq!((pairs.len(), pairs[0].0.as_str(), pairs[1].0.as_str()), (2, "1", "2"));
    let [reference, alternative, difference] = pairs[0].1;
    assert!((alternative - reference - difference).abs() < 1e-6 && difference != 0.0);
    let named = rows(&super::succeeds(&call("named.tsv"), folder.path()));
    let changes =
        rows(&super::succeeds(&format!("{} --references {{}}/references.fa", call("changes.tsv")), folder.path()));
    let vcf =
        rows(&super::succeeds(&format!("{} --references {{}}/references.fa", call("changes.vcf.gz")), folder.path()));
    assert_eq!((named[1].0.as_str(), changes[1].0.as_str()), ("b", "one:21:CCC>C"));
    assert_eq!([&vcf[0].0, &vcf[1].0, &vcf[2].0], ["rs1:G", "rs1:g", "one:21:CCC>C"]);
    for i in 0..2 {
        for other in [&named[i], &changes[i], &vcf[i + 1]] {
            assert!(pairs[i].1.iter().zip(other.1).all(|(a, b)| (a - b).abs() < 1e-4), "{pairs:?} {other:?}");
        }
    }
}

#[test]
fn bad_variants_are_told_with_their_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("references.fa"), ">one\nACGTACGT\n").unwrap();
    let references = " --references {}/references.fa";
    let good = "one\t1\tA\tG\n";
    for (text, options, parts) in [
        ("ACGT\tACGA\nACGT\n", "", ["bad.tsv:2", "alternative sequence"]),
        ("ACGT\tAC-T\n", "", ["bad.tsv:1", "AC-T"]),
        ("one\t2\tG\tA\n", "", ["bad.tsv:1", "--references"]),
        ("", "", ["bad.tsv", "no variants"]),
        ("one\t2\tG\tA\n", references, ["bad.tsv:2:7: the reference is G", "one has C at position 2"]),
        ("two\t2\tG\tA\n", references, ["bad.tsv:2", "no sequence two"]),
        ("one\t8\tTA\tA\n", references, ["bad.tsv:2", "beyond the end of one, which has 8 bases"]),
        ("one\t0\tA\tC\n", references, ["bad.tsv:2", "position 0"]),
        ("one\tx\tA\tC\n", references, ["bad.tsv:2", "position x"]),
        ("one\t1\tA\t<DEL>\n", references, ["bad.tsv:2", "<DEL>"]),
        ("one\t1\tA\n", references, ["bad.tsv:2", "3 columns"]),
    ] {
        let text = if options.is_empty() { text.to_owned() } else { format!("{good}{text}") };
        fs::write(folder.path().join("bad.tsv"), text).unwrap();
        let call = format!("{}{options} -o {{}}/out.tsv", call("bad.tsv"));
        super::fails(&call, folder.path(), 1, &parts);
        assert!(!folder.path().join("out.tsv").exists());
    }
    fs::write(folder.path().join("references.fa"), ">one\nACGT\n>one\nACGT\n").unwrap();
    super::fails(
        &format!("{}{references}", call("bad.tsv")),
        folder.path(),
        1,
        &["references.fa:3", "the name one is used twice"],
    );
}
