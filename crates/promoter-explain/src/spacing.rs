//! Two elements at all distances.

use promoter_encode::random::Stream;
use promoter_metrics::seeds::Interval;
use promoter_motif::Strand;

use crate::error::check_sequences;
use crate::predict::predictions;
use crate::{Element, Error, Predict, Result};

/// How the effect of two elements depends on the distance between them and on their orientation.
///
/// The first element stands still, on the forward strand. The second one is put wherever it does not touch the first,
/// on either strand, and is predicted there alone too, so that what its place does is told apart from what the distance
/// does.
///
/// ```
/// use promoter_explain::{Element, Failure, Spacing};
/// // 1 for a C that has a G two bases further on.
/// let mut predictor = |sequences: &[Vec<u8>]| -> Result<Vec<f32>, Failure> {
///     let has = |codes: &Vec<u8>| codes.windows(3).any(|bases| bases[0] == 1 && bases[2] == 2);
///     Ok(sequences.iter().map(|codes| f32::from(has(codes))).collect())
/// };
/// let spacing = Spacing { first: Element::word("C")?, second: Element::word("G")?, start: 2, seed: 1 };
/// let table = spacing.table(&mut predictor, &[[0, 3, 0, 0, 3, 3], [3, 3, 0, 0, 0, 3]])?;
/// let best: Vec<_> = table.iter().filter(|row| row.interaction.mean == 1.0).map(|row| row.gap).collect();
/// assert_eq!((table.len(), best), (10, vec![1])); // five places, two strands
/// # Ok::<(), promoter_explain::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Spacing {
    /// The element that stands still.
    pub first: Element,
    /// The element that moves.
    pub second: Element,
    /// First base of the first element.
    pub start: usize,
    /// Seed of their draws.
    pub seed: u64,
}

/// Two elements at one distance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spaced {
    /// Start of the second element minus that of the first, in bases; negative upstream.
    pub offset: isize,
    /// Bases between the two.
    pub gap: usize,
    /// The strand on which the second one reads.
    pub strand: Strand,
    /// Effect of both together.
    pub both: Interval,
    /// What they do beyond the sum of what each does alone at its place.
    pub interaction: Interval,
}

/// Where the second element is put.
type Place = (usize, Strand);

impl Spacing {
    /// The effects at every place of the second element, from the first base of the backgrounds to the last, forward
    /// strand first; means over backgrounds with 95 % intervals.
    ///
    /// # Errors
    /// [`Error::Empty`] for an empty list of backgrounds, [`Error::Code`]; [`Error::Length`] for backgrounds of
    /// different lengths; [`Error::TooLong`] for an element longer than they are, [`Error::Region`] for a start from
    /// which the first one does not fit; and what the predictor does wrong, as in
    /// [`Effects::of`](crate::Effects::of).
    pub fn table<P: Predict + ?Sized, R: AsRef<[u8]>>(
        &self,
        predictor: &mut P,
        backgrounds: &[R],
    ) -> Result<Vec<Spaced>> {
        let places = self.places(backgrounds)?;
        let versions = backgrounds.iter().enumerate().flat_map(|(index, codes)| {
            let codes = codes.as_ref();
            let first = self.with_first(index, codes);
            let head = [codes.to_vec(), first.clone()];
            let moved = places.iter().flat_map(move |&place| {
                [self.with_second(index, codes, place), self.with_second(index, &first, place)]
            });
            head.into_iter().chain(moved)
        });
        let predicted = predictions(predictor, versions)?;
        let row = |(place, &(start, strand)): (usize, &Place)| {
            let (mut both, mut interaction) = (Vec::new(), Vec::new());
            for values in predicted.chunks_exact(2 + 2 * places.len()) {
                let [none, first, second, together] =
                    [0, 1, 2 + 2 * place, 3 + 2 * place].map(|version| f64::from(values[version]));
                both.push(together - none);
                interaction.push(together - first - second + none);
            }
            let (both, interaction) = (Interval::of(&both)?, Interval::of(&interaction)?);
            Ok(Spaced { offset: start as isize - self.start as isize, gap: self.gap(start), strand, both, interaction })
        };
        places.iter().enumerate().map(row).collect()
    }

    /// Every place of the second element that the first one leaves.
    fn places<R: AsRef<[u8]>>(&self, backgrounds: &[R]) -> Result<Vec<Place>> {
        check_sequences("backgrounds", backgrounds)?;
        let length = backgrounds[0].as_ref().len();
        if let Some(other) = backgrounds.iter().map(|codes| codes.as_ref().len()).find(|&other| other != length) {
            return Err(Error::Length { what: "a background", expected: length, found: other });
        }
        self.first.check(0, length, self.start)?;
        self.second.check(0, length, 0)?;
        let is_free =
            |start: &usize| start + self.second.width() <= self.start || *start >= self.start + self.first.width();
        let starts = (0..=length - self.second.width()).filter(is_free);
        Ok(starts.flat_map(|start| [(start, Strand::Forward), (start, Strand::Reverse)]).collect())
    }

    /// Bases between the two when the second one starts at `start`.
    fn gap(&self, start: usize) -> usize {
        let (first_end, second_end) = (self.start + self.first.width(), start + self.second.width());
        if second_end <= self.start { self.start - second_end } else { start - first_end }
    }

    fn with_first(&self, index: usize, background: &[u8]) -> Vec<u8> {
        let mut codes = background.to_vec();
        let draws = Stream::new(self.seed, "explain first element", index as u64);
        self.first.write(&mut codes, self.start, Strand::Forward, draws);
        codes
    }

    fn with_second(&self, index: usize, background: &[u8], (start, strand): Place) -> Vec<u8> {
        let mut codes = background.to_vec();
        let draws = Stream::new(self.seed, "explain second element", index as u64);
        self.second.write(&mut codes, start, strand, draws);
        codes
    }
}
