//! GloVe and word2vec on random rows of NAD's construct: 80 5-mers per sequence, 128 numbers per vector, window 10.

#![allow(missing_docs, clippy::unwrap_used)] // criterion's macros; a benchmark may panic

use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use promoter_encode::Letters;
use promoter_encode::embed::{Corpus, glove, word2vec};
use promoter_encode::kmer::Kmers;
use promoter_encode::random::Stream;

fn rows(n: u64) -> Vec<Vec<u8>> {
    let row = |index| {
        let mut stream = Stream::new(1, "bench", index);
        let insert = (0..80).map(|_| b"ACGT"[stream.below(4) as usize]);
        b"TGCATTTTTTTCACATC".iter().copied().chain(insert).chain(*b"GGTTACGGCTGTT").collect()
    };
    (0..n).map(row).collect()
}

fn corpus(rows: &[Vec<u8>]) -> Corpus {
    let mut corpus = Corpus::of_kmers(&Kmers::nad()).unwrap();
    rows.iter().for_each(|row| corpus.push_sequence(Letters(row)).unwrap());
    corpus
}

/// Time of `iterations` iterations alone, without counting and starting values.
fn iterate(corpus: &Corpus, mode: glove::Mode, iterations: usize) -> Duration {
    let mut ends = Vec::new();
    let config = glove::Config { iterations: iterations + 1, mode, ..glove::Config::nad() };
    glove::train(corpus, &config, |_| ends.push(Instant::now())).unwrap();
    ends[iterations] - ends[0]
}

fn embed(criterion: &mut Criterion) {
    let rows = rows(200_000);
    let many = corpus(&rows);
    let few = corpus(&rows[..20_000]);

    let mut group = criterion.benchmark_group("glove");
    group.sample_size(10).throughput(Throughput::Elements(many.len() as u64));
    group.bench_function("words of 200k sequences", |bencher| bencher.iter(|| corpus(&rows)));
    let counted = glove::Config { iterations: 0, ..glove::Config::nad() };
    group.bench_function("counts of 200k sequences", |bencher| {
        bencher.iter(|| glove::train(&many, &counted, |_| {}).unwrap());
    });
    group.throughput(Throughput::Elements(1 << 20));
    for (name, mode) in [
        ("iteration, fast", glove::Mode::Fast),
        ("iteration, as the C tool, f64", glove::Mode::Stanford { doubled_first_cell: true }),
    ] {
        group.bench_function(name, |bencher| bencher.iter_custom(|n| iterate(&many, mode, n as usize)));
    }
    group.finish();

    let mut group = criterion.benchmark_group("word2vec");
    group.sample_size(10).throughput(Throughput::Elements(few.len() as u64));
    for (name, architecture) in [
        ("skip-gram, 20k sequences", word2vec::Architecture::SkipGram),
        ("cbow, 20k sequences", word2vec::Architecture::Cbow),
    ] {
        let config = word2vec::Config { architecture, epochs: 1, ..word2vec::Config::default() };
        group.bench_function(name, |bencher| bencher.iter(|| word2vec::train(&few, &config, |_| {}).unwrap()));
    }
    group.finish();
}

criterion_group!(benches, embed);
criterion_main!(benches);
