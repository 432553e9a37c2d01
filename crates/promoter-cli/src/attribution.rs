//! How effects of substitutions and contributions of bases are computed.

use std::fmt;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use promoter::explain::{Contributions, Effects};
use promoter::predictor::{Attribution, Averaging, Ensemble, Rule};

use crate::chunk::Chunk;
use crate::models::Models;

/// Sequences that are explained together.
pub(crate) const CHUNK: usize = 64;

/// Departures of the sum of contributions from the difference of predictions above this are more than rounding.
const SMALL: f32 = 0.01;

/// How effects of substitutions and contributions of bases are computed.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How to compute effects and contributions
    #[arg(long, value_enum, default_value_t = Method::Mutagenesis)]
    method: Method,
    /// Number of references for each sequence with integrated-gradients and deep-lift: dinucleotide shuffles of it
    /// [default: 20]
    #[arg(long, value_name = "COUNT")]
    references: Option<usize>,
    /// Number of steps from each reference with integrated-gradients [default: 50]
    #[arg(long, value_name = "COUNT")]
    steps: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    /// In-silico mutagenesis: predict every changed sequence
    Mutagenesis,
    /// Gradient times input change: a first-order estimate, much faster
    Gradient,
    /// Mean gradient on the way from references to the sequence; contributions add up, the better the more steps
    IntegratedGradients,
    /// DeepLIFT/SHAP: differences from references, passed back through the network; contributions add up
    DeepLift,
}

/// What is found of a sequence.
pub(crate) struct Explained {
    pub(crate) effects: Effects,
    /// Of methods that share out the difference from references.
    pub(crate) contributions: Option<Contributions>,
}

impl Options {
    /// Refuses what the gradient is not averaged over, and options of other methods.
    pub(crate) fn check(&self, models: &Models) -> Result<()> {
        if self.method == Method::Gradient && models.averaging().is_some_and(|asked| asked != Averaging::default()) {
            bail!("--strands both and --shift do not work with --method gradient: use another method");
        }
        if self.references.is_some() && matches!(self.method, Method::Mutagenesis | Method::Gradient) {
            bail!("--references works with --method integrated-gradients and deep-lift only");
        }
        if self.steps.is_some() && self.method != Method::IntegratedGradients {
            bail!("--steps works with --method integrated-gradients only");
        }
        Ok(())
    }

    /// Effects and contributions of each sequence.
    pub(crate) fn explain(&self, models: &Models, ensemble: &Ensemble, chunk: &Chunk) -> Result<Vec<Explained>> {
        chunk.check(ensemble)?;
        let effects = match (self.method, self.rule()) {
            (_, Some(how)) => return contributions(models, ensemble, chunk, how),
            (Method::Gradient, None) => ensemble.gradients(&chunk.table, Some(Averaging::default()))?,
            (_, None) => Effects::of(&mut models.predictor(ensemble), &chunk.codes())?,
        };
        Ok(effects.into_iter().map(|effects| Explained { effects, contributions: None }).collect())
    }

    /// How the difference from references is shared out; none for the other methods.
    fn rule(&self) -> Option<Attribution> {
        let mut how = match self.method {
            Method::Mutagenesis | Method::Gradient => return None,
            Method::IntegratedGradients => Attribution::integrated_gradients(),
            Method::DeepLift => Attribution::deep_lift(),
        };
        if let Some(references) = self.references {
            how.references = references;
        }
        if let Some(steps) = self.steps {
            how.rule = Rule::IntegratedGradients { steps };
        }
        Some(how)
    }
}

fn contributions(models: &Models, ensemble: &Ensemble, chunk: &Chunk, how: Attribution) -> Result<Vec<Explained>> {
    let found = ensemble.attributions(&chunk.table, models.averaging(), how)?;
    let explained = |(found, codes): (Contributions, &[u8])| Explained {
        effects: found.effects(codes),
        contributions: Some(found),
    };
    Ok(found.into_iter().zip(chunk.table.rows().map(|(codes, _)| codes)).map(explained).collect())
}

impl Explained {
    /// What the bases that are there contribute.
    pub(crate) fn heights(&self, codes: &[u8]) -> Vec<f32> {
        match &self.contributions {
            Some(found) => found.own(codes),
            None => self.effects.contributions(codes),
        }
    }
}

/// How well contributions add up.
#[derive(Debug, Default)]
pub(crate) struct Deltas {
    rows: usize,
    largest: f32,
    large: usize,
}

impl Deltas {
    pub(crate) fn add(&mut self, explained: &Explained) {
        let Some(found) = &explained.contributions else { return };
        self.rows += 1;
        self.largest = self.largest.max(found.delta);
        self.large += usize::from(found.delta > SMALL);
    }
}

/// A line for the report; empty where nothing was shared out.
impl fmt::Display for Deltas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rows == 0 {
            return Ok(());
        }
        write!(f, "\nconvergence delta: at most {:.1e}", self.largest)?;
        if self.large > 0 {
            write!(
                f,
                "\nwarning: the contributions of {} of {} sequences depart by more than {SMALL} from the differences \
                 of the predictions: use more --steps, or --method deep-lift",
                self.large, self.rows
            )?;
        }
        Ok(())
    }
}
