//! A word that a design may not have.

use promoter_encode::base;
use promoter_motif::Strand;

use crate::enzyme;
use crate::error::{Error, Result};

/// A word of IUPAC letters, looked for on both strands.
///
/// ```
/// use promoter_design::Word;
/// assert_eq!(Word::cut_by("EcoRI")?.letters(), "GAATTC");
/// assert_eq!(Word::new("GGNCC")?.name(), "GGNCC");
/// # Ok::<(), promoter_design::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    name: String,
    letters: String,
    /// Bases allowed at each position (bit 0 = A, ...), as the word reads on each strand; once if both are the same.
    strands: Vec<(Strand, Vec<u8>)>,
}

impl Word {
    /// A word whose name is its letters.
    ///
    /// # Errors
    /// [`Error::Word`] unless there is at least one letter, all of the IUPAC code.
    pub fn new(letters: &str) -> Result<Self> {
        let codes: Vec<u8> = letters.bytes().map(base::from_ascii).collect();
        let allowed: Vec<u8> =
            codes.iter().map(|&code| base::POSSIBLE.get(usize::from(code)).map_or(0, |&b| b)).collect();
        if allowed.is_empty() || allowed.contains(&0) {
            return Err(Error::Word { word: letters.to_owned() });
        }
        let turned: Vec<u8> = allowed.iter().rev().map(|bases| bases.reverse_bits() >> 4).collect();
        let mut strands = vec![(Strand::Forward, allowed)];
        if strands[0].1 != turned {
            strands.push((Strand::Reverse, turned));
        }
        Ok(Self { name: letters.to_owned(), letters: letters.to_ascii_uppercase(), strands })
    }

    /// The recognition site of a restriction enzyme of [`enzyme::SITES`], upper and lower case alike.
    ///
    /// # Errors
    /// [`Error::Enzyme`] for another name.
    pub fn cut_by(name: &str) -> Result<Self> {
        let (name, letters) = enzyme::find(name).ok_or_else(|| Error::Enzyme { name: name.to_owned() })?;
        Ok(Self { name: name.to_owned(), ..Self::new(letters)? })
    }

    /// The enzyme, or the letters.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// IUPAC letters, as the word reads on the forward strand.
    pub fn letters(&self) -> &str {
        &self.letters
    }

    /// Where the word stands in `sequence`: first base and strand, ordered by strand. A word that is its own reverse
    /// complement is found on the forward strand only.
    pub fn find(&self, sequence: &[u8]) -> impl Iterator<Item = (usize, Strand)> {
        self.strands.iter().flat_map(move |(strand, allowed)| {
            let stands = move |window: &[u8]| {
                window.iter().zip(allowed).all(|(&code, &bases)| code < 4 && bases >> code & 1 == 1)
            };
            let starts = sequence.windows(allowed.len()).enumerate().filter(move |(_, window)| stands(window));
            starts.map(|(start, _)| (start, *strand))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(letters: &str) -> Vec<u8> {
        letters.bytes().map(base::from_ascii).collect()
    }

    #[test]
    fn words_are_found_on_both_strands_and_palindromes_once() {
        let found = |word: &str, sequence: &str| Word::new(word).unwrap().find(&codes(sequence)).collect::<Vec<_>>();
        assert_eq!(found("GAATTC", "AGAATTCA"), [(1, Strand::Forward)]);
        assert_eq!(found("GGTCTC", "GGTCTCAGAGACC"), [(0, Strand::Forward), (7, Strand::Reverse)]);
        assert_eq!(found("ggNcc", "GGACCTGG"), [(0, Strand::Forward)]);
        assert_eq!(found("RA", "CTCA"), [(1, Strand::Reverse)]);
        assert_eq!(found("RA", "TTGA"), [(2, Strand::Forward), (0, Strand::Reverse)]);
        assert!(found("AAAAA", "AAAA").is_empty());
    }

    #[test]
    fn what_is_not_a_word_is_refused() {
        for letters in ["", "AC-", "A.C", "é"] {
            assert!(matches!(Word::new(letters), Err(Error::Word { .. })), "{letters:?}");
        }
        assert!(matches!(Word::cut_by("EcoXX"), Err(Error::Enzyme { .. })));
    }
}
