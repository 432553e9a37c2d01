//! What is attributed to each base along a seqlet.

use promoter_encode::base;

use crate::Strand;

/// A column of weights for each position.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Profile {
    pub(super) columns: Vec<[f64; 4]>,
    norm: f64,
}

/// How a profile lies along another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    pub(super) similarity: f64,
    /// How the profile is turned.
    pub(super) strand: Strand,
    /// Column of the other beside its first; negative if it begins before.
    pub(super) offset: isize,
}

impl Profile {
    pub(super) fn new(columns: Vec<[f64; 4]>) -> Self {
        let norm = columns.iter().flatten().map(|x| x * x).sum::<f64>().sqrt();
        Self { columns, norm }
    }

    /// Attributions, times `sign`, in the channels of the bases that are there; scaled to a length of 1, so that every
    /// seqlet weighs the same in an average.
    pub(super) fn of_seqlet(codes: &[u8], track: &[f32], sign: f64) -> Self {
        let column = |(&code, &value): (&u8, &f32)| {
            let mut column = [0.0; 4];
            if code < base::N {
                column[usize::from(code)] = sign * f64::from(value);
            }
            column
        };
        let raw = Self::new(codes.iter().zip(track).map(column).collect());
        let scale = if raw.norm > 0.0 { 1.0 / raw.norm } else { 0.0 };
        Self::new(raw.columns.into_iter().map(|column| column.map(|x| x * scale)).collect())
    }

    pub(super) fn reverse_complement(&self) -> Self {
        Self { columns: self.columns.iter().rev().map(|&[a, c, g, t]| [t, g, c, a]).collect(), norm: self.norm }
    }

    /// The best place of `other`, or of `turned`, its reverse complement, along this; of equal ones the first.
    pub(super) fn align(&self, other: &Self, turned: &Self, min_overlap: usize) -> Place {
        let (own, width) = (self.columns.len() as isize, other.columns.len() as isize);
        let needed = (min_overlap as isize).min(own).min(width);
        let scale = self.norm * other.norm;
        let mut best = Place { similarity: f64::NEG_INFINITY, strand: Strand::Forward, offset: 0 };
        for (strand, profile) in [(Strand::Forward, other), (Strand::Reverse, turned)] {
            for offset in needed - width..=own - needed {
                let similarity = if scale > 0.0 { self.product(profile, offset) / scale } else { 0.0 };
                if similarity > best.similarity {
                    best = Place { similarity, strand, offset };
                }
            }
        }
        best
    }

    /// Sum of the products of what overlaps.
    fn product(&self, other: &Self, offset: isize) -> f64 {
        let own = &self.columns[offset.max(0) as usize..];
        let other = &other.columns[(-offset).max(0) as usize..];
        let of_columns = |(a, b): (&[f64; 4], &[f64; 4])| a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3];
        own.iter().zip(other).map(of_columns).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn columns(widths: std::ops::Range<usize>) -> impl Strategy<Value = Vec<[f64; 4]>> {
        prop::collection::vec(prop::array::uniform4(-1.0..1.0f64), widths)
    }

    proptest! {
        #[test]
        fn a_part_of_a_profile_is_found_where_it_was_cut_out(whole in columns(8..14), start in 0usize..3, turn: bool) {
            let whole = Profile::new(whole);
            let part = Profile::new(whole.columns[start..start + 5].to_vec());
            let (part, turned) = (part.clone(), part.reverse_complement());
            let place = if turn { whole.align(&turned, &part, 5) } else { whole.align(&part, &turned, 5) };
            let expected = part.norm / whole.norm;
            // Random profiles do not resemble themselves elsewhere; if one ever does, it is at least as similar there.
            prop_assert!(place.similarity >= expected - 1e-12);
            if (place.similarity - expected).abs() < 1e-12 {
                let strand = if turn { Strand::Reverse } else { Strand::Forward };
                prop_assert_eq!((place.offset, place.strand), (start as isize, strand));
            }
        }

        #[test]
        fn similarity_does_not_depend_on_which_is_which(a in columns(1..9), b in columns(1..9), needed in 1usize..5) {
            let (a, b) = (Profile::new(a), Profile::new(b));
            let one = a.align(&b, &b.reverse_complement(), needed);
            let other = b.align(&a, &a.reverse_complement(), needed);
            prop_assert!((one.similarity - other.similarity).abs() < 1e-12 && one.similarity <= 1.0 + 1e-12);
        }
    }

    #[test]
    fn a_seqlet_without_weight_resembles_nothing() {
        let empty = Profile::of_seqlet(&[0, 1, base::N], &[0.0, 0.0, 1.0], 1.0);
        let other = Profile::of_seqlet(&[0, 1, 2], &[1.0, 1.0, 1.0], 1.0);
        assert_eq!(other.align(&empty, &empty.reverse_complement(), 2).similarity, 0.0);
    }
}
