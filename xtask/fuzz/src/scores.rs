//! Truth and predictions of the challenge: JSON and tables, gzipped or not.

use promoter::metrics::dream::Values;

use crate::scratch;

pub(crate) fn scores(data: &[u8]) {
    let Ok(values) = Values::read(scratch::file("values", data)) else { return };
    assert!(!values.is_empty());
    let finite = (0..1000).filter_map(|row| values.get(row)).all(f64::is_finite);
    assert!(finite, "a value that is not finite is refused");
}
