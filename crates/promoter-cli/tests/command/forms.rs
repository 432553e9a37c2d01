//! Forms of the output: the same rows as TSV, JSON, Parquet and NumPy's arrays.

use std::fs;
use std::io::Read as _;

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::RowAccessor as _;

use super::train::{HERE, trained};

const ROWS: [&str; 3] = ["ACGTACGTTTGACC", "GGGGGGG", "TTTTTTTTTTTTTTTTTTTTTTTTTTN"];

/// Reads a member of an archive of arrays: its header and its data.
pub(super) fn array(path: &std::path::Path, name: &str) -> (String, Vec<u8>) {
    let mut archive = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    let mut bytes = Vec::new();
    archive.by_name(&format!("{name}.npy")).unwrap().read_to_end(&mut bytes).unwrap();
    parse(&bytes)
}

/// Header and data of an array.
pub(super) fn parse(bytes: &[u8]) -> (String, Vec<u8>) {
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
    let end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert_eq!(end % 64, 0);
    (String::from_utf8(bytes[10..end].to_vec()).unwrap(), bytes[end..].to_vec())
}

pub(super) fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

#[test]
fn every_form_has_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("input.tsv"), ROWS.join("\n")).unwrap();
    let call = format!("predict {} {{}}/input.tsv {HERE}", trained().join("run").display());
    let tsv = super::succeeds(&call, folder.path());
    let expected: Vec<f32> = tsv.lines().map(|line| line.split_once('\t').unwrap().1.parse().unwrap()).collect();
    let path = |name: &str| folder.path().join(name);

    assert_eq!(super::succeeds(&format!("{call} -o {{}}/out.jsonl"), folder.path()), "");
    let lines = fs::read_to_string(path("out.jsonl")).unwrap();
    assert_eq!(super::succeeds(&format!("{call} --to json"), folder.path()), lines);
    for ((line, sequence), value) in lines.lines().zip(ROWS).zip(&expected) {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(row["sequence"], sequence);
        assert_eq!(row["prediction"].as_f64().unwrap() as f32, *value);
    }

    super::succeeds(&format!("{call} -o {{}}/out.parquet"), folder.path());
    let file = SerializedFileReader::new(fs::File::open(path("out.parquet")).unwrap()).unwrap();
    let rows: Vec<_> = file.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 3);
    for ((row, sequence), value) in rows.iter().zip(ROWS).zip(&expected) {
        assert_eq!((row.get_string(0).unwrap().as_str(), row.get_float(1).unwrap()), (sequence, *value));
    }

    super::succeeds(&format!("{call} -o {{}}/out.npz"), folder.path());
    let (header, bytes) = array(&path("out.npz"), "prediction");
    assert!(header.starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }"), "{header}");
    assert_eq!(floats(&bytes), expected);
    let (header, bytes) = array(&path("out.npz"), "sequence");
    assert!(header.starts_with("{'descr': '|S27', 'fortran_order': False, 'shape': (3,), }"), "{header}");
    assert_eq!(&bytes[27..34], ROWS[1].as_bytes());
    assert!(bytes[34..54].iter().all(|&byte| byte == 0));

    for (options, status, parts) in [
        ("-o {}/out.xlsx", 1, ["out.xlsx", ".parquet"]),
        ("-o {}/out.tsv.gz", 1, ["out.tsv.gz", "--to"]),
        ("--to npz", 1, ["npz", "-o"]),
        ("--to xlsx", 2, ["xlsx", "parquet"]),
        ("--to json --ids ids.json", 2, ["--to", "--ids"]),
    ] {
        super::fails(&format!("{call} {options}"), folder.path(), status, &parts);
    }
}

/// In-silico mutagenesis as an array for other tools.
#[test]
fn effects_are_an_array_of_sequences_positions_and_bases() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("input.tsv"), "ACGTACGTACGTACGTACGTA\nACGTACGTACGTACGTACGTG\n").unwrap();
    let call = format!("explain {} {{}}/input.tsv {HERE}", trained().join("run").display());
    let tsv = super::succeeds(&call, folder.path());
    super::succeeds(&format!("{call} -o {{}}/out.npz"), folder.path());
    let (header, bytes) = array(&folder.path().join("out.npz"), "effects");
    assert!(header.contains("'shape': (2, 21, 4)"), "{header}");
    let effects = floats(&bytes);
    for line in tsv.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let number = |field: &str| field.parse::<usize>().unwrap() - 1;
        let base = "ACGT".find(fields[3]).unwrap();
        let value = effects[(number(fields[0]) * 21 + number(fields[1])) * 4 + base];
        assert!((value - fields[4].parse::<f32>().unwrap()).abs() < 1e-5, "{line}");
    }
    assert_eq!(effects[0], 0.0, "A in the place of A");
    fs::write(folder.path().join("input.tsv"), "ACGT\nACG\n").unwrap();
    super::fails(&format!("{call} -o {{}}/bad.npz"), folder.path(), 1, &["sequence 2 has 3 bases", "one length"]);
    assert!(!folder.path().join("bad.npz").exists());
}
