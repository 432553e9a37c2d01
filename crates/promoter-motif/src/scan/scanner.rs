//! Motifs that are ready to be looked for.

use promoter_encode::base;

use super::block::{Block, Table};
use super::{Ambiguous, Hit, Scan};
use crate::significance::q_values;
use crate::{Distribution, Error, Motif, Pwm, Result, Strand, Strands, parallel};

/// Bases that one task scans; a constant, so that tasks do not depend on the number of threads.
const TASK: usize = 1 << 15;

/// Motifs that are ready to be looked for in many sequences.
#[derive(Debug, Clone)]
pub struct Scanner {
    scan: Scan,
    motifs: Vec<Ready>,
}

/// One motif.
#[derive(Debug, Clone)]
struct Ready {
    scores: Distribution,
    /// Lowest score of a hit, and a table for each strand; `None` if not even the best site is a hit.
    tables: Option<(i32, Vec<(Strand, Table)>)>,
}

impl Scanner {
    pub(super) fn new(scan: Scan, motifs: &[Motif]) -> Result<Self> {
        let ready = |motif: &Motif| -> Result<Ready> {
            let background = match scan.strands {
                Strands::Both => motif.background().symmetric(),
                Strands::Forward => motif.background(),
            };
            let pwm = Pwm::of(&motif.clone().with_background(background), scan.pseudocount)?;
            let scores = Distribution::of(&pwm, scan.step)?;
            let table = |&strand: &Strand| {
                let mut columns = scores.columns().to_vec();
                if strand == Strand::Reverse {
                    columns.reverse();
                    columns.iter_mut().for_each(|column| column.reverse());
                }
                (strand, Table::new(columns))
            };
            let tables = scores
                .threshold(scan.p_value)
                .map(|threshold| (threshold, scan.strands.each().iter().map(table).collect()));
            Ok(Ready { scores, tables })
        };
        let motifs = parallel::map(motifs, ready).into_iter().collect::<Result<_>>()?;
        Ok(Self { scan, motifs })
    }

    /// The motifs that cannot have a hit: even their best site has too high a p-value. A motif of six columns, for
    /// instance, has none below 0.0002.
    pub fn out_of_reach(&self) -> Vec<usize> {
        (0..self.motifs.len()).filter(|&motif| self.motifs[motif].tables.is_none()).collect()
    }

    /// The lowest score of a hit of each motif, in bits; `None` for those [out of reach](Self::out_of_reach).
    pub fn thresholds(&self) -> Vec<Option<f64>> {
        let bits = |motif: &Ready| Some(f64::from(motif.tables.as_ref()?.0) * motif.scores.step());
        self.motifs.iter().map(bits).collect()
    }

    /// The hits in sequences of base codes, by sequence, start, motif and strand; on the threads of the current rayon
    /// pool with the feature `rayon`, the same for any number of them. A site that is its own reverse complement is a
    /// hit on each strand.
    ///
    /// # Errors
    /// [`Error::Code`] for a byte that is not a base code; [`Error::Letter`] when the policy refuses other letters.
    pub fn hits<R: AsRef<[u8]> + Sync>(&self, rows: &[R]) -> Result<Vec<Hit>> {
        for (sequence, row) in rows.iter().enumerate() {
            self.check(sequence, row.as_ref())?;
        }
        let found = parallel::map(&tasks(rows), |&(first, end)| self.scan_rows(first, &rows[first..end]));
        let mut windows = vec![0; self.motifs.len()];
        let mut hits = Vec::new();
        for (some, looked_at) in found {
            hits.extend(some);
            windows.iter_mut().zip(looked_at).for_each(|(sum, count)| *sum += count);
        }
        self.add_q_values(&mut hits, &windows);
        Ok(hits)
    }

    fn check(&self, sequence: usize, row: &[u8]) -> Result<()> {
        if let Some(position) = row.iter().position(|&code| usize::from(code) >= base::CODES) {
            return Err(Error::Code { sequence, position, code: row[position] });
        }
        if self.scan.ambiguous == Ambiguous::Error
            && let Some(position) = row.iter().position(|&code| code >= base::N)
        {
            let letter = char::from(base::to_ascii(row[position]));
            return Err(Error::Letter { sequence, position, letter });
        }
        Ok(())
    }

    /// Hits of all motifs in some rows, and how many sites of each motif were looked at.
    fn scan_rows<R: AsRef<[u8]>>(&self, first: usize, rows: &[R]) -> (Vec<Hit>, Vec<usize>) {
        let block = Block::new(rows, self.scan.ambiguous);
        let (mut hits, mut windows, mut scores) = (Vec::new(), Vec::new(), Vec::new());
        for (motif, ready) in self.motifs.iter().enumerate() {
            let width = ready.scores.columns().len();
            windows.push(block.windows(width) * self.scan.strands.each().len());
            let Some((threshold, tables)) = &ready.tables else { continue };
            for (strand, table) in tables {
                block.find(table, *threshold, &mut scores, |row, start, score| {
                    let p_value = ready.scores.p_value(score);
                    let (sequence, end) = (first + row, start + width);
                    let score = f64::from(score) * ready.scores.step();
                    hits.push(Hit { motif, sequence, start, end, strand: *strand, score, p_value, q_value: 1.0 });
                });
            }
        }
        hits.sort_by_key(|hit| (hit.sequence, hit.start, hit.motif, hit.strand));
        (hits, windows)
    }

    fn add_q_values(&self, hits: &mut [Hit], windows: &[usize]) {
        let mut of_motif: Vec<Vec<usize>> = vec![Vec::new(); self.motifs.len()];
        for (index, hit) in hits.iter().enumerate() {
            of_motif[hit.motif].push(index);
        }
        for (indices, &windows) in of_motif.iter().zip(windows) {
            let p_values: Vec<f64> = indices.iter().map(|&index| hits[index].p_value).collect();
            for (&index, q_value) in indices.iter().zip(q_values(&p_values, windows)) {
                hits[index].q_value = q_value;
            }
        }
    }
}

/// First and last row of tasks of about the same number of bases.
fn tasks<R: AsRef<[u8]>>(rows: &[R]) -> Vec<(usize, usize)> {
    let mut tasks = Vec::new();
    let (mut first, mut bases) = (0, 0);
    for (row, codes) in rows.iter().enumerate() {
        bases += codes.as_ref().len();
        if bases >= TASK || row + 1 == rows.len() {
            tasks.push((first, row + 1));
            (first, bases) = (row + 1, 0);
        }
    }
    tasks
}
