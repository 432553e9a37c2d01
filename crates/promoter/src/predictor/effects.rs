//! What each base of a sequence contributes to its prediction.

use promoter_seq::Table;
use tch::{Kind, Tensor};

use promoter_train::batch::View;

use super::{Averaging, Ensemble, Predictor};
use crate::Error;

/// Sequences whose gradients are taken at once.
const GRADIENTS: usize = 64;

/// Sequences whose mutants are predicted at once: a few thousand rows fill the batches of the network.
const MUTATED: usize = 16;

/// What every single-base change of a sequence does to its prediction.
#[derive(Debug, Clone, PartialEq)]
pub struct Effects {
    /// Prediction of the sequence as it is, in the units of the training labels.
    pub prediction: f32,
    /// For each base the effects of A, C, G and T in its place, in the same units; 0 for the base that is there.
    pub changes: Vec<[f32; 4]>,
}

impl Effects {
    /// How much each base raises the prediction above what the other bases would give in its place: minus the mean of
    /// their effects.
    pub fn contributions(&self, codes: &[u8]) -> Vec<f32> {
        self.mean(codes, |effect| -effect)
    }

    /// How much each base matters, whichever way: the mean size of the effects of the other bases.
    pub fn strengths(&self, codes: &[u8]) -> Vec<f32> {
        self.mean(codes, f32::abs)
    }

    fn mean(&self, codes: &[u8], of: impl Fn(f32) -> f32) -> Vec<f32> {
        let others = |code| if code < 4 { 3.0 } else { 4.0 };
        let sum = |changes: &[f32; 4]| changes.iter().map(|&effect| of(effect)).sum::<f32>();
        self.changes.iter().zip(codes).map(|(changes, &code)| sum(changes) / others(code)).collect()
    }

