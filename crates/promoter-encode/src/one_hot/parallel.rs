//! Batches on every core.

use super::{Element, OneHot};
use crate::{Error, Result, Sequence};
use rayon::prelude::*;

impl OneHot {
    /// [`encode_batch_into`](Self::encode_batch_into) on every thread of rayon's pool, with the same result.
    ///
    /// # Shapes
    /// As [`encode_batch_into`](Self::encode_batch_into).
    ///
    /// # Errors
    /// As [`encode_batch_into`](Self::encode_batch_into).
    ///
    /// ```
    /// use promoter_encode::one_hot::OneHot;
    /// let mut batch = vec![0u8; 16];
    /// OneHot::default().par_encode_batch_into("ACGT", 2, &mut batch)?;
    /// assert_eq!(batch, OneHot::default().encode::<u8>("ACGT")?);
    /// # Ok::<(), promoter_encode::Error>(())
    /// ```
    pub fn par_encode_batch_into<T: Element>(
        &self,
        sequences: impl Sequence,
        length: usize,
        out: &mut [T],
    ) -> Result<()> {
        let (alphabet, symbols) = (sequences.alphabet(), sequences.symbols());
        let channels = self.channels();
        let divides = length > 0 && symbols.len().is_multiple_of(length);
        if !divides || out.len() != symbols.len() * channels {
            return self.rows_into(alphabet, symbols, length, out); // which says what is wrong
        }
        // Parts of at least 64 Ki bases, so that starting them costs nothing beside them.
        let part = (1usize << 16).div_ceil(length) * length;
        let first_error = symbols
            .par_chunks(part)
            .zip(out.par_chunks_mut(part * channels))
            .enumerate()
            .filter_map(|(index, (symbols, out))| {
                self.rows_into(alphabet, symbols, length, out).err().map(|error| (index, error))
            })
            .min_by_key(|(index, _)| *index);
        first_error.map_or(Ok(()), |(index, error): (usize, Error)| Err(error.shifted(index * part)))
    }
}
