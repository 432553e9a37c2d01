//! A simulated data set.

use std::sync::Arc;

use promoter_encode::base;
use promoter_encode::random::Stream;
use promoter_seq::Table;
use rayon::prelude::*;

use crate::assay::Assay;
use crate::error::Error;
use crate::expression::Responses;
use crate::occupancy::Occupancy;
use crate::scan::{Candidate, Motif, scan};
use crate::site::Site;

/// Promoters with their measured and their true expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulation {
    /// Sequences with measured labels, in sorting bins.
    pub table: Table,
    /// Noise-free expression of each row, in sorting bins: the mean label over endlessly many reads.
    pub truth: Vec<f32>,
    /// Sites of each row, ordered by start: all planted ones, and those that are bound with at least
    /// [`Assay::listed_occupancy`].
    pub sites: Vec<Vec<Site>>,
    /// Pearson correlation of truth and measured labels. As the truth is the mean of the labels that a sequence can
    /// get, no predictor that sees sequences only correlates better with them, chance apart. 0 if either is constant.
    pub noise_ceiling: f64,
}

/// Simulates an assay.
///
/// Rows are drawn in parallel, each from its own random streams: any number of threads gives the same bytes.
///
/// # Errors
/// Those of [`Assay::check`].
pub fn simulate(assay: &Assay) -> Result<Simulation, Error> {
    assay.check()?;
    let model = Model::new(assay);
    let rows: Vec<Row> = (0..assay.rows as u64)
        .into_par_iter()
        .map_init(Occupancy::default, |occupancy, row| model.row(row, occupancy))
        .collect();
    let mut table = Table::default();
    let mut truth = Vec::with_capacity(rows.len());
    let mut sites = Vec::with_capacity(rows.len());
    for row in rows {
        table.push(&row.codes, row.label);
        truth.push(row.truth);
        sites.push(row.sites);
    }
    let noise_ceiling = pearson(&truth, table.labels());
    Ok(Simulation { table, truth, sites, noise_ceiling })
}

struct Row {
    codes: Vec<u8>,
    label: f32,
    truth: f32,
    sites: Vec<Site>,
}

/// Where something can bind: position in the list of motifs, and start.
type Place = (usize, usize);

/// An assay, with what all rows share.
pub(crate) struct Model<'a> {
    assay: &'a Assay,
    names: Vec<Arc<str>>,
    motifs: Vec<Motif>,
    /// Motifs of each factor that is planted.
    plantable: Vec<Vec<usize>>,
    responses: Responses,
}

impl<'a> Model<'a> {
    pub(crate) fn new(assay: &'a Assay) -> Self {
        let motifs = Motif::of(&assay.factors);
        let named = &assay.planting.factors;
        let plantable = (0..assay.factors.len())
            .filter(|&factor| named.is_empty() || named.contains(&assay.factors[factor].name))
            .map(|factor| (0..motifs.len()).filter(|&motif| motifs[motif].factor == factor).collect())
            .collect();
        let end = assay.construct.left.len() + assay.construct.insert;
        Self {
            assay,
            names: assay.factors.iter().map(|factor| factor.name.as_str().into()).collect(),
            responses: Responses::new(assay.expression, &assay.factors, &motifs, end, assay.construct.len()),
            motifs,
            plantable,
        }
    }

    fn row(&self, row: u64, occupancy: &mut Occupancy) -> Row {
        let stream = |purpose| Stream::new(self.assay.seed, purpose, row);
        let mut codes = self.assay.construct.draw(&mut stream("simulate insert"));
        let planted = self.plant(&mut codes, &mut stream("simulate sites"));
        let nucleosome = self.assay.expression.nucleosome_weight(&codes);
        let (candidates, center) = self.bind(&codes, nucleosome, occupancy);
        let bound = occupancy.sites.clone();
        let truth = self.assay.sorting.expected(center);

        let mut sites = Vec::new();
        for (index, candidate) in candidates.iter().enumerate() {
            let place = (candidate.motif, candidate.start);
            let was_planted = planted.contains(&place);
            if was_planted || bound[index] >= self.assay.listed_occupancy {
                occupancy.solve(&candidates, codes.len(), nucleosome, Some(index));
                let without = self.assay.sorting.expected(self.center(&candidates, &occupancy.sites));
                sites.push(self.site(place, bound[index], truth - without, was_planted));
            }
        }
        // Too many spared bases leave a planted site without weight.
        let lost =
            |&&(motif, start): &&Place| !candidates.iter().any(|site| (site.motif, site.start) == (motif, start));
        sites.extend(planted.iter().filter(lost).map(|&place| self.site(place, 0.0, 0.0, true)));
        sites.sort_by_key(|site| (site.start, site.strand));

        let label = self.assay.sorting.measure(center, &mut stream("simulate reads"));
        Row { codes, label, truth: truth as f32, sites }
    }

