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
    /// All labels are the same, so there is no scale to divide by and no order.
    #[error("all {rows} labels are {value}: `{transform}` needs labels that differ")]
    Constant {
        /// Name of the transform.
        transform: &'static str,
        /// Number of labels.
        rows: usize,
        /// Their common value.
        value: f32,
    },
    /// All labels of a group are the same.
    #[error("all {rows} labels of group {group:?} are {value}: a z-score needs labels that differ")]
    ConstantGroup {
        /// The group.
        group: String,
        /// Number of its labels.
        rows: usize,
        /// Their common value.
        value: f32,
    },
    /// A group of which the fit saw no label.
    #[error("group {group:?} of row {row} was not among the groups that were fitted")]
    UnknownGroup {
        /// 0-based position in the slice.
        row: usize,
        /// The group.
        group: String,
    },
    /// A label below 0, of which the transform takes none.
    #[error("label of row {row} is {value}: `{transform}` needs labels of at least 0")]
    Negative {
        /// Name of the transform.
        transform: &'static str,
        /// 0-based position in the slice.
        row: usize,
        /// The value found there.
        value: f32,
    },
    /// Quantiles that cannot be applied and inverted.
    #[error(
        "{labels} labels and {scores} scores of quantiles, expected as many of each, at least 2, finite and rising"
    )]
    Knots {
        /// Number of labels.
        labels: usize,
        /// Number of scores.
        scores: usize,
    },
    /// A line that cannot be applied.
    #[error("calibration with slope {slope} and intercept {intercept}, expected finite numbers")]
    Affine {
        /// The slope given.
        slope: f64,
        /// The intercept given.
        intercept: f64,
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

/// The labels are finite and not all the same.
pub(crate) fn spread(transform: &'static str, labels: &[f32]) -> Result<(), Error> {
    let Some(&value) = finite(labels)?.first() else { return Err(Error::Empty) };
    if labels.iter().all(|&label| label == value) {
        return Err(Error::Constant { transform, rows: labels.len(), value });
    }
    Ok(())
}

/// The slice as it is, if every value is finite.
pub(crate) fn finite(values: &[f32]) -> Result<&[f32], Error> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(row) => Err(Error::NotFinite { row, value: values[row] }),
        None => Ok(values),
    }
}
