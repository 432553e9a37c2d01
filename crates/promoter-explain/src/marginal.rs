//! What an element does to the prediction, whatever stands around it.

use promoter_encode::random::Stream;
use promoter_metrics::seeds::Interval;
use promoter_motif::Strand;

use crate::error::check_sequences;
use crate::predict::predictions;
use crate::{Element, Predict, Result};

/// How an element enters a sequence. Either way the length stays, as most predictors ask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Entry {
    /// It takes the place of the bases that are there.
    #[default]
    Replace,
    /// It pushes the bases from its start on downstream. Those that are pushed over the end come in at its start and
    /// are written over: they are lost, except where a word allows them, as at an `N`.
    Insert,
}

/// The marginal effect of an element at one place: the mean change of the prediction when it is put into backgrounds.
///
/// ```
/// use promoter_explain::{Element, Failure, Marginal};
/// // Twice the number of CACGTG.
/// let mut predictor = |sequences: &[Vec<u8>]| -> Result<Vec<f32>, Failure> {
///     let count = |codes: &Vec<u8>| codes.windows(6).filter(|site| *site == [1, 0, 1, 2, 3, 2]).count();
///     Ok(sequences.iter().map(|codes| 2.0 * count(codes) as f32).collect())
/// };
/// let backgrounds = promoter_explain::shuffled(&[[0, 3, 2, 0, 1, 3, 1, 2, 0, 0, 3, 3]], 10, 1)?;
/// let effect = Marginal::new(Element::word("CACGTG")?, 3).effect(&mut predictor, &backgrounds)?;
/// assert_eq!((effect.n, effect.bounds()), (10, (2.0, 2.0)));
/// # Ok::<(), promoter_explain::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Marginal {
    /// What is put into the backgrounds.
    pub element: Element,
    /// Its first base.
    pub start: usize,
    /// The strand on which it reads.
    pub strand: Strand,
    /// How it enters.
    pub entry: Entry,
    /// Seed of its draws.
    pub seed: u64,
}

impl Marginal {
    /// An element that takes the place of the bases from `start` on, on the forward strand; seed 1.
    pub fn new(element: Element, start: usize) -> Self {
        Self { element, start, strand: Strand::Forward, entry: Entry::Replace, seed: 1 }
    }

    /// The backgrounds with the element.
    ///
    /// # Errors
    /// [`Error::Empty`](crate::Error::Empty) for an empty list of backgrounds, [`Error::Code`](crate::Error::Code);
    /// [`Error::TooLong`](crate::Error::TooLong) for an element longer than a background,
    /// [`Error::Region`](crate::Error::Region) for a start from which it does not fit.
    pub fn apply<R: AsRef<[u8]>>(&self, backgrounds: &[R]) -> Result<Vec<Vec<u8>>> {
        self.check(backgrounds)?;
        Ok(backgrounds.iter().enumerate().map(|(index, codes)| self.written(index, codes.as_ref())).collect())
    }

    /// The mean effect, with the 95 % interval of the mean over backgrounds; in the predictor's unit.
    ///
    /// # Errors
    /// As [`apply`](Self::apply), and what the predictor does wrong, as in [`Effects::of`](crate::Effects::of).
    pub fn effect<P: Predict + ?Sized, R: AsRef<[u8]>>(
        &self,
        predictor: &mut P,
        backgrounds: &[R],
    ) -> Result<Interval> {
        self.check(backgrounds)?;
        let pairs = backgrounds.iter().enumerate().flat_map(|(index, codes)| {
            let codes = codes.as_ref();
            [codes.to_vec(), self.written(index, codes)]
        });
        let predicted = predictions(predictor, pairs)?;
        let effects: Vec<f64> = predicted.chunks_exact(2).map(|pair| f64::from(pair[1]) - f64::from(pair[0])).collect();
        Ok(Interval::of(&effects)?)
    }

    fn check<R: AsRef<[u8]>>(&self, backgrounds: &[R]) -> Result<()> {
        check_sequences("backgrounds", backgrounds)?;
        let check = |(index, codes): (usize, &R)| self.element.check(index, codes.as_ref().len(), self.start);
        backgrounds.iter().enumerate().try_for_each(check)
    }

    /// A background with the element, both of which were checked.
    fn written(&self, index: usize, background: &[u8]) -> Vec<u8> {
        let mut codes = background.to_vec();
        if self.entry == Entry::Insert {
            codes[self.start..].rotate_right(self.element.width());
        }
        let draws = Stream::new(self.seed, "explain marginal", index as u64);
        self.element.write(&mut codes, self.start, self.strand, draws);
        codes
    }
}
