//! What all networks have in common.

use tch::{Kind, Tensor};

use crate::Error;
use crate::error::InLayer;

/// How a forward pass is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Prediction: no dropout, stored averages in the batch norms.
    Evaluate,
    /// Training: dropout, batch statistics, stored averages move on.
    Train,
    /// Training without moving the stored averages: the second pass of SAM and GSAM.
    TrainKeepAverages,
    /// Estimating what prediction needs of finished weights ("precise batch norm"): no dropout, batch statistics, and
    /// stored averages replaced by mean and variance over all batches so far, which must be of one size.
    ///
    /// Moving averages lag behind the weights, and weights that are averages themselves never had any.
    ///
    /// # Source
    /// Wu and Johnson 2021, <https://arxiv.org/abs/2105.07576>.
    Estimate {
        /// Batches before this one; the first replaces what is stored.
        batch: u64,
    },
}

impl Mode {
    /// Whether dropout is on.
    pub fn is_train(self) -> bool {
        matches!(self, Self::Train | Self::TrainKeepAverages)
    }
}

/// One sequence as a network takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Input {
    /// Positions.
    pub length: i64,
    /// Numbers per position: 4 for one-hot, 6 with strand and singleton channels, the dimension of an embedding.
    pub channels: i64,
}

/// A network from encoded promoters to expression.
pub trait Network: std::fmt::Debug + Send {
    /// Shape of one input.
    fn input(&self) -> Input;

    /// Columns of [`forward`](Self::forward)'s result: 1, or one per level or class; of several labels side by side,
    /// those of the first label first.
    fn outputs(&self) -> i64 {
        1
    }

    /// Labels that are predicted: columns of measurements of the same sequences.
    fn labels(&self) -> i64 {
        1
    }

    /// The part of [`forward`](Self::forward)'s result that is one label's, counted from 0.
    ///
    /// # Shapes
    /// (B, [`outputs`](Self::outputs)) to (B, outputs / [`labels`](Self::labels)).
    ///
    /// # Errors
    /// [`Error::Layer`] when LibTorch fails.
    fn of_label(&self, output: &Tensor, label: i64) -> Result<Tensor, Error> {
        let own = self.outputs() / self.labels();
        output.f_narrow(1, label * own, own).in_layer("output")
    }

    /// Whether the source's framework counts the buffers among the parameters, as Keras does with the averages of batch
    /// norms.
    fn counts_buffers(&self) -> bool {
        false
    }

    /// Whether the source's L2 penalty, where there is one, is on the parameter of this name.
    fn is_penalised(&self, _name: &str) -> bool {
        false
    }

    /// The network's own output, on which its loss is defined.
    ///
    /// # Shapes
    /// (B, L, C) f32 to (B, [`outputs`](Self::outputs)).
    ///
    /// # Errors
    /// [`Error::Input`] for another shape or kind, [`Error::Layer`] when LibTorch fails.
    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error>;

    /// Expression, in the units of the training labels, from [`forward`](Self::forward)'s result; of several labels
    /// from [`of_label`](Self::of_label)'s.
    ///
    /// # Shapes
    /// (B, [`outputs`](Self::outputs)) to (B,).
    ///
    /// # Errors
    /// [`Error::Layer`] when LibTorch fails.
    fn expression(&self, output: &Tensor) -> Result<Tensor, Error> {
        output.f_squeeze_dim(1).in_layer("output")
    }

    /// The expression by each of the networks that this one is an ensemble of, whose mean is
    /// [`expression`](Self::expression); `None`, the default, for a single network.
    ///
    /// # Shapes
    /// (B, [`outputs`](Self::outputs)) to (B, members).
    fn members(&self, _output: &Tensor) -> Option<Tensor> {
        None
    }
}

/// Whether there is one label: it is then not written.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
pub(crate) fn is_one(labels: &i64) -> bool {
    *labels == 1
}

/// Checks the shape and kind of an input; networks call it first.
pub(crate) fn check_input(x: &Tensor, input: Input) -> Result<(), Error> {
    let size = x.size();
    let fits = matches!(size[..], [_, length, channels] if length == input.length && channels == input.channels);
    // Half kinds come from autocast and from networks that were cast as a whole.
    let float = matches!(x.kind(), Kind::Float | Kind::Double | Kind::BFloat16 | Kind::Half);
    if fits && float {
        return Ok(());
    }
    Err(Error::Input {
        expected: format!("(batch, {}, {}) floating point", input.length, input.channels),
        found: format!("{size:?} {:?}", x.kind()),
    })
}
