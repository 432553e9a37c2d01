//! Ranks in place of values.

use crate::error::{Error, spread};

/// Rank of each value divided by the number of values: 0-based, in [0, 1), equal values with the mean of their ranks.
/// Spearman correlations stay as they are; Pearson correlations change.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`]; [`Error::Constant`] for equal values, which have no order.
///
/// # Source
/// Challenge report of NAD, the last step of its submission (argsort of argsort over N, which ranks equal values in the
/// order they stand in).
///
/// ```
/// assert_eq!(promoter_label::rank(&[2.0, -1.0, 2.0, 0.5])?, [0.625, 0.0, 0.625, 0.25]);
/// # Ok::<(), promoter_label::Error>(())
/// ```
pub fn rank(values: &[f32]) -> Result<Vec<f32>, Error> {
    spread("rank", values)?;
    let mut order: Vec<usize> = (0..values.len()).collect();
    // `+ 0.0` makes -0 and 0 a tie.
    order.sort_unstable_by(|&a, &b| (values[a] + 0.0).total_cmp(&(values[b] + 0.0)));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for ties in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let mean = before as f64 + (ties.len() as f64 - 1.0) / 2.0;
        ties.iter().for_each(|&row| ranks[row] = (mean / values.len() as f64) as f32);
        before += ties.len();
    }
    Ok(ranks)
}
