//! Seqlets that say the same, as motifs.

mod group;
mod pattern;
mod profile;

pub use pattern::{Member, Pattern};

use crate::seqlet::{self, LONGEST_FLANK, Seqlet};
use crate::{Error, Result, error, parallel};
use group::Group;
use profile::Profile;

/// Times that all seqlets are assigned to the averages anew.
const ROUNDS: usize = 2;

/// How seqlets become motifs.
///
/// A seqlet is a profile: at each position the attribution of the base that is there. Two profiles are as similar as
/// their best gapless alignment on either strand, by the cosine: the product of what overlaps over the lengths of both
/// profiles, so that what hangs over counts against it. Positive and negative seqlets are clustered apart, each so:
///
/// 1. The seqlets of the smallest p-values start groups, one after the other: each joins the group whose average it is
///    most similar to, or leads a new one (greedy leader clustering).
/// 2. Groups of more than one whose averages are as similar as that are merged, smaller ones into larger ones.
/// 3. Each seqlet is assigned to the most similar average, if similar enough, and averages are taken again; twice.
/// 4. The bases of a group's sequences, aligned so, are counted into a motif, whose ends of little information are cut;
///    if fewer than `min_overlap` columns are left, its seqlets are left over.
///
/// # Source
/// A simple relative of TF-MoDISco (Shrikumar et al., arXiv 1811.00416), which compares seqlets by gapped k-mers and
/// clusters by Leiden communities.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct Cluster {
    /// Cosine from which on a seqlet belongs to a group, above 0 and at most 1.
    pub similarity: f64,
    /// Bases that must be aligned; all of the shorter profile if it has fewer.
    pub min_overlap: usize,
    /// Seqlets that may start a group, of each sign. Time grows with this number times the number of groups.
    pub seeds: usize,
    /// Seqlets that a group must have.
    pub least_members: usize,
    /// Bases beyond the seqlets on either side that are counted too, before the ends are cut.
    pub flank: usize,
    /// Columns of less information than this, in bits, are cut from a motif's ends.
    pub trim: f64,
}

impl Default for Cluster {
    /// Similarity 0.7 over at least 4 bases, a thousand seeds, ten members, flanks of 4 bases cut below 0.25 bits.
    fn default() -> Self {
        Self { similarity: 0.7, min_overlap: 4, seeds: 1000, least_members: 10, flank: 4, trim: 0.25 }
    }
}

/// What became of the seqlets.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Clusters {
    /// The motifs that were found: first those that raise the prediction, each sign by number of members.
    pub patterns: Vec<Pattern>,
    /// The seqlets that belong to no motif, in order.
    pub left_over: Vec<usize>,
}

impl Cluster {
    /// Groups seqlets; the same for any number of threads.
    ///
    /// # Shapes
    /// `rows` are sequences of base codes ([`promoter_encode::base`]), `tracks` the attributions of their bases, as
    /// [`observed`](crate::seqlet::observed) gives them.
    ///
    /// # Errors
    /// [`Error::Setting`] for a similarity that is not above 0 and at most 1, a `min_overlap` or `least_members` of
    /// 0, a flank above 1000; [`Error::Length`] when rows and tracks differ; [`Error::Seqlet`] for a seqlet outside
    /// its sequence; [`Error::NotFinite`]; [`Error::Motif`] when seqlets are so long that their motif has more than
    /// 1000 columns.
    ///
    /// ```
    /// use promoter_motif::cluster::Cluster;
    /// use promoter_motif::seqlet::Seqlet;
    /// // TGACTCA at 10 in twelve sequences, its reverse complement TGAGTCA in the last.
    /// let rows: Vec<Vec<u8>> = (0..12_u64).map(|row| {
    ///     let base = |i: u64| ((row * 7 + i * i * (row + 3) + i * 5) % 13 % 4) as u8;
    ///     let mut codes: Vec<u8> = (0..30).map(base).collect();
    ///     codes[10..17].copy_from_slice(if row == 11 { &[3, 2, 0, 2, 3, 1, 0] } else { &[3, 2, 0, 1, 3, 1, 0] });
    ///     codes
    /// }).collect();
    /// let track: Vec<f32> = (0..30).map(|i| if (10..17).contains(&i) { 0.5 } else { 0.01 }).collect();
    /// let seqlets: Vec<Seqlet> =
    ///     (0..12).map(|sequence| Seqlet { sequence, start: 10, end: 17, score: 3.5, p_value: 1e-4 }).collect();
    /// let found = Cluster::default().find(&rows, &vec![track; 12], &seqlets)?;
    /// assert!(found.patterns[0].motif.consensus().contains("TGACTCA"));
    /// assert_eq!((found.patterns.len(), found.patterns[0].members.len(), found.left_over.len()), (1, 12, 0));
    /// # Ok::<(), promoter_motif::Error>(())
    /// ```
    pub fn find<R, T>(&self, rows: &[R], tracks: &[T], seqlets: &[Seqlet]) -> Result<Clusters>
    where
        R: AsRef<[u8]> + Sync,
        T: AsRef<[f32]> + Sync,
    {
        error::check(
            "similarity",
            self.similarity,
            self.similarity > 0.0 && self.similarity <= 1.0,
            "above 0, at most 1",
        )?;
        error::check("min_overlap", self.min_overlap, self.min_overlap > 0, "at least 1")?;
        error::check("least_members", self.least_members, self.least_members > 0, "at least 1")?;
        error::check("flank", self.flank, self.flank <= LONGEST_FLANK, "at most 1000")?;
        check(rows, tracks, seqlets)?;
        seqlet::check(tracks)?;
        let indices: Vec<usize> = (0..seqlets.len()).collect();
        let profiles = parallel::map(&indices, |&index| {
            let Seqlet { sequence, start, end, score, .. } = seqlets[index];
            let (codes, track) = (&rows[sequence].as_ref()[start..end], &tracks[sequence].as_ref()[start..end]);
            Profile::of_seqlet(codes, track, score.signum())
        });
        let mut patterns = Vec::new();
        for raises in [true, false] {
            let mut own: Vec<usize> = (0..seqlets.len()).filter(|&i| (seqlets[i].score >= 0.0) == raises).collect();
            // By p-value, then by score, then in the order given.
            own.sort_by(|&a, &b| {
                let (a, b) = (&seqlets[a], &seqlets[b]);
                a.p_value.total_cmp(&b.p_value).then(b.score.abs().total_cmp(&a.score.abs()))
            });
            let mut groups = self.groups(&profiles, &own);
            groups.sort_by_key(|group| std::cmp::Reverse(group.members.len())); // stable
            let kind = if raises { "positive" } else { "negative" };
            for group in groups {
                let name =
                    format!("{kind}_{}", patterns.iter().filter(|p: &&Pattern| p.raises() == raises).count() + 1);
                patterns.extend(Pattern::count(self, name, &group, rows, seqlets)?);
            }
        }
        let mut taken = vec![false; seqlets.len()];
        patterns.iter().flat_map(|pattern| &pattern.members).for_each(|member| taken[member.seqlet] = true);
        let left_over = (0..seqlets.len()).filter(|&index| !taken[index]).collect();
        Ok(Clusters { patterns, left_over })
    }

