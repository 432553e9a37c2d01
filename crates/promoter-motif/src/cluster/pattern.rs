//! What a group of seqlets has in common.

use promoter_encode::base;

use super::Cluster;
use super::group::{Aligned, Group};
use crate::seqlet::Seqlet;
use crate::{Motif, Result, Strand};

/// A motif that seqlets share.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Pattern {
    /// Bases of the members, counted.
    pub motif: Motif,
    /// The seqlets that it was made of, the smallest p-value first.
    pub members: Vec<Member>,
    /// Mean of the members' scores; negative for a pattern that lowers the prediction.
    pub score: f64,
}

/// A seqlet that belongs to a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Member {
    /// Which seqlet.
    pub seqlet: usize,
    /// The strand on which it reads as the motif does.
    pub strand: Strand,
    /// Column of the motif, beside the seqlet's first base as it reads on `strand`; negative if the seqlet begins
    /// before the motif.
    pub offset: isize,
}

impl Pattern {
    /// Whether it raises the prediction.
    pub fn raises(&self) -> bool {
        self.score >= 0.0
    }

    /// Counts the bases of a group's sequences. `None` if fewer than `min_overlap` columns are left.
    pub(super) fn count<R: AsRef<[u8]>>(
        cluster: &Cluster,
        name: String,
        group: &Group,
        rows: &[R],
        seqlets: &[Seqlet],
    ) -> Result<Option<Self>> {
        let flank = cluster.flank as isize;
        let width = group.average.columns.len() as isize;
        let mut counts = Vec::new();
        for column in -flank..width + flank {
            let mut bases = [0.0; 4];
            for member in &group.members {
                if let Some(base) = base_at(member, column, rows, seqlets) {
                    bases[base] += 1.0;
                }
            }
            counts.push(bases);
        }
        // Columns at the ends that most sequences do not reach say little.
        let enough = |bases: &[f64; 4]| 2.0 * bases.iter().sum::<f64>() >= group.members.len() as f64;
        let reached = counts.iter().position(enough).zip(counts.iter().rposition(enough));
        let Some((first, last)) = reached else { return Ok(None) };
        let counts = &counts[first..=last];
        if counts.iter().any(|bases| bases.iter().sum::<f64>() == 0.0) {
            return Ok(None);
        }
        let motif = Motif::from_counts(name, counts.to_vec())?;
        let cut = motif.core(cluster.trim).start;
        let trimmed = motif.trimmed(cluster.trim).filter(|motif| motif.width() >= cluster.min_overlap);
        let Some(motif) = trimmed else { return Ok(None) };
        // The motif's first column, counted from that of the average.
        let begin = (first + cut) as isize - flank;
        let member =
            |member: &Aligned| Member { seqlet: member.seqlet, strand: member.strand, offset: member.offset - begin };
        let score = group.members.iter().map(|member| seqlets[member.seqlet].score).sum::<f64>();
        let members = group.members.iter().map(member).collect();
        Ok(Some(Self { motif, members, score: score / group.members.len() as f64 }))
    }
}

/// The base that a member's sequence has in a column of its group, as it reads on the group's strand.
fn base_at<R: AsRef<[u8]>>(member: &Aligned, column: isize, rows: &[R], seqlets: &[Seqlet]) -> Option<usize> {
    let seqlet = &seqlets[member.seqlet];
    let along = column - member.offset;
    let position = match member.strand {
        Strand::Forward => seqlet.start as isize + along,
        Strand::Reverse => seqlet.end as isize - 1 - along,
    };
    let code = *rows[seqlet.sequence].as_ref().get(usize::try_from(position).ok()?)?;
    let code = match member.strand {
        Strand::Forward => code,
        Strand::Reverse => *base::COMPLEMENT.get(usize::from(code))?,
    };
    (code < base::N).then_some(usize::from(code))
}
