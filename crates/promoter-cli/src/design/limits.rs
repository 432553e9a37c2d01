//! What every design must hold to, as the command line has it.

use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;
use promoter::design::{Constraints, Word, enzyme};
use promoter::encode::base;
use promoter::seq::read::{Columns, ReadOptions, Rows};

/// What every design must hold to.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct Limits {
    /// Keep these positions as they are, from 1, both ends included
    #[arg(long, value_name = "FIRST..LAST", value_parser = positions)]
    protect: Vec<Range<usize>>,
    /// Least and largest share of G and C, from 0 to 1
    #[arg(long, value_name = "LEAST..MOST", value_parser = shares)]
    gc: Option<RangeInclusive<f64>>,
    /// Allow this on neither strand: a word of IUPAC letters, or the site of a restriction enzyme by its name
    #[arg(long, value_name = "WORD|ENZYME", value_parser = word)]
    forbid: Vec<Word>,
    /// Longest run of one base
    #[arg(long, value_name = "BASES", value_parser = clap::value_parser!(u16).range(1..))]
    homopolymer: Option<u16>,
    /// Most bases that may differ from the start
    #[arg(long, value_name = "BASES")]
    edits: Option<usize>,
    /// Least number of bases by which designs differ from each other
    #[arg(long, value_name = "BASES", default_value_t = 0)]
    distance: usize,
    /// Keep away from these sequences, such as the training data: a table, FASTA or FASTQ
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// Least number of bases by which a design differs from each sequence of --known
    #[arg(long, value_name = "BASES", default_value_t = 1, requires = "known")]
    known_distance: usize,
}

impl Limits {
    /// Reads the known sequences.
    pub(super) fn constraints(&self) -> Result<Constraints> {
        Ok(Constraints {
            protected: self.protect.clone(),
            gc: self.gc.clone(),
            forbidden: self.forbid.clone(),
            longest_homopolymer: self.homopolymer.map(usize::from),
            most_edits: self.edits,
            distance_to_each_other: self.distance,
            distance_to_known: if self.known.is_some() { self.known_distance } else { 0 },
            known: self.known.as_deref().map(read_known).transpose()?.unwrap_or_default(),
        })
    }
}

fn read_known(path: &Path) -> Result<Vec<Vec<u8>>> {
    let options = ReadOptions { columns: Columns::Sequence, ..ReadOptions::default() };
    let mut known = Vec::new();
    for record in Rows::open(path, &options)? {
        let record = record?;
        if let Some(position) = record.codes.iter().position(|&code| code > 3) {
            bail!(
                "{}:{}: {} at position {}: distances need A, C, G and T alone; `promoter filter --no-ambiguous` \
                 removes other sequences",
                path.display(),
                record.line,
                char::from(base::to_ascii(record.codes[position])),
                position + 1
            );
        }
        known.push(record.codes);
    }
    Ok(known)
}

fn ends(text: &str) -> Option<(&str, &str)> {
    text.split_once("..").map(|(first, last)| (first, last.strip_prefix('=').unwrap_or(last)))
}

fn positions(text: &str) -> Result<Range<usize>, String> {
    let expected = || "expected FIRST..LAST, positions from 1, such as 1..17".to_owned();
    let (first, last) = ends(text).ok_or_else(expected)?;
    match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if 1 <= first && first <= last => Ok(first - 1..last),
        _ => Err(expected()),
    }
}

fn shares(text: &str) -> Result<RangeInclusive<f64>, String> {
    let expected = || "expected LEAST..MOST, shares from 0 to 1, such as 0.3..0.6".to_owned();
    let (least, most) = ends(text).ok_or_else(expected)?;
    match (least.parse::<f64>(), most.parse::<f64>()) {
        (Ok(least), Ok(most)) if 0.0 <= least && least <= most && most <= 1.0 => Ok(least..=most),
        _ => Err(expected()),
    }
}

fn word(text: &str) -> Result<Word, String> {
    Word::cut_by(text)
        .or_else(|_| Word::new(text))
        .map_err(|_| format!("expected IUPAC letters or one of the restriction enzymes {}", enzyme::names().join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_from_1_and_both_ends_belong() {
        assert_eq!(positions("1..17"), Ok(0..17));
        assert_eq!(positions("3..3"), Ok(2..3));
        for wrong in ["0..3", "5..4", "5", "a..b", "1-3", ""] {
            assert!(positions(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn shares_and_words_are_read_and_others_refused() {
        assert_eq!(shares("0.3..0.6"), Ok(0.3..=0.6));
        for wrong in ["0.6..0.3", "0..2", "nan..1", "0.5"] {
            assert!(shares(wrong).is_err(), "{wrong}");
        }
        assert_eq!(word("ecori").unwrap().letters(), "GAATTC");
        assert_eq!(word("TATAWAW").unwrap().name(), "TATAWAW");
        assert!(word("EcoXI").unwrap_err().contains("BsaI"));
    }
}
