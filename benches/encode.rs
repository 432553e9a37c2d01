//! Throughput of every encoding, beside the limits of the machine and beside `bitnuc`, the packing that others use.
//!
//! Shapes: sequences of 110 bases; `batch` is 1,024 of them, which stay in the cache, `bulk` 65,536, and `1 M`
//! 1,048,576 where only that leaves the cache.

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use half::bf16;
use promoter_encode::fit::Fit;
use promoter_encode::kmer::Kmers;
use promoter_encode::one_hot::{Element, Layout, OneHot};
use promoter_encode::pack::{four_bit, two_bit};
use promoter_encode::random::Stream;
use promoter_encode::{Codes, Letters, base, mutate, reverse_complement, shift, shuffle};
use std::hint::black_box;

const LENGTH: usize = 110;
const BATCH: usize = 1 << 10;
const BULK: usize = 1 << 16;
const HUGE: usize = 1 << 20;

fn letters(sequences: usize) -> Vec<u8> {
    let mut stream = Stream::new(1, "bench", sequences as u64);
    (0..sequences * LENGTH).map(|_| b"ACGT"[stream.below(4) as usize]).collect()
}

fn sequences(group: &mut BenchmarkGroup<'_, WallTime>, sequences: usize, bytes: usize) {
    group.throughput(Throughput::ElementsAndBytes { elements: sequences as u64, bytes: bytes as u64 });
}

fn one_hot_as<T: Element>(group: &mut BenchmarkGroup<'_, WallTime>, size: &str, letters: &[u8], two_layouts: bool) {
    let rows = letters.len() / LENGTH;
    let mut out = vec![T::ONE; letters.len() * 4];
    sequences(group, rows, size_of_val(out.as_slice()));
    let name = T::NAME;
    group.bench_function(format!("{name}/{size}/limit: fill"), |b| b.iter(|| fill(black_box(&mut out))));
    let last = OneHot::default();
    group.bench_function(format!("{name}/{size}/length, channels"), |b| {
        b.iter(|| last.encode_batch_into(Letters(black_box(letters)), LENGTH, black_box(&mut out)));
    });
    if two_layouts {
        let first = OneHot { layout: Layout::ChannelsFirst, ..OneHot::default() };
        group.bench_function(format!("{name}/{size}/channels, length"), |b| {
            b.iter(|| first.encode_batch_into(Letters(black_box(letters)), LENGTH, black_box(&mut out)));
        });
    }
    if size == "batch" {
        group.bench_function(format!("{name}/{size}/one call a sequence"), |b| {
            b.iter(|| {
                for (row, out) in letters.chunks(LENGTH).zip(out.chunks_mut(4 * LENGTH)) {
                    _ = black_box(last.encode_into(Letters(black_box(row)), out));
                }
            });
        });
    } else {
        group.bench_function(format!("{name}/{size}/length, channels, all cores"), |b| {
            b.iter(|| last.par_encode_batch_into(Letters(black_box(letters)), LENGTH, black_box(&mut out)));
        });
    }
}

/// Every element with the value 1: a fill with zeros is cheaper than any encoding can be.
#[multiversion::multiversion(targets = "simd")]
fn fill<T: Element>(out: &mut [T]) {
    out.fill(T::ONE);
}

fn one_hot(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("one_hot");
    let batch = letters(BATCH);
    one_hot_as::<f32>(&mut group, "batch", &batch, true);
    one_hot_as::<bf16>(&mut group, "batch", &batch, true);
    one_hot_as::<u8>(&mut group, "batch", &batch, true);
    one_hot_as::<bool>(&mut group, "batch", &batch, false);
    let mut rare = batch.clone();
    rare.iter_mut().step_by(LENGTH * 40 + 7).for_each(|letter| *letter = b'N');
    let mut out = vec![0.0f32; batch.len() * 4];
    sequences(&mut group, BATCH, size_of_val(out.as_slice()));
    group.bench_function("f32/batch/an N in one sequence of 40", |b| {
        b.iter(|| OneHot::default().encode_batch_into(Letters(black_box(&rare)), LENGTH, black_box(&mut out)));
    });
    drop(out);
    let bulk = letters(BULK);
    one_hot_as::<f32>(&mut group, "bulk", &bulk, true);
    one_hot_as::<bf16>(&mut group, "bulk", &bulk, false);
    one_hot_as::<u8>(&mut group, "bulk", &bulk, true);
    let huge = letters(HUGE);
    one_hot_as::<f32>(&mut group, "1 M", &huge, true);
    group.finish();
}

