//! GloVe as Stanford's C tool computes it with one thread: the plain form of the algorithm.

use super::glibc::{RAND_MAX, Rand};
use super::{Cell, Config, Result, Side};

const LANES: usize = 8;

struct Parameters {
    side: Side,
    /// Sums of squared steps of every component, from 1 on.
    squares: Vec<f64>,
    /// The same of the biases.
    bias_squares: Vec<f64>,
}

impl Parameters {
    fn start(words: usize, dimension: usize, rand: &mut Rand) -> Self {
        let mut draw = || (f64::from(rand.draw()) / f64::from(RAND_MAX) - 0.5) / dimension as f64;
        let mut side = Side { vectors: Vec::with_capacity(words * dimension), biases: Vec::with_capacity(words) };
        for _ in 0..words {
            side.vectors.extend((0..dimension).map(|_| draw()));
            side.biases.push(draw());
        }
        Self { side, squares: vec![1.0; words * dimension], bias_squares: vec![1.0; words] }
    }
}

/// Trains on the cells, sorted by word and context.
pub(super) fn train(
    words: usize,
    mut cells: Vec<Cell>,
    config: &Config,
    report: &mut dyn FnMut(usize, f64) -> Result<()>,
) -> Result<(Side, Side)> {
    let seed = config.seed as u32;
    shuffle(&mut cells, &mut Rand::new(seed));
    let mut rand = Rand::new(seed);
    let mut word = Parameters::start(words, config.dimension, &mut rand);
    let mut context = Parameters::start(words, config.dimension, &mut rand);
    let terms: Vec<(f64, f64)> = cells.iter().map(|cell| (cell.sum.ln(), config.weight(cell.sum))).collect();
    for iteration in 1..=config.iterations {
        let mut cost = 0.0;
        for (cell, &(log, weight)) in cells.iter().zip(&terms) {
            cost += update(cell, log, weight, &mut word, &mut context, config);
        }
        report(iteration, cost)?;
    }
    Ok((word.side, context.side))
}

/// The tool's `shuffle`, which goes over the records twice: once when it has read them, once when it merges them.
fn shuffle(cells: &mut [Cell], rand: &mut Rand) {
    for last in [3, 2] {
        for i in (1..=cells.len().saturating_sub(last)).rev() {
            cells.swap(i, below(i as u64 + 1, rand) as usize);
        }
    }
}

/// Uniform in `0..n`, as the tool draws it.
fn below(n: u64, rand: &mut Rand) -> u64 {
    const RANGE: u64 = ((1 << 31) + 1) * ((1 << 31) - 1);
    loop {
        let x = (1 << 31) * u64::from(rand.draw()) + u64::from(rand.draw());
        if x < RANGE - RANGE % n {
            return x % n;
        }
    }
}

/// One step of AdaGrad on one cell; returns its cost before the step.
fn update(cell: &Cell, log: f64, weight: f64, word: &mut Parameters, context: &mut Parameters, config: &Config) -> f64 {
    let dimension = config.dimension;
    let (i, j) = (cell.word as usize, cell.context as usize);
    let w = &mut word.side.vectors[i * dimension..][..dimension];
    let c = &mut context.side.vectors[j * dimension..][..dimension];
    let w_squares = &mut word.squares[i * dimension..][..dimension];
    let c_squares = &mut context.squares[j * dimension..][..dimension];
    let difference = dot(w, c) + word.side.biases[i] + context.side.biases[j] - log;
    let slope = weight * difference;
    for (((w, c), w_square), c_square) in w.iter_mut().zip(c).zip(w_squares).zip(c_squares) {
        let w_step = (slope * *c).clamp(-config.clip, config.clip) * config.eta;
        let c_step = (slope * *w).clamp(-config.clip, config.clip) * config.eta;
        *w -= w_step / w_square.sqrt();
        *c -= c_step / c_square.sqrt();
        *w_square += w_step * w_step;
        *c_square += c_step * c_step;
    }
    // The learning rate is not applied to the biases: so the tool does it.
    word.side.biases[i] -= slope / word.bias_squares[i].sqrt();
    context.side.biases[j] -= slope / context.bias_squares[j].sqrt();
    word.bias_squares[i] += slope * slope;
    context.bias_squares[j] += slope * slope;
    0.5 * slope * difference
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let (a_lanes, a_rest) = a.as_chunks::<LANES>();
    let (b_lanes, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_visited_in_the_c_tools_order() {
        let text = include_str!("../../../tests/fixtures/glove_tiny.json");
        let expected: serde_json::Value = serde_json::from_str(text).unwrap();
        let pairs = |key: &str| -> Vec<(u32, u32)> {
            let number = |record: &serde_json::Value, i: usize| record[i].as_u64().unwrap() as u32;
            expected[key].as_array().unwrap().iter().map(|record| (number(record, 0), number(record, 1))).collect()
        };
        let cell = |(word, context)| Cell { word, context, sum: 1.0 };
        let mut cells: Vec<Cell> = pairs("cooccurrence_word1_word2_value_1based").into_iter().map(cell).collect();
        shuffle(&mut cells, &mut Rand::new(1));
        let found: Vec<(u32, u32)> = cells.iter().map(|cell| (cell.word, cell.context)).collect();
        assert_eq!(found, pairs("visit_order"));
    }
}
