//! Statistical weights of all sites of a sequence.

use promoter_encode::base;

use crate::factor::Factor;
use crate::site::Strand;

/// Sites of less weight than this are taken as absent; they would be bound less than 1 % of the time.
const NEGLIGIBLE: f64 = 0.01;

/// Bases per look-up.
const CHUNK: usize = 5;

/// Words of that many bases.
const WORDS: usize = 1 << (2 * CHUNK);

/// A place where a motif can bind, with its statistical weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Position in the list of motifs.
    pub(crate) motif: usize,
    pub(crate) weight: f64,
}

/// A factor's consensus as it reads on one strand, with the weight of every word of five bases at each of its chunks.
#[derive(Debug, Clone)]
pub(crate) struct Motif {
    /// Position in the list of factors.
    pub(crate) factor: usize,
    pub(crate) strand: Strand,
    /// The consensus as base codes, as it reads on the forward strand.
    pub(crate) consensus: Vec<u8>,
    chunks: Vec<[f64; WORDS]>,
}

impl Motif {
    /// Both strands of every factor; one strand where the consensus is its own reverse complement.
    pub(crate) fn of(factors: &[Factor]) -> Vec<Self> {
        let mut motifs = Vec::new();
        for (index, factor) in factors.iter().enumerate() {
            let forward = factor.codes();
            let reverse = forward.iter().rev().map(|&code| base::COMPLEMENT[usize::from(code)]).collect();
            motifs.push(Self::new(factor, index, Strand::Forward, forward));
            if !factor.is_palindromic() {
                motifs.push(Self::new(factor, index, Strand::Reverse, reverse));
            }
        }
        motifs
    }

    fn new(factor: &Factor, index: usize, strand: Strand, consensus: Vec<u8>) -> Self {
        let mut chunks = Vec::new();
        for (place, letters) in consensus.chunks(CHUNK).enumerate() {
            let affinity = if place == 0 { factor.affinity } else { 0.0 };
            chunks.push(std::array::from_fn(|word| {
                let fits =
                    |(i, &letter): (usize, &u8)| base::POSSIBLE[usize::from(letter)] >> base_of(word, i) & 1 == 1;
                let mismatches = letters.iter().enumerate().filter(|&letter| !fits(letter)).count();
                libm::exp(affinity - factor.mismatch * mismatches as f64)
            }));
        }
        Self { factor: index, strand, consensus, chunks }
    }
}

/// Base number `i` of a word; the first stands in the lowest bits.
fn base_of(word: usize, i: usize) -> usize {
    word >> (2 * i) & 3
}

/// All sites of more than negligible weight, ordered by start. `codes` holds the four bases only.
pub(crate) fn scan(motifs: &[Motif], codes: &[u8]) -> Vec<Candidate> {
    // Words that run over the end are filled up with A: chunks that short allow any base there.
    let mut words = vec![0_usize; codes.len() + CHUNK];
    let mut word = 0;
    for (slot, &code) in words.iter_mut().zip(codes).rev() {
        word = (word << 2 | usize::from(code)) % WORDS;
        *slot = word;
    }
    let mut candidates = Vec::new();
    let mut weights = vec![0.0; codes.len()];
    for (index, motif) in motifs.iter().enumerate() {
        let length = motif.consensus.len();
        let weights = &mut weights[..(codes.len() + 1).saturating_sub(length)];
        if weights.is_empty() {
            continue;
        }
        weights.fill(1.0);
        for (place, chunk) in motif.chunks.iter().enumerate() {
            for (weight, &word) in weights.iter_mut().zip(&words[place * CHUNK..]) {
                *weight *= chunk[word % WORDS];
            }
        }
        for (start, &weight) in weights.iter().enumerate() {
            if weight >= NEGLIGIBLE {
                candidates.push(Candidate { start, end: start + length, motif: index, weight });
            }
        }
    }
    candidates.sort_by_key(|site| site.start); // stable: motifs keep their order
    candidates
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factor::yeast;
    use promoter_encode::random::Stream;

    /// Counts the mismatches of every site, letter by letter.
    fn counted(factors: &[Factor], codes: &[u8]) -> Vec<Candidate> {
        let motifs = Motif::of(factors);
        let mut candidates = Vec::new();
        for start in 0..codes.len() {
            for (index, motif) in motifs.iter().enumerate() {
                let end = start + motif.consensus.len();
                if end > codes.len() {
                    continue;
                }
                let fits = |(code, letter): &(&u8, &u8)| base::POSSIBLE[usize::from(**letter)] & (1 << **code) != 0;
                let sites = codes[start..end].iter().zip(&motif.consensus);
                let mismatches = sites.filter(|pair| !fits(pair)).count() as f64;
                let factor = &factors[motif.factor];
                let weight = (factor.affinity - factor.mismatch * mismatches).exp();
                if weight >= NEGLIGIBLE {
                    candidates.push(Candidate { start, end, motif: index, weight });
                }
            }
        }
        candidates
    }

    #[test]
    fn look_ups_count_mismatches() {
        let factors = yeast();
        let mut stream = Stream::new(1, "test", 0);
        for length in [0, 1, 5, 16, 17, 18, 110] {
            let codes: Vec<u8> = (0..length).map(|_| stream.below(4) as u8).collect();
            let (found, expected) = (scan(&Motif::of(&factors), &codes), counted(&factors, &codes));
            assert_eq!(found.len(), expected.len());
            for (a, b) in found.iter().zip(expected) {
                assert_eq!((a.start, a.end, a.motif), (b.start, b.end, b.motif));
                assert!((a.weight / b.weight - 1.0).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn the_reverse_complement_has_the_same_sites_on_the_other_strand() {
        let factors = yeast();
        let motifs = Motif::of(&factors);
        let mut stream = Stream::new(2, "test", 0);
        let codes: Vec<u8> = (0..110).map(|_| stream.below(4) as u8).collect();
        let turned: Vec<u8> = codes.iter().rev().map(|&code| 3 - code).collect();
        let listed = |codes: &[u8], turn: bool| {
            let mut sites: Vec<_> = scan(&motifs, codes)
                .into_iter()
                .map(|site| {
                    let motif = &motifs[site.motif];
                    let one_strand = factors[motif.factor].is_palindromic();
                    let forward = one_strand || (motif.strand == Strand::Forward) != turn;
                    (motif.factor, forward, if turn { codes.len() - site.end } else { site.start })
                })
                .collect();
            sites.sort_unstable();
            sites
        };
        assert!(listed(&codes, false).len() > 20);
        assert_eq!(listed(&codes, false), listed(&turned, true));
    }
}
