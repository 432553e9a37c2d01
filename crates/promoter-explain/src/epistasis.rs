//! Pairs of substitutions: what both do beyond the sum of what each does.

use std::ops::Range;

use crate::effects::{substituted, substitutions};
use crate::error::{check_region, check_sequences};
use crate::predict::predictions;
use crate::{Predict, Result};

/// Epistasis of every pair of substitutions within a window of one sequence.
///
/// Of substitutions a and b it is f(ab) - f(a) - f(b) + f(as it is): 0 where effects add up.
///
/// ```
/// use promoter_explain::{Epistasis, Failure};
/// // 1 for a sequence that begins with AA.
/// let mut predictor = |sequences: &[Vec<u8>]| -> Result<Vec<f32>, Failure> {
///     Ok(sequences.iter().map(|codes| f32::from(codes[..2] == [0, 0])).collect())
/// };
/// let epistasis = Epistasis::of(&mut predictor, &[0, 0, 2, 3], 0..3)?;
/// // Either substitution alone takes all away, the second one nothing more.
/// assert_eq!(epistasis.pair(0, 1).unwrap()[3][1], 1.0);
/// assert_eq!(epistasis.strengths(), [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0; 3]]);
/// # Ok::<(), promoter_explain::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Epistasis {
    codes: Vec<u8>,
    window: Range<usize>,
    /// Pairs of positions, the later one running faster: first and second base.
    pairs: Vec<[[f32; 4]; 4]>,
}

impl Epistasis {
    /// Predicts the sequence with every single and every double substitution in the window. Of `w` bases there are
    /// 9 w (w - 1) / 2 double ones: 4,005 for 30.
    ///
    /// # Errors
    /// [`Error::Region`](crate::Error::Region) for a window that is empty or not within the sequence; else as
    /// [`Effects::of`](crate::Effects::of).
    pub fn of<P: Predict + ?Sized>(predictor: &mut P, codes: &[u8], window: Range<usize>) -> Result<Self> {
        check_sequences("sequences", &[codes])?;
        check_region(0, codes.len(), &window)?;
        let all: Vec<(usize, u8)> = substitutions(codes).filter(|(position, _)| window.contains(position)).collect();
        let double = |&first: &(usize, u8)| {
            let later = all.iter().filter(move |second| second.0 > first.0);
            later.map(move |&second| (first, second))
        };
        let singles = all.iter().map(|&one| substituted(codes, &[one]));
        let doubles = all.iter().flat_map(double).map(|(first, second)| substituted(codes, &[first, second]));
        let predicted = predictions(predictor, std::iter::once(codes.to_vec()).chain(singles).chain(doubles))?;

        let (single, double_values) = predicted.split_at(1 + all.len());
        let mut effects = vec![[0.0; 4]; window.len()];
        for (&(position, base), value) in all.iter().zip(&single[1..]) {
            effects[position - window.start][usize::from(base)] = f64::from(*value) - f64::from(single[0]);
        }
        let mut epistasis =
            Self { codes: codes.to_vec(), pairs: vec![[[0.0; 4]; 4]; pairs(window.len())], window: window.clone() };
        for ((first, second), &value) in all.iter().flat_map(double).zip(double_values) {
            let [i, j] = [first.0 - window.start, second.0 - window.start];
            let [a, b] = [usize::from(first.1), usize::from(second.1)];
            let both = f64::from(value) - f64::from(single[0]);
            epistasis.pairs[index(window.len(), i, j)][a][b] = (both - effects[i][a] - effects[j][b]) as f32;
        }
        Ok(epistasis)
    }

    /// Positions whose pairs were looked at.
    pub fn window(&self) -> Range<usize> {
        self.window.clone()
    }

    /// Epistasis of two positions of the sequence, in the predictor's unit; `None` outside of the window and for a
    /// position with itself.
    ///
    /// # Shapes
    /// `(4, 4)`: base at `first`, base at `second`; 0 where either is the base that is there.
    pub fn pair(&self, first: usize, second: usize) -> Option<[[f32; 4]; 4]> {
        if first == second || !self.window.contains(&first) || !self.window.contains(&second) {
            return None;
        }
        let [i, j] = [first.min(second) - self.window.start, first.max(second) - self.window.start];
        let pair = self.pairs[index(self.window.len(), i, j)];
        Some(if first < second { pair } else { std::array::from_fn(|b| std::array::from_fn(|a| pair[a][b])) })
    }

    /// How much each pair of positions depends on each other: the mean size of the epistasis over all substitutions of
    /// both; 0 for a position with itself.
    ///
    /// # Shapes
    /// `(window, window)`, symmetric.
    pub fn strengths(&self) -> Vec<Vec<f32>> {
        let others = |position: usize| if self.codes[position] < 4 { 3.0 } else { 4.0 };
        let strength = |first, second| {
            let sum = |pair: [[f32; 4]; 4]| pair.as_flattened().iter().map(|value| value.abs()).sum::<f32>();
            self.pair(first, second).map_or(0.0, |pair| sum(pair) / (others(first) * others(second)))
        };
        self.window.clone().map(|first| self.window.clone().map(|second| strength(first, second)).collect()).collect()
    }
}

/// Pairs of different positions.
fn pairs(window: usize) -> usize {
    window * window.saturating_sub(1) / 2
}

/// Where the pair of positions `first < second` stands.
fn index(window: usize, first: usize, second: usize) -> usize {
    pairs(window) - pairs(window - first) + second - first - 1
}
