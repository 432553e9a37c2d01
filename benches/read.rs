//! Reading and filtering 1,050,000 rows: plain, compressed, row by row, and from the packed cache.
//!
//! The file is made once and kept as `target/tmp/reading.tsv`, so that other programs can be measured on it.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::hint::black_box;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use promoter_encode::random::Stream;
use promoter_seq::read::{self, ReadOptions, Record, Rows};
use promoter_seq::{Filter, cache};
use rayon::ThreadPoolBuilder;

const ROWS: u64 = 1_050_000;

/// Rows in the challenge's form: every 21st with an `N`, three of four labels integers.
fn made() -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reading.tsv");
    if !path.exists() {
        let mut text = Vec::with_capacity(130_000_000);
        for row in 0..ROWS {
            let mut stream = Stream::new(0, "reading", row);
            text.extend_from_slice(b"TGCATTTTTTTCACATC");
            let insert = text.len();
            text.extend((0..80).map(|_| b"ACGT"[stream.below(4) as usize]));
            if row % 21 == 0 {
                text[insert + stream.below(80) as usize] = b'N';
            }
            text.extend_from_slice(b"GGTTACGGCTGTT");
            let label = 17.0 * stream.uniform();
            if stream.below(4) > 0 {
                writeln!(text, "\t{}", label.round()).unwrap();
            } else {
                writeln!(text, "\t{label:.13}").unwrap();
            }
        }
        fs::write(&path, text).unwrap();
    }
    path
}

/// The file and its compressed form.
fn compressed(plain: &Path, extension: &str, compress: impl Fn(&[u8]) -> Vec<u8>) -> PathBuf {
    let path = plain.with_extension(format!("tsv.{extension}"));
    if !path.exists() {
        fs::write(&path, compress(&fs::read(plain).unwrap())).unwrap();
    }
    path
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn reading(c: &mut Criterion) {
    let plain = made();
    let gz = compressed(&plain, "gz", gzip);
    let zst = compressed(&plain, "zst", |bytes| zstd::encode_all(bytes, 3).unwrap());
    let (options, filter) = (ReadOptions::default(), Filter::exact_110());
    let copy = plain.with_extension("cache");
    cache::read(&plain, &options, &copy).unwrap();
    let mut group = c.benchmark_group("read");
    group
        .throughput(Throughput::Elements(ROWS))
        .sample_size(20)
        .measurement_time(Duration::from_secs(2))
        .sampling_mode(SamplingMode::Flat);
    for count in [1, 2] {
        let pool = ThreadPoolBuilder::new().num_threads(count).build().unwrap();
        for (name, path) in [("tsv", &plain), ("tsv.gz", &gz), ("tsv.zst", &zst)] {
            group.bench_function(format!("{name}+filter/{count}"), |b| {
                b.iter(|| pool.install(|| read::read_filtered(path, &options, &filter, 0).unwrap()));
            });
        }
        group.bench_function(format!("cache/{count}"), |b| {
            b.iter(|| pool.install(|| cache::read(&plain, &options, &copy).unwrap()));
        });
    }
    group.bench_function("rows", |b| {
        b.iter(|| {
            let mut rows = Rows::open(&plain, &options).unwrap();
            let mut record = Record::default();
            while rows.read(&mut record).unwrap() {
                black_box(&record);
            }
        });
    });
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
