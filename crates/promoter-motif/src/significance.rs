//! Many p-values at once.

/// The q-value of each p-value: the least false discovery rate at which it is accepted.
///
/// `tests` is the number of p-values there were. When only the small ones are given, as a scan reports only its hits, a
/// q-value is an upper bound.
///
/// # Source
/// Benjamini and Hochberg, Journal of the Royal Statistical Society B 1995.
///
/// ```
/// use promoter_motif::significance::q_values;
/// assert_eq!(q_values(&[0.5, 0.01, 0.02], 4), [0.6666666666666666, 0.04, 0.04]);
/// ```
pub fn q_values(p_values: &[f64], tests: usize) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let tests = tests.max(p_values.len()) as f64;
    let mut q_values = vec![1.0; p_values.len()];
    let mut least = 1.0_f64;
    for (rank, &index) in order.iter().enumerate().rev() {
        least = least.min(p_values[index] * tests / (rank + 1) as f64);
        q_values[index] = least;
    }
    q_values
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition: the least rate over all thresholds at or above the p-value.
    fn slow(p_values: &[f64], tests: usize) -> Vec<f64> {
        let rate = |threshold: f64| {
            let accepted = p_values.iter().filter(|&&p| p <= threshold).count();
            threshold * tests as f64 / accepted as f64
        };
        let least = |&p: &f64| p_values.iter().filter(|&&t| t >= p).map(|&t| rate(t)).fold(1.0, f64::min);
        p_values.iter().map(least).collect()
    }

    proptest! {
        #[test]
        fn equals_the_definition(p_values in prop::collection::vec(0.0..1.0f64, 0..30), more in 0usize..50) {
            let tests = p_values.len() + more;
            for (fast, slow) in q_values(&p_values, tests).iter().zip(slow(&p_values, tests)) {
                prop_assert!((fast - slow).abs() < 1e-12);
            }
        }
    }
}
