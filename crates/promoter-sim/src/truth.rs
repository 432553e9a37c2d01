//! What the assay would measure of any sequence, without its noise.

use promoter_encode::base;

use crate::assay::Assay;
use crate::error::{Error, range};
use crate::simulation::Model;

/// The noise-free expression of any sequence of an assay's length: the perfect predictor.
///
/// What explains or designs sequences can be scored against it.
///
/// ```
/// use promoter_sim::{Assay, Truth, simulate};
/// let assay = Assay { rows: 3, ..Assay::default() };
/// let simulation = simulate(&assay)?;
/// let truth = Truth::new(&assay)?;
/// assert_eq!(truth.expression(simulation.table.codes(2))?, simulation.truth[2]);
/// # Ok::<(), promoter_sim::Error>(())
/// ```
#[derive(Debug)]
pub struct Truth<'a>(Model<'a>);

impl<'a> Truth<'a> {
    /// The truth of one assay.
    ///
    /// # Errors
    /// Those of [`Assay::check`].
    pub fn new(assay: &'a Assay) -> Result<Self, Error> {
        assay.check()?;
        Ok(Self(Model::new(assay)))
    }

    /// Expression in sorting bins: the mean label over endlessly many reads.
    ///
    /// # Shapes
    /// `codes` are base codes ([`promoter_encode::base`]) of the whole construct, flanks included.
    ///
    /// # Errors
    /// [`Error::Range`] for another length than the construct's, [`Error::Letter`] for other letters than A, C, G, T.
    pub fn expression(&self, codes: &[u8]) -> Result<f32, Error> {
        let fits = codes.len() == self.0.length();
        range("sequence", codes.len() as f64, fits, "as many bases as the construct has")?;
        if let Some(position) = codes.iter().position(|&code| code >= base::N) {
            let letter = char::from(base::to_ascii(codes[position]));
            return Err(Error::Letter { name: "sequence".to_owned(), letter, position, expected: "A, C, G or T" });
        }
        Ok(self.0.expression(codes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_that_are_not_of_the_construct_are_refused() {
        let assay = Assay::default();
        let truth = Truth::new(&assay).unwrap();
        assert!(matches!(truth.expression(&[0; 109]), Err(Error::Range { value: 109.0, .. })));
        let mut codes = [0; 110];
        codes[7] = base::N;
        assert!(matches!(truth.expression(&codes), Err(Error::Letter { letter: 'N', position: 7, .. })));
    }
}
