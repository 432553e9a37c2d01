//! How certain a score is: bootstrap intervals and paired comparison.

use std::collections::BTreeMap;

use promoter_encode::random::Stream;
use rayon::prelude::*;
use serde::Serialize;

use super::score::scores;
use super::{Error, Selection, Subset};
use crate::Bootstrap;

/// Range of a value over the rounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Intervals of a score and of its parts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Intervals {
    /// How they were made.
    pub bootstrap: Bootstrap,
    /// Interval of the Pearson score.
    pub pearson_score: Interval,
    /// Interval of the Spearman score.
    pub spearman_score: Interval,
    /// Intervals of each subset.
    pub subsets: BTreeMap<Subset, SubsetIntervals>,
}

/// Intervals of one subset's correlations.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SubsetIntervals {
    /// Interval of r.
    pub pearson: Interval,
    /// Interval of rho.
    pub spearman: Interval,
}

/// One set of predictions against another over the same draws.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// How it was made.
    pub bootstrap: Bootstrap,
    /// Difference of the Pearson scores.
    pub pearson_score: Difference,
    /// Difference of the Spearman scores.
    pub spearman_score: Difference,
    /// Differences of each subset.
    pub subsets: BTreeMap<Subset, Differences>,
}

/// Differences of one subset's correlations.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Differences {
    /// Difference of r.
    pub pearson: Difference,
    /// Difference of rho.
    pub spearman: Difference,
}

/// First less second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    /// Over all rows.
    pub value: f64,
    /// Its interval over the rounds.
    pub interval: Interval,
    /// Share of the rounds in which the first is larger, equal ones counting half.
    pub larger: f64,
}

/// In every round the rows (or pairs) of each subset are drawn anew, each subset on its own, and all correlations and
/// both scores are computed again.
impl Bootstrap {
    /// Intervals of the scores of one set of predictions.
    ///
    /// # Errors
    /// [`Error::Bootstrap`]; as [`Selection::score`].
    pub fn intervals(&self, selection: &Selection) -> Result<Intervals, Error> {
        selection.score()?;
        let rounds = self.draw(&[selection])?;
        let of = |number: usize| Interval::from(self.interval(rounds.iter().map(|round| round[0][number]).collect()));
        let subsets = Subset::ALL.into_iter().enumerate();
        Ok(Intervals {
            bootstrap: *self,
            pearson_score: of(PEARSON_SCORE),
            spearman_score: of(SPEARMAN_SCORE),
            subsets: subsets
                .map(|(i, subset)| (subset, SubsetIntervals { pearson: of(2 * i), spearman: of(2 * i + 1) }))
                .collect(),
        })
    }

    /// Differences between two sets of predictions of the same rows, both scored over the same draws: much narrower
    /// than the difference of two intervals.
    ///
    /// # Errors
    /// [`Error::NotPaired`], [`Error::Bootstrap`]; as [`Selection::score`].
    pub fn compare(&self, first: &Selection, second: &Selection) -> Result<Comparison, Error> {
        if first.rows != second.rows || Subset::ALL.iter().any(|&subset| first.truth(subset) != second.truth(subset)) {
            return Err(Error::NotPaired);
        }
        let (a, b) = (first.score()?, second.score()?);
        let rounds = self.draw(&[first, second])?;
        let of = |number: usize, value: f64| {
            let differences: Vec<f64> = rounds.iter().map(|round| round[0][number] - round[1][number]).collect();
            let larger = differences.iter().map(|&d| if d > 0.0 { 1.0 } else { 0.5 * f64::from(d == 0.0) });
            let larger = larger.sum::<f64>() / differences.len() as f64;
            Difference { value, larger, interval: self.interval(differences).into() }
        };
        let subset = |(i, (&subset, a)): (usize, (&Subset, &super::Correlation))| {
            let b = &b.subsets[&subset];
            let pearson = of(2 * i, a.pearson - b.pearson);
            (subset, Differences { pearson, spearman: of(2 * i + 1, a.spearman - b.spearman) })
        };
        Ok(Comparison {
            bootstrap: *self,
            pearson_score: of(PEARSON_SCORE, a.pearson_score - b.pearson_score),
            spearman_score: of(SPEARMAN_SCORE, a.spearman_score - b.spearman_score),
            subsets: a.subsets.iter().enumerate().map(subset).collect(),
        })
    }

    /// The numbers of every round, for each of the selections, which have the same rows and truth.
    fn draw(&self, selections: &[&Selection]) -> Result<Vec<Vec<Numbers>>, Error> {
        if !self.is_valid() {
            return Err(Error::Bootstrap { rounds: self.rounds, level: self.level });
        }
        let subsets: Vec<Sorted> = Subset::ALL.iter().map(|&subset| Sorted::new(selections, subset)).collect();
        let most = subsets.iter().map(|subset| subset.truth.len()).max().unwrap_or(0);
        let rounds = (0..self.rounds).into_par_iter().map_init(
            || vec![Drawn::default(); most],
            |drawn, round| {
                let mut numbers = vec![[0.0; NUMBERS]; selections.len()];
                for (i, subset) in subsets.iter().enumerate() {
                    let mut stream = Stream::new(self.seed, &format!("bootstrap {}", Subset::ALL[i]), round.into());
                    let drawn = &mut drawn[..subset.truth.len()];
                    while !subset.draw(&mut stream, drawn, &mut numbers, 2 * i) {}
                }
                for numbers in &mut numbers {
                    let subsets = Subset::ALL.iter().zip(numbers.chunks(2));
                    let [pearson, spearman] = scores(subsets.map(|(&subset, c)| (subset, c[0], c[1])));
                    numbers[PEARSON_SCORE] = pearson;
                    numbers[SPEARMAN_SCORE] = spearman;
                }
                numbers
            },
        );
        Ok(rounds.collect())
    }
}

