//! First-order estimates of what substitutions do to a prediction.

use promoter_explain::{Effects, substitutions};
use promoter_seq::Table;
use promoter_train::batch::View;
use tch::{Device, Kind, TchError, Tensor};

use super::{Averaging, Ensemble, Predictor, torch};
use crate::Error;

/// Sequences whose gradients are taken at once.
const GRADIENTS: usize = 64;

impl Predictor {
    /// First-order estimates of the effects of all substitutions, from one backward pass for each sequence: the
    /// gradient times the change of the input. The network is averaged as in [`predict_table`](Self::predict_table).
    ///
    /// As a change takes one base away and brings another, the part of the gradient that leaves the sum of a position's
    /// channels cancels out. The effects are in the units of the training labels; those of a model of ranks are in the
    /// network's. A base that the length policy cuts off has no effect.
    ///
    /// # Errors
    /// As [`predict_table`](Self::predict_table).
    ///
    /// # Source
    /// Majdandzic, Rajesh and Koo, Genome Biology 2023, on gradients off the simplex of one-hot inputs.
    pub fn gradients(&self, table: &Table, averaging: Option<Averaging>) -> Result<Vec<Effects>, Error> {
        let averaging = averaging.unwrap_or(self.description.evaluation);
        self.check_shift(averaging.shift)?;
        // cuDNN has no backward pass of recurrent layers in evaluation.
        let _without = WithoutCudnn::new(self.device.is_cuda());
        let mut all = Vec::with_capacity(table.len());
        for first in (0..table.len()).step_by(GRADIENTS) {
            let rows: Vec<u32> = (first as u32..table.len().min(first + GRADIENTS) as u32).collect();
            all.extend(self.gradients_of(&table.select(&rows), averaging, first as u64)?);
        }
        Ok(all)
    }

    /// The gradients of a few rows; `first` rows came before them.
    fn gradients_of(&self, table: &Table, averaging: Averaging, first: u64) -> Result<Vec<Effects>, Error> {
        let codes = self.codes(table.rows().map(|(codes, _)| codes), first)?;
        let passes = averaging.passes();
        let share = 1.0 / passes.len() as f32;
        let mut outputs = vec![0.0; table.len()];
        let mut changes: Vec<Vec<f32>> =
            table.rows().map(|(codes, _)| vec![0.0; substitutions(codes).count()]).collect();
        for &pass in &passes {
            let x = self.encoded(&codes, pass)?;
            let (values, gradients) = self.backward(&x)?;
            outputs.iter_mut().zip(values).for_each(|(mean, value)| *mean += share * value);
            let _guard = tch::no_grad_guard();
            for (row, (codes, _)) in table.rows().enumerate() {
                let mutants = mutants(codes);
                let changed = self.codes(mutants.rows().map(|(codes, _)| codes), first + row as u64)?;
                let changed = self.encoded(&changed, pass)?;
                let products = torch("taking gradients", products(&changed, &x, &gradients, row as i64))?;
                changes[row].iter_mut().zip(products).for_each(|(mean, product)| *mean += share * product);
            }
        }
        let effects = |((codes, output), changes): ((&[u8], f32), Vec<f32>)| {
            let (prediction, slope) = self.tangent(codes, output)?;
            let line = self.readout().line.slope() as f32;
            let changes = changes.into_iter().zip(self.ridge_changes(codes)?);
            Ok(Effects::of_changes(codes, prediction, changes.map(|(network, ridge)| slope * (line * network + ridge))))
        };
        table.rows().map(|(codes, _)| codes).zip(outputs).zip(changes).map(effects).collect()
    }

    /// What each substitution does to the share of ridge regression, in units of the transformed label.
    fn ridge_changes(&self, codes: &[u8]) -> Result<Vec<f32>, Error> {
        let mutants = mutants(codes);
        let mut sequences: Vec<&[u8]> = mutants.rows().map(|(codes, _)| codes).collect();
        sequences.push(codes);
        let mut values = self.readout().apply(&vec![0.0; sequences.len()], &sequences)?;
        let own = values.pop().unwrap_or_default();
        Ok(values.into_iter().map(|value| value - own).collect())
    }

