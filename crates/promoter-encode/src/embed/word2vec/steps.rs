//! One sentence of word2vec.

use multiversion::multiversion;

use super::{Architecture, Config};
use crate::embed::lanes::{LANES, Row, dot};
use crate::random::Stream;

/// Scores beyond +-6 count as 6, as in the C program.
const LARGEST_SCORE: f32 = 6.0;

/// Steps of the table of the logistic function.
const STEPS: usize = 4096;

/// Draws words by their counts to a power: Walker's alias method, two reads per draw whatever the vocabulary.
pub(super) struct Sampler {
    /// Per word: below which of 2^32 a draw stays with it, and which word it is otherwise.
    columns: Vec<(u32, u32)>,
}

impl Sampler {
    pub(super) fn of(counts: &[u64], exponent: f64) -> Self {
        let weights: Vec<f64> =
            counts.iter().map(|&count| if count == 0 { 0.0 } else { (count as f64).powf(exponent) }).collect();
        let mean = weights.iter().sum::<f64>() / weights.len() as f64;
        let mut shares: Vec<f64> = weights.iter().map(|weight| weight / mean).collect();
        let mut columns: Vec<(u32, u32)> = (0..counts.len() as u32).map(|word| (u32::MAX, word)).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) = (0..counts.len()).partition(|&word| shares[word] < 1.0);
        while let (Some(&giver), Some(taker)) = (large.last(), small.pop()) {
            columns[taker] = ((shares[taker] * f64::from(u32::MAX)) as u32, giver as u32);
            shares[giver] -= 1.0 - shares[taker];
            if shares[giver] < 1.0 {
                large.pop();
                small.push(giver);
            }
        }
        Self { columns }
    }

    #[inline(always)]
    fn draw(&self, stream: &mut Stream) -> u32 {
        let bits = stream.next_u64();
        let column = ((bits >> 32) * self.columns.len() as u64) >> 32;
        let (below, other) = self.columns[column as usize];
        if (bits as u32) < below { column as u32 } else { other }
    }
}

/// What one sentence taught.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Learnt {
    pub(super) cost: f64,
    pub(super) predictions: u64,
}

/// The parameters: per word the vector that predicts, which is the result, and the vector that is predicted.
pub(super) struct Learner {
    architecture: Architecture,
    dimension: usize,
    window: u64,
    negatives: usize,
    /// Chunks of lanes per vector.
    chunks: usize,
    inputs: Vec<[f32; LANES]>,
    outputs: Vec<[f32; LANES]>,
    /// Mean of a context, and the step of the input: scratch space.
    mean: Vec<[f32; LANES]>,
    step: Vec<[f32; LANES]>,
    logistic: Logistic,
}

impl Learner {
    /// Inputs uniform in +-0.5/dimension, outputs 0.
    pub(super) fn start(words: usize, config: &Config) -> Self {
        let dimension = config.dimension;
        let chunks = dimension.div_ceil(LANES);
        let mut inputs = vec![[0.0; LANES]; words * chunks];
        let mut stream = Stream::new(config.seed, "word2vec start", 0);
        for row in inputs.chunks_exact_mut(chunks) {
            let draw = || ((stream.uniform() - 0.5) / dimension as f64) as f32;
            row.as_flattened_mut()[..dimension].fill_with(draw);
        }
        Self {
            architecture: config.architecture,
            dimension,
            window: config.window as u64,
            negatives: config.negatives,
            chunks,
            inputs,
            outputs: vec![[0.0; LANES]; words * chunks],
            mean: vec![[0.0; LANES]; chunks],
            step: vec![[0.0; LANES]; chunks],
            logistic: Logistic::new(),
        }
    }

    /// Learns from one sentence.
    pub(super) fn learn(&mut self, words: &[u32], sampler: &Sampler, stream: &mut Stream, rate: f32) -> Learnt {
        learn(self, words, sampler, stream, rate)
    }

