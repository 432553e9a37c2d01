//! Feeding: shuffled one-hot batches made on the host from rows of base codes, at the sizes of Peppa and NAD.
//!
//! `benches/peers/feed.py` does the same with torch: index, then embedding.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use promoter_encode::Codes;
use promoter_encode::fit::Fit;
use promoter_encode::one_hot::OneHot;
use promoter_encode::pack::two_bit;
use promoter_encode::random::Stream;
use rayon::prelude::*;
use std::hint::black_box;
use std::ops::Range;

const ROWS: usize = 1 << 20;
const LENGTH: usize = 110;

/// Rows that a thread gathers and encodes at a time; the codes stay in the cache between the two.
const BLOCK: usize = 64;

/// Rows of codes, and an order of them.
fn rows() -> (Vec<u8>, Vec<u32>) {
    let codes = (0..ROWS).into_par_iter().flat_map_iter(|row| {
        let mut stream = Stream::new(1, "bench", row as u64);
        (0..LENGTH).map(move |_| stream.below(4) as u8)
    });
    let mut order: Vec<u32> = (0..ROWS as u32).collect();
    Stream::new(1, "order", 0).shuffle(&mut order);
    (codes.collect(), order)
}

/// The windows of a block of rows, one-hot.
fn encode(codes: &[u8], order: &[u32], window: &Range<usize>, out: &mut [f32]) {
    let mut gathered = [0; BLOCK * LENGTH];
    let gathered = &mut gathered[..order.len() * window.len()];
    for (&row, out) in order.iter().zip(gathered.chunks_exact_mut(window.len())) {
        out.copy_from_slice(&codes[row as usize * LENGTH..][window.clone()]);
    }
    _ = black_box(OneHot::default().encode_batch_into(Codes(gathered), window.len(), out));
}

/// The same from two bits a base.
fn encode_packed(packed: &[u8], order: &[u32], window: &Range<usize>, out: &mut [f32]) {
    let (bytes, values) = (two_bit::packed_length(LENGTH), window.len() * 4);
    for (&row, out) in order.iter().zip(out.chunks_exact_mut(values)) {
        if let Ok(codes) = two_bit::unpack(&packed[row as usize * bytes..][..bytes], LENGTH) {
            _ = black_box(OneHot::default().encode_into(Codes(&codes[window.clone()]), out));
        }
    }
}

fn feed(criterion: &mut Criterion) {
    let (codes, order) = rows();
    let mut packed = vec![0; ROWS * two_bit::packed_length(LENGTH)];
    if let Err(error) = two_bit::pack_batch_into(Codes(&codes), LENGTH, &mut packed) {
        unreachable!("the rows are bases: {error}");
    }
    let peppa = Fit::peppa().crop.map_or(0..LENGTH, |(start, end)| start..end);
    for (name, batch, window) in [("Peppa, 10,000 x 85", 10_000, peppa), ("NAD, 2,048 x 110", 2_048, 0..LENGTH)] {
        let mut group = criterion.benchmark_group(format!("feed/{name}"));
        group.throughput(Throughput::Elements(batch as u64)).sample_size(50);
        let values = window.len() * 4;
        let mut out = vec![0.0f32; batch * values];
        let mut batches = order.chunks_exact(batch).cycle();
        group.bench_function("codes, one thread", |b| {
            b.iter(|| {
                let order = batches.next().unwrap_or_default();
                let blocks = order.chunks(BLOCK).zip(out.chunks_mut(BLOCK * values));
                blocks.for_each(|(order, out)| encode(&codes, order, &window, out));
            });
        });
        group.bench_function("codes, all cores", |b| {
            b.iter(|| {
                let order = batches.next().unwrap_or_default();
                let blocks = order.par_chunks(BLOCK).zip(out.par_chunks_mut(BLOCK * values));
                blocks.for_each(|(order, out)| encode(&codes, order, &window, out));
            });
        });
        group.bench_function("two bits a base, one thread", |b| {
            b.iter(|| {
                let order = batches.next().unwrap_or_default();
                encode_packed(&packed, order, &window, &mut out);
            });
        });
        group.finish();
    }
}

criterion_group!(benches, feed);
criterion_main!(benches);