impl From<(f64, f64)> for Interval {
    fn from((low, high): (f64, f64)) -> Self {
        Self { low, high }
    }
}

/// r and rho of every subset, then the two scores.
type Numbers = [f64; NUMBERS];
const NUMBERS: usize = 2 * Subset::ALL.len() + 2;
const PEARSON_SCORE: usize = NUMBERS - 2;
const SPEARMAN_SCORE: usize = NUMBERS - 1;

/// A subset prepared for many draws: its rows lie in the order of the truth, and the order of each set of predictions
/// is known. Drawn rows have the same order, so that ranks need a walk and no sort.
struct Sorted {
    /// Truth less its mean, ascending.
    truth: Vec<f64>,
    /// Where runs of equal truth end.
    truth_ties: Vec<u32>,
    predictions: Vec<Prediction>,
}

struct Prediction {
    /// Predictions less their mean, in the order of the truth.
    values: Vec<f64>,
    /// Rows by ascending prediction.
    order: Vec<u32>,
    /// Where runs of equal predictions end in `order`.
    ties: Vec<u32>,
}

/// How often a row was drawn, and its doubled rank by truth less the mean rank.
#[derive(Clone, Copy, Default)]
struct Drawn {
    count: u32,
    rank: i32,
}

impl Sorted {
    fn new(selections: &[&Selection], subset: Subset) -> Self {
        let truth = selections[0].truth(subset);
        let order = ascending(truth);
        let take = |values: &[f64]| -> Vec<f64> {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            order.iter().map(|&row| values[row as usize] - mean).collect()
        };
        let predictions = selections.iter().map(|selection| {
            let prediction = selection.prediction(subset);
            let sorted: Vec<f64> = order.iter().map(|&row| prediction[row as usize]).collect();
            let order = ascending(&sorted);
            Prediction { values: take(prediction), ties: ties(&sorted, &order), order }
        });
        Self { predictions: predictions.collect(), truth_ties: ties(truth, &order), truth: take(truth) }
    }

    /// Draws as many rows as there are and writes r and rho of each set of predictions; false if one is constant.
    fn draw(&self, stream: &mut Stream, drawn: &mut [Drawn], numbers: &mut [Numbers], place: usize) -> bool {
        drawn.fill(Drawn::default());
        // Lemire's multiply-and-reject on 32 bits; half of the time goes into the draws.
        let rows = drawn.len() as u32;
        let reject = rows.wrapping_neg() % rows;
        let mut left = rows;
        while left > 0 {
            let product = u64::from(stream.next_u32()) * u64::from(rows);
            if product as u32 >= reject {
                drawn[(product >> 32) as usize].count += 1;
                left -= 1;
            }
        }
        let truth_squares = rank_truth(&self.truth_ties, drawn);
        for (prediction, numbers) in self.predictions.iter().zip(numbers) {
            let [squares, products] = prediction.rank(drawn);
            if truth_squares == 0.0 || squares == 0.0 {
                return false;
            }
            let pearson = prediction.pearson(&self.truth, drawn);
            if pearson.is_nan() {
                return false; // constant up to rounding
            }
            numbers[place] = pearson;
            numbers[place + 1] = (products / (truth_squares * squares).sqrt()).clamp(-1.0, 1.0);
        }
        true
    }
}

/// Ranks drawn rows by truth, whose runs of ties end at `ties`; returns the sum of squared ranks.
fn rank_truth(ties: &[u32], drawn: &mut [Drawn]) -> f64 {
    let n = drawn.len() as i64;
    let (mut start, mut before, mut squares) = (0, 0_i64, 0.0);
    for &end in ties {
        let run = &mut drawn[start..end as usize];
        let count: i64 = run.iter().map(|row| i64::from(row.count)).sum();
        let rank = 2 * before + count - n;
        run.iter_mut().for_each(|row| row.rank = rank as i32);
        squares += (count * rank) as f64 * rank as f64;
        before += count;
        start = end as usize;
    }
    squares
}

impl Prediction {
    /// Sums of squared ranks by prediction, and of their products with the ranks by truth.
    fn rank(&self, drawn: &[Drawn]) -> [f64; 2] {
        let n = drawn.len() as i64;
        let (mut start, mut before, mut sums) = (0, 0_i64, [0.0; 2]);
        for &end in &self.ties {
            let (mut count, mut ranks) = (0, 0);
            for &row in &self.order[start..end as usize] {
                let row = drawn[row as usize];
                count += i64::from(row.count);
                ranks += i64::from(row.count) * i64::from(row.rank);
            }
            let rank = 2 * before + count - n;
            sums[0] += (count * rank) as f64 * rank as f64;
            sums[1] += rank as f64 * ranks as f64;
            before += count;
            start = end as usize;
        }
        sums
    }

