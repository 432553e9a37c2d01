//! The distribution of alignment scores under chance.

use super::column::Grid;

/// For stretches of a query's columns, the probability of each score or more with columns drawn at random.
#[derive(Debug)]
pub(super) struct Null {
    width: usize,
    lowest: i32,
    /// Tails of the stretch from column `i` to before column `j`, at `i * (width + 1) + j`; empty where not needed.
    tails: Vec<Vec<f64>>,
}

impl Null {
    /// Stretches that alignments with targets of these widths can have: those at either end, and inner ones as long
    /// as a target that is shorter than the query.
    pub(super) fn new(grid: &Grid, widths: &[usize]) -> Self {
        let width = grid.frequencies.len();
        let mut tails = vec![Vec::new(); width * (width + 1)];
        for start in 0..width {
            let longest = if start == 0 { width } else { longest_inner(start, width, widths) };
            let mut probability = vec![1.0];
            for end in start + 1..=start + longest {
                probability = convolve(&probability, &grid.frequencies[end - 1]);
                if start == 0 || end == width || widths.contains(&(end - start)) {
                    tails[start * (width + 1) + end] = tail(&probability);
                }
            }
        }
        Self { width, lowest: grid.lowest, tails }
    }

    /// The probability that the best alignment with a chance target of `target` columns scores at least `score`.
    /// Alignments are taken as independent, as TOMTOM does.
    pub(super) fn p_value(&self, target: usize, min_overlap: usize, score: i32) -> f64 {
        let none = |(start, end): (usize, usize)| {
            let tail = &self.tails[start * (self.width + 1) + end];
            let index = i64::from(score) - i64::from(self.lowest) * (end - start) as i64;
            let above = if index <= 0 { 1.0 } else { tail.get(index as usize).copied().unwrap_or(0.0) };
            (-above).ln_1p()
        };
        let log_none: f64 = alignments(self.width, target, min_overlap).map(|place| none(place.query)).sum();
        // 1 - exp(x), exact for small p-values.
        -log_none.exp_m1()
    }
}

/// The longest stretch from `start` on that some alignment has.
fn longest_inner(start: usize, width: usize, widths: &[usize]) -> usize {
    let longest = widths.iter().copied().max().unwrap_or(0);
    // To the end of the query, even where no target is so long: the targets' other end may hang over.
    if longest >= width - start { width - start } else { longest.min(width - start) }
}

/// Which columns an alignment puts beside each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alignment {
    /// Column of the target beside the query's first; negative if the query begins before the target.
    pub(super) offset: isize,
    /// First and one past the last column of the query.
    pub(super) query: (usize, usize),
}

/// All alignments of at least `min_overlap` columns, or of all columns of the shorter.
pub(super) fn alignments(query: usize, target: usize, min_overlap: usize) -> impl Iterator<Item = Alignment> {
    let needed = min_overlap.min(query).min(target);
    (0..query + target - 1).filter_map(move |place| {
        let offset = place as isize - (query as isize - 1);
        let start = (-offset).max(0) as usize;
        let end = query.min((target as isize - offset) as usize);
        (end - start >= needed).then_some(Alignment { offset, query: (start, end) })
    })
}

fn convolve(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; a.len() + b.len() - 1];
    for (shift, &weight) in b.iter().enumerate() {
        if weight > 0.0 {
            sums[shift..].iter_mut().zip(a).for_each(|(sum, p)| *sum += weight * p);
        }
    }
    sums
}

/// Sums from each index to the end, from the top down.
fn tail(probability: &[f64]) -> Vec<f64> {
    let mut sums = probability.to_vec();
    let mut sum = 0.0;
    for p in sums.iter_mut().rev() {
        sum += *p;
        *p = f64::min(sum, 1.0);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Similarity;
    use proptest::prelude::*;

    #[test]
    fn alignments_are_all_overlaps() {
        let places =
            |query, target, needed| alignments(query, target, needed).map(|a| (a.offset, a.query)).collect::<Vec<_>>();
        assert_eq!(places(2, 3, 1), [(-1, (1, 2)), (0, (0, 2)), (1, (0, 2)), (2, (0, 1))]);
        assert_eq!(places(3, 1, 5), [(-2, (2, 3)), (-1, (1, 2)), (0, (0, 1))]);
        assert_eq!(places(4, 4, 3), [(-1, (1, 4)), (0, (0, 4)), (1, (0, 3))]);
    }

    /// Scores of a stretch with every choice of target columns, each as probable.
    fn enumerated(grid: &Grid, start: usize, end: usize) -> Vec<i32> {
        grid.scores[start..end]
            .iter()
            .fold(vec![0], |sums, row| sums.iter().flat_map(|sum| row.iter().map(move |score| sum + score)).collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn p_values_are_those_of_all_choices_of_columns(
            query in prop::collection::vec(prop::array::uniform4(0.01..1.0f64), 1..5),
            targets in prop::collection::vec(prop::array::uniform4(0.01..1.0f64), 1..6),
            (width, needed, bins) in (1usize..7, 1usize..4, 2usize..20),
            score in -20i32..40,
        ) {
            let scaled = |columns: Vec<[f64; 4]>| -> Vec<[f64; 4]> {
                columns.iter().map(|c| { let sum: f64 = c.iter().sum(); c.map(|p| p / sum) }).collect()
            };
            let grid = Grid::new(&scaled(query), &scaled(targets), Similarity::Pearson, bins);
            let null = Null::new(&grid, &[width]);
            let mut none = 1.0;
            for place in alignments(grid.scores.len(), width, needed) {
                let scores = enumerated(&grid, place.query.0, place.query.1);
                none *= scores.iter().filter(|&&other| other < score).count() as f64 / scores.len() as f64;
            }
            prop_assert!((null.p_value(width, needed, score) - (1.0 - none)).abs() < 1e-9);
        }
    }
}
