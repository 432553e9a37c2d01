//! What a table is like: lengths, common flanks, labels.

use std::collections::BTreeMap;

use promoter_seq::Table;

use super::fault::Fault;
use super::{K, LEAST_ROWS};

/// Share of the rows that make a length the table's, or a base of a flank a common one.
const MOST: f64 = 0.9;

/// Share of the rows that the length holds, where no length is that of most rows.
const NEARLY_ALL: f64 = 0.99;

/// Skewness above which labels have a long tail; that of an exponential distribution.
const SKEWED: f64 = 2.0;

/// What a table is like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Survey {
    pub(super) rows: usize,
    /// Bases that sequences are brought to.
    pub(super) length: usize,
    /// Rows that are shorter.
    pub(super) shorter: usize,
    /// Rows that are longer.
    pub(super) longer: usize,
    /// Bases at the start that most rows have in common.
    pub(super) left: u32,
    /// Bases at the end, likewise.
    pub(super) right: u32,
    pub(super) lowest: f32,
    pub(super) highest: f32,
    pub(super) skewness: f64,
    /// Skewness of ln(1 + label); NaN where a label is below 0.
    pub(super) skewness_of_log: f64,
}

impl Survey {
    /// Of a table with columns of labels, where NaN is one that is missing.
    pub(super) fn of_columns(table: &Table, columns: &[Vec<f32>]) -> Result<Self, Fault> {
        let [_, _, ..] = columns else { return Self::of(table, table.labels()) };
        let present = |labels: &Vec<f32>| labels.iter().copied().filter(|label| !label.is_nan()).collect::<Vec<_>>();
        let surveys = columns.iter().map(|labels| Self::of(table, &present(labels)));
        let surveys = surveys.collect::<Result<Vec<_>, _>>()?;
        // A transform is for all columns.
        let is_heavy_tailed = surveys.iter().all(Self::is_heavy_tailed);
        let whole = surveys[0];
        Ok(Self {
            lowest: surveys.iter().fold(whole.lowest, |lowest, survey| lowest.min(survey.lowest)),
            highest: surveys.iter().fold(whole.highest, |highest, survey| highest.max(survey.highest)),
            skewness: if is_heavy_tailed { whole.skewness } else { 0.0 },
            ..whole
        })
    }

    fn of(table: &Table, labels: &[f32]) -> Result<Self, Fault> {
        if let Some(row) = labels.iter().position(|label| !label.is_finite()) {
            return Err(Fault::NoLabel { row: row + 1 });
        }
        if labels.len() < LEAST_ROWS {
            return Err(Fault::TooFew { rows: labels.len(), expected: LEAST_ROWS });
        }
        let (lowest, highest) = labels.iter().fold((f32::MAX, f32::MIN), |(low, high), &y| (low.min(y), high.max(y)));
        if lowest >= highest {
            return Err(Fault::EqualLabels { value: lowest });
        }
        if !table.rows().any(|(codes, _)| codes.iter().any(|&code| code < 4)) {
            return Err(Fault::NoBases);
        }
        let length = length(table);
        let [left, right] = flanks(table);
        // Of an insert shorter than a word nothing would be compared.
        let [left, right] = if left + right + K as usize > length { [0, 0] } else { [left, right] };
        let count = |holds: &dyn Fn(usize) -> bool| table.rows().filter(|(codes, _)| holds(codes.len())).count();
        let log = |label: f32| f64::from(label).ln_1p();
        Ok(Self {
            rows: table.len(),
            length,
            shorter: count(&|own| own < length),
            longer: count(&|own| own > length),
            left: left as u32,
            right: right as u32,
            lowest,
            highest,
            skewness: skewness(labels.iter().map(|&label| f64::from(label))),
            skewness_of_log: if lowest < 0.0 { f64::NAN } else { skewness(labels.iter().map(|&label| log(label))) },
        })
    }

    /// Whether labels are at least 0 with a long tail that their logarithm lacks.
    pub(super) fn is_heavy_tailed(&self) -> bool {
        self.lowest >= 0.0 && self.skewness > SKEWED && self.skewness_of_log.abs() < self.skewness / 2.0
    }
}

/// The length of nine rows in ten, else the shortest that 99 % of the rows do not exceed.
fn length(table: &Table) -> usize {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for (codes, _) in table.rows() {
        *counts.entry(codes.len()).or_default() += 1;
    }
    let rows = table.len() as f64;
    if let Some((&length, _)) = counts.iter().find(|(_, count)| **count as f64 >= MOST * rows) {
        return length;
    }
    let mut held = 0;
    let long_enough = |(_, count): &(&usize, &usize)| {
        held += **count;
        held as f64 >= NEARLY_ALL * rows
    };
    counts.iter().find(long_enough).map_or(0, |(&length, _)| length)
}

