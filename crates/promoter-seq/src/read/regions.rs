//! Regions of a genome as rows.

use std::ops::Range;

use promoter_encode::{base, reverse_complement};

use super::{ReadReport, Record};
use crate::bed::Region;
use crate::{Bed, Error, Genome, Result};

/// Names of the columns of a region.
const COLUMNS: [&str; 6] = ["chrom", "start", "end", "name", "score", "strand"];

/// Regions of a genome as rows.
pub(super) struct Regions {
    bed: Bed,
    genome: Genome,
    width: Option<u64>,
    keep: Vec<String>,
}

impl Regions {
    pub(super) fn new(bed: Bed, genome: Genome, width: Option<u64>, keep: &[String]) -> Result<Self> {
        if let Some(other) = keep.iter().find(|column| !COLUMNS.contains(&column.as_str())) {
            return Err(Error::setting("keep", other, "chrom, start, end, name, score or strand, the columns of BED"));
        }
        match width {
            Some(0) => return Err(Error::setting("width", 0, "at least 1 base")),
            Some(width) if width > Genome::LONGEST => {
                return Err(Error::setting("width", width, "at most 65536 bases"));
            }
            _ => {}
        }
        Ok(Self { bed, genome, width, keep: keep.to_vec() })
    }

    /// Reads the next region; false at the end.
    pub(super) fn read(&mut self, report: &mut ReadReport, record: &mut Record) -> Result<bool> {
        let region = self.bed.next().transpose()?;
        (report.comments, report.empty_lines) = self.bed.skipped();
        let Some(region) = region else { return Ok(false) };
        report.lines = region.line;
        self.check(&region)?;
        record.codes.clear();
        let (letters, beyond) = self.fill(&region, &mut record.codes)?;
        if region.reverse {
            record.codes = reverse_complement::of(promoter_encode::Codes(&record.codes))
                .map_err(|_| self.fault(&region, 0, "bases".into(), "other codes".into()))?;
        }
        report.rows += 1;
        report.lower_case += u64::from(letters.lower_case);
        report.iupac += u64::from(letters.iupac);
        report.replaced += u64::from(beyond);
        record.name = region.label().into_bytes();
        (record.label, record.line) = (f32::NAN, region.line);
        record.cells = self.keep.iter().map(|column| cell(&region, column)).collect();
        Ok(true)
    }

    /// Refuses a region that is not in the genome, or is too long.
    fn check(&self, region: &Region) -> Result<()> {
        let Some(bases) = self.genome.bases(&region.chromosome) else {
            let some: Vec<&str> = self.genome.names().take(5).collect();
            let more = if self.genome.names().len() > some.len() { ", ..." } else { "" };
            let expected = format!("a chromosome of {} ({}{more})", self.genome.path().display(), some.join(", "));
            return Err(self.fault(region, 0, expected, region.chromosome.escape_debug().to_string()));
        };
        if region.end > bases {
            let expected = format!("an end of at most {bases}, the bases of {}", region.chromosome);
            return Err(self.fault(region, 2, expected, region.end.to_string()));
        }
        if self.width.is_none() && region.end - region.start > Genome::LONGEST {
            let expected = format!("a region of at most {} bases", Genome::LONGEST);
            return Err(self.fault(region, 2, expected, (region.end - region.start).to_string()));
        }
        Ok(())
    }

    fn fault(&self, region: &Region, column: usize, expected: String, found: String) -> Error {
        let (path, line, column) = (self.bed.path().to_owned(), region.line, region.columns[column]);
        Error::Line { path, line, column, expected, found: format!("`{found}`") }
    }

    /// The codes of a region's window on the forward strand, and whether N stands for bases beyond the chromosome.
    fn fill(&mut self, region: &Region, codes: &mut Vec<u8>) -> Result<(crate::genome::Letters, bool)> {
        let bases = self.genome.bases(&region.chromosome).unwrap_or(0);
        let Some(width) = self.width else {
            return Ok((self.genome.window(&region.chromosome, region.start..region.end, codes)?, false));
        };
        let (before, window, after) = around(region.start.midpoint(region.end), width, bases);
        codes.resize(before as usize, base::N);
        let letters = self.genome.window(&region.chromosome, window, codes)?;
        codes.resize(codes.len() + after as usize, base::N);
        Ok((letters, before + after > 0))
    }
}

/// The window of `width` bases around a base, as far as there are bases, and how many are missing on either side.
fn around(centre: u64, width: u64, bases: u64) -> (u64, Range<u64>, u64) {
    let before = (width / 2).saturating_sub(centre);
    let start = centre.saturating_sub(width / 2);
    let end = (centre + width - width / 2).min(bases);
    (before, start..end, width - before - (end - start))
}

fn cell(region: &Region, column: &str) -> String {
    match column {
        "chrom" => region.chromosome.clone(),
        "start" => region.start.to_string(),
        "end" => region.end.to_string(),
        "name" => region.name.clone(),
        "score" => region.score.clone(),
        _ => (if region.reverse { "-" } else { "+" }).to_owned(),
    }
}
