//! What is put into sequences: a word, or sites of a motif.

use promoter_encode::base;
use promoter_encode::random::Stream;
use promoter_motif::{Motif, Strand};

use crate::{Error, Result};

/// A stretch of DNA that is put into sequences.
///
/// ```
/// use promoter_explain::Element;
/// use promoter_motif::Motif;
/// let abf1 = Element::word("RTCRYNNNNNACG")?;
/// let gcn4 = Element::motif(Motif::from_consensus("GCN4", "TGASTCA")?);
/// assert_eq!((abf1.width(), gcn4.width()), (13, 7));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Element(Kind);

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    /// Base codes; any IUPAC letter.
    Word(Vec<u8>),
    /// Frequencies of the bases.
    Motif(Vec<[f64; 4]>),
}

impl Element {
    /// A word of IUPAC letters. A base that a letter allows stays as it is in the sequence, another one becomes one of
    /// those that are allowed, each as likely: an `N` changes nothing.
    ///
    /// # Errors
    /// [`Error::Letter`].
    pub fn word(letters: &str) -> Result<Self> {
        let code = |(position, letter): (usize, char)| {
            let code = u8::try_from(letter).map_or(base::INVALID, base::from_ascii);
            if code < base::PAD { Ok(code) } else { Err(Error::Letter { position, letter }) }
        };
        Ok(Self(Kind::Word(letters.chars().enumerate().map(code).collect::<Result<_>>()?)))
    }

    /// A site of the motif, drawn from its frequencies for each sequence anew.
    pub fn motif(motif: Motif) -> Self {
        Self(Kind::Motif(motif.probabilities()))
    }

    /// Its length in bases.
    pub fn width(&self) -> usize {
        match &self.0 {
            Kind::Word(codes) => codes.len(),
            Kind::Motif(columns) => columns.len(),
        }
    }

    /// Refuses a start from which it does not fit into a sequence.
    pub(crate) fn check(&self, sequence: usize, length: usize, start: usize) -> Result<()> {
        let width = self.width();
        if width > length {
            return Err(Error::TooLong { sequence, length, width });
        }
        if start > length - width {
            return Err(Error::Region { sequence, length, region: start..start.saturating_add(width) });
        }
        Ok(())
    }

    /// Writes it over the bases from `start` on. It takes one draw for each of its bases: the same stream writes the
    /// same site on either strand and at any place.
    pub(crate) fn write(&self, codes: &mut [u8], start: usize, strand: Strand, mut draws: Stream) {
        let width = self.width();
        for column in 0..width {
            let draw = draws.uniform();
            match strand {
                Strand::Forward => {
                    let slot = &mut codes[start + column];
                    *slot = self.base(column, *slot, draw);
                }
                Strand::Reverse => {
                    let slot = &mut codes[start + width - 1 - column];
                    *slot = complement(self.base(column, complement(*slot), draw));
                }
            }
        }
    }

    /// The base of a column, where `present` stands now; `draw` is uniform in [0, 1).
    fn base(&self, column: usize, present: u8, draw: f64) -> u8 {
        match &self.0 {
            Kind::Word(codes) => {
                let possible = base::POSSIBLE[usize::from(codes[column])];
                if present < base::N && possible >> present & 1 == 1 {
                    return present;
                }
                let chosen = (draw * f64::from(possible.count_ones())) as usize;
                (0..base::N).filter(|base| possible >> base & 1 == 1).nth(chosen).unwrap_or(present)
            }
            Kind::Motif(columns) => {
                let mut rest = draw;
                let is_drawn = |&base: &u8| {
                    rest -= columns[column][usize::from(base)];
                    rest < 0.0
                };
                (0..base::N).find(is_drawn).unwrap_or_else(|| likeliest(&columns[column]))
            }
        }
    }
}

/// Where rounding leaves a draw beyond the sum of the frequencies.
fn likeliest(column: &[f64; 4]) -> u8 {
    (0..base::N).max_by(|&a, &b| column[usize::from(a)].total_cmp(&column[usize::from(b)])).unwrap_or(0)
}

fn complement(code: u8) -> u8 {
    base::COMPLEMENT[usize::from(code)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use promoter_encode::{Codes, reverse_complement};
    use proptest::prelude::*;

    fn stream(index: u64) -> Stream {
        Stream::new(1, "test", index)
    }

    #[test]
    fn sites_are_drawn_with_the_frequencies_of_the_motif() {
        let element = Element::motif(Motif::from_counts("m", vec![[1.0, 2.0, 0.0, 5.0]]).unwrap());
        let mut counts = [0; 4];
        for index in 0..8000 {
            let mut codes = [2];
            element.write(&mut codes, 0, Strand::Forward, stream(index));
            counts[usize::from(codes[0])] += 1;
        }
        for (found, expected) in counts.into_iter().zip([1000_i32, 2000, 0, 5000]) {
            assert!((found - expected).abs() < 150 && (found == 0) == (expected == 0), "{counts:?}");
        }
    }

    #[test]
    fn what_is_not_a_word_is_refused() {
        for (word, position, letter) in [("AC.T", 2, '.'), ("AéT", 1, 'é'), ("AC T", 2, ' ')] {
            let refused = Element::word(word);
            assert!(matches!(refused, Err(Error::Letter { position: p, letter: l }) if (p, l) == (position, letter)));
        }
    }

    proptest! {
        #[test]
        fn a_word_leaves_what_it_allows_and_allows_what_it_leaves(
            codes in prop::collection::vec(0u8..5, 10..20), word in "[ACGTRYN]{0,8}", start in 0usize..3, seed: u64,
        ) {
            let element = Element::word(&word).unwrap();
            let mut written = codes.clone();
            element.write(&mut written, start, Strand::Forward, stream(seed));
            for (position, (&old, &new)) in codes.iter().zip(&written).enumerate() {
                let letter = position.checked_sub(start).and_then(|column| word.as_bytes().get(column));
                let possible = letter.map_or(0b1111, |&letter| base::POSSIBLE[usize::from(base::from_ascii(letter))]);
                prop_assert!(letter.is_none() && old == new || possible >> new & 1 == 1);
                prop_assert!(old > 3 || possible >> old & 1 == 0 || old == new);
            }
        }

        #[test]
        fn the_other_strand_is_the_reverse_complement(
            codes in prop::collection::vec(0u8..4, 12), word in "[ACGTRYN]{1,8}", start in 0usize..4, seed: u64,
        ) {
            let element = Element::word(&word).unwrap();
            let mut reverse = codes.clone();
            element.write(&mut reverse, start, Strand::Reverse, stream(seed));
            let mut turned = reverse_complement::of(Codes(&codes)).unwrap();
            element.write(&mut turned, 12 - start - element.width(), Strand::Forward, stream(seed));
            prop_assert_eq!(reverse, reverse_complement::of(Codes(&turned)).unwrap());
        }
    }
}
