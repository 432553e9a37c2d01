//! One training step.

use promoter_encode::random::Stream;
use promoter_torch::distributed::{Group, Reducer};
use promoter_torch::{group, random};
use promoter_zoo::Mode;
use tch::Tensor;

use super::Session;
use crate::batch::Batch;
use crate::error::Doing;
use crate::model::{Model, Pass, Piece};
use crate::sums::StepSums;
use crate::{Error, Place};

/// Keeps the factor of clipping finite, as PyTorch does.
const EPS: f64 = 1e-6;

/// What all pieces of a batch leave.
struct Passed {
    gradients: Vec<Tensor>,
    /// Expression of each piece; empty for masked k-mers.
    predictions: Vec<Tensor>,
    /// Mean loss of each piece, with the penalty.
    losses: Vec<Tensor>,
    /// Whether a gradient has overflowed in f16.
    overflowed: bool,
}

impl Session {
    /// Trains on a batch. `global` counts the steps of the run from 0.
    pub(super) fn step(&mut self, batch: &Batch, global: u64) -> Result<(), Error> {
        // Dropout draws from generators whose state cannot be saved: each step has its own seeds instead.
        let purpose = match self.place.group.rank() {
            0 => "step".to_owned(),
            rank => format!("step of rank {rank}"),
        };
        let mut seeds = Stream::new(self.experiment.seed, &purpose, global);
        let first = seeds.next_u64() as i64;
        if self.place.device.is_cuda() {
            // LibTorch's fused dropout knows no other generator.
            tch::manual_seed(first);
        }
        let group = match self.experiment.training.sync_batch_norm {
            true => self.place.group.clone(),
            false => Group::alone(),
        };
        random::with_seed(first, || group.synchronise(|| self.step_with(batch, global, &mut seeds)))?
    }

    fn step_with(&mut self, batch: &Batch, global: u64, seeds: &mut Stream) -> Result<(), Error> {
        let pieces = self.pieces(batch)?;
        let all = batch.all_rows();
        let Passed { mut gradients, predictions, losses, mut overflowed } =
            self.pass(&pieces, all, Mode::Train, seeds)?;
        self.model.share_frozen(&self.place.group)?;
        let norm = group::norm(&gradients)?;
        if let (false, Some(sharpness)) = (overflowed, &self.experiment.sharpness) {
            gradients = sharpness.gradients(self.state.optimiser.weights(), gradients, || {
                let second = self.pass(&pieces, all, Mode::TrainKeepAverages, seeds)?;
                overflowed = second.overflowed;
                Ok(second.gradients)
            })?;
        }
        if let Some(scaler) = &mut self.state.counters.scaler {
            scaler.update(overflowed);
        }
        if overflowed {
            self.state.counters.skipped += 1;
            return Ok(());
        }
        self.clip(&gradients)?;
        let moment = self.moment(global);
        let factor = self.experiment.schedule.factor(&moment) * self.state.counters.plateau.factor;
        let momentum = self.experiment.schedule.momentum(&moment);
        let number = global + 1 - self.state.counters.skipped;
        self.state.optimiser.step(&gradients, number, factor, momentum)?;
        if let Some(averages) = &self.state.averages {
            averages.step(global)?;
        }
        self.measure(&pieces, &predictions, &losses)?;
        self.state.sums.add_norm(&norm).doing("training metrics")
    }

    /// Adds the rows of all ranks to the epoch's metrics.
    fn measure(&mut self, pieces: &[Batch], predictions: &[Tensor], losses: &[Tensor]) -> Result<(), Error> {
        let _guard = tch::no_grad_guard();
        let Place { group, device } = &self.place;
        let mut own = if group.is_alone() { None } else { Some(StepSums::new(*device).doing("training metrics")?) };
        let sums = own.as_mut().unwrap_or(&mut self.state.sums);
        for (i, (piece, loss)) in pieces.iter().zip(losses).enumerate() {
            match predictions.get(i) {
                Some(prediction) => sums.add(prediction, &piece.labels, loss),
                None => sums.add_loss(piece.rows(), loss),
            }
            .doing("training metrics")?;
        }
        let Some(all) = own else { return Ok(()) };
        group.all_reduce(&[all.over_rows().doing("training metrics")?])?;
        self.state.sums.add_rows(&all).doing("training metrics")
    }

