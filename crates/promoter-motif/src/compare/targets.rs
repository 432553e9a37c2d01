//! Motifs that are ready to be compared with.

use super::Comparison;
use super::column::Grid;
use super::null::{Null, alignments};
use crate::significance::q_values;
use crate::{Motif, Result, Strand, Strands, parallel};

/// How well a query matches one target.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Match {
    /// Which target.
    pub target: usize,
    /// The strand of the target that matches.
    pub strand: Strand,
    /// Column of the target, as it reads on `strand`, beside the query's first; negative if the query begins before it.
    pub offset: isize,
    /// Columns that are aligned.
    pub overlap: usize,
    /// Sum over the aligned columns of their similarity less the median similarity of the query's column.
    pub score: f64,
    /// Probability that a chance target of the same width has so good an alignment.
    pub p_value: f64,
    /// Targets that would match as well by chance: the p-value times the number of targets.
    pub e_value: f64,
    /// False discovery rate among the targets.
    pub q_value: f64,
}

/// Motifs that are ready to be compared with.
#[derive(Debug, Clone)]
pub struct Targets {
    comparison: Comparison,
    /// Columns of all targets; with both strands, those of the reverse complements follow.
    columns: Vec<[f64; 4]>,
    /// For each strand and target, its first column and its width.
    places: Vec<Vec<(usize, usize)>>,
    /// The widths there are.
    widths: Vec<usize>,
}

/// The best alignment with one target on one strand.
#[derive(Debug, Clone, Copy)]
struct Best {
    score: i32,
    offset: isize,
    overlap: usize,
    p_value: f64,
}

impl Targets {
    pub(super) fn new(comparison: Comparison, motifs: &[Motif]) -> Self {
        let (mut columns, mut places) = (Vec::new(), Vec::new());
        for strand in comparison.strands.each() {
            let mut on_strand = Vec::with_capacity(motifs.len());
            for motif in motifs {
                on_strand.push((columns.len(), motif.width()));
                columns.extend(match strand {
                    Strand::Forward => motif.probabilities(),
                    Strand::Reverse => motif.reverse_complement().probabilities(),
                });
            }
            places.push(on_strand);
        }
        let mut widths: Vec<usize> = motifs.iter().map(Motif::width).collect();
        widths.sort_unstable();
        widths.dedup();
        Self { comparison, columns, places, widths }
    }

    /// How well a motif matches every target, best first; equally good ones in the targets' order.
    ///
    /// # Errors
    /// [`Error::Motif`](crate::Error::Motif) for a query of more than [`WIDEST_QUERY`](super::WIDEST_QUERY) columns.
    pub fn matches(&self, query: &Motif) -> Result<Vec<Match>> {
        Comparison::check(query)?;
        let Comparison { similarity, bins, .. } = self.comparison;
        let grid = Grid::new(&query.probabilities(), &self.columns, similarity, bins);
        let null = Null::new(&grid, &self.widths);
        let mut matches: Vec<Match> =
            (0..self.places[0].len()).map(|target| self.best_of_strands(&grid, &null, target)).collect();
        let p_values: Vec<f64> = matches.iter().map(|found| found.p_value).collect();
        for (found, q_value) in matches.iter_mut().zip(q_values(&p_values, p_values.len())) {
            found.e_value = found.p_value * p_values.len() as f64;
            found.q_value = q_value;
        }
        matches.sort_by(|a, b| a.p_value.total_cmp(&b.p_value)); // stable
        Ok(matches)
    }

    /// The best match of each motif, if its q-value is at most `q_value`; on the threads of the current rayon pool with
    /// the feature `rayon`.
    ///
    /// # Errors
    /// As [`Targets::matches`].
    ///
    /// ```
    /// use promoter_motif::{Motif, compare::Comparison};
    /// let known = ["TGACTCA", "CACGTGA", "TTACCCG", "CCGCCGA", "TATAAAT"];
    /// let known: Vec<Motif> = known.iter().map(|site| Motif::from_consensus(*site, site)).collect::<Result<_, _>>()?;
    /// let queries = [Motif::from_consensus("a", "TTACCCG")?, Motif::from_consensus("b", "RNYNNNA")?];
    /// let best = Comparison::default().targets(&known)?.best(&queries, 0.05)?;
    /// assert_eq!(best[0].map(|found| found.target), Some(2));
    /// assert_eq!(best[1], None);
    /// # Ok::<(), promoter_motif::Error>(())
    /// ```
    pub fn best(&self, queries: &[Motif], q_value: f64) -> Result<Vec<Option<Match>>> {
        let best = |query: &Motif| {
            let matches = self.matches(query)?;
            Ok(matches.first().copied().filter(|found| found.q_value <= q_value))
        };
        parallel::map(queries, best).into_iter().collect()
    }

    fn best_of_strands(&self, grid: &Grid, null: &Null, target: usize) -> Match {
        let best = |strand: usize| self.best_alignment(grid, null, self.places[strand][target]);
        let (forward, mut strand) = (best(0), Strand::Forward);
        let (mut found, mut p_value) = (forward, forward.p_value);
        if self.comparison.strands == Strands::Both {
            let reverse = best(1);
            if reverse.score > forward.score {
                (found, strand) = (reverse, Strand::Reverse);
            }
            // The better of two chances; 1 - (1 - p)^2, written so that it does not round to 0.
            let least = forward.p_value.min(reverse.p_value);
            p_value = least * (2.0 - least);
        }
        let Best { score, offset, overlap, .. } = found;
        let score = f64::from(score) * grid.step;
        Match { target, strand, offset, overlap, score, p_value, e_value: 0.0, q_value: 1.0 }
    }

    /// The alignment of the highest score; of equal ones that with the greater overlap, then the first.
    fn best_alignment(&self, grid: &Grid, null: &Null, (first, width): (usize, usize)) -> Best {
        let min_overlap = self.comparison.min_overlap;
        let mut best = Best { score: i32::MIN, offset: 0, overlap: 0, p_value: 1.0 };
        for place in alignments(grid.scores.len(), width, min_overlap) {
            let (start, end) = place.query;
            let beside = |column: usize| first + (column as isize + place.offset) as usize;
            let score = (start..end).map(|column| grid.scores[column][beside(column)]).sum();
            if (score, end - start) > (best.score, best.overlap) {
                best = Best { score, offset: place.offset, overlap: end - start, p_value: 1.0 };
            }
        }
        Best { p_value: null.p_value(width, min_overlap, best.score), ..best }
    }
}