    /// The effects for the mean of several predictors.
    fn average(members: Vec<Vec<Self>>) -> Vec<Self> {
        let share = 1.0 / members.len() as f32;
        let mut sums: Vec<Self> = Vec::new();
        for member in members {
            if sums.is_empty() {
                sums = member;
                continue;
            }
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
}

impl Predictor {
    /// In-silico mutagenesis: every sequence is predicted with every single base changed.
    ///
    /// A base that the length policy cuts off has no effect.
    ///
    /// # Errors
    /// As [`predict_table`](Self::predict_table).
    ///
    /// ```no_run
    /// use promoter::predictor::Predictor;
    /// use promoter::seq::Table;
    /// use tch::Device;
    /// let predictor = Predictor::load("yeast.safetensors".as_ref(), Device::Cpu)?;
    /// let mut table = Table::default();
    /// table.push(&[0, 1, 2, 3], f32::NAN);
    /// let effects = predictor.mutagenesis(&table, None)?;
    /// println!("T for the first base, A, changes the expression by {}", effects[0].changes[0][3]);
    /// # Ok::<(), promoter::Error>(())
    /// ```
    pub fn mutagenesis(&self, table: &Table, averaging: Option<Averaging>) -> Result<Vec<Effects>, Error> {
        mutagenesis(table, |table| self.predict_table(table, averaging))
    }

    /// First-order estimates of the same effects, from one backward pass for each sequence: the gradient times the
    /// change of the input.
    ///
    /// As a change takes one base away and brings another, the part of the gradient that leaves the sum of a position's
    /// channels cancels out. The strand is the given one, the window is not moved. The effects are in the units of the
    /// training labels; those of a model of ranks are in the network's.
    ///
    /// # Errors
    /// As [`predict_table`](Self::predict_table).
    ///
    /// # Source
    /// Majdandzic, Rajesh and Koo, Genome Biology 2023, on gradients off the simplex of one-hot inputs.
    pub fn gradients(&self, table: &Table) -> Result<Vec<Effects>, Error> {
        // cuDNN has no backward pass of recurrent layers in evaluation.
        let _without = WithoutCudnn::new(self.device.is_cuda());
        let mut all = Vec::with_capacity(table.len());
        for first in (0..table.len()).step_by(GRADIENTS) {
            let rows: Vec<u32> = (first as u32..table.len().min(first + GRADIENTS) as u32).collect();
            all.extend(self.gradients_of(&table.select(&rows), first as u64)?);
        }
        Ok(all)
    }

    fn gradients_of(&self, table: &Table, first: u64) -> Result<Vec<Effects>, Error> {
        let x = self.encoded(table, first)?;
        let leaf = torch("following the input", x.f_detach().and_then(|x| x.f_set_requires_grad(true)))?;
        let output = self.network.expression(&self.network.forward(&leaf, promoter_zoo::Mode::Evaluate)?)?;
        let backward = || -> Result<(Vec<f32>, Tensor), tch::TchError> {
            let sum = output.f_sum(Kind::Float)?;
            let gradients = Tensor::f_run_backward(&[&sum], &[&leaf], false, false)?;
            let output = output.f_detach()?.f_to_kind(Kind::Float)?.f_to_device(tch::Device::Cpu)?;
            Ok((Vec::try_from(output)?, gradients.into_iter().next().unwrap_or_default()))
        };
        let (outputs, gradients) = torch("taking gradients", backward())?;
        let _guard = tch::no_grad_guard();
        let mut all = Vec::with_capacity(table.len());
        for (row, (codes, _)) in table.rows().enumerate() {
            let changed = self.encoded(&mutants(codes), first + row as u64)?;
            let product = || -> Result<Vec<f32>, tch::TchError> {
                let change = changed.f_sub(&x.f_get(row as i64)?.f_unsqueeze(0)?)?;
                let product = change.f_mul(&gradients.f_get(row as i64)?)?.f_sum_dim_intlist(
                    &[1i64, 2][..],
                    false,
                    Kind::Float,
                )?;
                Vec::try_from(product.f_to_device(tch::Device::Cpu)?)
            };
            let (prediction, slope) = self.tangent(outputs[row])?;
            let effects = torch("taking gradients", product())?;
            all.push(Effects { prediction, changes: place(codes, effects.into_iter().map(|effect| effect * slope)) });
        }
        Ok(all)
    }

    /// Encoded sequences, on the device.
    fn encoded(&self, table: &Table, first: u64) -> Result<Tensor, Error> {
        Ok(self.encoder.encode(&self.codes(table, first)?, &View::default())?)
    }

    /// An output in the units of the labels, and how much they rise with it.
    fn tangent(&self, output: f32) -> Result<(f32, f32), Error> {
        // Wide enough that rounding does not show, narrow beside the range of labels.
        const STEP: f32 = 0.01;
        let values = self.in_units(&[output, output - STEP, output + STEP])?;
        Ok((values[0], (values[2] - values[1]) / (2.0 * STEP)))
    }
}

impl Ensemble {
    /// As [`Predictor::mutagenesis`], for the mean of the members.
    ///
    /// # Errors
    /// As [`Predictor::mutagenesis`].
    pub fn mutagenesis(&self, table: &Table, averaging: Option<Averaging>) -> Result<Vec<Effects>, Error> {
        mutagenesis(table, |table| self.predict_table(table, averaging))
    }

    /// As [`Predictor::gradients`], for the mean of the members.
    ///
    /// # Errors
    /// As [`Predictor::gradients`].
    pub fn gradients(&self, table: &Table) -> Result<Vec<Effects>, Error> {
        let members = self.members().iter().map(|member| member.gradients(table)).collect::<Result<_, _>>()?;
        Ok(Effects::average(members))
    }
}

fn mutagenesis(table: &Table, predict: impl Fn(&Table) -> Result<Vec<f32>, Error>) -> Result<Vec<Effects>, Error> {
    // The sequences as they are come first, so that an error names one of them.
    let unchanged = predict(table)?;
    let mut all = Vec::with_capacity(table.len());
    for first in (0..table.len()).step_by(MUTATED) {
        let last = table.len().min(first + MUTATED);
        let mut changed = Table::default();
        (first..last).for_each(|row| changed.append(&mutants(table.codes(row))));
        let mut predicted = predict(&changed)?.into_iter();
        for (row, &prediction) in (first..last).zip(&unchanged[first..]) {
            let changes = place(table.codes(row), predicted.by_ref().map(|value| value - prediction));
            all.push(Effects { prediction, changes });
        }
    }
    Ok(all)
}

/// The sequence with each base changed to each other one.
fn mutants(codes: &[u8]) -> Table {
    let mut table = Table::with_capacity(codes.len() * 3, codes.len() * codes.len() * 3);
    let mut changed = codes.to_vec();
    for (position, &code) in codes.iter().enumerate() {
        for base in (0..4).filter(|&base| base != code) {
            changed[position] = base;
            table.push(&changed, f32::NAN);
        }
        changed[position] = code;
    }
    table
}

/// The effects of [`mutants`], each where it belongs.
fn place(codes: &[u8], mut effects: impl Iterator<Item = f32>) -> Vec<[f32; 4]> {
    let mut changes = vec![[0.0; 4]; codes.len()];
    for (changes, &code) in changes.iter_mut().zip(codes) {
        for base in (0..4).filter(|&base| base != code) {
            changes[usize::from(base)] = effects.next().unwrap_or(f32::NAN);
        }
    }
    changes
}

fn torch<T>(doing: &'static str, result: Result<T, tch::TchError>) -> Result<T, Error> {
    result.map_err(|source| Error::Torch { doing, source })
}

/// Keeps LibTorch from cuDNN while it lives.
struct WithoutCudnn(bool);

impl WithoutCudnn {
    fn new(is_needed: bool) -> Self {
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
