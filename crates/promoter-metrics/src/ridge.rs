//! Ridge regression on k-mer counts: the floor that every network is shown beside.
//!
//! Features are the counts of all 2- to 6-mers of a sequence (5,456), each less its mean over the training rows and not
//! scaled: k-mers that vary more are shrunk less. The solver is conjugate gradient in `f64`. The penalty is chosen from
//! [`PENALTIES`] by Pearson's r on held-out training rows, then the model is fitted to all of them.

use promoter_encode::base;
use rayon::prelude::*;

use crate::error::{Error, Side};
use crate::regression::Regression;

/// Shortest and longest k-mers that are counted.
pub const KMERS: std::ops::RangeInclusive<usize> = 2..=6;

/// Penalties that are tried, from strong to weak, each per training row: the solver minimises
/// `sum((y - x w)^2) / rows + penalty * sum(w^2)`.
pub const PENALTIES: [f64; 8] = [3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001];

const SHORTEST: usize = *KMERS.start();
const LONGEST: usize = *KMERS.end();

/// Number of k-mers that are shorter than `k`: the index of the first k-mer of length `k`.
const fn first(k: usize) -> usize {
    ((1 << (2 * k)) - (1 << (2 * SHORTEST))) / 3
}

/// Number of features.
const FEATURES: usize = first(LONGEST + 1);

/// Of every this many rows one is held out while the penalty is chosen.
const HELD_OUT: usize = 10;

/// Neighbouring rows that are held out together: files often list overlapping sequences one after the other.
const TOGETHER: usize = 100;

/// Rows that one task sums; a constant, so that the sums do not depend on the number of threads.
const TASK: usize = 2048;

/// The solver stops at this residual, relative to that of all weights 0, ...
const TOLERANCE: f64 = 1e-6;

/// ... or after this many steps.
const STEPS: usize = 300;

/// Ridge regression on the counts of 2- to 6-mers.
///
/// ```
/// use promoter_metrics::ridge::Ridge;
/// // Expression is the number of G minus the number of T.
/// let code = |i: u32, j: u32| ((i * 31 + j * 17 + i * j) % 97 % 4) as u8;
/// let rows: Vec<Vec<u8>> = (0..2000).map(|i| (0..20).map(|j| code(i, j)).collect()).collect();
/// let labels: Vec<f32> = rows.iter().map(|r| r.iter().map(|&b| [0.0, 0.0, 1.0, -1.0][b as usize]).sum()).collect();
/// let ridge = Ridge::fit(&rows, &labels)?;
/// let predicted = ridge.predict(&rows);
/// assert!(promoter_metrics::Regression::of(&labels, &predicted)?.pearson > 0.99);
/// # Ok::<(), promoter_metrics::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Ridge {
    /// Weight of each token: of its k-mer and all k-mers that begin it.
    weights: Vec<f64>,
    intercept: f64,
    penalty: f64,
}

impl Ridge {
    /// Fits rows of base codes ([`promoter_encode::base`]) of any lengths to their labels, on the threads of the
    /// current rayon pool; the number of threads does not change a bit of the model. k-mers with letters other than
    /// A, C, G, T are not counted.
    ///
    /// While the penalty is chosen, every tenth hundred of neighbouring rows is held out; with fewer than 1,000 rows,
    /// every tenth row.
    ///
    /// # Shapes
    /// `labels` has one value per row.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Length`]; [`Error::NotFinite`] when a label is NaN or infinite.
    pub fn fit<R: AsRef<[u8]> + Sync>(rows: &[R], labels: &[f32]) -> Result<Self, Error> {
        if rows.len() != labels.len() {
            return Err(Error::Length { truth: labels.len(), prediction: rows.len() });
        }
        if rows.is_empty() {
            return Err(Error::Empty);
        }
        if let Some(row) = labels.iter().position(|label| !label.is_finite()) {
            return Err(Error::NotFinite { side: Side::Truth, row: row as u64, value: labels[row].into() });
        }
        let together = if rows.len() < HELD_OUT * TOGETHER { 1 } else { TOGETHER };
        let (held_out, training): (Vec<u32>, Vec<u32>) =
            (0..rows.len() as u32).partition(|&row| row as usize / together % HELD_OUT == HELD_OUT - 1);
        let mut penalty = PENALTIES[0];
        if !held_out.is_empty() {
            let truth: Vec<f32> = held_out.iter().map(|&row| labels[row as usize]).collect();
            let held_out: Vec<&[u8]> = held_out.iter().map(|&row| rows[row as usize].as_ref()).collect();
            let training = Counts::new(rows, labels, &training);
            let (mut weights, mut best) = (vec![0.0; FEATURES], f64::NEG_INFINITY);
            for candidate in PENALTIES {
                // From strong to weak: each solution is the next one's start.
                training.solve(candidate, &mut weights);
                let ridge = training.model(candidate, &weights);
                let r = Regression::of(&truth, &ridge.predict(&held_out))?.pearson;
                if r > best {
                    (best, penalty) = (r, candidate);
                }
            }
        }
        let all = Counts::new(rows, labels, &(0..rows.len() as u32).collect::<Vec<_>>());
        let mut weights = vec![0.0; FEATURES];
        all.solve(penalty, &mut weights);
        Ok(all.model(penalty, &weights))
    }

