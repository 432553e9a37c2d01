//! Sizes that a command line claims: refused before anything is allocated or started.

use std::fs;

#[test]
fn claims_beyond_the_machine_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.tsv"), "ACGTACGTTTAACGT\n").unwrap();
    for (call, status, parts) in [
        ("simulate --rows 4294967295 -o {}/out.tsv", 1, ["4294967295 rows needs about", "GiB are free"]),
        ("simulate --rows 0", 1, ["rows", "1 to 4294967295"]),
        (
            "embed {}/in.tsv -o {}/out.txt --kmers 3 --min-count 1 --dimension 1000000000000",
            1,
            ["--dimension 1000000000000", "GiB are free"],
        ),
        ("predict none {}/in.tsv --threads 65535", 2, ["--threads", "four threads for each"]),
        ("predict none {}/in.tsv --threads -1", 2, ["-1", "--help"]),
        ("score --truth a --predictions b --challenge c --bootstrap 4294967295", 2, ["--bootstrap", "1000000"]),
    ] {
        super::fails(call, folder.path(), status, &parts);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{call}");
    }
}
