//! What can be wrong with labels.

/// An error of this crate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing to fit to.
    #[error("no labels to fit the transform to")]
    Empty,
    /// A value is NaN or infinite.
    #[error("label of row {row} is {value}, expected a finite number")]
    NotFinite {
        /// 0-based position in the slice.
        row: usize,
        /// The value found there.
        value: f32,
    },
    /// All labels are the same, so there is no scale to divide by.
    #[error("all {rows} labels are {value}: a z-score needs labels that differ")]
    Constant {
        /// Number of labels.
        rows: usize,
        /// Their common value.
        value: f32,
    },
    /// The transform keeps too little to go back.
    #[error("transform `{transform}` has no inverse")]
    NotInvertible {
        /// Name of the transform.
        transform: &'static str,
    },
    /// A scale that cannot be applied and inverted.
    #[error("scale with mean {mean} and sd {sd}, expected finite numbers and sd > 0")]
    Scale {
        /// The mean given.
        mean: f64,
        /// The standard deviation given.
        sd: f64,
    },
    /// A noise setting out of range.
    #[error("noise with {name} = {value}, expected {expected}")]
    Noise {
        /// The setting.
        name: &'static str,
        /// What it was set to.
        value: f32,
        /// What it may be.
        expected: &'static str,
    },
    /// A slice is of another length than it must be.
    #[error("{found} {what}, expected {expected}")]
    Length {
        /// What is counted.
        what: &'static str,
        /// The length it must have.
        expected: usize,
        /// The length it has.
        found: usize,
    },
}

/// The slice as it is, if every value is finite.
pub(crate) fn finite(values: &[f32]) -> Result<&[f32], Error> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(row) => Err(Error::NotFinite { row, value: values[row] }),
        None => Ok(values),
    }
}
