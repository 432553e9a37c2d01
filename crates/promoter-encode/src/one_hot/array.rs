//! Encodings as `ndarray` arrays.

use super::{Element, Layout, OneHot};
use crate::{Error, Result, Sequence};
use ndarray::{Array2, Array3};

impl OneHot {
    /// [`encode`](Self::encode) as an array.
    ///
    /// # Shapes
    /// Output: `(length, channels)` or `(channels, length)`, as [`layout`](Self::layout) says.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    ///
    /// ```
    /// use promoter_encode::one_hot::OneHot;
    /// let encoded = OneHot::deepsea().encode_array::<f32>("GAT")?;
    /// assert_eq!(encoded.shape(), [4, 3]);
    /// assert_eq!(encoded[[1, 0]], 1.0);
    /// # Ok::<(), promoter_encode::Error>(())
    /// ```
    pub fn encode_array<T: Element>(&self, sequence: impl Sequence) -> Result<Array2<T>> {
        let length = sequence.symbols().len();
        let shape = match self.layout {
            Layout::ChannelsLast => (length, self.channels()),
            Layout::ChannelsFirst => (self.channels(), length),
        };
        let encoded = self.encode(sequence)?;
        let (expected, found) = (shape.0 * shape.1, encoded.len());
        Array2::from_shape_vec(shape, encoded).map_err(|_| Error::Buffer { expected, found })
    }

    /// Encodes many sequences, all of the same length.
    ///
    /// # Shapes
    /// Output: `(sequences, length, channels)` or `(sequences, channels, length)`.
    ///
    /// # Errors
    /// As [`encode`](Self::encode), with the position in the sequence, and [`Error::Length`] for a sequence that is not
    /// as long as the first.
    ///
    /// ```
    /// use promoter_encode::one_hot::OneHot;
    /// let batch = OneHot::auth().encode_batch_array::<f32>(["GATTACA", "CATCATC"])?;
    /// assert_eq!(batch.shape(), [2, 7, 4]);
    /// # Ok::<(), promoter_encode::Error>(())
    /// ```
    pub fn encode_batch_array<T: Element>(
        &self,
        sequences: impl IntoIterator<Item = impl Sequence>,
    ) -> Result<Array3<T>> {
        let mut encoded = Vec::new();
        let (mut count, mut length) = (0, 0);
        for sequence in sequences {
            let found = sequence.symbols().len();
            if count == 0 {
                length = found;
            } else if found != length {
                return Err(Error::Length { expected: length, found });
            }
            let start = encoded.len();
            encoded.resize(start + length * self.channels(), T::ZERO);
            self.encode_into(sequence, &mut encoded[start..])?;
            count += 1;
        }
        let shape = match self.layout {
            Layout::ChannelsLast => (count, length, self.channels()),
            Layout::ChannelsFirst => (count, self.channels(), length),
        };
        let (expected, found) = (count * length * self.channels(), encoded.len());
        Array3::from_shape_vec(shape, encoded).map_err(|_| Error::Buffer { expected, found })
    }
}