/// Bases at the start and at the end that most rows have in common.
fn flanks(table: &Table) -> [usize; 2] {
    let common = |at: usize, from_end: bool| {
        let mut counts = [0usize; 4];
        for (codes, _) in table.rows() {
            let code = if from_end { codes.iter().nth_back(at) } else { codes.get(at) };
            if let Some(count) = code.and_then(|&code| counts.get_mut(usize::from(code))) {
                *count += 1;
            }
        }
        counts.iter().any(|&count| count as f64 >= MOST * table.len() as f64)
    };
    [false, true].map(|from_end| (0..).take_while(|&at| common(at, from_end)).count())
}

/// Third standardised moment; values differ.
fn skewness(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    let moment = |power: i32| values.clone().map(|value| (value - mean).powi(power)).sum::<f64>() / n;
    moment(3) / moment(2).powf(1.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 200 rows of differing inserts between flanks, with a label of each.
    fn table(left: usize, insert: usize, right: usize, label: impl Fn(usize) -> f32) -> Table {
        let mut table = Table::default();
        for row in 0..200 {
            let base = |at: usize| ((row + 7) * (at + 3) * (row + at + 1) / 5 % 4) as u8;
            let codes = [vec![1; left], (0..insert).map(base).collect(), vec![2; right]].concat();
            table.push(&codes, label(row));
        }
        table
    }

    fn of(table: &Table) -> Result<Survey, Fault> {
        Survey::of_columns(table, &[table.labels().to_vec()])
    }

    #[test]
    fn several_columns_are_looked_at_without_what_is_missing() {
        let table = table(0, 60, 0, |_| f32::NAN);
        let half: Vec<f32> = (0..200).map(|row| if row < 100 { f32::NAN } else { row as f32 }).collect();
        let tail: Vec<f32> = (0..200).map(|row| (row as f32 / 20.0).exp()).collect();
        let both = Survey::of_columns(&table, &[tail.clone(), half.clone()]).unwrap();
        assert_eq!((both.rows, both.lowest, both.is_heavy_tailed()), (200, 1.0, false));
        assert!(Survey::of_columns(&table, &[tail.clone(), tail]).unwrap().is_heavy_tailed());
        let few = half.iter().map(|label| if *label < 110.0 { f32::NAN } else { *label }).collect();
        let fault = Survey::of_columns(&table, &[half, few]).unwrap_err();
        assert_eq!(fault, Fault::TooFew { rows: 90, expected: 100 });
    }

    #[test]
    fn common_flanks_are_found_unless_little_else_is_there() {
        let found = |left, insert, right| {
            let survey = of(&table(left, insert, right, |row| row as f32)).unwrap();
            (survey.length, survey.left, survey.right)
        };
        assert_eq!(found(17, 80, 13), (110, 17, 13));
        assert_eq!(found(0, 60, 0), (60, 0, 0));
        assert_eq!(found(17, 10, 13), (40, 0, 0));
    }

    #[test]
    fn the_length_is_that_of_most_rows_or_holds_nearly_all() {
        let mut table = table(0, 60, 0, |row| row as f32);
        table.push(&[0; 200], 1.0);
        let survey = of(&table).unwrap();
        assert_eq!((survey.length, survey.shorter, survey.longer), (60, 0, 1));
        for length in 30..130 {
            table.push(&vec![0; length], 1.0);
        }
        assert_eq!(length(&table), 127);
    }

    #[test]
    fn a_long_tail_is_one_that_the_logarithm_mends() {
        let heavy = |label: fn(usize) -> f32| of(&table(0, 60, 0, label)).unwrap().is_heavy_tailed();
        assert!(heavy(|row| (row as f32 / 20.0).exp()));
        assert!(!heavy(|row| row as f32));
        assert!(!heavy(|row| (row as f32 / 20.0).exp() - 2.0), "below 0");
        assert!(!heavy(|row| (row as f32 / 20.0).exp() * 1e-9), "of labels far below 1 the logarithm is a line");
    }

    #[test]
    fn what_nothing_can_be_learnt_from_is_refused() {
        let equal = table(0, 60, 0, |_| 3.0);
        assert_eq!(of(&equal).unwrap_err(), Fault::EqualLabels { value: 3.0 });
        let few = equal.select(&[0, 1]);
        assert_eq!(of(&few).unwrap_err(), Fault::TooFew { rows: 2, expected: 100 });
        let mut unlabelled = equal.clone();
        unlabelled.push(&[0], f32::NAN);
        assert_eq!(of(&unlabelled).unwrap_err(), Fault::NoLabel { row: 201 });
        let mut unknown = Table::default();
        for row in 0..200 {
            unknown.push(&[4; 50], row as f32);
        }
        assert_eq!(of(&unknown).unwrap_err(), Fault::NoBases);
    }
}
