//! Ranks in place of values.

use crate::error::{Error, finite};

/// Rank of each value divided by the number of values: 0-based, in [0, 1), equal values ranked in the order they stand
/// in. Spearman correlations stay as they are except at ties; Pearson correlations change.
///
/// # Errors
/// [`Error::NotFinite`].
///
/// # Source
/// Challenge report of NAD, the last step of its submission (argsort of argsort over N).
///
/// ```
/// assert_eq!(promoter_label::rank(&[2.0, -1.0, 2.0, 0.5])?, [0.5, 0.0, 0.75, 0.25]);
/// # Ok::<(), promoter_label::Error>(())
/// ```
pub fn rank(values: &[f32]) -> Result<Vec<f32>, Error> {
    finite(values)?;
    let mut order: Vec<usize> = (0..values.len()).collect();
    // A stable sort keeps ties in order; `+ 0.0` makes -0 and 0 a tie.
    order.sort_by(|&a, &b| (values[a] + 0.0).total_cmp(&(values[b] + 0.0)));
    let mut ranks = vec![0.0; values.len()];
    for (rank, &row) in order.iter().enumerate() {
        ranks[row] = (rank as f64 / values.len() as f64) as f32;
    }
    Ok(ranks)
}