    /// Predictions in label units, one per row of base codes.
    pub fn predict<R: AsRef<[u8]> + Sync>(&self, rows: &[R]) -> Vec<f32> {
        rows.par_iter()
            .map(|row| (self.intercept + tokens(row.as_ref()).map(|token| self.weights[token]).sum::<f64>()) as f32)
            .collect()
    }

    /// The penalty that was chosen, one of [`PENALTIES`].
    pub fn penalty(&self) -> f64 {
        self.penalty
    }

    /// Everything that [`predict`](Self::predict) needs, to be stored: a weight for each k-mer, which holds those of
    /// the shorter ones that begin it, and at last the intercept.
    ///
    /// # Shapes
    /// 5,457 numbers.
    pub fn to_numbers(&self) -> Vec<f64> {
        let mut numbers = self.weights.clone();
        numbers.push(self.intercept);
        numbers
    }

    /// The model that [`to_numbers`](Self::to_numbers) stored; its penalty, which no prediction needs, is not known
    /// any more and NaN.
    ///
    /// # Errors
    /// [`Error::Features`] for another count of numbers, [`Error::NotFinite`] for a number that is not finite.
    pub fn from_numbers(mut numbers: Vec<f64>) -> Result<Self, Error> {
        let found = numbers.len();
        match numbers.pop() {
            Some(intercept) if found == FEATURES + 1 => {
                let numbers_are = numbers.iter().chain([&intercept]);
                if let Some((row, &value)) = numbers_are.enumerate().find(|(_, number)| !number.is_finite()) {
                    return Err(Error::NotFinite { side: Side::Prediction, row: row as u64, value });
                }
                Ok(Self { weights: numbers, intercept, penalty: f64::NAN })
            }
            _ => Err(Error::Features { expected: FEATURES + 1, found }),
        }
    }
}

/// For every position the longest counted k-mer that starts there: it stands for the shorter ones that begin it too, so
/// that a row has one token per position and not one per position and length.
fn tokens(codes: &[u8]) -> impl Iterator<Item = usize> {
    (0..codes.len()).filter_map(move |start| {
        let longest = &codes[start..codes.len().min(start + LONGEST)];
        let bases = longest.iter().take_while(|&&code| code < base::N);
        let (k, index) = bases.fold((0, 0), |(k, index), &code| (k + 1, index << 2 | code as usize));
        (k >= SHORTEST).then(|| first(k) + index)
    })
}

/// Every k-mer longer than the shortest, longest first, with the k-mer that it adds a base to.
fn prefixes() -> impl DoubleEndedIterator<Item = (usize, usize)> {
    (SHORTEST..LONGEST).rev().flat_map(|k| {
        (0..1_usize << (2 * k + 2)).rev().map(move |index| (first(k + 1) + index, first(k) + (index >> 2)))
    })
}

/// Weights of k-mers to weights of tokens.
fn to_tokens(weights: &[f64]) -> Vec<f64> {
    let mut tokens = weights.to_vec();
    for (kmer, prefix) in prefixes().rev() {
        tokens[kmer] += tokens[prefix];
    }
    tokens
}

/// Sums per token to sums per k-mer.
fn to_kmers(mut tokens: Vec<f64>) -> Vec<f64> {
    for (kmer, prefix) in prefixes() {
        tokens[prefix] += tokens[kmer];
    }
    tokens
}

