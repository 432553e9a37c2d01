//! Groups of rows that share a k-mer.

use promoter_encode::random::Stream;
use rayon::prelude::*;

use super::Part;
use super::strands::{canonical, core, kmers};
use crate::Table;

/// Most bases whose k-mers are held at once, with their rows: a gigabyte.
const BASES: usize = 1 << 26;

/// For each row the first row of its group. Rows are joined by a k-mer that their cores share on either strand, or, for
/// cores without a k-mer, by equal or reverse-complemented letters.
pub(super) fn of(table: &Table, k: u32, left: u32, right: u32) -> Vec<u32> {
    of_bounded(table, k, left, right, BASES)
}

fn of_bounded(table: &Table, k: u32, left: u32, right: u32, bases: usize) -> Vec<u32> {
    let rows: Vec<u32> = (0..table.len() as u32).collect();
    let core = |row: u32| core(table.codes(row as usize), left, right);
    let mut groups = Groups { parents: rows.clone() };
    // K-mers are taken in turns, each turn those with one remainder, so that memory stays bounded.
    let turns = (table.bases() / bases + 1) as u64;
    for turn in 0..turns {
        let shares = rows.par_iter().flat_map_iter(|&row| {
            let kmers = kmers(core(row), k).map(|kmer| kmer.canonical());
            kmers.filter(move |kmer| kmer % turns == turn).map(move |kmer| (kmer, row))
        });
        groups.join_equal(shares.collect());
    }
    let without = rows.par_iter().filter(|&&row| kmers(core(row), k).next().is_none());
    groups.join_equal(without.map(|&row| (canonical(core(row)), row)).collect());
    rows.into_iter().map(|row| groups.first(row)).collect()
}

/// The part of each row, by groups drawn at random: as many as fit into the rows that are wanted for validation and
/// test.
pub(super) fn draw(groups: &[u32], wanted: [u32; 2], purpose: &str, seed: u64) -> Vec<Part> {
    let mut sizes = vec![0u32; groups.len()];
    groups.iter().for_each(|&first| sizes[first as usize] += 1);
    let mut order: Vec<u32> = (0..groups.len() as u32).filter(|&first| sizes[first as usize] > 0).collect();
    Stream::new(seed, purpose, 0).shuffle(&mut order);
    let mut drawn = vec![Part::Train; groups.len()];
    let mut left = wanted;
    for first in order {
        let size = sizes[first as usize];
        if let Some(part) = left.iter().position(|&left| size <= left) {
            drawn[first as usize] = [Part::Validation, Part::Test][part];
            left[part] -= size;
        }
    }
    groups.iter().map(|&first| drawn[first as usize]).collect()
}

/// Disjoint sets of rows; the smallest row stands for its set, so that the order of joining does not matter.
struct Groups {
    parents: Vec<u32>,
}

impl Groups {
    fn first(&mut self, mut row: u32) -> u32 {
        while self.parents[row as usize] != row {
            let grandparent = self.parents[self.parents[row as usize] as usize];
            self.parents[row as usize] = grandparent;
            row = grandparent;
        }
        row
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.first(a), self.first(b));
        self.parents[a.max(b) as usize] = a.min(b);
    }

    /// Joins rows that come with the same key.
    fn join_equal<K: Ord + Send>(&mut self, mut keys: Vec<(K, u32)>) {
        keys.par_sort_unstable();
        for pair in keys.windows(2) {
            if pair[0].0 == pair[1].0 {
                self.join(pair[0].1, pair[1].1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::strands::reverse_complement;
    use proptest::prelude::*;

    /// Joins every two rows that share a window, again and again until nothing changes.
    fn slow(table: &Table, k: usize, left: u32, right: u32) -> Vec<u32> {
        let windows = |row: usize| {
            let core = core(table.codes(row), left, right);
            let whole = core.windows(k).filter(|window| window.iter().all(|&code| code < 4));
            let mut windows: Vec<Vec<u8>> = whole.map(canonical).collect();
            if windows.is_empty() {
                windows.push(canonical(core));
            }
            windows
        };
        let all: Vec<_> = (0..table.len()).map(windows).collect();
        let mut first: Vec<u32> = (0..table.len() as u32).collect();
        loop {
            let before = first.clone();
            for a in 0..all.len() {
                for b in 0..a {
                    if all[a].iter().any(|window| all[b].contains(window)) {
                        let smaller = first[a].min(first[b]);
                        (first[a], first[b]) = (smaller, smaller);
                    }
                }
            }
            if first == before {
                return first;
            }
        }
    }

    proptest! {
        #[test]
        fn groups_are_those_of_every_pair(
            rows in proptest::collection::vec(proptest::collection::vec(0u8..5, 0..14), 0..20),
            (left, right) in (0u32..3, 0u32..3),
        ) {
            let mut table = Table::default();
            rows.iter().for_each(|row| table.push(row, 0.0));
            let expected = slow(&table, 5, left, right);
            prop_assert_eq!(of(&table, 5, left, right), &expected[..]);
            prop_assert_eq!(of_bounded(&table, 5, left, right, 16), expected);
        }
    }

    #[test]
    fn reverse_complements_and_chains_are_one_group() {
        let a = [0, 0, 1, 2, 3, 1, 1];
        let mut table = Table::default();
        table.push(&a, 0.0);
        table.push(&[3, 3, 3, 3, 3, 3, 3], 0.0);
        table.push(&reverse_complement(&a[2..]), 0.0);
        table.push(&[1, 2, 3, 1, 1, 2, 2, 2, 2], 0.0);
        table.push(&[2, 2, 2, 2, 0], 0.0);
        assert_eq!(of(&table, 5, 0, 0), [0, 1, 0, 0, 4]);
        assert_eq!(of(&table, 4, 0, 0), [0, 1, 0, 0, 0]);
    }

    #[test]
    fn whole_groups_are_drawn_up_to_the_wanted_size() {
        let groups: Vec<u32> = (0..1000).map(|row| row / 10 * 10).collect();
        let drawn = draw(&groups, [105, 38], "test", 1);
        let count = |part| drawn.iter().filter(|&&drawn| drawn == part).count();
        assert_eq!((count(Part::Validation), count(Part::Test), count(Part::Train)), (100, 30, 870));
        assert!(drawn.chunks(10).all(|group| group.iter().all(|&drawn| drawn == group[0])));
        assert_eq!(draw(&groups, [105, 38], "test", 1), drawn);
        assert_ne!(draw(&groups, [105, 38], "test", 2), drawn);
        assert!(draw(&[0, 0, 0], [2, 1], "test", 1).iter().all(|&drawn| drawn == Part::Train));
    }
}
