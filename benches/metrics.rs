//! Metrics at the size of the challenge's test set and at 10 million rows, on the threads that `RAYON_NUM_THREADS`
//! says; `peers/metrics.py` measures others beside it.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use promoter_encode::random::Stream;
use promoter_metrics::{Regression, spearman};

/// Measured and predicted expression: integers and noise as in sorting bins, so that there are ties.
fn columns(n: usize) -> (Vec<f32>, Vec<f32>) {
    let mut stream = Stream::new(1, "metrics bench", 0);
    (0..n)
        .map(|_| {
            let expression = 11.0 + 3.0 * stream.normal();
            let measured = if stream.uniform() < 0.58 { expression.round() } else { expression };
            (measured as f32, (expression + stream.normal()) as f32)
        })
        .unzip()
}

fn metrics(criterion: &mut Criterion) {
    for n in [71_103, 10_000_000] {
        let (truth, prediction) = columns(n);
        let mut group = criterion.benchmark_group("metrics");
        group.sample_size(if n > 1_000_000 { 10 } else { 100 }).throughput(Throughput::Elements(n as u64));
        let id = BenchmarkId::new(format!("pearson_r2_mse_mae_{}", rayon::current_num_threads()), n);
        group.bench_function(id, |b| b.iter(|| black_box(Regression::of(&truth, &prediction))));
        group
            .bench_function(BenchmarkId::new("spearman_1", n), |b| b.iter(|| black_box(spearman(&truth, &prediction))));
    }
}

criterion_group!(benches, metrics);
criterion_main!(benches);