    /// Noise-free expression of any sequence of bases, in bins.
    pub(crate) fn truth(&self, codes: &[u8], occupancy: &mut Occupancy) -> f64 {
        let nucleosome = self.assay.expression.nucleosome_weight(codes);
        self.assay.sorting.expected(self.bind(codes, nucleosome, occupancy).1)
    }

    /// The sites of a sequence, and the centre of its cells; how often each site is bound is left in `occupancy`.
    fn bind(&self, codes: &[u8], nucleosome: f64, occupancy: &mut Occupancy) -> (Vec<Candidate>, f64) {
        let candidates = scan(&self.motifs, codes);
        occupancy.solve(&candidates, codes.len(), nucleosome, None);
        let center = self.center(&candidates, &occupancy.sites);
        (candidates, center)
    }

    /// Expression around which the cells of a promoter lie, in bins.
    fn center(&self, candidates: &[Candidate], bound: &[f64]) -> f64 {
        self.assay.sorting.top() * self.responses.level(candidates, bound)
    }

    fn site(&self, (motif, start): Place, occupancy: f64, effect: f64, planted: bool) -> Site {
        let motif = &self.motifs[motif];
        Site {
            factor: self.names[motif.factor].clone(),
            start: start as u32,
            strand: motif.strand,
            length: motif.consensus.len() as u32,
            occupancy: occupancy as f32,
            effect: effect as f32,
            planted,
        }
    }

    /// Writes sites into the insert where they do not touch each other.
    fn plant(&self, codes: &mut [u8], stream: &mut Stream) -> Vec<Place> {
        let planting = &self.assay.planting;
        let mut planted: Vec<Place> = Vec::new();
        if self.plantable.is_empty() || stream.uniform() >= planting.probability {
            return planted;
        }
        let first = self.assay.construct.left.len();
        let end = first + self.assay.construct.insert;
        for _ in 0..1 + stream.below(u64::from(planting.most)) {
            let strands = &self.plantable[stream.below(self.plantable.len() as u64) as usize];
            let motif = strands[stream.below(strands.len() as u64) as usize];
            let consensus = &self.motifs[motif].consensus;
            let is_free = |start: &usize| {
                planted.iter().all(|&(other, at)| {
                    start + consensus.len() <= at || at + self.motifs[other].consensus.len() <= *start
                })
            };
            let free: Vec<usize> = (first..=end - consensus.len()).filter(is_free).collect();
            if free.is_empty() {
                continue;
            }
            let start = free[stream.below(free.len() as u64) as usize];
            for (code, &letter) in codes[start..].iter_mut().zip(consensus) {
                let possible = base::POSSIBLE[usize::from(letter)];
                let choices = [0, 1, 2, 3].map(|base| possible >> base & 1 == 1);
                // A base that the consensus allows stays, so that `N` leaves the random insert as it is.
                if choices[usize::from(*code)] || stream.uniform() < planting.spared {
                    continue;
                }
                let chosen = stream.below(u64::from(possible.count_ones())) as usize;
                *code = (0..4).filter(|&base| choices[usize::from(base)]).nth(chosen).unwrap_or(*code);
            }
            planted.push((motif, start));
        }
        planted
    }
}

/// Pearson correlation in two passes; 0 if either side is constant.
fn pearson(a: &[f32], b: &[f32]) -> f64 {
    let mean = |values: &[f32]| values.iter().map(|&x| f64::from(x)).sum::<f64>() / values.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut aa, mut ab, mut bb) = (0.0, 0.0, 0.0);
    for (&x, &y) in a.iter().zip(b) {
        let (x, y) = (f64::from(x) - mean_a, f64::from(y) - mean_b);
        aa += x * x;
        ab += x * y;
        bb += y * y;
    }
    if aa > 0.0 && bb > 0.0 { ab / (aa * bb).sqrt() } else { 0.0 }
}
