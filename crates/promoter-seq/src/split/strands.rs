//! Sequences on either strand.

use promoter_encode::base;

/// A k-mer of A, C, G and T, two bits a base, as it reads on each strand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kmer {
    pub(super) forward: u64,
    pub(super) reverse: u64,
}

impl Kmer {
    /// The smaller of the two readings.
    pub(super) fn canonical(self) -> u64 {
        self.forward.min(self.reverse)
    }
}

/// K-mers of a sequence from its start; those with another letter than A, C, G and T are left out. `k` is 1 to 32.
pub(super) fn kmers(codes: &[u8], k: u32) -> impl Iterator<Item = Kmer> + '_ {
    let mask = u64::MAX >> (64 - 2 * k);
    let (mut kmer, mut length) = (Kmer { forward: 0, reverse: 0 }, 0);
    codes.iter().filter_map(move |&code| {
        if code > 3 {
            length = 0;
            return None;
        }
        let bits = u64::from(code);
        kmer.forward = (kmer.forward << 2 | bits) & mask;
        kmer.reverse = kmer.reverse >> 2 | (3 - bits) << (2 * (k - 1));
        length += 1;
        (length >= k).then_some(kmer)
    })
}

/// A sequence without `left` bases at its start and `right` at its end; empty when it has no more than these.
pub(super) fn core(codes: &[u8], left: u32, right: u32) -> &[u8] {
    let end = codes.len().saturating_sub(right as usize);
    codes.get(left as usize..end).unwrap_or(&[])
}

/// The reverse complement of a sequence.
pub(super) fn reverse_complement(codes: &[u8]) -> Vec<u8> {
    codes.iter().rev().map(|&code| base::COMPLEMENT.get(code as usize).copied().unwrap_or(code)).collect()
}

/// The smaller of a sequence and its reverse complement.
pub(super) fn canonical(codes: &[u8]) -> Vec<u8> {
    let reverse = reverse_complement(codes);
    if &reverse[..] < codes { reverse } else { codes.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The obvious way.
    fn slow(codes: &[u8], k: usize) -> Vec<Kmer> {
        let number = |codes: &[u8]| codes.iter().fold(0u64, |number, &code| number.wrapping_mul(4) + u64::from(code));
        codes
            .windows(k)
            .filter(|window| window.iter().all(|&code| code < 4))
            .map(|window| Kmer { forward: number(window), reverse: number(&reverse_complement(window)) })
            .collect()
    }

    proptest! {
        #[test]
        fn rolling_kmers_are_those_of_every_window(codes in proptest::collection::vec(0u8..5, 0..90), k in 1u32..=32) {
            prop_assert_eq!(kmers(&codes, k).collect::<Vec<_>>(), slow(&codes, k as usize));
        }

        #[test]
        fn both_strands_have_the_same_canonical_forms(codes in proptest::collection::vec(0u8..16, 0..40)) {
            let reverse = reverse_complement(&codes);
            prop_assert_eq!(reverse_complement(&reverse), &codes[..]);
            prop_assert_eq!(canonical(&reverse), canonical(&codes));
            let of = |codes: &[u8]| {
                let mut canonical: Vec<u64> = kmers(codes, 5).map(Kmer::canonical).collect();
                canonical.sort_unstable();
                canonical
            };
            prop_assert_eq!(of(&reverse), of(&codes));
        }
    }

    #[test]
    fn cores_of_short_sequences_are_empty() {
        assert_eq!(core(&[0, 1, 2, 3], 1, 1), [1, 2]);
        assert!(core(&[0, 1], 1, 1).is_empty());
        assert!(core(&[0], 17, 13).is_empty());
    }
}
