//! Effects beside the binding sites that are known.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use promoter::explain::Effects;
use promoter::logo::Mark;
use promoter::metrics::PrecisionRecall;
use promoter::sim::Site;

use crate::rows;

/// Known sites of each sequence, and the strength of each position as far as it is known.
pub(super) struct Known {
    path: PathBuf,
    sites: std::vec::IntoIter<Vec<Site>>,
    rows: usize,
    compared: usize,
    in_site: Vec<bool>,
    strengths: Vec<f32>,
}

impl Known {
    /// Reads a JSON list of sites for each sequence.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let mut sites = Vec::new();
        for line in rows::lines(path)? {
            let (number, line) = line?;
            let row: Vec<Site> = serde_json::from_str(&line).with_context(|| {
                format!("{}:{number}: not a list of sites as written by `promoter simulate --sites`", path.display())
            })?;
            sites.push(row);
        }
        let (path, rows) = (path.to_owned(), sites.len());
        Ok(Self { path, sites: sites.into_iter(), rows, compared: 0, in_site: Vec::new(), strengths: Vec::new() })
    }

    /// Adds the positions of the next sequence; returns its sites.
    pub(super) fn compare(&mut self, codes: &[u8], effects: &Effects) -> Result<Vec<Mark>> {
        let Some(sites) = self.sites.next() else {
            bail!("{} has {} lines, but the input has more sequences", self.path.display(), self.rows);
        };
        self.compared += 1;
        let first = self.in_site.len();
        self.in_site.resize(first + codes.len(), false);
        for site in &sites {
            let range = site.start as usize..(site.start + site.length) as usize;
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
    pub(super) fn found(self) -> Result<Found> {
        if self.compared < self.rows {
            bail!("{} has {} lines, but the input has {} sequences", self.path.display(), self.rows, self.compared);
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
