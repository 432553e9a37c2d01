//! Columns of a query beside all columns of the targets.

use super::Similarity;

impl Similarity {
    pub(super) fn of(self, a: [f64; 4], b: [f64; 4]) -> f64 {
        match self {
            Self::Pearson => pearson(a, b),
            Self::Euclidean => -a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt(),
        }
    }
}

fn pearson(a: [f64; 4], b: [f64; 4]) -> f64 {
    // Frequencies sum to 1, so their mean is a quarter.
    let (a, b) = (a.map(|p| p - 0.25), b.map(|p| p - 0.25));
    let dot = |a: [f64; 4], b: [f64; 4]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let scale = (dot(a, a) * dot(b, b)).sqrt();
    // Equal frequencies differ from a quarter by rounding only.
    if scale > 1e-12 { dot(a, b) / scale } else { 0.0 }
}

/// Scores of a query's columns with all columns of the targets, as steps of a grid on which 0 is the median.
#[derive(Debug)]
pub(super) struct Grid {
    /// Similarity of one step.
    pub(super) step: f64,
    /// For each column of the query, the score with each column of the targets.
    pub(super) scores: Vec<Vec<i32>>,
    /// Least score of any pair.
    pub(super) lowest: i32,
    /// For each column of the query, how frequent each score is, from `lowest` up.
    pub(super) frequencies: Vec<Vec<f64>>,
}

impl Grid {
    pub(super) fn new(query: &[[f64; 4]], targets: &[[f64; 4]], similarity: Similarity, bins: usize) -> Self {
        let centred: Vec<Vec<f64>> = query
            .iter()
            .map(|&column| {
                let row: Vec<f64> = targets.iter().map(|&target| similarity.of(column, target)).collect();
                let median = median(&row);
                row.into_iter().map(|value| value - median).collect()
            })
            .collect();
        let (low, high) = centred.iter().flatten().fold((0.0_f64, 0.0_f64), |(l, h), &x| (l.min(x), h.max(x)));
        // All columns alike: any step will do.
        let step = if high - low > 1e-9 { (high - low) / bins as f64 } else { 1.0 };
        let scores: Vec<Vec<i32>> =
            centred.iter().map(|row| row.iter().map(|value| (value / step).round() as i32).collect()).collect();
        let (lowest, highest) = scores.iter().flatten().fold((0, 0), |(l, h), &x| (l.min(x), h.max(x)));
        let histogram = |row: &Vec<i32>| {
            let mut counts = vec![0_u32; (highest - lowest) as usize + 1];
            row.iter().for_each(|&score| counts[(score - lowest) as usize] += 1);
            counts.into_iter().map(|count| f64::from(count) / row.len() as f64).collect()
        };
        let frequencies = scores.iter().map(histogram).collect();
        Self { step, scores, lowest, frequencies }
    }
}

/// The middle value, or the mean of the two in the middle.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dilution_with_equal_frequencies_leaves_the_correlation() {
        let (sharp, other) = ([0.7, 0.1, 0.1, 0.1], [0.4, 0.3, 0.2, 0.1]);
        let diluted = sharp.map(|p| 0.5 * p + 0.125);
        assert!((pearson(sharp, other) - pearson(diluted, other)).abs() < 1e-12);
        assert!((pearson(sharp, diluted) - 1.0).abs() < 1e-12);
        assert_eq!(pearson(sharp, [0.25; 4]), 0.0);
        let distance = Similarity::Euclidean.of([1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]);
        assert!((distance + 2.0_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn the_median_of_an_even_number_is_the_mean_of_the_middle_two() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
