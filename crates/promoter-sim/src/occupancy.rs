//! Which sites are bound: the equilibrium of factors that exclude each other where they overlap.

use crate::scan::Candidate;

/// Occupancy of the sites of one sequence.
///
/// A state of the DNA is a set of bound sites that do not overlap; its weight is the product of theirs. Or a nucleosome
/// covers everything. The sums over all states are those of paths from left to right and from right to left.
#[derive(Debug, Default)]
pub(crate) struct Occupancy {
    /// Sum of the weights of all states of the first i bases.
    left: Vec<f64>,
    /// The same of the bases from i on.
    right: Vec<f64>,
    /// Probability that each site is bound, in the order of the candidates.
    pub(crate) sites: Vec<f64>,
}

impl Occupancy {
    /// Solves for `candidates`, ordered by start, in a sequence of `length`; `nucleosome` is the weight of the state
    /// with the nucleosome. The site number `without` is left out.
    pub(crate) fn solve(&mut self, candidates: &[Candidate], length: usize, nucleosome: f64, without: Option<usize>) {
        let weight = |index: usize, site: &Candidate| if Some(index) == without { 0.0 } else { site.weight };
        self.left.clear();
        self.left.resize(length + 1, 0.0);
        self.left[0] = 1.0;
        let mut sites = candidates.iter().enumerate().peekable();
        for i in 0..length {
            let sum = self.left[i];
            self.left[i + 1] += sum;
            while let Some((index, site)) = sites.next_if(|(_, site)| site.start == i) {
                self.left[site.end] += sum * weight(index, site);
            }
        }
        self.right.clear();
        self.right.resize(length + 1, 1.0);
        let mut sites = candidates.iter().enumerate().rev().peekable();
        for i in (0..length).rev() {
            let mut sum = self.right[i + 1];
            while let Some((index, site)) = sites.next_if(|(_, site)| site.start == i) {
                sum += self.right[site.end] * weight(index, site);
            }
            self.right[i] = sum;
        }
        let total = self.left[length] + nucleosome;
        let bound = |(index, site): (usize, &Candidate)| {
            self.left[site.start] * weight(index, site) * self.right[site.end] / total
        };
        self.sites.clear();
        self.sites.extend(candidates.iter().enumerate().map(bound));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums over every set of sites.
    fn enumerated(candidates: &[Candidate], nucleosome: f64) -> Vec<f64> {
        let mut bound = vec![0.0; candidates.len()];
        let mut total = nucleosome;
        for set in 0_u32..1 << candidates.len() {
            let chosen: Vec<usize> = (0..candidates.len()).filter(|i| set >> i & 1 == 1).collect();
            let apart = |&a: &usize, &b: &usize| {
                candidates[a].end <= candidates[b].start || candidates[b].end <= candidates[a].start
            };
            if chosen.iter().all(|a| chosen.iter().all(|b| a == b || apart(a, b))) {
                let weight: f64 = chosen.iter().map(|&i| candidates[i].weight).product();
                total += weight;
                chosen.iter().for_each(|&i| bound[i] += weight);
            }
        }
        bound.iter().map(|weight| weight / total).collect()
    }

    #[test]
    fn occupancy_is_the_share_of_states_in_which_a_site_is_bound() {
        let places = [(0, 5), (0, 3), (2, 8), (4, 9), (5, 8), (8, 12), (8, 13), (10, 20), (13, 20)];
        let candidates: Vec<Candidate> = places
            .iter()
            .zip([3.0, 0.5, 20.0, 1.0, 7.0, 0.01, 2.0, 4.0, 9.0])
            .map(|(&(start, end), weight)| Candidate { start, end, motif: 0, weight })
            .collect();
        let mut occupancy = Occupancy::default();
        for nucleosome in [0.0, 5.0, 1000.0] {
            occupancy.solve(&candidates, 20, nucleosome, None);
            for (found, expected) in occupancy.sites.iter().zip(enumerated(&candidates, nucleosome)) {
                assert!((found - expected).abs() < 1e-12, "{found} against {expected}");
            }
            occupancy.solve(&candidates, 20, nucleosome, Some(2));
            let mut others = candidates.clone();
            others.remove(2);
            let expected = enumerated(&others, nucleosome);
            assert_eq!(occupancy.sites.remove(2), 0.0);
            for (found, expected) in occupancy.sites.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-12, "{found} against {expected}");
            }
        }
    }
}
