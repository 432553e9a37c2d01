//! Noise-free expression of any promoter.

use crate::assay::Assay;
use crate::error::Error;
use crate::occupancy::Occupancy;
use crate::simulation::Model;

/// Noise-free expression of any promoter of an assay's length, not only of the simulated ones.
///
/// ```
/// use promoter_sim::{Assay, Truth, simulate};
/// let assay = Assay { rows: 10, ..Assay::default() };
/// let simulation = simulate(&assay)?;
/// let truth = Truth::new(&assay)?;
/// assert_eq!(truth.expression(simulation.table.codes(7))?, simulation.truth[7]);
/// # Ok::<(), promoter_sim::Error>(())
/// ```
pub struct Truth<'a> {
    model: Model<'a>,
    length: usize,
}

impl<'a> Truth<'a> {
    /// Of the factors, the expression and the sorting of `assay`.
    ///
    /// # Errors
    /// Those of [`Assay::check`].
    pub fn new(assay: &'a Assay) -> Result<Self, Error> {
        assay.check()?;
        Ok(Self { model: Model::new(assay), length: assay.construct.len() })
    }

    /// The mean label of a promoter over endlessly many reads, in sorting bins. The insert is taken to end where the
    /// construct says; the flanks may hold any bases.
    ///
    /// # Errors
    /// [`Error::Length`] unless `codes` has the length of the construct, [`Error::Code`] for a code above 3.
    pub fn expression(&self, codes: &[u8]) -> Result<f32, Error> {
        if codes.len() != self.length {
            return Err(Error::Length { expected: self.length, found: codes.len() });
        }
        if let Some(position) = codes.iter().position(|&code| code > 3) {
            return Err(Error::Code { position, code: codes[position] });
        }
        Ok(self.model.truth(codes, &mut Occupancy::default()) as f32)
    }
}
