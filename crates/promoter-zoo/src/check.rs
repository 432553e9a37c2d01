//! What the sizes and rates of a configuration may be.

use std::fmt::Display;

use crate::Error;

/// Largest size of anything. Products of three such sizes fit into an i64, so that no layer's arithmetic overflows
/// before the numbers of all its tensors are counted.
const LARGEST: i64 = 1 << 20;
/// Most blocks or stages of one kind: each has a few dozen tensors, however small they are.
const MOST_BLOCKS: i64 = 1000;

/// Refuses a value for which `holds` is false.
pub(crate) fn require(
    holds: bool,
    field: &'static str,
    value: impl Display,
    expected: &'static str,
) -> Result<(), Error> {
    if holds {
        return Ok(());
    }
    Err(Error::Config { field, value: value.to_string(), expected })
}

/// Refuses sizes below 1 and beyond all use.
pub(crate) fn size(field: &'static str, value: i64) -> Result<(), Error> {
    require(value >= 1, field, value, "at least 1")?;
    require(value <= LARGEST, field, value, "at most 1048576")
}

/// Refuses lists with sizes that [`size`] refuses.
pub(crate) fn sizes(field: &'static str, values: &[i64]) -> Result<(), Error> {
    values.iter().try_for_each(|&value| size(field, value))
}

/// Refuses numbers of blocks below 0 and beyond all use.
pub(crate) fn blocks(field: &'static str, value: i64) -> Result<(), Error> {
    require(value >= 0, field, value, "0 or more")?;
    require(value <= MOST_BLOCKS, field, value, "at most 1000")
}

/// Refuses dropout rates that are not rates, and 1, which leaves nothing.
pub(crate) fn rate(field: &'static str, value: f64) -> Result<(), Error> {
    require((0.0..1.0).contains(&value), field, value, "at least 0 and below 1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_belong_to_the_values() {
        assert!(size("length", 1).is_ok() && size("length", LARGEST).is_ok());
        assert!(blocks("blocks", 0).is_ok() && blocks("blocks", MOST_BLOCKS).is_ok());
        assert!(rate("dropout", 0.0).is_ok() && rate("dropout", 0.999).is_ok());
        let message = |result: Result<(), Error>| result.unwrap_err().to_string();
        assert_eq!(message(size("length", 0)), "`length` is 0, expected at least 1");
        assert_eq!(message(size("length", 1 << 31)), "`length` is 2147483648, expected at most 1048576");
        assert_eq!(message(sizes("widths", &[3, -1])), "`widths` is -1, expected at least 1");
        assert_eq!(message(blocks("blocks", 1001)), "`blocks` is 1001, expected at most 1000");
        for rate_of_none in [1.0, -0.1, f64::NAN, f64::INFINITY] {
            assert!(rate("dropout", rate_of_none).is_err());
        }
    }
}
