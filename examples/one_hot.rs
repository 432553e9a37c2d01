//! Encodes a file of sequences one-hot and saves it for NumPy. Needs cargo alone, no LibTorch.
//!
//! `cargo run --release -p promoter-seq --example one_hot -- promoters.fa promoters.npy`
//!
//! The result is what `numpy.load` gives as an array of shape (rows, 110, 4), float32, channels A, C, G, T.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::ExitCode;

use promoter_encode::Codes;
use promoter_encode::fit::{Fit, Longer, Shorter};
use promoter_encode::one_hot::OneHot;
use promoter_seq::read::{Columns, ReadOptions, Record, Rows};

const LENGTH: usize = 110;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, output] = &arguments[..] else {
        eprintln!("usage: one_hot INPUT OUTPUT.npy    (INPUT: .fa, .fq, .tsv or .csv, also .gz or .zst)");
        return ExitCode::from(2);
    };
    match encode(Path::new(input), Path::new(output)) {
        Ok((rows, fitted)) => {
            println!("{output}: {rows} x {LENGTH} x 4, {fitted} of them cut or padded to {LENGTH} bases");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprint!("error: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprint!(": {error}");
                cause = error.source();
            }
            eprintln!();
            ExitCode::FAILURE
        }
    }
}

fn encode(input: &Path, output: &Path) -> Result<(usize, usize), Box<dyn Error>> {
    // A table needs no label here: its first column is the sequence.
    let options = ReadOptions { columns: Columns::Sequence, ..ReadOptions::default() };
    let fit = Fit { longer: Longer::KeepFirst, shorter: Shorter::PadRight('.'), ..Fit::exact(LENGTH) };
    let one_hot = OneHot::default();

    let (mut rows, mut fitted) = (0, 0);
    let mut values: Vec<f32> = Vec::new();
    let mut record = Record::default();
    let mut file = Rows::open(input, &options)?;
    while file.read(&mut record)? {
        let codes = fit.apply(Codes(&record.codes))?;
        values.extend(one_hot.encode::<f32>(Codes(&codes))?);
        rows += 1;
        fitted += usize::from(record.codes.len() != LENGTH);
    }
    write_npy(output, &[rows, LENGTH, 4], &values)?;
    Ok((rows, fitted))
}

/// NumPy's format, version 1: magic, length of the header, header padded to 64 bytes, values.
fn write_npy(path: &Path, shape: &[usize; 3], values: &[f32]) -> std::io::Result<()> {
    let [a, b, c] = shape;
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({a}, {b}, {c})}}");
    header += &" ".repeat(63 - (10 + header.len()) % 64);
    header.push('\n');
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(b"\x93NUMPY\x01\x00")?;
    file.write_all(&(header.len() as u16).to_le_bytes())?;
    file.write_all(header.as_bytes())?;
    for value in values {
        file.write_all(&value.to_le_bytes())?;
    }
    file.flush()
}
