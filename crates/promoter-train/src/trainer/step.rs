//! One training step.

use std::ops::Range;

use promoter_encode::random::Stream;
use promoter_torch::group;
use promoter_zoo::Mode;
use tch::Tensor;

use super::Trainer;
use crate::Error;
use crate::batch::{DeviceRows, Order};
use crate::error::Doing;

/// Keeps the factor of clipping finite, as PyTorch does.
const EPS: f64 = 1e-6;

/// Part of a batch as it goes through the network, and the share of the batch's rows that it has.
struct Piece {
    x: Tensor,
    /// Labels, or the draws that masks follow from.
    y: Tensor,
    rows: usize,
    share: f64,
}

/// What a pass through the network leaves beside its gradients.
struct Pass {
    gradients: Vec<Tensor>,
    /// Expression of each piece; none of masked k-mers.
    predictions: Vec<Tensor>,
    /// Mean loss of each piece, with the penalty.
    losses: Vec<Tensor>,
    /// Whether a gradient has overflowed in f16.
    overflowed: bool,
}

impl Trainer<'_> {
    /// Trains on items of an order. `global` counts the steps of the run from 0.
    pub(super) fn step(
        &mut self,
        order: &mut Order,
        items: Range<usize>,
        rows: &DeviceRows,
        global: u64,
    ) -> Result<(), Error> {
        // Dropout draws from LibTorch's generator, whose state cannot be saved: each step has its own seed instead.
        tch::manual_seed(Stream::new(self.experiment.seed, "step", global).next_u64() as i64);
        let pieces = self.pieces(order, items, rows)?;
        let Pass { mut gradients, predictions, losses, mut overflowed } = self.pass(&pieces, Mode::Train)?;
        let norm = group::norm(&gradients)?;
        if let (false, Some(sharpness)) = (overflowed, &self.experiment.sharpness) {
            gradients = sharpness.gradients(self.optimiser.weights(), gradients, || {
                let second = self.pass(&pieces, Mode::TrainKeepAverages)?;
                overflowed = second.overflowed;
                Ok(second.gradients)
            })?;
        }
        if let Some(scaler) = &mut self.position.scaler {
            scaler.update(overflowed);
        }
        if overflowed {
            self.position.skipped += 1;
            return Ok(());
        }
        self.clip(&gradients)?;
        let moment = self.moment(global);
        let factor = self.experiment.schedule.factor(&moment) * self.position.plateau.factor;
        let momentum = self.experiment.schedule.momentum(&moment);
        self.optimiser.step(&gradients, global + 1 - self.position.skipped, factor, momentum)?;
        if let Some(averages) = &self.averages {
            averages.step(global)?;
        }
        let _guard = tch::no_grad_guard();
        for (i, (piece, loss)) in pieces.iter().zip(&losses).enumerate() {
            match predictions.get(i) {
                Some(prediction) => self.sums.add(prediction, &piece.y, loss),
                None => self.sums.add_loss(piece.rows, loss),
            }
            .doing("training metrics")?;
        }
        self.sums.add_norm(&norm).doing("training metrics")
    }

    fn pieces(&self, order: &mut Order, items: Range<usize>, rows: &DeviceRows) -> Result<Vec<Piece>, Error> {
        let size = items.len().div_ceil(self.experiment.training.accumulate as usize);
        let all = items.len() as f64;
        items
            .clone()
            .step_by(size)
            .map(|from| {
                let n = size.min(items.end - from);
                let (x, y) = order.batch(from, n, rows, &self.encoder)?;
                let y = match self.masked() {
                    None => y,
                    Some((network, _)) => order.masks(from, n, network.draws())?,
                };
                Ok(Piece { x, y, rows: n, share: n as f64 / all })
            })
            .collect()
    }

    /// Forward and backward of all pieces.
    fn pass(&self, pieces: &[Piece], mode: Mode) -> Result<Pass, Error> {
        let scaler = self.position.scaler;
        let mut pass = Pass { gradients: Vec::new(), predictions: Vec::new(), losses: Vec::new(), overflowed: false };
        for Piece { x, y, share, .. } in pieces {
            let (output, target) = self.output(x, y, mode)?;
            let loss = self.experiment.loss.forward(&output, &target)?;
            let scaled = match (pieces.len(), scaler) {
                (1, None) => loss.shallow_clone(),
                (_, scaler) => {
                    loss.f_mul_scalar(share * scaler.map_or(1.0, |s| s.scale())).doing("scaling the loss")?
                }
            };
            let gradients = self.optimiser.gradients(&scaled)?;
            if pass.gradients.is_empty() {
                pass.gradients = gradients;
            } else {
                group::add_(&pass.gradients, &gradients, 1.0)?;
            }
            let _guard = tch::no_grad_guard();
            if self.experiment.loss.uses_labels() {
                pass.predictions.push(self.model.network().expression(&output)?);
            }
            pass.losses.push(self.with_penalty(loss)?);
        }
        if let Some(scaler) = scaler {
            pass.overflowed = !scaler.unscale(&pass.gradients)?;
        }
        if let Some(l2) = self.experiment.training.l2 {
            let penalised: Vec<Tensor> = self.penalised.iter().map(|&i| pass.gradients[i].shallow_clone()).collect();
            group::add_(&penalised, &self.penalised_weights(), 2.0 * l2)?;
        }
        Ok(pass)
    }

    /// The network's output in the precision of the experiment.
    pub(super) fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let forward = || Ok(self.model.network().forward(x, mode)?);
        self.experiment.training.precision.within(self.device, forward)
    }

    /// A loss with `l2 sum(w^2)` of the penalised weights.
    pub(super) fn with_penalty(&self, loss: Tensor) -> Result<Tensor, Error> {
        let Some(l2) = self.experiment.training.l2 else { return Ok(loss) };
        let norm = group::norm(&self.penalised_weights())?;
        norm.f_square().and_then(|sum| loss.f_add(&sum.f_mul_scalar(l2)?)).doing("penalty")
    }

    fn penalised_weights(&self) -> Vec<Tensor> {
        self.penalised.iter().map(|&i| self.optimiser.weights()[i].shallow_clone()).collect()
    }

    fn clip(&self, gradients: &[Tensor]) -> Result<(), Error> {
        let Some(most) = self.experiment.training.clip_norm else { return Ok(()) };
        let norm = group::norm(gradients)?.f_add_scalar(EPS);
        let factor = norm.and_then(|n| n.f_reciprocal()?.f_mul_scalar(most)?.f_clamp_max(1.0)).doing("clipping")?;
        Ok(group::mul_tensor_(gradients, &factor)?)
    }
}
