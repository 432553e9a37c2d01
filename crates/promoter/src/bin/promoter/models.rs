//! Trained models that a command predicts with.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use promoter::predictor::{Averaging, Ensemble, Predictor};

use crate::device;

/// Trained models that a command predicts with.
#[derive(Debug, Args)]
pub(crate) struct Models {
    /// Predictor files or run folders; several give their mean
    #[arg(value_name = "MODEL", required = true)]
    models: Vec<PathBuf>,
    /// Average over both strands [without this and --shift: as the model was evaluated in training]
    #[arg(long)]
    both_strands: bool,
    /// Average over windows moved by up to so many bases
    #[arg(long, value_name = "BASES", default_value_t = 0)]
    shift: usize,
    #[command(flatten)]
    device: device::Choice,
}

impl Models {
    pub(crate) fn open(&self) -> Result<Ensemble> {
        let device = self.device.device()?;
        let members = self.models.iter().map(|path| Predictor::open(path, device)).collect::<Result<_, _>>()?;
        Ok(Ensemble::new(members)?)
    }

    /// What was asked for; none is the models' own.
    pub(crate) fn averaging(&self) -> Option<Averaging> {
        let asked = Averaging { strands: self.both_strands, shift: self.shift };
        (asked != Averaging::default()).then_some(asked)
    }
}
