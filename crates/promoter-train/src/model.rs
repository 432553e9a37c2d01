//! What is trained: a network with its tensors, what makes its input, and what it learns.

use promoter_torch::distributed::Group;
use promoter_torch::{Params, group};
use promoter_zoo::Mode;
use tch::{Device, Kind, TchError, Tensor};

use crate::batch::{Averaging, Batch, Encoder};
use crate::error::{Doing, conflict, experiment as refuse};
use crate::objective::{self, Found, Objective, Unseen};
use crate::{Error, Experiment};

/// A network with its tensors, what makes its input, and what it learns.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) params: Params,
    pub(crate) objective: Box<dyn Objective>,
    pub(crate) encoder: Encoder,
    /// Trainable parameters, in the order of [`Params::trainable`].
    weights: Vec<Tensor>,
    averaging: Averaging,
    l2: Option<f64>,
    /// Places of the weights with an L2 penalty.
    penalised: Vec<usize>,
}

/// Part of a batch as it goes through the network.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) x: Tensor,
    /// What the loss needs beside the input.
    pub(crate) target: Tensor,
    /// Factor of the loss whose gradients are taken, where it is not 1.
    pub(crate) scale: Option<f64>,
    pub(crate) mode: Mode,
}

/// What a piece leaves.
#[derive(Debug)]
pub(crate) struct Pass {
    /// Gradients of the trainable parameters.
    pub(crate) gradients: Vec<Tensor>,
    /// Expression, where it is predicted.
    pub(crate) prediction: Option<Tensor>,
    /// Mean loss, with the penalty.
    pub(crate) loss: Tensor,
}

impl Model {
    /// The model of an experiment, its weights drawn from the seed. `vectors` are those of
    /// [`vectors::table`](crate::vectors::table) for k-mers.
    ///
    /// # Errors
    /// [`Error::Network`], [`Error::Experiment`] and [`Error::Conflict`] for parts that do not fit each other.
    pub(crate) fn new(experiment: &Experiment, vectors: Option<&Tensor>, device: Device) -> Result<Self, Error> {
        let mut params = Params::new(device, experiment.seed);
        let objective = objective::build(experiment, &mut params)?;
        let encoder = Encoder::new(&experiment.encoding, vectors, device)?;
        let network = objective.network();
        let (input, found) = (network.input(), encoder.output());
        if found != (input.length, input.channels) {
            let expected = format!("the network's {} positions and {} channels", input.length, input.channels);
            return Err(refuse("encoding", format_args!("{} positions and {} channels", found.0, found.1), expected));
        }
        let l2 = experiment.training.l2;
        let is_penalised = |name: &str| l2.is_some() && network.is_penalised(name);
        let places = params.trainable().enumerate().filter(|(_, entry)| is_penalised(&entry.name));
        let penalised: Vec<usize> = places.map(|(place, _)| place).collect();
        if l2.is_some() && penalised.is_empty() {
            return Err(conflict("training.l2", "does not go with a network whose source penalises no kernel"));
        }
        let weights = params.trainable().map(|entry| entry.tensor.shallow_clone()).collect();
        Ok(Self { params, encoder, weights, averaging: experiment.evaluation, l2, penalised, objective })
    }

