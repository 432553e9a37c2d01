//! What a network learns: the target of its loss, and how it is evaluated.
//!
//! A new objective is a file beside these two, a variant of [`Loss`] and a line in [`build`].

mod expression;
mod masked_kmers;

use std::fmt;

use promoter_torch::Params;
use promoter_zoo::{Mode, Network};
use tch::Tensor;

use self::expression::Expression;
use self::masked_kmers::MaskedKmers;
use crate::batch::{Averaging, Batch, Encoder};
use crate::loss::Loss;
use crate::{Error, Experiment};

/// What a network learns.
pub(crate) trait Objective: fmt::Debug + Send {
    /// The network.
    fn network(&self) -> &dyn Network;

    /// What the loss needs of a batch beside the input: labels, or the draws that masks follow from.
    fn target(&self, batch: &Batch) -> Result<Tensor, Error>;

    /// The network's output for an input, and the loss, a mean over the rows.
    fn forward(&self, x: &Tensor, target: &Tensor, mode: Mode) -> Result<(Tensor, Tensor), Error>;

    /// Expression in units of the transformed label, of the labels' shape, from the output; `None` where none is
    /// predicted.
    fn expression(&self, output: &Tensor) -> Result<Option<Tensor>, Error>;

    /// Predicts rows that do not train.
    fn evaluate(&self, rows: &Unseen, encoder: &Encoder, averaging: Averaging) -> Result<Found, Error>;
}

/// Rows that do not train.
#[derive(Debug)]
pub(crate) struct Unseen {
    /// Base codes, (n, length) u8.
    pub(crate) codes: Tensor,
    /// Transformed labels, (n,) or (n, columns) f32.
    pub(crate) labels: Tensor,
    /// Number of the first of them.
    pub(crate) first: usize,
}

/// What was to be predicted of some rows, and what was.
#[derive(Debug)]
pub(crate) struct Found {
    /// Transformed labels, or numbers of masked k-mers, (m,) or (m, columns) f32.
    pub(crate) truth: Tensor,
    /// Likewise.
    pub(crate) prediction: Tensor,
    /// Mean loss.
    pub(crate) loss: Tensor,
    /// What the mean is over, a number of kind f64.
    pub(crate) weight: Tensor,
}

/// The objective of an experiment, with the network's tensors in `params`.
///
/// # Errors
/// [`Error::Network`], [`Error::Experiment`] and [`Error::Conflict`] for a network that the loss does not fit.
pub(crate) fn build(experiment: &Experiment, params: &mut Params) -> Result<Box<dyn Objective>, Error> {
    match experiment.loss {
        Loss::MaskedKmers { share } => Ok(Box::new(MaskedKmers::new(experiment, share, params)?)),
        _ => Ok(Box::new(Expression::new(experiment, params)?)),
    }
}
