//! Where `-o` leads: files, links, pipes, devices, folders; and what an interrupt leaves.
#![cfg(unix)]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{FileTypeExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use super::forms::parse;

const SIMULATE: &str = "simulate --rows 20 -o {}/out.tsv";

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// What a reader gets from a pipe into which the program writes.
fn through_a_pipe(name: &str, call: &str, folder: &Path) -> Vec<u8> {
    let pipe = folder.join(name);
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read(pipe).unwrap()
    });
    super::succeeds(call, folder);
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo(), "the pipe is still one");
    reader.join().unwrap()
}

#[test]
fn the_reader_of_a_pipe_gets_what_a_file_would_have() {
    let folder = tempfile::tempdir().unwrap();
    let rows = super::succeeds("simulate --rows 20", folder.path());
    assert_eq!(through_a_pipe("out.tsv", SIMULATE, folder.path()), rows.as_bytes());
    fs::write(folder.path().join("in.tsv"), "ACGT\nTTNA\n").unwrap();
    super::succeeds("encode {}/in.tsv -o {}/file.npz", folder.path());
    let archive = through_a_pipe("pipe.npz", "encode {}/in.tsv -o {}/pipe.npz", folder.path());
    assert!(archive == fs::read(folder.path().join("file.npz")).unwrap(), "an archive too");
    let array = through_a_pipe("pipe.npy", "encode {}/in.tsv -o {}/pipe.npy", folder.path());
    assert!(parse(&array).0.contains("(2, 4, 4)"));
}

#[test]
fn a_link_stays_and_the_file_behind_it_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let rows = super::succeeds("simulate --rows 20", folder.path());
    fs::create_dir(path("far")).unwrap();
    symlink("far/rows.tsv", path("out.tsv")).unwrap();
    // First the link leads nowhere, then to the file that the first run left.
    for _ in 0..2 {
        super::succeeds(SIMULATE, folder.path());
        assert!(fs::symlink_metadata(path("out.tsv")).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(path("far/rows.tsv")).unwrap(), rows);
        fs::write(path("far/rows.tsv"), "older").unwrap();
    }
    assert_eq!(names(&path("far")), ["rows.tsv"], "no temporary file is left");
}

/// Through links, so that a program that replaces what it finds replaces the link, not the machine's device.
#[test]
#[cfg(target_os = "linux")]
fn devices_are_written_to() {
    let folder = tempfile::tempdir().unwrap();
    symlink("/dev/null", folder.path().join("out.tsv")).unwrap();
    super::succeeds(SIMULATE, folder.path());
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    let rows = super::succeeds("simulate --rows 20", folder.path());
    assert_eq!(super::succeeds("simulate --rows 20 -o /dev/stdout", folder.path()), rows);
    symlink("/dev/full", folder.path().join("full.tsv")).unwrap();
    let full = SIMULATE.replace("out.tsv", "full.tsv");
    super::fails(&full, folder.path(), 1, &["full.tsv", "No space left"]);
    assert_eq!(names(folder.path()), ["full.tsv", "out.tsv"]);
}

/// The input is not there either: the folder is what is told, as nothing is read before it.
#[test]
fn a_folder_is_refused_before_anything_is_computed() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("out.npy")).unwrap();
    fs::create_dir(folder.path().join("out.txt")).unwrap();
    for call in [
        "filter {}/none.tsv -o {}/out.txt",
        "embed {}/none.tsv -o {}/out.txt",
        "encode {}/none.tsv -o {}/out.npy",
        "simulate --rows 20 -o {}/out.txt",
        "simulate --rows 20 --truth {}/out.txt",
        "report {}/none {}/none -o {}/out.txt",
        "score --truth none --predictions none --challenge none --plot {}/out.txt",
        "predict {}/none {}/none.tsv -o {}/out.txt",
        "variants {}/none {}/none.tsv -o {}/out.txt",
        "explain {}/none {}/none.tsv -o {}/out.txt",
        "motifs {}/none {}/none.tsv -o {}/out.txt",
        "marginalize {}/none --word ACG -o {}/out.txt",
        "doctor -o {}/out.txt",
        "new {}/out.txt --data {}/none.tsv",
    ] {
        super::fails(call, folder.path(), 1, &["is a folder: name a file"]);
    }
    assert_eq!(names(folder.path()), ["out.npy", "out.txt"]);
}

#[test]
fn an_interrupt_removes_temporary_files_and_is_the_status() {
    for (name, status) in [("TERM", 143), ("INT", 130)] {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out.npy");
        let mut child = super::command(["encode", "-", "-o", out.to_str().unwrap()])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Open until the end: the program waits for more.
        let mut input = child.stdin.take().unwrap();
        input.write_all(b"ACGT\n").unwrap();
        while names(folder.path()).is_empty() {
            assert!(child.try_wait().unwrap().is_none(), "it ended before it was interrupted");
            std::thread::yield_now();
        }
        let kill = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        assert_eq!(child.wait().unwrap().code(), Some(status), "{name}");
        assert_eq!(names(folder.path()), [""; 0], "{name}");
    }
}
