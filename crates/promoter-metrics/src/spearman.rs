//! Spearman's rank correlation, exact up to the last division.

use crate::error::Error;
use crate::value::sealed::Rank;
use crate::value::{Value, check_finite, check_lengths};

/// Doubled ranks must fit 32 bits.
const MOST_ROWS: usize = (1 << 31) - 1;

/// Below this a comparison sort is faster than clearing the radix sort's counters.
const SMALL: usize = 2048;

/// Bits of one radix digit: its counters fit the first-level cache.
const DIGIT: u32 = 11;

/// Spearman's rho: Pearson's correlation of the ranks, ties having the mean of their ranks. NaN when either side is
/// constant.
///
/// Ranks are doubled, so that tied ones are whole, and summed as integers: the result is exact for any number of rows
/// and ties, up to the final square root and division. 0 and -0 are tied.
///
/// # Shapes
/// `truth` and `prediction` have one value per row.
///
/// # Errors
/// [`Error::Empty`], [`Error::Length`], [`Error::NotFinite`] (a NaN has no rank); [`Error::TooManyRows`] from 2^31
/// rows.
///
/// ```
/// let rho = promoter_metrics::spearman(&[1.0, 2.0, 2.0, 9.0], &[0.1, 0.3, 0.2, 0.4])?;
/// assert!((rho - 0.9_f64.sqrt()).abs() < 1e-15);
/// # Ok::<(), promoter_metrics::Error>(())
/// ```
pub fn spearman<T: Value>(truth: &[T], prediction: &[T]) -> Result<f64, Error> {
    check_lengths(truth, prediction)?;
    check_finite(truth, prediction, 0)?;
    let n = truth.len();
    if n > MOST_ROWS {
        return Err(Error::TooManyRows { rows: n, most: MOST_ROWS });
    }
    // Sorted by truth, each pair carries the prediction; sorted by prediction, the rank of the truth. So no value is
    // ever looked up by its row, which at millions of rows would be a cache miss each.
    let mut pairs: Vec<T::Pair> = truth.iter().zip(prediction).map(|(t, p)| T::pair(t.key(), p.key())).collect();
    let mut spare = vec![T::Pair::default(); n];
    sort::<T>(&mut pairs, &mut spare);
    let mut truth_squares = 0_i128;
    for_ties::<T>(&mut pairs, |ties, rank| {
        let centred = centre(rank, n);
        truth_squares += i128::from(centred) * i128::from(centred) * ties.len() as i128;
        for pair in ties {
            *pair = T::pair(T::below(*pair), rank);
        }
    });
    sort::<T>(&mut pairs, &mut spare);
    let (mut prediction_squares, mut products) = (0_i128, 0_i128);
    for_ties::<T>(&mut pairs, |ties, rank| {
        let centred = i128::from(centre(rank, n));
        prediction_squares += centred * centred * ties.len() as i128;
        // At most 2^31 ties of centred ranks below 2^31: the sum fits.
        products += centred * i128::from(ties.iter().map(|&pair| centre(T::below(pair), n)).sum::<i64>());
    });
    Ok(correlation(products, truth_squares, prediction_squares))
}

/// Rho from the exact sums of products and squares of centred ranks.
pub(crate) fn correlation(products: i128, truth_squares: i128, prediction_squares: i128) -> f64 {
    if truth_squares == 0 || prediction_squares == 0 {
        return f64::NAN;
    }
    (products as f64 / (truth_squares as f64 * prediction_squares as f64).sqrt()).clamp(-1.0, 1.0)
}

/// A doubled rank (1-based) less the mean of all doubled ranks.
#[inline]
fn centre(rank: u64, n: usize) -> i64 {
    rank as i64 - (n as i64 + 1)
}

/// Calls `visit` for each run of equal keys in sorted pairs, with twice the mean of their 1-based ranks.
fn for_ties<T: Rank>(pairs: &mut [T::Pair], mut visit: impl FnMut(&mut [T::Pair], u64)) {
    let mut start = 0;
    while start < pairs.len() {
        let key = T::above(pairs[start]);
        let ties = pairs[start..].iter().take_while(|&&pair| T::above(pair) == key).count();
        let end = start + ties;
        visit(&mut pairs[start..end], (start + end + 1) as u64);
        start = end;
    }
}

/// Sorts pairs by their keys: least significant digit first, in the two buffers in turn. `pairs` holds the result.
fn sort<T: Rank>(pairs: &mut Vec<T::Pair>, spare: &mut Vec<T::Pair>) {
    if pairs.len() < SMALL {
        pairs.sort_unstable();
        return;
    }
    let digits = T::KEY_BITS.div_ceil(DIGIT);
    let digit = |pair: T::Pair, index: u32| (T::above(pair) >> (index * DIGIT)) as usize & ((1 << DIGIT) - 1);
    let mut counts = vec![[0_u32; 1 << DIGIT]; digits as usize];
    for &pair in pairs.iter() {
        for (index, count) in (0..digits).zip(&mut counts) {
            count[digit(pair, index)] += 1;
        }
    }
    for (index, count) in (0..digits).zip(&mut counts) {
        // All keys alike in this digit: nothing to move.
        if count[digit(pairs[0], index)] as usize == pairs.len() {
            continue;
        }
        let mut next = 0;
        for slot in count.iter_mut() {
            next += std::mem::replace(slot, next);
        }
        for &pair in pairs.iter() {
            let slot = &mut count[digit(pair, index)];
            spare[*slot as usize] = pair;
            *slot += 1;
        }
        std::mem::swap(pairs, spare);
    }
}