    /// What the network gives for an input, on the host, and the gradients by it.
    fn backward(&self, x: &Tensor) -> Result<(Vec<f32>, Tensor), Error> {
        let (outputs, gradients) = self.slopes(x, x.size().first().copied().unwrap_or(0))?;
        let outputs = outputs.f_to_kind(Kind::Float).and_then(|outputs| outputs.f_to_device(Device::Cpu));
        Ok((torch("taking gradients", outputs.and_then(Vec::try_from))?, gradients))
    }

    /// The network's input for base codes on the device, as one pass sees them: strand and shift.
    pub(super) fn encoded(&self, codes: &Tensor, (reverse, shift): (bool, i64)) -> Result<Tensor, Error> {
        let rows = codes.size().first().map_or(0, |&rows| rows);
        Ok(self.encoder.encode(codes, &View::of_all(reverse, shift, rows, self.device)?)?)
    }

    /// The prediction of a sequence whose output is known, and how much it rises with the transformed label.
    pub(super) fn tangent(&self, codes: &[u8], output: f32) -> Result<(f32, f32), Error> {
        // Wide enough that rounding does not show, narrow beside the range of labels.
        const STEP: f32 = 0.01;
        let value = self.readout().apply(&[output], &[codes])?[0];
        let values = self.in_units(&[value, value - STEP, value + STEP])?;
        Ok((values[0], (values[2] - values[1]) / (2.0 * STEP)))
    }
}

impl Ensemble {
    /// As [`Predictor::gradients`], for the mean of the members.
    ///
    /// # Errors
    /// As [`Predictor::gradients`].
    pub fn gradients(&self, table: &Table, averaging: Option<Averaging>) -> Result<Vec<Effects>, Error> {
        let members = self.members().iter().map(|member| member.gradients(table, averaging));
        Ok(average(members.collect::<Result<_, _>>()?))
    }
}

/// The effects for the mean of several predictors.
fn average(members: Vec<Vec<Effects>>) -> Vec<Effects> {
    let share = 1.0 / members.len() as f32;
    let mut members = members.into_iter();
    let mut sums = members.next().unwrap_or_default();
    for member in members {
        for (sum, effects) in sums.iter_mut().zip(member) {
            sum.prediction += effects.prediction;
            let values = sum.changes.as_flattened_mut().iter_mut();
            values.zip(effects.changes.as_flattened()).for_each(|(sum, value)| *sum += value);
        }
    }
    for effects in &mut sums {
        effects.prediction *= share;
        effects.changes.as_flattened_mut().iter_mut().for_each(|value| *value *= share);
    }
    sums
}

/// For each changed input its difference from row `row` of `x`, times the gradient there.
fn products(changed: &Tensor, x: &Tensor, gradients: &Tensor, row: i64) -> Result<Vec<f32>, TchError> {
    let change = changed.f_sub(&x.f_get(row)?.f_unsqueeze(0)?)?;
    let product = change.f_mul(&gradients.f_get(row)?)?.f_sum_dim_intlist(&[1i64, 2][..], false, Kind::Float)?;
    Vec::try_from(product.f_to_device(Device::Cpu)?)
}

/// The sequence with each base changed to each other one.
fn mutants(codes: &[u8]) -> Table {
    let mut table = Table::with_capacity(codes.len() * 3, codes.len() * codes.len() * 3);
    let mut changed = codes.to_vec();
    for (position, base) in substitutions(codes) {
        changed[position] = base;
        table.push(&changed, f32::NAN);
        changed[position] = codes[position];
    }
    table
}

/// Keeps LibTorch from cuDNN while it lives.
pub(super) struct WithoutCudnn(bool);

impl WithoutCudnn {
    pub(super) fn new(is_needed: bool) -> Self {
        let is_needed = is_needed && tch::Cuda::user_enabled_cudnn();
        if is_needed {
            tch::Cuda::set_user_enabled_cudnn(false);
        }
        Self(is_needed)
    }
}

impl Drop for WithoutCudnn {
    fn drop(&mut self) {
        if self.0 {
            tch::Cuda::set_user_enabled_cudnn(true);
        }
    }
}