    /// Pearson's r of the drawn rows. Both columns are centred over all rows, so that the sums lose little.
    fn pearson(&self, truth: &[f64], drawn: &[Drawn]) -> f64 {
        const LANES: usize = 4;
        let mut sums = [[0.0; LANES]; 5];
        let rows = truth.chunks(LANES).zip(self.values.chunks(LANES)).zip(drawn.chunks(LANES));
        for ((truth, prediction), drawn) in rows {
            for (lane, ((&t, &p), row)) in truth.iter().zip(prediction).zip(drawn).enumerate() {
                let count = f64::from(row.count);
                let (t_count, p_count) = (count * t, count * p);
                sums[0][lane] += t_count;
                sums[1][lane] += p_count;
                sums[2][lane] += t_count * t;
                sums[3][lane] += p_count * p;
                sums[4][lane] += t_count * p;
            }
        }
        let n = drawn.len() as f64;
        let [t, p, tt, pp, tp] = sums.map(|lanes| lanes.iter().sum::<f64>());
        ((tp - t * p / n) / ((tt - t * t / n) * (pp - p * p / n)).sqrt()).clamp(-1.0, 1.0)
    }
}

/// Rows by ascending value.
fn ascending(values: &[f64]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..values.len() as u32).collect();
    order.sort_by(|&a, &b| values[a as usize].total_cmp(&values[b as usize]));
    order
}

/// Where runs of equal values end in their order.
fn ties(values: &[f64], order: &[u32]) -> Vec<u32> {
    let differs = |i: &usize| order.get(i + 1).is_none_or(|&next| values[next as usize] != values[order[*i] as usize]);
    (0..order.len()).filter(differs).map(|i| i as u32 + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dream::Rows;
    use crate::dream::selection::Columns;
    use crate::{Regression, spearman};

    /// A selection whose subsets have 40 rows with ties and a large offset.
    fn selection(noise: f64) -> Selection {
        let mut stream = Stream::new(3, "selection", 0);
        let columns = Subset::ALL.map(|subset| {
            let truth: Vec<f64> = (0..40).map(|_| 1e3 + (4.0 * stream.normal()).round()).collect();
            let prediction = truth.iter().map(|t| (t + noise * stream.normal()).round()).collect();
            (subset, Columns { truth, prediction })
        });
        Selection { rows: Rows::All, columns: columns.into(), unused: 0 }
    }

    #[test]
    fn a_draw_has_the_correlations_of_the_rows_written_out() {
        let selection = selection(3.0);
        let (truth, prediction) = (selection.truth(Subset::Low), selection.prediction(Subset::Low));
        let sorted = Sorted::new(&[&selection], Subset::Low);
        let order = ascending(truth);
        let mut drawn = vec![Drawn::default(); truth.len()];
        for round in 0..200 {
            let mut numbers = [[0.0; NUMBERS]];
            assert!(sorted.draw(&mut Stream::new(round, "draw", 0), &mut drawn, &mut numbers, 0));
            let rows = order.iter().zip(&drawn).flat_map(|(&row, drawn)| vec![row as usize; drawn.count as usize]);
            let (t, p): (Vec<f64>, Vec<f64>) = rows.map(|row| (truth[row], prediction[row])).unzip();
            assert_eq!(t.len(), truth.len());
            assert!((numbers[0][0] - Regression::of(&t, &p).unwrap().pearson).abs() < 1e-12);
            assert!((numbers[0][1] - spearman(&t, &p).unwrap()).abs() < 1e-12);
        }
    }

    #[test]
    fn every_row_is_drawn_as_often() {
        let selection = selection(3.0);
        let sorted = Sorted::new(&[&selection], Subset::High);
        let (mut drawn, mut counts) = (vec![Drawn::default(); 40], vec![0; 40]);
        for round in 0..10_000 {
            sorted.draw(&mut Stream::new(8, "draw", round), &mut drawn, &mut [[0.0; NUMBERS]], 0);
            counts.iter_mut().zip(&drawn).for_each(|(sum, drawn)| *sum += drawn.count);
        }
        // Six standard deviations of a Poisson count of mean 10,000.
        assert!(counts.iter().all(|&count| (9_400..10_600).contains(&count)), "{counts:?}");
    }

    #[test]
    fn constant_draws_are_drawn_again() {
        let mut selection = selection(0.0);
        for columns in selection.columns.values_mut() {
            *columns = Columns { truth: vec![1.0, 2.0], prediction: vec![0.0, 5.0] };
        }
        let intervals = Bootstrap { rounds: 100, ..Bootstrap::default() }.intervals(&selection).unwrap();
        assert_eq!(intervals.pearson_score, Interval { low: 1.0, high: 1.0 });
        assert_eq!(intervals.spearman_score, Interval { low: 1.0, high: 1.0 });
    }
}