    /// The batch in as many pieces as replicas and accumulation make.
    fn pieces(&self, batch: &Batch) -> Result<Vec<Batch>, Error> {
        let pieces = self.experiment.training.accumulate as usize * self.replicas.len();
        let size = batch.rows().div_ceil(pieces).max(1);
        (0..batch.rows()).step_by(size).map(|from| batch.piece(from, size.min(batch.rows() - from))).collect()
    }

    /// Forward and backward of all pieces, as many at once as there are replicas. `all` counts the rows of all ranks,
    /// whose gradients are summed.
    fn pass(&self, batches: &[Batch], all: usize, mode: Mode, seeds: &mut Stream) -> Result<Passed, Error> {
        let (scaler, group) = (self.state.counters.scaler, &self.place.group);
        let is_part = batches.len() > 1 || !group.is_alone();
        let mut passed =
            Passed { gradients: Vec::new(), predictions: Vec::new(), losses: Vec::new(), overflowed: false };
        for wave in batches.chunks(self.replicas.len()) {
            let mut pieces = Vec::with_capacity(wave.len());
            for (replica, batch) in wave.iter().enumerate() {
                let share = batch.rows() as f64 / all as f64 * scaler.map_or(1.0, |scaler| scaler.scale());
                let scale = (is_part || scaler.is_some()).then_some(share);
                // The calling thread draws from the step's own generator.
                let seed = (replica > 0).then(|| seeds.next_u64() as i64);
                pieces.push((seed, self.model.piece(batch, scale, mode)?));
            }
            let passes = match &self.reducer {
                Some(reducer) => pieces.iter().map(|(_, piece)| self.model.pass_by(piece, sum_by(reducer))).collect(),
                None => self.replicas.map(&self.model, pieces, seeded),
            };
            for Pass { gradients, prediction, loss } in passes? {
                match passed.gradients.is_empty() {
                    true => passed.gradients = gradients,
                    false => group::add_(&passed.gradients, &gradients, 1.0)?,
                }
                passed.predictions.extend(prediction);
                passed.losses.push(loss);
            }
        }
        match &self.reducer {
            Some(reducer) if batches.is_empty() => passed.gradients = reducer.backward(&self.model.no_loss()?)?,
            Some(_) => {}
            None => {
                if batches.is_empty() {
                    passed.gradients = self.model.no_gradients()?;
                }
                group.all_reduce(&passed.gradients)?;
            }
        }
        if let Some(scaler) = scaler {
            passed.overflowed = !scaler.unscale(&passed.gradients)?;
        }
        self.model.penalise(&passed.gradients)?;
        Ok(passed)
    }

    fn clip(&self, gradients: &[Tensor]) -> Result<(), Error> {
        let Some(most) = self.experiment.training.clip_norm else { return Ok(()) };
        let norm = group::norm(gradients)?.f_add_scalar(EPS);
        let factor = norm.and_then(|n| n.f_reciprocal()?.f_mul_scalar(most)?.f_clamp_max(1.0)).doing("clipping")?;
        Ok(group::mul_tensor_(gradients, &factor)?)
    }
}

/// A backward pass that sums gradients over the ranks.
fn sum_by(reducer: &Reducer) -> impl FnOnce(&Tensor) -> Result<Vec<Tensor>, Error> {
    |loss| Ok(reducer.backward(loss)?)
}

/// A pass whose dropout has a seed of its own, where it has one.
fn seeded(model: &Model, (seed, piece): (Option<i64>, Piece)) -> Result<Pass, Error> {
    match seed {
        Some(seed) => random::with_seed(seed, || model.pass(&piece))?,
        None => model.pass(&piece),
    }
}
