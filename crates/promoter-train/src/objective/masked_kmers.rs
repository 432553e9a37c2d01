//! Masked k-mers, before any label is seen.

use promoter_encode::random::Stream;
use promoter_torch::Params;
use promoter_zoo::bert::{Bert, Objective as Head};
use promoter_zoo::registry::NetworkConfig;
use promoter_zoo::{Architecture, Mode, Network};
use tch::{Kind, TchError, Tensor};

use super::{Found, Objective, Unseen};
use crate::batch::{Averaging, Batch, Encoder, View, draws};
use crate::error::{Doing, conflict};
use crate::loss::Loss;
use crate::precision::Precision;
use crate::{Error, Experiment};

/// Masked k-mers, before any label is seen.
#[derive(Debug)]
pub(super) struct MaskedKmers {
    network: Bert,
    /// Share of a row's k-mers that is masked.
    share: f64,
    loss: Loss,
    precision: Precision,
    /// Of the masks of rows that do not train, which are the same in every epoch.
    key: i64,
}

impl MaskedKmers {
    pub(super) fn new(experiment: &Experiment, share: f64, params: &mut Params) -> Result<Self, Error> {
        let network = match &experiment.network {
            NetworkConfig::Bert(network) if network.objective == Head::MaskedKmers => network.build(params)?,
            _ => {
                let needed = "is masked_kmers: it needs `network = { name = \"bert\", objective = \"masked_kmers\" }`";
                return Err(conflict("loss.name", needed));
            }
        };
        Ok(Self {
            network,
            share,
            loss: experiment.loss,
            precision: experiment.training.precision,
            key: Stream::new(experiment.seed, "validation mask", 0).next_u64() as i64,
        })
    }

    /// Logits of the masked k-mers and their numbers, -100 for what does not count.
    fn logits(&self, x: &Tensor, draws: &Tensor, mode: Mode) -> Result<(Tensor, Tensor), Error> {
        self.precision.during(mode).within(x.device(), || Ok(self.network.masked(x, draws, self.share, mode)?))
    }
}

impl Objective for MaskedKmers {
    fn network(&self) -> &dyn Network {
        &self.network
    }

    fn target(&self, batch: &Batch) -> Result<Tensor, Error> {
        batch.masks(self.network.draws())
    }

    fn forward(&self, x: &Tensor, target: &Tensor, mode: Mode) -> Result<(Tensor, Tensor), Error> {
        let (logits, kmers) = self.logits(x, target, mode)?;
        let loss = self.loss.forward(&logits, &kmers)?;
        Ok((logits, loss))
    }

    fn expression(&self, _output: &Tensor) -> Result<Option<Tensor>, Error> {
        Ok(None)
    }

    fn evaluate(&self, rows: &Unseen, encoder: &Encoder, _averaging: Averaging) -> Result<Found, Error> {
        let x = encoder.encode(&rows.codes, &View::default())?;
        let draw = || {
            let (first, n) = (rows.first as i64, rows.codes.size()[0]);
            let items = Tensor::f_arange_start(first, first + n, (Kind::Int64, x.device()))?;
            draws::uniform(&items, self.network.draws(), self.key)
        };
        let (logits, kmers) = self.logits(&x, &draw().doing("drawing masks")?, Mode::Evaluate)?;
        let loss = self.loss.forward(&logits, &kmers)?;
        let found = || -> Result<Found, TchError> {
            let counts = kmers.f_ge(0)?;
            let chosen = |values: &Tensor| values.f_to_kind(Kind::Float)?.f_masked_select(&counts);
            Ok(Found {
                truth: chosen(&kmers)?,
                prediction: chosen(&logits.f_argmax(1, false)?)?,
                weight: counts.f_sum(Kind::Double)?,
                loss,
            })
        };
        found().doing("masked k-mers")
    }
}
