//! One training step.

use promoter_encode::random::Stream;
use promoter_torch::{group, random};
use promoter_zoo::Mode;
use tch::Tensor;

use super::Session;
use crate::Error;
use crate::batch::Batch;
use crate::error::Doing;
use crate::model::{Model, Pass, Piece};

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
        let mut seeds = Stream::new(self.experiment.seed, "step", global);
        let first = seeds.next_u64() as i64;
        if self.device.is_cuda() {
            // LibTorch's fused dropout knows no other generator.
            tch::manual_seed(first);
        }
        random::with_seed(first, || self.step_with(batch, global, &mut seeds))?
    }

    fn step_with(&mut self, batch: &Batch, global: u64, seeds: &mut Stream) -> Result<(), Error> {
        let pieces = self.pieces(batch)?;
        let Passed { mut gradients, predictions, losses, mut overflowed } = self.pass(&pieces, Mode::Train, seeds)?;
        let norm = group::norm(&gradients)?;
        if let (false, Some(sharpness)) = (overflowed, &self.experiment.sharpness) {
            gradients = sharpness.gradients(self.state.optimiser.weights(), gradients, || {
                let second = self.pass(&pieces, Mode::TrainKeepAverages, seeds)?;
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
        let _guard = tch::no_grad_guard();
        for (i, (piece, loss)) in pieces.iter().zip(&losses).enumerate() {
            match predictions.get(i) {
                Some(prediction) => self.state.sums.add(prediction, &piece.labels, loss),
                None => self.state.sums.add_loss(piece.rows(), loss),
            }
            .doing("training metrics")?;
        }
        self.state.sums.add_norm(&norm).doing("training metrics")
    }

    /// The batch in as many pieces as replicas and accumulation make.
    fn pieces(&self, batch: &Batch) -> Result<Vec<Batch>, Error> {
        let pieces = self.experiment.training.accumulate as usize * self.replicas.len();
        let size = batch.rows().div_ceil(pieces);
        (0..batch.rows()).step_by(size).map(|from| batch.piece(from, size.min(batch.rows() - from))).collect()
    }

    /// Forward and backward of all pieces, as many at once as there are replicas.
    fn pass(&self, batches: &[Batch], mode: Mode, seeds: &mut Stream) -> Result<Passed, Error> {
        let (scaler, all) = (self.state.counters.scaler, batches.iter().map(Batch::rows).sum::<usize>() as f64);
        let mut passed =
            Passed { gradients: Vec::new(), predictions: Vec::new(), losses: Vec::new(), overflowed: false };
        for wave in batches.chunks(self.replicas.len()) {
            let mut pieces = Vec::with_capacity(wave.len());
            for (replica, batch) in wave.iter().enumerate() {
                let share = batch.rows() as f64 / all * scaler.map_or(1.0, |scaler| scaler.scale());
                let scale = (batches.len() > 1 || scaler.is_some()).then_some(share);
                // The calling thread draws from the step's own generator.
                let seed = (replica > 0).then(|| seeds.next_u64() as i64);
                pieces.push((seed, self.model.piece(batch, scale, mode)?));
            }
            for Pass { gradients, prediction, loss } in self.replicas.map(&self.model, pieces, seeded)? {
                match passed.gradients.is_empty() {
                    true => passed.gradients = gradients,
                    false => group::add_(&passed.gradients, &gradients, 1.0)?,
                }
                passed.predictions.extend(prediction);
                passed.losses.push(loss);
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

/// A pass whose dropout has a seed of its own, where it has one.
fn seeded(model: &Model, (seed, piece): (Option<i64>, Piece)) -> Result<Pass, Error> {
    match seed {
        Some(seed) => random::with_seed(seed, || model.pass(&piece))?,
        None => model.pass(&piece),
    }
}
