//! The edits that a sequence can take.

use promoter_encode::base;
use promoter_encode::random::Stream;
use promoter_motif::{Motif, Strand};

use crate::edit::{Edit, Site};
use crate::inserts::Inserts;

/// Share of random edits that write a motif, where there are motifs.
const MOTIF_SHARE: f64 = 0.2;

/// A site that can be written.
#[derive(Debug)]
struct Stamp {
    site: Site,
    /// Bases that may stay (bit 0 = A, ...), and the base that replaces all others.
    columns: Vec<(u8, u8)>,
}

/// The edits that a sequence of one length can take, constraints aside.
#[derive(Debug)]
pub(crate) struct Moves {
    /// Whether each position may be edited.
    pub(crate) free: Vec<bool>,
    stamps: Vec<Stamp>,
}

impl Moves {
    /// Samples of motifs are drawn from `draws`.
    pub(crate) fn new(free: Vec<bool>, inserts: &Inserts, draws: &mut Stream) -> Self {
        let mut stamps = Vec::new();
        for motif in &inserts.motifs {
            let consensus = consensus(motif);
            let samples = (0..inserts.samples).map(|_| sample(motif, draws));
            for columns in std::iter::once(consensus).chain(samples) {
                stamps.extend(both_strands(motif.name(), columns));
            }
        }
        Self { free, stamps }
    }

    /// Every base at every position, then every motif at every position.
    pub(crate) fn all(&self, sequence: &[u8]) -> Vec<Edit> {
        let mut edits = self.bases(sequence);
        for stamp in &self.stamps {
            let starts = 0..(sequence.len() + 1).saturating_sub(stamp.columns.len());
            edits.extend(starts.filter_map(|start| self.stamped(sequence, stamp, start)));
        }
        edits
    }

    /// Every base at every position.
    pub(crate) fn bases(&self, sequence: &[u8]) -> Vec<Edit> {
        let positions = (0..sequence.len()).filter(|&position| self.free[position]);
        let others = |position: usize| (0..4).filter(move |&to| to != sequence[position]);
        positions.flat_map(|position| others(position).map(move |to| Edit::base(sequence, position, to))).collect()
    }

    /// A random edit; nothing where the motif drawn would change nothing or a protected base.
    pub(crate) fn draw(&self, sequence: &[u8], draws: &mut Stream) -> Option<Edit> {
        if !self.stamps.is_empty() && draws.uniform() < MOTIF_SHARE {
            let stamp = &self.stamps[draws.below(self.stamps.len() as u64) as usize];
            let starts = (sequence.len() + 1).saturating_sub(stamp.columns.len());
            return self.stamped(sequence, stamp, draws.below(starts as u64) as usize);
        }
        let free: Vec<usize> = (0..sequence.len()).filter(|&position| self.free[position]).collect();
        let position = *free.get(draws.below(free.len() as u64) as usize)?;
        // 1 to 3 further on is every base but the old one.
        Some(Edit::base(sequence, position, (sequence[position] + 1 + draws.below(3) as u8) % 4))
    }

    fn stamped(&self, sequence: &[u8], stamp: &Stamp, start: usize) -> Option<Edit> {
        let from = &sequence[start..start + stamp.columns.len()];
        let write = |(&code, &(stays, base)): (&u8, &(u8, u8))| if stays >> code & 1 == 1 { code } else { base };
        let to: Vec<u8> = from.iter().zip(&stamp.columns).map(write).collect();
        let mut changed = (0..to.len()).filter(|&at| from[at] != to[at]).peekable();
        changed.peek()?;
        let is_allowed = changed.all(|at| self.free[start + at]);
        is_allowed.then(|| Edit { position: start, from: from.to_vec(), to, site: Some(stamp.site.clone()) })
    }
}

fn consensus(motif: &Motif) -> Vec<(u8, u8)> {
    let column = |(letter, counts): (u8, &[f64; 4])| {
        let allowed = base::POSSIBLE.get(usize::from(base::from_ascii(letter))).map_or(0b1111, |&bases| bases);
        let most_frequent = (1..4).fold(0, |best, base| if counts[base] > counts[best] { base } else { best });
        (allowed, most_frequent as u8)
    };
    motif.consensus().bytes().zip(motif.counts()).map(column).collect()
}

fn sample(motif: &Motif, draws: &mut Stream) -> Vec<(u8, u8)> {
    let column = |frequencies: [f64; 4]| {
        let draw = draws.uniform();
        let mut below = 0.0;
        let drawn = frequencies.iter().position(|frequency| {
            below += frequency;
            draw < below
        });
        // Frequencies may sum to a little less than 1: then the last base that occurs is meant.
        let last = frequencies.iter().rposition(|&frequency| frequency > 0.0).unwrap_or(3);
        let base = drawn.unwrap_or(last) as u8;
        (1 << base, base)
    };
    motif.probabilities().into_iter().map(column).collect()
}

/// As it is, and turned; once where both are the same.
fn both_strands(motif: &str, columns: Vec<(u8, u8)>) -> Vec<Stamp> {
    let turn = |&(stays, base): &(u8, u8)| (stays.reverse_bits() >> 4, 3 - base);
    let turned: Vec<(u8, u8)> = columns.iter().rev().map(turn).collect();
    let site = |strand| Site { motif: motif.to_owned(), strand };
    let mut stamps = vec![Stamp { site: site(Strand::Forward), columns }];
    if stamps[0].columns != turned {
        stamps.push(Stamp { site: site(Strand::Reverse), columns: turned });
    }
    stamps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(letters: &str) -> Vec<u8> {
        letters.bytes().map(base::from_ascii).collect()
    }

    fn moves(letters: &str, free: Vec<bool>) -> Moves {
        let motifs = vec![Motif::from_consensus("m", letters).unwrap()];
        Moves::new(free, &Inserts { motifs, samples: 0 }, &mut Stream::new(1, "test", 0))
    }

    #[test]
    fn motifs_are_written_on_both_strands_and_spare_what_they_allow() {
        let sequence = codes("CCGCC");
        let edits = moves("ARC", vec![true; 5]).all(&sequence);
        let written: Vec<Vec<u8>> = edits.iter().skip(15).map(|edit| edit.apply(&sequence)).collect();
        let expected = ["AACCC", "CAGCC", "CCAAC", "GCTCC", "CGTTC", "CCGCT"];
        assert_eq!(written, expected.map(codes));
        assert_eq!(edits[17].to_string(), "2 GCC>AAC m (+)");
    }

    #[test]
    fn protected_bases_are_not_written_but_may_lie_in_a_site() {
        let sequence = codes("CCGCC");
        let moves = moves("ARC", vec![true, true, false, true, true]);
        let written: Vec<Vec<u8>> = moves.all(&sequence).iter().skip(12).map(|edit| edit.apply(&sequence)).collect();
        assert_eq!(written, ["CAGCC", "CCGCT"].map(codes));
        assert!(moves.bases(&sequence).iter().all(|edit| edit.position != 2));
    }

    #[test]
    fn samples_follow_the_columns() {
        let motif = Motif::from_counts("m", vec![[3.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0]]).unwrap();
        let mut draws = Stream::new(3, "test", 0);
        let sites: Vec<_> = (0..4000).map(|_| sample(&motif, &mut draws)).collect();
        assert!(sites.iter().all(|site| [0, 3].contains(&site[0].1) && site[1] == (2, 1)));
        let adenines = sites.iter().filter(|site| site[0].1 == 0).count();
        assert!((2850..3150).contains(&adenines), "{adenines}");
    }
}