    /// The groups among the seqlets of one sign, the most striking first.
    fn groups(&self, profiles: &[Profile], order: &[usize]) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for &seqlet in order.iter().take(self.seeds) {
            match self.nearest(&groups, &profiles[seqlet]) {
                Some((group, place)) => groups[group].add(seqlet, &profiles[seqlet], place),
                None => groups.push(Group::led_by(seqlet, &profiles[seqlet])),
            }
        }
        groups.retain(|group| group.members.len() > 1 || self.least_members == 1);
        for _ in 0..ROUNDS {
            self.merge(&mut groups);
            let nearest = parallel::map(order, |&seqlet| self.nearest(&groups, &profiles[seqlet]));
            let mut members = vec![Vec::new(); groups.len()];
            for (&seqlet, nearest) in order.iter().zip(nearest) {
                if let Some((group, place)) = nearest {
                    members[group].push((seqlet, place));
                }
            }
            members.retain(|members| members.len() >= self.least_members);
            let mut anew: Vec<Group> = members.iter().filter_map(|members| Group::of(members, profiles)).collect();
            anew.iter_mut().for_each(Group::cut_thin_ends);
            groups = anew;
        }
        groups
    }

    /// The group whose average is most similar to a profile, if it is similar enough.
    fn nearest(&self, groups: &[Group], profile: &Profile) -> Option<(usize, profile::Place)> {
        let turned = profile.reverse_complement();
        let mut best: Option<(usize, profile::Place)> = None;
        for (index, group) in groups.iter().enumerate() {
            let place = group.average.align(profile, &turned, self.min_overlap);
            let least = best.as_ref().map_or(self.similarity, |(_, best)| best.similarity);
            if place.similarity > least || best.is_none() && place.similarity >= least {
                best = Some((index, place));
            }
        }
        best
    }

    /// Merges each group into the larger one that it is most similar to, until no two are similar enough.
    fn merge(&self, groups: &mut Vec<Group>) {
        loop {
            let before = groups.len();
            groups.sort_by_key(|group| std::cmp::Reverse(group.members.len())); // stable
            let mut kept: Vec<Group> = Vec::with_capacity(before);
            for group in groups.drain(..) {
                match self.nearest(&kept, &group.average) {
                    Some((into, place)) => kept[into].absorb(group, place),
                    None => kept.push(group),
                }
            }
            *groups = kept;
            if groups.len() == before {
                return;
            }
        }
    }
}

fn check<R: AsRef<[u8]>, T: AsRef<[f32]>>(rows: &[R], tracks: &[T], seqlets: &[Seqlet]) -> Result<()> {
    if rows.len() != tracks.len() {
        return Err(Error::Length { what: "the list of tracks", expected: rows.len(), found: tracks.len() });
    }
    for (row, track) in rows.iter().zip(tracks) {
        let (row, track) = (row.as_ref(), track.as_ref());
        if row.len() != track.len() {
            return Err(Error::Length { what: "a track", expected: row.len(), found: track.len() });
        }
    }
    for &Seqlet { sequence, start, end, .. } in seqlets {
        let length = rows.get(sequence).map_or(0, |row| row.as_ref().len());
        if start >= end || end > length {
            return Err(Error::Seqlet { sequence, start, end, length });
        }
    }
    Ok(())
}
