//! GloVe in `f32` on tiles of the table of counts.
//!
//! Words and contexts are cut into stripes; a tile is a stripe of words against a stripe of contexts, and its
//! parameters fit the second-level cache. One round takes every stripe once on either side, so that its tiles share no
//! parameter: they can run at the same time and the result does not depend on whether they did (Gemulla et al., KDD
//! 2011).
//!
//! Whole tiles one after the other would fit each small set of words to itself before the next, and costs would fall
//! up to 4 % faster than in the plain order. So a round takes only a random portion of every tile.
//!
//! Every operation is rounded on its own and every sum has a fixed order, so that processors with wider registers give
//! the same bytes.

use multiversion::multiversion;
#[cfg(feature = "rayon")]
use rayon::prelude::*;

use super::{Cell, Config, Result, Side};
use crate::embed::lanes::{LANES, Row, dot};
use crate::random::Stream;

/// Words of a stripe, unless [`MAX_STRIPES`] asks for more.
const HEIGHT: usize = 64;

/// Parts that the records of a tile are cut into; an iteration goes through all tiles once per part.
const PORTIONS: usize = 8;

/// Most stripes per side: it bounds the number of tiles for large vocabularies.
const MAX_STRIPES: usize = 64;

/// Parameters of neighbouring words in one role.
struct Stripe {
    vectors: Vec<[f32; LANES]>,
    squares: Vec<[f32; LANES]>,
    biases: Vec<f32>,
    bias_squares: Vec<f32>,
}

/// One cell of a tile.
#[derive(Clone, Copy)]
struct Record {
    /// Word and context within their stripes.
    word: u32,
    context: u32,
    log: f32,
    weight: f32,
}

/// What one step needs beside the parameters.
#[derive(Clone, Copy)]
struct Rates {
    /// Chunks of lanes per vector.
    chunks: usize,
    eta: f32,
    clip: f32,
}

/// Trains on the cells, sorted by word and context.
pub(super) fn train(
    words: usize,
    cells: Vec<Cell>,
    config: &Config,
    report: &mut dyn FnMut(usize, f64) -> Result<()>,
) -> Result<(Side, Side)> {
    let chunks = config.dimension.div_ceil(LANES);
    let height = HEIGHT.max(words.div_ceil(MAX_STRIPES));
    let stripes = words.div_ceil(height);
    let tiles = cut(cells, height, stripes, config);
    let rates = Rates { chunks, eta: config.eta as f32, clip: config.clip as f32 };
    let mut word = start("glove word", words, height, config);
    let mut context = start("glove context", words, height, config);
    // `contexts[i]` meets `word[i]`; a round turns the contexts by `turn` against the words.
    let mut contexts: Vec<&mut Stripe> = context.iter_mut().collect();
    let mut turn = 0;
    let mut rounds: Vec<usize> = (0..stripes).collect();
    for iteration in 1..=config.iterations {
        let mut cost = 0.0;
        for portion in 0..PORTIONS {
            let index = (iteration * PORTIONS + portion) as u64;
            Stream::new(config.seed, "glove rounds", index).shuffle(&mut rounds);
            for &round in &rounds {
                contexts.rotate_left((round + stripes - turn) % stripes);
                turn = round;
                cost += pass(&mut word, &mut contexts, &tiles[round], portion, rates);
            }
        }
        report(iteration, cost)?;
    }
    Ok((finish(&word, words, config.dimension), finish(&context, words, config.dimension)))
}

/// The records of the tiles of every round: in round r, stripe i of the words meets stripe (i + r) mod n.
fn cut(cells: Vec<Cell>, height: usize, stripes: usize, config: &Config) -> Vec<Vec<Vec<Record>>> {
    let mut tiles = vec![vec![Vec::new(); stripes]; stripes];
    for cell in cells {
        let (word, context) = (cell.word as usize, cell.context as usize);
        let (row, column) = (word / height, context / height);
        tiles[(column + stripes - row) % stripes][row].push(Record {
            word: (word % height) as u32,
            context: (context % height) as u32,
            log: cell.sum.ln() as f32,
            weight: config.weight(cell.sum) as f32,
        });
    }
    for (index, tile) in tiles.iter_mut().flatten().enumerate() {
        Stream::new(config.seed, "glove tile", index as u64).shuffle(tile);
    }
    tiles
}

/// Starting values of one side, uniform in +-0.5/dimension, drawn word by word, vector before bias.
fn start(purpose: &str, words: usize, height: usize, config: &Config) -> Vec<Stripe> {
    let mut stream = Stream::new(config.seed, purpose, 0);
    let mut draw = || ((stream.uniform() - 0.5) / config.dimension as f64) as f32;
    let chunks = config.dimension.div_ceil(LANES);
    let stripe = |first: usize| {
        let rows = height.min(words - first);
        let mut stripe = Stripe {
            vectors: vec![[0.0; LANES]; rows * chunks],
            squares: vec![[1.0; LANES]; rows * chunks],
            biases: vec![0.0; rows],
            bias_squares: vec![1.0; rows],
        };
        for (row, bias) in stripe.vectors.chunks_exact_mut(chunks).zip(&mut stripe.biases) {
            row.as_flattened_mut()[..config.dimension].fill_with(&mut draw);
            *bias = draw();
        }
        stripe
    };
    (0..words).step_by(height).map(stripe).collect()
}

