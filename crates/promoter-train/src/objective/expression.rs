//! Expression, from labels.

use promoter_label::Transform;
use promoter_torch::Params;
use promoter_zoo::bert::Objective as Head;
use promoter_zoo::registry::NetworkConfig;
use promoter_zoo::{Mode, Network};
use tch::{Kind, Tensor};

use super::{Found, Objective, Unseen};
use crate::batch::{Averaging, Batch, Encoder};
use crate::error::{Doing, conflict, experiment as refuse};
use crate::loss::Loss;
use crate::precision::Precision;
use crate::{Error, Experiment};

/// Expression, from labels.
#[derive(Debug)]
pub(super) struct Expression {
    network: Box<dyn Network>,
    loss: Loss,
    precision: Precision,
}

impl Expression {
    pub(super) fn new(experiment: &Experiment, params: &mut Params) -> Result<Self, Error> {
        if let NetworkConfig::Bert(network) = &experiment.network
            && network.objective == Head::MaskedKmers
        {
            return Err(conflict("network.objective", "is masked_kmers: it needs `loss.name = \"masked_kmers\"`"));
        }
        let network = experiment.network.build(params)?;
        check_outputs(experiment, network.as_ref())?;
        Ok(Self { network, loss: experiment.loss, precision: experiment.training.precision })
    }

    fn output(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        self.precision.during(mode).within(x.device(), || Ok(self.network.forward(x, mode)?))
    }
}

impl Objective for Expression {
    fn network(&self) -> &dyn Network {
        self.network.as_ref()
    }

    fn target(&self, batch: &Batch) -> Result<Tensor, Error> {
        Ok(batch.labels.shallow_clone())
    }

    fn forward(&self, x: &Tensor, target: &Tensor, mode: Mode) -> Result<(Tensor, Tensor), Error> {
        let output = self.output(x, mode)?;
        let loss = self.loss.forward(&output, target)?;
        Ok((output, loss))
    }

    fn expression(&self, output: &Tensor) -> Result<Option<Tensor>, Error> {
        Ok(Some(expression(self.network.as_ref(), output)?))
    }

    /// The loss is that of the sequences as they are, the predictions are averaged.
    fn evaluate(&self, rows: &Unseen, encoder: &Encoder, averaging: Averaging) -> Result<Found, Error> {
        let mut loss = None;
        let prediction = averaging.mean(&rows.codes, encoder, |x| -> Result<_, Error> {
            let output = self.output(x, Mode::Evaluate)?;
            if loss.is_none() {
                loss = Some(self.loss.forward(&output, &rows.labels)?);
            }
            expression(self.network.as_ref(), &output)
        })?;
        let weight = Tensor::f_full([0i64; 0], rows.labels.numel() as f64, (Kind::Double, rows.labels.device()));
        Ok(Found {
            truth: rows.labels.shallow_clone(),
            prediction,
            loss: loss.unwrap_or_default(),
            weight: weight.doing("weighing a loss")?,
        })
    }
}

/// Expression, (B,), or (B, columns) of several labels.
fn expression(network: &dyn Network, output: &Tensor) -> Result<Tensor, Error> {
    if network.labels() == 1 {
        return Ok(network.expression(output)?);
    }
    let of = |label| network.expression(&network.of_label(output, label)?);
    let columns = (0..network.labels()).map(of).collect::<Result<Vec<_>, _>>()?;
    Tensor::f_stack(&columns, 1).doing("collecting expression")
}

/// A loss over classes wants as many outputs, and labels in sorting bins.
fn check_outputs(experiment: &Experiment, network: &dyn Network) -> Result<(), Error> {
    let Some(outputs) = experiment.loss.outputs() else { return Ok(()) };
    if network.outputs() != outputs {
        return Err(conflict(
            "loss",
            format!("is over {outputs} classes, the network has {} outputs", network.outputs()),
        ));
    }
    match experiment.label.transform {
        Transform::Identity => Ok(()),
        other => Err(refuse("label.transform", other.name(), "identity: the loss is defined on sorting bins")),
    }
}