    /// A model whose parameters are this one's: they share their memory, and have gradients and buffers of their own.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub(crate) fn replica(&self, experiment: &Experiment) -> Result<Self, Error> {
        let replica = Self::new(experiment, self.encoder.vectors(), self.params.device())?;
        let _guard = tch::no_grad_guard();
        for (own, shared) in replica.weights.iter().zip(&self.weights) {
            own.shallow_clone().set_data(&shared.detach());
        }
        replica.set_frozen(&self.frozen()?)?;
        Ok(replica)
    }

    /// Copies of what replicas do not share: buffers, and frozen parameters.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub(crate) fn frozen(&self) -> Result<Vec<Tensor>, Error> {
        let _guard = tch::no_grad_guard();
        let copy = |tensor: &Tensor| -> Result<Tensor, TchError> {
            let mut copy = tensor.f_empty_like()?;
            copy.f_copy_(tensor)?;
            Ok(copy)
        };
        self.unshared().map(copy).collect::<Result<_, _>>().doing("copying buffers")
    }

    /// Takes over the buffers and frozen parameters of another model.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub(crate) fn set_frozen(&self, frozen: &[Tensor]) -> Result<(), Error> {
        let _guard = tch::no_grad_guard();
        let mut pairs = self.unshared().zip(frozen);
        pairs.try_for_each(|(own, other)| own.shallow_clone().f_copy_(other)).doing("copying buffers")
    }

    fn unshared(&self) -> impl Iterator<Item = &Tensor> {
        self.params.entries().iter().map(|entry| &entry.tensor).filter(|tensor| !tensor.requires_grad())
    }

    /// A batch, ready to go through the network.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub(crate) fn piece(&self, batch: &Batch, scale: Option<f64>, mode: Mode) -> Result<Piece, Error> {
        let target = self.objective.target(batch)?;
        Ok(Piece { x: batch.x.shallow_clone(), target, scale, mode })
    }

    /// Forward and backward.
    ///
    /// # Errors
    /// [`Error::Network`], [`Error::Torch`].
    pub(crate) fn pass(&self, piece: &Piece) -> Result<Pass, Error> {
        self.pass_by(piece, |loss| Tensor::f_run_backward(&[loss], &self.weights, false, false).doing("backward pass"))
    }

    /// Forward, and a backward pass that is done by `backward`.
    ///
    /// # Errors
    /// As [`pass`](Self::pass), and what `backward` returns.
    pub(crate) fn pass_by(
        &self,
        piece: &Piece,
        backward: impl FnOnce(&Tensor) -> Result<Vec<Tensor>, Error>,
    ) -> Result<Pass, Error> {
        let (output, loss) = self.objective.forward(&piece.x, &piece.target, piece.mode)?;
        let scaled = match piece.scale {
            None => loss.shallow_clone(),
            Some(scale) => loss.f_mul_scalar(scale).doing("scaling the loss")?,
        };
        let gradients = backward(&scaled)?;
        let _guard = tch::no_grad_guard();
        let prediction = self.objective.expression(&output)?.map(|prediction| prediction.detach());
        Ok(Pass { gradients, prediction, loss: self.with_penalty(loss.detach())? })
    }

    /// The loss of no rows: 0, and so are its gradients.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub(crate) fn no_loss(&self) -> Result<Tensor, Error> {
        let parts = self.weights.iter().map(|weight| weight.f_mul_scalar(0.0)?.f_sum(Kind::Float));
        let parts = parts.collect::<Result<Vec<_>, _>>().doing("a loss of no rows")?;
        Tensor::f_stack(&parts, 0).and_then(|parts| parts.f_sum(Kind::Float)).doing("a loss of no rows")
    }

    /// Gradients of no rows.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub(crate) fn no_gradients(&self) -> Result<Vec<Tensor>, Error> {
        self.weights.iter().map(|weight| weight.detach().f_zeros_like()).collect::<Result<_, _>>().doing("no rows")
    }

    /// Trainable parameters.
    pub(crate) fn weights(&self) -> &[Tensor] {
        &self.weights
    }

    /// Replaces buffers and frozen parameters by rank 0's, as DistributedDataParallel does.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub(crate) fn share_frozen(&self, group: &Group) -> Result<(), Error> {
        Ok(group.broadcast(&self.unshared().map(Tensor::shallow_clone).collect::<Vec<_>>())?)
    }

    /// All tensors of the network.
    pub(crate) fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        self.params.entries().iter().map(|entry| &entry.tensor)
    }

    /// Predicts rows that do not train.
    ///
    /// # Errors
    /// [`Error::Network`], [`Error::Torch`].
    pub(crate) fn evaluate(&self, rows: &Unseen) -> Result<Found, Error> {
        let _guard = tch::no_grad_guard();
        let mut found = self.objective.evaluate(rows, &self.encoder, self.averaging)?;
        let loss = self.with_penalty(found.loss)?;
        found.loss = loss.f_to_kind(Kind::Double).and_then(|l| l.f_mul(&found.weight)).doing("validation loss")?;
        Ok(found)
    }

    /// Lets batch norms see a batch without training on it; `number` counts such batches from 0.
    ///
    /// # Errors
    /// [`Error::Network`], [`Error::Torch`].
    pub(crate) fn estimate(&self, batch: &Batch, number: u64) -> Result<(), Error> {
        let _guard = tch::no_grad_guard();
        let mode = Mode::Estimate { batch: number };
        self.objective.forward(&batch.x, &self.objective.target(batch)?, mode).map(drop)
    }

    /// Adds the gradient of the penalty.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub(crate) fn penalise(&self, gradients: &[Tensor]) -> Result<(), Error> {
        let Some(l2) = self.l2 else { return Ok(()) };
        let penalised: Vec<Tensor> = self.penalised.iter().map(|&i| gradients[i].shallow_clone()).collect();
        Ok(group::add_(&penalised, &self.penalised_weights(), 2.0 * l2)?)
    }

    /// A loss with `l2 sum(w^2)` of the penalised weights.
    fn with_penalty(&self, loss: Tensor) -> Result<Tensor, Error> {
        let Some(l2) = self.l2 else { return Ok(loss) };
        let norm = group::norm(&self.penalised_weights())?;
        norm.f_square().and_then(|sum| loss.f_add(&sum.f_mul_scalar(l2)?)).doing("penalty")
    }

    fn penalised_weights(&self) -> Vec<Tensor> {
        self.penalised.iter().map(|&i| self.weights[i].shallow_clone()).collect()
    }
}
