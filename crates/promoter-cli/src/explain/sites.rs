//! Effects beside the binding sites that are known.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use promoter::explain::Effects;
use promoter::logo::Mark;
use promoter::metrics::PrecisionRecall;
use promoter::seq::read::Lines;
use promoter::sim::Site;

use crate::rows;

/// Known sites of each sequence, read with the sequences, and the strength of each position as far as it is known.
pub(super) struct Known {
    path: PathBuf,
    lines: Lines,
    compared: usize,
    in_site: Vec<bool>,
    strengths: Vec<f32>,
}

impl Known {
    /// Opens a file with a JSON list of sites for each sequence.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let lines = rows::lines(path)?;
        Ok(Self { path: path.to_owned(), lines, compared: 0, in_site: Vec::new(), strengths: Vec::new() })
    }

    /// Adds the positions of the next sequence; returns its sites.
    pub(super) fn compare(&mut self, codes: &[u8], effects: &Effects) -> Result<Vec<Mark>> {
        let Some(line) = self.lines.next() else {
            bail!("{} has {} lines, but the input has more sequences", self.path.display(), self.compared);
        };
        let (number, line) = line?;
        let sites: Vec<Site> = serde_json::from_str(&line).with_context(|| {
            format!("{}:{number}: not a list of sites as written by `promoter simulate --sites`", self.path.display())
        })?;
        self.compared += 1;
        let first = self.in_site.len();
        self.in_site.resize(first + codes.len(), false);
        for site in &sites {
            let start = site.start as usize;
            let range = start..start.saturating_add(site.length as usize);
            let Some(positions) = self.in_site[first..].get_mut(range) else {
                bail!(
                    "{}:{}: the site of {} ends beyond the sequence of {} bases",
                    self.path.display(),
                    self.compared,
                    site.factor,
                    codes.len()
                );
            };
            positions.fill(true);
        }
        self.strengths.extend(effects.strengths(codes));
        let mark = |site: &Site| Mark {
            start: site.start as usize,
            length: site.length as usize,
            name: format!("{} {:+.1}", site.factor, site.effect),
        };
        Ok(sites.iter().map(mark).collect())
    }

    /// How well the effects find the sites.
    pub(super) fn found(mut self) -> Result<Found> {
        let rest = self.lines.try_fold(0, |rest, line| line.map(|_| rest + 1))?;
        if rest > 0 {
            let lines = self.compared + rest;
            bail!("{} has {lines} lines, but the input has {} sequences", self.path.display(), self.compared);
        }
        Ok(Found(PrecisionRecall::of(&self.in_site, &self.strengths)?))
    }
}

/// How well the effects find the sites.
pub(super) struct Found(PrecisionRecall);

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PrecisionRecall { n, positives, area, chance } = self.0;
        write!(
            f,
            "known sites: area under the precision-recall curve of |effect| {area:.3}, chance {chance:.3} \
             ({positives} of {n} positions are in a site)"
        )
    }
}