    pub(super) fn into_vectors(self) -> Vec<f32> {
        let rows = self.inputs.chunks_exact(self.chunks);
        rows.flat_map(|row| row.as_flattened()[..self.dimension].iter().copied()).collect()
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx512bw", "x86_64+avx2"))]
fn learn(learner: &mut Learner, words: &[u32], sampler: &Sampler, stream: &mut Stream, rate: f32) -> Learnt {
    let mut learnt = Learnt::default();
    // Where the outputs of the right word and of the counterexamples start.
    let mut targets = vec![0; 1 + learner.negatives];
    let mut gains = vec![0.0; 1 + learner.negatives];
    let Learner { chunks, inputs, outputs, mean, step, .. } = learner;
    let chunks = *chunks;
    for (at, &middle) in words.iter().enumerate() {
        let width = 1 + stream.below(learner.window) as usize;
        let before = &words[at.saturating_sub(width)..at];
        let after = &words[at + 1..words.len().min(at + 1 + width)];
        let context = before.iter().chain(after);
        targets[0] = middle as usize * chunks;
        match learner.architecture {
            Architecture::SkipGram => {
                for &word in context {
                    targets[1..].fill_with(|| sampler.draw(stream) as usize * chunks);
                    let input = &mut inputs[word as usize * chunks..][..chunks];
                    predict(input, outputs, step, &targets, &mut gains, &learner.logistic, rate, &mut learnt);
                    add(input, step, 1.0);
                }
            }
            Architecture::Cbow if before.is_empty() && after.is_empty() => {}
            Architecture::Cbow => {
                targets[1..].fill_with(|| sampler.draw(stream) as usize * chunks);
                let share = 1.0 / (before.len() + after.len()) as f32;
                mean.fill([0.0; LANES]);
                for &word in context.clone() {
                    add(mean, &inputs[word as usize * chunks..][..chunks], share);
                }
                predict(mean, outputs, step, &targets, &mut gains, &learner.logistic, rate, &mut learnt);
                for &word in context {
                    add(&mut inputs[word as usize * chunks..][..chunks], step, 1.0);
                }
            }
        }
    }
    learnt
}

/// Moves the outputs of the right word and of the counterexamples, and sums the step of the input.
///
/// All words are scored before one moves: the scores need not wait for each other.
#[allow(clippy::too_many_arguments)] // One call is one prediction; bundling its parts would only rename them.
#[inline(always)]
fn predict(
    input: &Row,
    outputs: &mut Row,
    step: &mut Row,
    targets: &[usize],
    gains: &mut [f32],
    logistic: &Logistic,
    rate: f32,
    learnt: &mut Learnt,
) {
    let chunks = input.len();
    for (gain, &start) in gains.iter_mut().zip(targets) {
        *gain = dot(input, &outputs[start..][..chunks]);
    }
    let right = targets[0];
    let mut cost = 0.0;
    for (target, (gain, &start)) in gains.iter_mut().zip(targets).enumerate() {
        let (probability, loss) = logistic.at(*gain, target == 0);
        // A counterexample that is the right word teaches nothing.
        let counts = f32::from(u8::from(target == 0 || start != right));
        *gain = (f32::from(u8::from(target == 0)) - probability) * rate * counts;
        cost += loss * counts;
    }
    learnt.cost += f64::from(cost);
    learnt.predictions += 1;
    // Chunk by chunk, so that the chunk of the input and its step stay in registers.
    for (chunk, (input, step)) in input.iter().zip(step).enumerate() {
        let (input, mut sum) = (*input, [0.0; LANES]);
        for (&gain, &start) in gains.iter().zip(targets) {
            let output = &mut outputs[start + chunk];
            for lane in 0..LANES {
                sum[lane] += gain * output[lane];
                output[lane] += gain * input[lane];
            }
        }
        *step = sum;
    }
}

#[inline(always)]
fn add(to: &mut Row, from: &Row, factor: f32) {
    for (to, from) in to.as_flattened_mut().iter_mut().zip(from.as_flattened()) {
        *to += factor * from;
    }
}

/// The logistic function and its negative logarithm, in steps of 12/4096.
struct Logistic {
    table: Vec<(f32, f32)>,
}

impl Logistic {
    fn new() -> Self {
        let entry = |step: usize| {
            let score = ((step as f64 + 0.5) / STEPS as f64 * 2.0 - 1.0) * f64::from(LARGEST_SCORE);
            let probability = 1.0 / (1.0 + (-score).exp());
            (probability as f32, -probability.ln() as f32)
        };
        Self { table: (0..STEPS).map(entry).collect() }
    }

    /// Probability of a score, and the cost of it where the word is the right one or a counterexample.
    #[inline(always)]
    fn at(&self, score: f32, right: bool) -> (f32, f32) {
        let last = (STEPS - 1) as f32;
        let step = (score + LARGEST_SCORE) * (STEPS as f32 / (2.0 * LARGEST_SCORE));
        // The conversion takes numbers below 0 and NaN to 0.
        let step = step.min(last) as usize;
        // The function is symmetric: the cost of a counterexample stands at the mirrored step.
        let cost = self.table[if right { step } else { STEPS - 1 - step }].1;
        (self.table[step].0, if score.is_nan() { f32::NAN } else { cost })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_follow_the_counts() {
        let counts = [100, 0, 1, 50, 900];
        let sampler = Sampler::of(&counts, 0.75);
        let mut stream = Stream::new(1, "test", 0);
        let mut drawn = [0u32; 5];
        for _ in 0..200_000 {
            drawn[sampler.draw(&mut stream) as usize] += 1;
        }
        let total: f64 = counts.iter().map(|&count| (count as f64).powf(0.75)).sum();
        for (&count, drawn) in counts.iter().zip(drawn) {
            let expected = (count as f64).powf(0.75) * f64::from(u8::from(count > 0)) / total;
            assert!((f64::from(drawn) / 200_000.0 - expected).abs() < 0.004, "{count}: {drawn}, {expected}");
        }
        assert_eq!(drawn[1], 0);
    }

    #[test]
    fn the_table_is_the_logistic_function() {
        let logistic = Logistic::new();
        for i in -700..=700 {
            let score = i as f32 * 0.01;
            let exact = 1.0 / (1.0 + (-f64::from(score.clamp(-6.0, 6.0))).exp());
            let (probability, cost) = logistic.at(score, true);
            assert!((f64::from(probability) - exact).abs() < 1e-3, "{score}");
            assert!((f64::from(cost) + exact.ln()).abs() < 2e-3, "{score}");
            assert!((f64::from(logistic.at(score, false).1) + (1.0 - exact).ln()).abs() < 2e-3, "{score}");
        }
        assert!(logistic.at(f32::NAN, true).1.is_nan());
    }
}
