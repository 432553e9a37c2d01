//! In-silico mutagenesis: what every substitution does to a prediction.

use crate::error::check_sequences;
use crate::predict::predictions;
use crate::{Predict, Result};

/// What every substitution of one base does to the prediction of a sequence.
///
/// ```
/// use promoter_explain::{Effects, Failure};
/// // Every T raises the prediction by its position.
/// let mut predictor = |sequences: &[Vec<u8>]| -> Result<Vec<f32>, Failure> {
///     let value = |codes: &Vec<u8>| (0..codes.len()).filter(|&i| codes[i] == 3).map(|i| i as f32).sum();
///     Ok(sequences.iter().map(value).collect())
/// };
/// let effects = &Effects::of(&mut predictor, &[[3, 0, 3]])?[0];
/// assert_eq!(effects.prediction, 2.0);
/// assert_eq!(effects.changes[1], [0.0, 0.0, 0.0, 1.0]);
/// assert_eq!(effects.contributions(&[3, 0, 3]), [0.0, -1.0 / 3.0, 2.0]);
/// # Ok::<(), promoter_explain::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Effects {
    /// Prediction of the sequence as it is.
    pub prediction: f32,
    /// Prediction with A, C, G and T at each position minus that of the sequence as it is, in the predictor's unit;
    /// `(length, 4)`. 0 for the base that is there.
    pub changes: Vec<[f32; 4]>,
}

impl Effects {
    /// Predicts every sequence once as it is and once with every substitution. Batches are filled across sequences.
    ///
    /// An `N`, like any other ambiguous letter, is substituted by each of the four bases.
    ///
    /// # Shapes
    /// `sequences` are base codes ([`promoter_encode::base`]) of any lengths; one element of the result for each.
    ///
    /// # Errors
    /// [`Error::Empty`](crate::Error::Empty) for an empty list, [`Error::Code`](crate::Error::Code), and what the
    /// predictor does wrong: [`Error::Predictor`](crate::Error::Predictor),
    /// [`Error::Predictions`](crate::Error::Predictions), [`Error::NotFinite`](crate::Error::NotFinite).
    pub fn of<P: Predict + ?Sized, R: AsRef<[u8]>>(predictor: &mut P, sequences: &[R]) -> Result<Vec<Self>> {
        check_sequences("sequences", sequences)?;
        let unchanged = predictions(predictor, sequences.iter().map(|codes| codes.as_ref().to_vec()))?;
        let mutants = sequences.iter().flat_map(|codes| {
            let codes = codes.as_ref();
            substitutions(codes).map(|(position, base)| substituted(codes, &[(position, base)]))
        });
        let mut mutated = predictions(predictor, mutants)?.into_iter();
        let effects = |(codes, prediction): (&R, f32)| {
            Self::of_changes(codes.as_ref(), prediction, mutated.by_ref().map(|value| value - prediction))
        };
        Ok(sequences.iter().zip(unchanged).map(effects).collect())
    }

    /// Effects from the change of the prediction by each of the [`substitutions`], in their order. Those beyond the end
    /// of `changes` are 0.
    pub fn of_changes(codes: &[u8], prediction: f32, changes: impl IntoIterator<Item = f32>) -> Self {
        let mut effects = Self { prediction, changes: vec![[0.0; 4]; codes.len()] };
        for ((position, base), change) in substitutions(codes).zip(changes) {
            effects.changes[position][usize::from(base)] = change;
        }
        effects
    }

    /// The effects minus their mean at each position, see [`centred`].
    pub fn centred(&self) -> Vec<[f32; 4]> {
        centred(&self.changes)
    }

    /// How much each base raises the prediction above what the other bases would give in its place: minus the mean of
    /// their effects, which is 4/3 of the centred effect of the base that is there.
    ///
    /// # Shapes
    /// `codes` is the sequence.
    pub fn contributions(&self, codes: &[u8]) -> Vec<f32> {
        self.mean(codes, |effect| -effect)
    }

    /// How much each base matters, whichever way: the mean size of the effects of the other bases.
    ///
    /// # Shapes
    /// `codes` is the sequence.
    pub fn strengths(&self, codes: &[u8]) -> Vec<f32> {
        self.mean(codes, f32::abs)
    }

    fn mean(&self, codes: &[u8], of: impl Fn(f32) -> f32) -> Vec<f32> {
        let others = |code: &u8| if *code < 4 { 3.0 } else { 4.0 };
        let sum = |changes: &[f32; 4]| changes.iter().map(|&effect| of(effect)).sum::<f32>();
        self.changes.iter().zip(codes).map(|(changes, code)| sum(changes) / others(code)).collect()
    }
}

/// Attributions minus their mean over the four bases at each position, so that each position's sum to 0.
///
/// Effects of substitutions lose what depends on which base they are measured from. A gradient by one-hot channels
/// loses its part off the simplex, which no sequence can follow: the correction of simplex-corrected gradients.
///
/// # Shapes
/// `(length, 4)`, channels A, C, G, T.
///
/// # Source
/// Majdandzic, Rajesh and Koo, Genome Biology 2023.
///
/// ```
/// assert_eq!(promoter_explain::centred(&[[0.0, 1.0, 2.0, 5.0]]), [[-2.0, -1.0, 0.0, 3.0]]);
/// ```
pub fn centred(attributions: &[[f32; 4]]) -> Vec<[f32; 4]> {
    let centre = |values: &[f32; 4]| {
        let mean = values.iter().sum::<f32>() / 4.0;
        values.map(|value| value - mean)
    };
    attributions.iter().map(centre).collect()
}

/// Position and new base of every substitution: positions in order, at each the bases A, C, G, T but the one that is
/// there.
///
/// ```
/// let all: Vec<(usize, u8)> = promoter_explain::substitutions(&[1, 3]).collect();
/// assert_eq!(all, [(0, 0), (0, 2), (0, 3), (1, 0), (1, 1), (1, 2)]);
/// ```
pub fn substitutions(codes: &[u8]) -> impl Iterator<Item = (usize, u8)> {
    let others =
        |(position, &code): (usize, &u8)| (0..4_u8).filter(move |&base| base != code).map(move |base| (position, base));
    codes.iter().enumerate().flat_map(others)
}

/// The sequence with other bases at some positions.
pub(crate) fn substituted(codes: &[u8], substitutions: &[(usize, u8)]) -> Vec<u8> {
    let mut changed = codes.to_vec();
    for &(position, base) in substitutions {
        changed[position] = base;
    }
    changed
}
