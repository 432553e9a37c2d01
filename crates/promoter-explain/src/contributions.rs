//! What bases contribute to the difference of a prediction from that of references.

use crate::Effects;

/// What bases contribute to the difference of a prediction from that of references, as DeepLIFT and integrated
/// gradients share it out.
///
/// ```
/// use promoter_explain::Contributions;
/// let hypothetical = vec![[0.0, 0.0, 1.5, 2.0], [-0.5, 0.0, 0.0, 1.0]];
/// let found = Contributions { prediction: 5.0, reference: 4.0, hypothetical, delta: 0.0 };
/// let codes = [2, 0];
/// assert_eq!(found.own(&codes), [1.5, -0.5]);
/// assert_eq!(found.own(&codes).iter().sum::<f32>(), found.prediction - found.reference);
/// assert_eq!(found.effects(&codes).changes[0], [-1.5, -1.5, 0.0, 0.5]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Contributions {
    /// Prediction of the sequence.
    pub prediction: f32,
    /// What the contributions start from: the mean prediction of the references, on a straight line through the
    /// sequence's own where the predictor's labels are transformed by a curve.
    pub reference: f32,
    /// What A, C, G and T would contribute at each position if they were there, all else as it is; `(length, 4)`. The
    /// base that is there has its actual contribution.
    pub hypothetical: Vec<[f32; 4]>,
    /// Largest departure, over the references, of the sum of contributions from the difference of the predictions:
    /// 0.001 and less is rounding.
    pub delta: f32,
}

impl Contributions {
    /// What the bases that are there contribute; their sum is the difference of the predictions. 0 for an ambiguous
    /// letter.
    ///
    /// # Shapes
    /// `codes` is the sequence.
    pub fn own(&self, codes: &[u8]) -> Vec<f32> {
        let own = |(bases, &code): (&[f32; 4], &u8)| bases.get(usize::from(code)).copied().unwrap_or(0.0);
        self.hypothetical.iter().zip(codes).map(own).collect()
    }

    /// What each substitution would change in the contributions.
    ///
    /// # Shapes
    /// `codes` is the sequence.
    pub fn effects(&self, codes: &[u8]) -> Effects {
        let changes = self.hypothetical.iter().zip(self.own(codes)).map(|(bases, own)| bases.map(|base| base - own));
        Effects { prediction: self.prediction, changes: changes.collect() }
    }
}
