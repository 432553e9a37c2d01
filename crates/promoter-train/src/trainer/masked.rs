//! Masked k-mers in the place of labels.

use promoter_encode::random::Stream;
use promoter_torch::Params;
use promoter_zoo::bert::{Bert, Objective};
use promoter_zoo::registry::NetworkConfig;
use promoter_zoo::{Architecture, Mode, Network};
use tch::{Kind, TchError, Tensor};

use super::Trainer;
use crate::Error;
use crate::batch::{DeviceRows, View, draws};
use crate::error::Doing;
use crate::loss::Loss;

/// The network, by what it learns.
#[derive(Debug)]
pub(super) enum Model {
    Expression(Box<dyn Network>),
    MaskedKmers(Box<Bert>),
}

impl Model {
    pub(super) fn new(config: &NetworkConfig, params: &mut Params) -> Result<Self, Error> {
        Ok(match config {
            NetworkConfig::Bert(config) if config.objective == Objective::MaskedKmers => {
                Self::MaskedKmers(Box::new(config.build(params)?))
            }
            other => Self::Expression(other.build(params)?),
        })
    }

    pub(super) fn network(&self) -> &dyn Network {
        match self {
            Self::Expression(network) => network.as_ref(),
            Self::MaskedKmers(network) => network.as_ref(),
        }
    }
}

/// What was to be predicted of some rows, what was predicted, and the mean loss.
#[derive(Debug)]
pub(super) struct Evaluation {
    /// Transformed labels, or numbers of masked k-mers.
    pub(super) truth: Vec<f32>,
    pub(super) prediction: Vec<f32>,
    pub(super) loss: f64,
}

impl Trainer<'_> {
    /// The network and the share that is masked, when it learns masked k-mers.
    pub(super) fn masked(&self) -> Option<(&Bert, f64)> {
        match (&self.model, self.experiment.loss) {
            (Model::MaskedKmers(network), Loss::MaskedKmers { share }) => Some((network, share)),
            _ => None,
        }
    }

    /// What the loss is defined on, in the precision of the experiment: the network's output for `x` and the labels `y`,
    /// or logits and numbers of the k-mers that are masked as the draws `y` say.
    pub(super) fn output(&self, x: &Tensor, y: &Tensor, mode: Mode) -> Result<(Tensor, Tensor), Error> {
        match self.masked() {
            None => Ok((self.forward(x, mode)?, y.shallow_clone())),
            Some((network, share)) => {
                let masked = || Ok(network.masked(x, y, share, mode)?);
                self.experiment.training.precision.within(self.device, masked)
            }
        }
    }

    /// The masked k-mers of rows, and what the network takes them for. A row's masks are the same in every epoch.
    pub(super) fn find(&self, network: &Bert, rows: &DeviceRows) -> Result<Evaluation, Error> {
        let _guard = tch::no_grad_guard();
        let batch = self.experiment.training.evaluation_batch_size as usize;
        let key = Stream::new(self.experiment.seed, "validation mask", 0).next_u64() as i64;
        let (mut truth, mut found, mut losses, mut counts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for from in (0..rows.len()).step_by(batch) {
            let n = batch.min(rows.len() - from);
            let x = self.encoder.encode(&rows.codes(from, n)?, &View::default())?;
            let draw = || {
                let items = Tensor::f_arange_start(from as i64, (from + n) as i64, (Kind::Int64, self.device))?;
                draws::uniform(&items, network.draws(), key)
            };
            let (logits, kmers) = self.output(&x, &draw().doing("drawing masks")?, Mode::Evaluate)?;
            let loss = self.with_penalty(self.experiment.loss.forward(&logits, &kmers)?)?;
            let mut add = || -> Result<(), TchError> {
                let count = kmers.f_ge(0)?.f_sum(Kind::Double)?;
                losses.push(loss.f_mul(&count)?);
                counts.push(count);
                found.push(logits.f_argmax(1, false)?.f_to_kind(Kind::Float)?);
                truth.push(kmers.f_to_kind(Kind::Float)?);
                Ok(())
            };
            add().doing("masked k-mers")?;
        }
        let collect = || -> Result<Evaluation, TchError> {
            let sum = |values: &[Tensor]| Tensor::f_stack(values, 0)?.f_sum(Kind::Double)?.f_double_value(&[]);
            let values = |tensors: &[Tensor]| Vec::<f32>::try_from(Tensor::f_cat(tensors, 0)?);
            let pairs = values(&truth)?.into_iter().zip(values(&found)?);
            // What is not masked is below 0.
            let (truth, prediction) = pairs.filter(|(truth, _)| *truth >= 0.0).unzip();
            Ok(Evaluation { truth, prediction, loss: sum(&losses)? / sum(&counts)? })
        };
        collect().doing("masked k-mers")
    }
}
