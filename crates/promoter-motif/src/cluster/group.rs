//! Seqlets that are aligned with each other.

use super::profile::{Place, Profile};
use crate::Strand;

/// Columns at the ends of an average that fewer of the members reach than this share are cut.
const THIN: f64 = 0.2;

/// Aligned seqlets. Columns are counted from the first column of the average.
#[derive(Debug, Clone)]
pub(super) struct Group {
    /// Sum of the members' profiles; its scale does not matter.
    pub(super) average: Profile,
    /// Members that reach each column.
    reached: Vec<usize>,
    pub(super) members: Vec<Aligned>,
}

/// A seqlet in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Aligned {
    pub(super) seqlet: usize,
    pub(super) strand: Strand,
    /// Column beside its first base, as it reads on `strand`.
    pub(super) offset: isize,
    /// Bases of the seqlet.
    pub(super) width: usize,
}

impl Group {
    pub(super) fn led_by(seqlet: usize, profile: &Profile) -> Self {
        let width = profile.columns.len();
        let leader = Aligned { seqlet, strand: Strand::Forward, offset: 0, width };
        Self { average: profile.clone(), reached: vec![1; width], members: vec![leader] }
    }

    /// Seqlets whose places were all found along one average, which may have had other columns on the left; `None` for
    /// none.
    pub(super) fn of(members: &[(usize, Place)], profiles: &[Profile]) -> Option<Self> {
        let first = members.iter().map(|(_, place)| place.offset).min()?;
        let mut group = Self { average: Profile::default(), reached: Vec::new(), members: Vec::new() };
        for &(seqlet, place) in members {
            group.add(seqlet, &profiles[seqlet], Place { offset: place.offset - first, ..place });
        }
        Some(group)
    }

    /// Takes up a seqlet at its place along the average as it is now.
    pub(super) fn add(&mut self, seqlet: usize, profile: &Profile, place: Place) {
        self.absorb(Self::led_by(seqlet, profile), place);
    }

    /// Takes up the members of another group, which is turned and put as `place` says.
    pub(super) fn absorb(&mut self, other: Self, place: Place) {
        let other = if place.strand == Strand::Reverse { other.reverse_complement() } else { other };
        // Columns that are needed on the left.
        let more = (-place.offset).max(0);
        let first = (place.offset + more) as usize;
        let width = (self.average.columns.len() + more as usize).max(first + other.average.columns.len());
        let mut columns = vec![[0.0; 4]; width];
        let mut reached = vec![0; width];
        let own = (more as usize, &self.average, &self.reached);
        for (first, average, counts) in [own, (first, &other.average, &other.reached)] {
            for (i, (column, count)) in average.columns.iter().zip(counts).enumerate() {
                columns[first + i].iter_mut().zip(column).for_each(|(sum, x)| *sum += x);
                reached[first + i] += count;
            }
        }
        self.average = Profile::new(columns);
        self.reached = reached;
        self.members.iter_mut().for_each(|member| member.offset += more);
        let moved = |member: Aligned| Aligned { offset: member.offset + first as isize, ..member };
        self.members.extend(other.members.into_iter().map(moved));
    }

    /// Cuts the columns at the ends that few members reach.
    pub(super) fn cut_thin_ends(&mut self) {
        let needed = THIN * self.members.len() as f64;
        let enough = |&count: &usize| count > 0 && count as f64 >= needed;
        let first = self.reached.iter().position(enough);
        let Some((first, last)) = first.zip(self.reached.iter().rposition(enough)) else { return };
        self.average = Profile::new(self.average.columns[first..=last].to_vec());
        self.reached = self.reached[first..=last].to_vec();
        self.members.iter_mut().for_each(|member| member.offset -= first as isize);
    }

    fn reverse_complement(self) -> Self {
        let columns = self.average.columns.len() as isize;
        let turned = |member: Aligned| Aligned {
            strand: member.strand.other(),
            offset: columns - member.offset - member.width as isize,
            ..member
        };
        Self {
            average: self.average.reverse_complement(),
            reached: self.reached.into_iter().rev().collect(),
            members: self.members.into_iter().map(turned).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(codes: &[u8]) -> Profile {
        Profile::of_seqlet(codes, &vec![1.0; codes.len()], 1.0)
    }

    fn join(group: &mut Group, seqlet: usize, codes: &[u8]) {
        let profile = profile(codes);
        let place = group.average.align(&profile, &profile.reverse_complement(), 3);
        group.add(seqlet, &profile, place);
    }

    #[test]
    fn members_keep_their_places_when_columns_are_added_or_the_group_is_turned() {
        // ACCGT; CCGTA hangs over on the right, TACCG on the left, ACGGT is the reverse complement.
        let mut group = Group::led_by(0, &profile(&[0, 1, 1, 2, 3]));
        join(&mut group, 1, &[1, 1, 2, 3, 0]);
        join(&mut group, 2, &[3, 0, 1, 1, 2]);
        join(&mut group, 3, &[0, 1, 2, 2, 3]);
        let places = |group: &Group| group.members.iter().map(|m| (m.strand, m.offset)).collect::<Vec<_>>();
        let (forward, reverse) = (Strand::Forward, Strand::Reverse);
        assert_eq!(places(&group), [(forward, 1), (forward, 2), (forward, 0), (reverse, 1)]);
        assert_eq!(group.reached, [1, 3, 4, 4, 4, 3, 1]);
        let turned = group.clone().reverse_complement();
        assert_eq!(places(&turned), [(reverse, 1), (reverse, 0), (reverse, 2), (forward, 1)]);
        assert_eq!(turned.reverse_complement().members, group.members);
        let found: Vec<(usize, Place)> = group
            .members
            .iter()
            .map(|m| (m.seqlet, Place { similarity: 1.0, strand: m.strand, offset: m.offset - 2 }))
            .collect();
        let profiles = [&[0, 1, 1, 2, 3], &[1, 1, 2, 3, 0], &[3, 0, 1, 1, 2], &[0, 1, 2, 2, 3]].map(|c| profile(c));
        let anew = Group::of(&found, &profiles).unwrap();
        assert_eq!((&anew.members, &anew.reached), (&group.members, &group.reached));
        assert_eq!(anew.average, group.average);
        group.members.extend_from_within(..); // eight members: ends that one reaches are thin
        group.cut_thin_ends();
        assert_eq!(group.reached, [3, 4, 4, 4, 3]);
        assert_eq!(places(&group)[..4], [(forward, 0), (forward, 1), (forward, -1), (reverse, 0)]);
    }
}