fn finish(stripes: &[Stripe], words: usize, dimension: usize) -> Side {
    let mut side = Side { vectors: Vec::with_capacity(words * dimension), biases: Vec::with_capacity(words) };
    let chunks = dimension.div_ceil(LANES);
    for stripe in stripes {
        for row in stripe.vectors.chunks_exact(chunks) {
            side.vectors.extend(row.as_flattened()[..dimension].iter().map(|&x| f64::from(x)));
        }
        side.biases.extend(stripe.biases.iter().map(|&x| f64::from(x)));
    }
    side
}

/// One portion of one round; returns its cost, summed in the order of the stripes.
fn pass(
    words: &mut [Stripe],
    contexts: &mut [&mut Stripe],
    tiles: &[Vec<Record>],
    portion: usize,
    rates: Rates,
) -> f64 {
    let part = |tile: &Vec<Record>| tile.len() * portion / PORTIONS..tile.len() * (portion + 1) / PORTIONS;
    #[cfg(feature = "rayon")]
    let (words, contexts, tiles) = (words.par_iter_mut(), contexts.par_iter_mut(), tiles.par_iter());
    #[cfg(not(feature = "rayon"))]
    let (words, contexts, tiles) = (words.iter_mut(), contexts.iter_mut(), tiles.iter());
    let costs: Vec<f64> = words
        .zip(contexts)
        .zip(tiles)
        .map(|((word, context), tile)| descend(word, context, &tile[part(tile)], rates))
        .collect();
    costs.iter().sum()
}

/// One step of AdaGrad on every record of a tile; returns the sum of their costs, each before its step.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw", "x86_64+avx2"))]
fn descend(words: &mut Stripe, contexts: &mut Stripe, tile: &[Record], rates: Rates) -> f64 {
    let chunks = rates.chunks;
    let mut cost = 0.0;
    for record in tile {
        let (i, j) = (record.word as usize, record.context as usize);
        let w = &mut words.vectors[i * chunks..][..chunks];
        let c = &mut contexts.vectors[j * chunks..][..chunks];
        let w_squares = &mut words.squares[i * chunks..][..chunks];
        let c_squares = &mut contexts.squares[j * chunks..][..chunks];
        let difference = dot(w, c) + words.biases[i] + contexts.biases[j] - record.log;
        let slope = record.weight * difference;
        step(w, c, w_squares, c_squares, slope, rates);
        words.biases[i] -= slope / words.bias_squares[i].sqrt();
        contexts.biases[j] -= slope / contexts.bias_squares[j].sqrt();
        words.bias_squares[i] += slope * slope;
        contexts.bias_squares[j] += slope * slope;
        cost += 0.5 * f64::from(slope) * f64::from(difference);
    }
    cost
}

/// Moves both vectors against the slope of the cost. A function of its own so that the compiler knows that the four
/// slices do not overlap.
#[inline(always)]
fn step(
    w: &mut Row,
    c: &mut Row,
    w_squares: &mut Row,
    c_squares: &mut Row,
    slope: f32,
    Rates { eta, clip, .. }: Rates,
) {
    for (((w, c), w_square), c_square) in w.iter_mut().zip(c).zip(w_squares).zip(c_squares) {
        for lane in 0..LANES {
            let w_step = (slope * c[lane]).clamp(-clip, clip) * eta;
            let c_step = (slope * w[lane]).clamp(-clip, clip) * eta;
            w[lane] -= w_step * reciprocal_root(w_square[lane]);
            c[lane] -= c_step * reciprocal_root(c_square[lane]);
            w_square[lane] += w_step * w_step;
            c_square[lane] += c_step * c_step;
        }
    }
}

/// 1/sqrt(x) to 5e-6 for x at least 1: a start from the bits of the number, then Newton's steps.
///
/// Square root and division would take as long as all the rest of a step.
#[inline(always)]
fn reciprocal_root(x: f32) -> f32 {
    let half = 0.5 * x;
    let y = f32::from_bits(0x5f37_5a86_u32.wrapping_sub(x.to_bits() >> 1));
    let y = y * (1.5 - half * y * y);
    y * (1.5 - half * y * y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reciprocal_root_is_near() {
        for i in 0..100_000u32 {
            let x = 1.0 + (i as f32 * 0.01).powi(2);
            let error = f64::from(reciprocal_root(x)) * f64::from(x).sqrt() - 1.0;
            assert!(error.abs() < 5e-6, "{x}: {error}");
        }
    }
}