fn kmers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("kmer");
    for (size, rows) in [("batch", BATCH), ("bulk", BULK)] {
        let letters = letters(rows);
        for k in [3, 5, 6, 8] {
            let tokenizer = Kmers { k, ..Kmers::default() }.tokenizer().expect("a valid k");
            let count = tokenizer.count(LENGTH).expect("long enough");
            let mut out = vec![0u16; rows * count];
            sequences(&mut group, rows, letters.len());
            group.bench_function(format!("{k}-mers u16/{size}"), |b| {
                b.iter(|| tokenizer.tokens_batch_into(Letters(black_box(&letters)), LENGTH, black_box(&mut out)));
            });
        }
        let codes: Vec<u8> = letters.iter().map(|&letter| base::from_ascii(letter)).collect();
        let tokenizer = Kmers::default().tokenizer().expect("a preset");
        let mut out = vec![0u16; rows * 106];
        group.bench_function(format!("5-mers u16 of codes/{size}"), |b| {
            b.iter(|| tokenizer.tokens_batch_into(Codes(black_box(&codes)), LENGTH, black_box(&mut out)));
        });
        let nad = Kmers::nad().tokenizer().expect("a preset");
        let mut out = vec![0u32; rows * 80];
        group.bench_function(format!("NAD u32/{size}"), |b| {
            b.iter(|| nad.tokens_batch_into(Letters(black_box(&letters)), LENGTH, black_box(&mut out)));
        });
    }
    let letters = letters(BATCH);
    let tokenizer = Kmers::default().tokenizer().expect("a preset");
    sequences(&mut group, BATCH, letters.len());
    group.bench_function("5-mers counted/batch", |b| {
        b.iter(|| {
            letters.chunks(LENGTH).map(|row| tokenizer.counts(Letters(black_box(row)))).filter(Result::is_ok).count()
        });
    });
    group.finish();
}

fn reverse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("reverse_complement");
    for (size, rows) in [("batch", BATCH), ("bulk", BULK)] {
        let letters = letters(rows);
        let mut out = vec![0; letters.len()];
        sequences(&mut group, rows, letters.len());
        group.bench_function(format!("{size}/limit: copy"), |b| {
            b.iter(|| black_box(&mut out).copy_from_slice(black_box(&letters)));
        });
        group.bench_function(format!("{size}/letters"), |b| {
            b.iter(|| reverse_complement::batch_into(Letters(black_box(&letters)), LENGTH, black_box(&mut out)));
        });
    }
    group.finish();
}

fn pack(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pack");
    for (size, rows) in [("batch", BATCH), ("1 M", HUGE)] {
        let letters = letters(rows);
        sequences(&mut group, rows, letters.len());
        let mut out = vec![0; rows * two_bit::packed_length(LENGTH)];
        group.bench_function(format!("two bits/{size}/sequences"), |b| {
            b.iter(|| two_bit::pack_batch_into(Letters(black_box(&letters)), LENGTH, black_box(&mut out)));
        });
        let mut flat = vec![0; two_bit::packed_length(letters.len())];
        group.bench_function(format!("two bits/{size}/one long sequence"), |b| {
            b.iter(|| two_bit::pack_batch_into(Letters(black_box(&letters)), letters.len(), black_box(&mut flat)));
        });
        group.bench_function(format!("two bits/{size}/bitnuc, unchecked, sequences"), |b| {
            b.iter(|| {
                for (row, out) in letters.chunks(LENGTH).zip(out.chunks_mut(two_bit::packed_length(LENGTH))) {
                    _ = black_box(bitnuc::encode(black_box(row), out));
                }
            });
        });
        group.bench_function(format!("two bits/{size}/bitnuc, unchecked, one long sequence"), |b| {
            b.iter(|| bitnuc::encode(black_box(&letters), black_box(&mut flat)));
        });
        group.bench_function(format!("two bits/{size}/unpack"), |b| {
            b.iter(|| two_bit::unpack(black_box(&flat), letters.len()).and_then(|codes| Codes(&codes).to_letters()));
        });
        group.bench_function(format!("four bits/{size}/one long sequence"), |b| {
            b.iter(|| four_bit::pack(Letters(black_box(&letters))));
        });
    }
    group.finish();
}

fn augment(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("augment");
    let letters = letters(BATCH);
    let codes: Vec<u8> = letters.iter().map(|&letter| base::from_ascii(letter)).collect();
    sequences(&mut group, BATCH, codes.len());
    let peppa = Fit::peppa();
    let mut fitted = vec![0; peppa.output_length()];
    group.bench_function("fit, Peppa", |b| {
        b.iter(|| {
            codes.chunks(LENGTH).for_each(|row| _ = black_box(peppa.apply_into(Codes(black_box(row)), &mut fitted)))
        });
    });
    let mut draws = Stream::new(1, "bench", 0);
    let mut changed = codes.clone();
    group.bench_function("mutate, rate 0.05", |b| {
        b.iter(|| mutate::substitute(Codes(black_box(&codes)), 0.05, &mut draws));
    });
    group.bench_function("shift by up to 3", |b| {
        b.iter(|| changed.chunks_mut(LENGTH).for_each(|row| _ = black_box(shift::jitter(row, 3, base::N, &mut draws))));
    });
    group.bench_function("dinucleotide shuffle", |b| {
        b.iter(|| {
            codes.chunks(LENGTH).for_each(|row| _ = black_box(shuffle::dinucleotide(black_box(row), &mut draws)))
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = one_hot, kmers, reverse, pack, augment
}
criterion_main!(benches);
