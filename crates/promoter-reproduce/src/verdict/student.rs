//! Student's interval of a mean.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Share of the interval.
const LEVEL: f64 = 0.95;

/// The 95 % interval of the mean of three or more values; none for fewer.
///
/// # Source
/// Student 1908, <https://doi.org/10.2307/2331554>.
pub(super) fn interval(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    if values.len() < 3 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let t = StudentsT::new(0.0, 1.0, n - 1.0).ok()?.inverse_cdf(f64::midpoint(1.0, LEVEL));
    let half = t * (variance / n).sqrt();
    Some((mean - half, mean + half))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.t.interval(0.95, n - 1, mean, sem)`.
    #[test]
    fn it_is_scipys_for_three_and_for_twelve_values() {
        let (low, high) = interval(&[0.01, 0.02, 0.03]).unwrap();
        assert!((low + 0.004_841).abs() < 1e-6 && (high - 0.044_841).abs() < 1e-6, "{low} {high}");
        // 97.5 % quantile of 11 degrees of freedom: 2.200985.
        let twelve: Vec<f64> = (0..12).map(f64::from).collect();
        let (low, high) = interval(&twelve).unwrap();
        let half = 2.200_985 * (13.0f64 / 12.0).sqrt();
        assert!((low - (5.5 - half)).abs() < 1e-5 && (high - (5.5 + half)).abs() < 1e-5, "{low} {high}");
    }

    #[test]
    fn two_values_have_none() {
        assert_eq!(interval(&[0.1, 0.2]), None);
    }
}
