//! How effects of substitutions are computed.

use anyhow::{Result, bail};
use clap::ValueEnum;
use promoter::explain::Effects;
use promoter::predictor::{Averaging, Ensemble};

use crate::chunk::Chunk;
use crate::models::Models;

/// Sequences that are explained together.
pub(crate) const CHUNK: usize = 64;

/// How effects of substitutions are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Method {
    /// In-silico mutagenesis: predict every changed sequence
    Mutagenesis,
    /// Gradient times input change: a first-order estimate, much faster
    Gradient,
}

impl Method {
    /// Refuses what the gradient is not averaged over.
    pub(crate) fn check(self, models: &Models) -> Result<()> {
        if self == Self::Gradient && models.averaging().is_some_and(|asked| asked != Averaging::default()) {
            bail!("--strands both and --shift work with --method mutagenesis only");
        }
        Ok(())
    }

    /// The effects of each sequence.
    pub(crate) fn effects(self, models: &Models, ensemble: &Ensemble, chunk: &Chunk) -> Result<Vec<Effects>> {
        chunk.check(ensemble)?;
        Ok(match self {
            Self::Mutagenesis => Effects::of(&mut models.predictor(ensemble), &chunk.codes())?,
            Self::Gradient => ensemble.gradients(&chunk.table, Some(Averaging::default()))?,
        })
    }
}
