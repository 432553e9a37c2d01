//! Designs for a list of briefs.

use promoter_encode::random::Stream;
use promoter_explain::Predict;

use crate::brief::Brief;
use crate::constraints::Constraints;
use crate::error::{Error, Result, check};
use crate::inserts::Inserts;
use crate::method::Method;
use crate::outcome::Outcome;
use crate::search;
use crate::trace::Trace;

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Which design is searched for, counted from 0.
    pub design: usize,
    /// Designs that are wanted.
    pub designs: usize,
    /// Sequences that were predicted for this design so far.
    pub predictions: u64,
    /// The best sequence so far.
    pub best: Outcome,
}

/// How designs are made. Two equal designs with the same briefs and predictor give the same sequences.
///
/// ```
/// use promoter_design::{Brief, Constraints, Design, Failure, Predict, Target};
/// struct Adenines;
/// impl Predict for Adenines {
///     fn predict(&mut self, sequences: &[Vec<u8>]) -> Result<Vec<f32>, Failure> {
///         Ok(sequences.iter().map(|codes| codes.iter().filter(|&&code| code == 0).count() as f32).collect())
///     }
/// }
/// let design = Design {
///     constraints: Constraints { longest_homopolymer: Some(2), ..Constraints::default() },
///     ..Design::default()
/// };
/// let brief = Brief { start: vec![1; 3], target: Target::Maximize };
/// let traces = design.run(&mut Adenines, &[brief], &mut |_| {})?;
/// assert_eq!((traces[0].after.prediction, traces[0].steps.len()), (2.0, 2));
/// # Ok::<(), promoter_design::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// What every design must hold to.
    pub constraints: Constraints,
    /// Motifs that may be written, beside single bases.
    pub inserts: Inserts,
    /// How designs are searched for. Default: greedy.
    pub method: Method,
    /// How much of the predictor's spread is taken off the score. Default: 0, which asks for no spread.
    pub spread_weight: f64,
    /// An edit that brings no more than this is not made, or taken back; in units of the score. Default: 0.
    pub least_gain: f64,
    /// Seed of every random draw. Default: 1.
    pub seed: u64,
}

impl Default for Design {
    fn default() -> Self {
        Self {
            constraints: Constraints::default(),
            inserts: Inserts::default(),
            method: Method::Greedy,
            spread_weight: 0.0,
            least_gain: 0.0,
            seed: 1,
        }
    }
}

impl Design {
    /// Makes one design per brief, one after the other: each keeps its distance from those before it.
    ///
    /// A start that violates constraints is first mended, base by base: of the edits that mend most, the one with the
    /// best score.
    ///
    /// # Errors
    /// Those of the settings, before anything is predicted; [`Error::Unmendable`] for a start that cannot be mended;
    /// and those of the predictor.
    pub fn run(
        &self,
        predictor: &mut dyn Predict,
        briefs: &[Brief],
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Vec<Trace>> {
        self.check(briefs)?;
        let mut traces = Vec::with_capacity(briefs.len());
        let mut designs = Vec::with_capacity(briefs.len());
        for (index, brief) in briefs.iter().enumerate() {
            let mut report = |predictions, best| {
                progress(Progress { design: index, designs: briefs.len(), predictions, best });
            };
            let trace = search::run(self, predictor, (index, brief), &designs, &mut report)?;
            designs.push(trace.sequence.clone());
            traces.push(trace);
        }
        Ok(traces)
    }

    /// Checks the settings and the briefs.
    fn check(&self, briefs: &[Brief]) -> Result<()> {
        if briefs.is_empty() {
            return Err(Error::NoBriefs);
        }
        self.method.check()?;
        let is_share = |value: f64| value.is_finite() && value >= 0.0;
        check("spread_weight", self.spread_weight, is_share(self.spread_weight), "a finite number of at least 0")?;
        check("least_gain", self.least_gain, is_share(self.least_gain), "a finite number of at least 0")?;
        for (index, brief) in briefs.iter().enumerate() {
            brief.check(index)?;
            self.constraints.check_settings(index, &brief.start)?;
            let length = brief.start.len();
            if let Some(motif) = self.inserts.motifs.iter().find(|motif| motif.width() > length) {
                let (name, width) = (motif.name().to_owned(), motif.width());
                return Err(Error::Motif { motif: name, width, brief: index, length });
            }
        }
        Ok(())
    }

    /// The random draws of one purpose for one brief.
    pub(crate) fn draws(&self, purpose: &str, brief: usize) -> Stream {
        Stream::new(self.seed, purpose, brief as u64)
    }
}
