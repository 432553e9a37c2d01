//! How much of one table is known from another.

use std::fmt;

use rayon::prelude::*;

use super::strands::{core, kmers, reverse_complement};
use super::{check_k, row_count};
use crate::{Result, Table};

/// Most bases whose k-mers are held at once.
const BASES: usize = 1 << 27;

/// Rows of one table that another table gives away.
///
/// A row may be counted more than once: a row that equals another also shares its k-mers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Leakage {
    /// Rows that were looked at.
    pub rows: u64,
    /// Rows that equal a known row.
    pub equal: u64,
    /// Rows that are the reverse complement of a known row.
    pub reverse_complement: u64,
    /// Rows that share a k-mer with a known row as both are written.
    pub same_strand: u64,
    /// Rows that share a k-mer with the reverse complement of a known row.
    pub other_strand: u64,
}

impl Leakage {
    /// Whether no row is given away.
    pub fn is_clean(&self) -> bool {
        *self == Self { rows: self.rows, ..Self::default() }
    }
}

impl fmt::Display for Leakage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "of {} rows {} equal a known row, {} its reverse complement; {} share a k-mer on the same \
             strand, {} on the other",
            self.rows, self.equal, self.reverse_complement, self.same_strand, self.other_strand
        )
    }
}

/// What the rows of `known` give away about those of `table`.
///
/// The first `left` and the last `right` bases of every row are not looked at.
///
/// # Errors
/// [`Error::Setting`](crate::Error::Setting) when `k` is not 1 to 32 or a table has more than 4,294,967,295 rows.
///
/// ```
/// use promoter_seq::{Table, split::leakage};
/// let mut known = Table::default();
/// known.push(&[0, 0, 1, 2, 2], 0.0);
/// let mut table = Table::default();
/// table.push(&[3, 0, 1, 2, 2], 0.0);
/// table.push(&[1, 1, 2, 3, 3], 0.0);
/// table.push(&[3, 3, 3, 3, 3], 0.0);
/// let leakage = leakage::check(&known, &table, 4, 0, 0)?;
/// assert_eq!((leakage.same_strand, leakage.other_strand), (1, 1));
/// assert_eq!((leakage.equal, leakage.reverse_complement), (0, 1));
/// # Ok::<(), promoter_seq::Error>(())
/// ```
pub fn check(known: &Table, table: &Table, k: u32, left: u32, right: u32) -> Result<Leakage> {
    check_k(k)?;
    let (known_rows, rows) = (row_count(known)?, row_count(table)?);
    let cores = |row: u32| core(table.codes(row as usize), left, right);
    let known_cores = |row: u32| core(known.codes(row as usize), left, right);

    let mut whole: Vec<&[u8]> = (0..known_rows).into_par_iter().map(known_cores).collect();
    whole.par_sort_unstable();
    let is_known = |core: &[u8]| !core.is_empty() && whole.binary_search(&core).is_ok();
    let mut found: Vec<Found> = (0..rows)
        .into_par_iter()
        .map(|row| Found {
            equal: is_known(cores(row)),
            reverse_complement: is_known(&reverse_complement(cores(row))),
            ..Found::default()
        })
        .collect();
    drop(whole);

    // As in the grouping of rows, k-mers are taken in turns.
    let turns = (known.bases() / BASES + 1) as u64;
    for turn in 0..turns {
        let in_turn = |codes| kmers(codes, k).filter(move |kmer| kmer.canonical() % turns == turn);
        let mut shared: Vec<u64> = (0..known_rows)
            .into_par_iter()
            .flat_map_iter(|row| in_turn(known_cores(row)).map(|kmer| kmer.forward))
            .collect();
        shared.par_sort_unstable();
        shared.dedup();
        found.par_iter_mut().zip(0..rows).for_each(|(found, row)| {
            for kmer in in_turn(cores(row)) {
                found.same_strand = found.same_strand || shared.binary_search(&kmer.forward).is_ok();
                found.other_strand = found.other_strand || shared.binary_search(&kmer.reverse).is_ok();
            }
        });
    }
    let count = |holds: fn(&Found) -> bool| found.iter().filter(|found| holds(found)).count() as u64;
    Ok(Leakage {
        rows: u64::from(rows),
        equal: count(|found| found.equal),
        reverse_complement: count(|found| found.reverse_complement),
        same_strand: count(|found| found.same_strand),
        other_strand: count(|found| found.other_strand),
    })
}

/// What two tables have in common: rows of each that the other gives away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Overlap {
    /// Rows of the first table that the second gives away.
    pub first: Leakage,
    /// Rows of the second table that the first gives away.
    pub second: Leakage,
}

impl fmt::Display for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "first table: {}; second table: {}", self.first, self.second)
    }
}

/// What two tables have in common: equal and reverse-complemented sequences, and rows that share a long k-mer.
///
/// The first `left` and the last `right` bases of every row are not looked at.
///
/// # Errors
/// As [`check`].
///
/// ```
/// use promoter_seq::{Table, split::leakage};
/// let mut first = Table::default();
/// first.push(&[0, 0, 1, 2, 2], 0.0);
/// let mut second = Table::default();
/// second.push(&[0, 0, 1, 2, 2], 0.0);
/// second.push(&[0, 0, 1, 2, 0], 0.0);
/// let overlap = leakage::overlap(&first, &second, 4, 0, 0)?;
/// assert_eq!((overlap.first.equal, overlap.first.same_strand), (1, 1));
/// assert_eq!((overlap.second.equal, overlap.second.same_strand), (1, 2));
/// # Ok::<(), promoter_seq::Error>(())
/// ```
pub fn overlap(first: &Table, second: &Table, k: u32, left: u32, right: u32) -> Result<Overlap> {
    Ok(Overlap { first: check(second, first, k, left, right)?, second: check(first, second, k, left, right)? })
}

/// What was found for one row.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    equal: bool,
    reverse_complement: bool,
    same_strand: bool,
    other_strand: bool,
}