/// The centred counts of the training rows, never written out: a row is its tokens.
struct Counts {
    tokens: Vec<u16>,
    ends: Vec<usize>,
    /// Mean count of each k-mer.
    means: Vec<f64>,
    label_mean: f64,
    /// Products of the centred counts with the labels.
    right: Vec<f64>,
}

impl Counts {
    fn new<R: AsRef<[u8]>>(rows: &[R], labels: &[f32], training: &[u32]) -> Self {
        let mut counts =
            Self { tokens: Vec::new(), ends: Vec::new(), means: Vec::new(), label_mean: 0.0, right: Vec::new() };
        for &row in training {
            counts.tokens.extend(tokens(rows[row as usize].as_ref()).map(|token| token as u16));
            counts.ends.push(counts.tokens.len());
        }
        let n = training.len() as f64;
        let labels: Vec<f64> = training.iter().map(|&row| labels[row as usize].into()).collect();
        counts.label_mean = labels.iter().sum::<f64>() / n;
        counts.means = vec![0.0; FEATURES];
        counts.means = counts.transposed(|_, _| 1.0).iter().map(|sum| sum / n).collect();
        counts.right = counts.transposed(|row, _| labels[row] - counts.label_mean);
        counts
    }

    /// Sum over rows of the counts, less their means, times a number of the row, which may depend on its tokens.
    fn transposed(&self, number: impl Fn(usize, &[u16]) -> f64 + Sync) -> Vec<f64> {
        let tasks: Vec<(Vec<f64>, f64)> = self
            .ends
            .par_chunks(TASK)
            .enumerate()
            .map(|(task, ends)| {
                let (mut sums, mut total) = (vec![0.0; FEATURES], 0.0);
                let mut start = if task == 0 { 0 } else { self.ends[task * TASK - 1] };
                for (row, &end) in ends.iter().enumerate() {
                    let tokens = &self.tokens[start..end];
                    let number = number(task * TASK + row, tokens);
                    for &token in tokens {
                        sums[token as usize] += number;
                    }
                    total += number;
                    start = end;
                }
                (sums, total)
            })
            .collect();
        let (mut sums, mut total) = (vec![0.0; FEATURES], 0.0);
        for (task, number) in &tasks {
            sums.iter_mut().zip(task).for_each(|(sum, x)| *sum += x);
            total += number;
        }
        let mut sums = to_kmers(sums);
        sums.iter_mut().zip(&self.means).for_each(|(sum, mean)| *sum -= mean * total);
        sums
    }

    /// The normal equations' left side: counts' products with themselves, and the penalty, times `weights`.
    fn left(&self, penalty: f64, weights: &[f64]) -> Vec<f64> {
        let (table, centre) = (to_tokens(weights), dot(&self.means, weights));
        let product =
            self.transposed(|_, tokens| tokens.iter().map(|&token| table[token as usize]).sum::<f64>() - centre);
        let penalty = penalty * self.ends.len() as f64;
        product.iter().zip(weights).map(|(x, w)| x + penalty * w).collect()
    }

    /// Conjugate gradient from the weights given.
    fn solve(&self, penalty: f64, weights: &mut [f64]) {
        let left = self.left(penalty, weights);
        let mut residual: Vec<f64> = self.right.iter().zip(&left).map(|(b, a)| b - a).collect();
        let mut direction = residual.clone();
        let mut square = dot(&residual, &residual);
        let enough = TOLERANCE * TOLERANCE * dot(&self.right, &self.right);
        for _ in 0..STEPS {
            if square <= enough {
                break;
            }
            let product = self.left(penalty, &direction);
            let length = square / dot(&direction, &product);
            for i in 0..FEATURES {
                weights[i] += length * direction[i];
                residual[i] -= length * product[i];
            }
            let next = dot(&residual, &residual);
            let turn = next / square;
            square = next;
            direction.iter_mut().zip(&residual).for_each(|(d, r)| *d = r + turn * *d);
        }
    }

    fn model(&self, penalty: f64, weights: &[f64]) -> Ridge {
        let intercept = self.label_mean - dot(&self.means, weights);
        Ridge { weights: to_tokens(weights), intercept, penalty }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
