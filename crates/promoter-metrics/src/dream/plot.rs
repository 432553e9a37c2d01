//! Predicted against measured, a panel per subset, as SVG.

use super::{Error, Selection};
use crate::scatter::{self, Panel};

impl Selection {
    /// A picture of predicted against measured expression (or differences), one panel per subset with its n, r and rho.
    ///
    /// # Errors
    /// As [`score`](Self::score).
    pub fn plot(&self) -> Result<String, Error> {
        let score = self.score()?;
        let panels = score.subsets.iter().map(|(&subset, c)| Panel {
            title: format!("{subset}: n {}, r {:.3}, \u{3c1} {:.3}", c.n, c.pearson, c.spearman),
            what: if subset.is_pairs() { "difference" } else { "expression" },
            measured: self.truth(subset),
            predicted: self.prediction(subset),
        });
        Ok(scatter::svg(&panels.collect::<Vec<_>>()))
    }
}
