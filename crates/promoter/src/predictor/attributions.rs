//! Contributions of bases by integrated gradients and by DeepLIFT.

use promoter_explain::{Contributions, shuffled};
use promoter_seq::Table;
use promoter_zoo::Mode;
use promoter_zoo::layers::secant;
use tch::{Device, Kind, TchError, Tensor};

use super::gradients::WithoutCudnn;
use super::{Averaging, Ensemble, Predictor, torch};
use crate::Error;

/// References that go through a network at once, each beside the sequence.
const PAIRS: usize = 32;

/// How the difference of a sequence's prediction from those of references is shared among its bases.
///
/// The references are dinucleotide shuffles of the sequence, the same for the same sequence and seed; contributions are
/// the mean over them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribution {
    /// The rule.
    pub rule: Rule,
    /// Number of references.
    pub references: usize,
    /// Seed of the shuffles.
    pub seed: u64,
}

/// A rule by which contributions add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The mean gradient at the middles of so many steps on the straight way from the reference; more steps add up
    /// better.
    ///
    /// # Source
    /// Sundararajan, Taly and Yan 2017, <https://arxiv.org/abs/1703.01365>.
    IntegratedGradients {
        /// Steps.
        steps: usize,
    },
    /// Secants in the place of derivatives, see [`secant`]: DeepLIFT's rescale rule, with several references
    /// DeepLIFT/SHAP. One backward pass for each reference.
    DeepLift,
}

impl Attribution {
    /// DeepLIFT/SHAP with 20 references.
    pub fn deep_lift() -> Self {
        Self { rule: Rule::DeepLift, references: 20, seed: 1 }
    }

    /// Integrated gradients of 50 steps from each of 20 references.
    pub fn integrated_gradients() -> Self {
        Self { rule: Rule::IntegratedGradients { steps: 50 }, ..Self::deep_lift() }
    }

    fn check(&self) -> Result<(), Error> {
        let steps = match self.rule {
            Rule::IntegratedGradients { steps } => steps,
            Rule::DeepLift => 1,
        };
        for (name, value) in [("references", self.references), ("steps", steps)] {
            if value == 0 {
                return Err(Error::Setting { name, value: "0".into(), expected: "at least 1".into() });
            }
        }
        Ok(())
    }
}

/// A sequence and its references, as base codes.
struct Pairs<'a> {
    codes: &'a [u8],
    references: &'a [Vec<u8>],
}

/// What one pass through the network says of each reference.
struct Multipliers {
    /// (R, L, C).
    slopes: Tensor,
    /// Outputs of the sequence beside each reference, and of the references.
    outputs: [Vec<f32>; 2],
    /// Sums of the contributions.
    sums: Vec<f32>,
}

impl Predictor {
    /// What bases contribute to the difference of each prediction from those of references. The network is averaged as
    /// in [`predict_table`](Self::predict_table).
    ///
    /// The contributions are in the units of the training labels. Where those are transformed by a curve, the
    /// difference of the transformed labels is shared out and then multiplied by the slope of the curve at the
    /// prediction; for a model of ranks they are in the network's units. A base that the length policy cuts off
    /// contributes nothing. An ambiguous letter contributes too, but has no column for it.
    ///
    /// The share of k-mers, of an encoding or of ridge regression, is exact as well: each base has the change of its
    /// k-mers when the reference's bases are replaced one after the other, the mean of both directions.
    ///
    /// # Errors
    /// As [`predict_table`](Self::predict_table); [`Error::Setting`] for no references or steps.
    pub fn attributions(
        &self,
        table: &Table,
        averaging: Option<Averaging>,
        how: Attribution,
    ) -> Result<Vec<Contributions>, Error> {
        how.check()?;
        let averaging = averaging.unwrap_or(self.description.evaluation);
        self.check_shift(averaging.shift)?;
        // cuDNN has no backward pass of recurrent layers in evaluation.
        let _without = WithoutCudnn::new(self.device.is_cuda());
        let rows = table.rows().zip(0..);
        rows.map(|((codes, _), row)| self.attribute(codes, row, averaging, how)).collect()
    }

    /// The contributions of one row; `row` rows came before it.
    fn attribute(
        &self,
        codes: &[u8],
        row: u64,
        averaging: Averaging,
        how: Attribution,
    ) -> Result<Contributions, Error> {
        // Refuses what the policies of the encoding refuse before it is shuffled.
        let _fits = self.codes(std::iter::once(codes), row)?;
        let all = shuffled(&[codes], how.references, how.seed)?;
        let passes = averaging.passes();
        let share = 1.0 / passes.len() as f32;
        let mut network = vec![[0.0; 4]; codes.len()];
        let (mut output, mut reference, mut delta) = (0.0, 0.0, 0.0f32);
        for references in all.chunks(PAIRS) {
            let pairs = Pairs { codes, references };
            let mut deltas = vec![0.0; references.len()];
            let part = share / how.references as f32;
            for &pass in &passes {
                let found = self.multipliers(&pairs, row, pass, how.rule)?;
                add(&mut network, &self.shares(&pairs, row, pass, &found.slopes)?, part);
                let [own, others] = &found.outputs;
                output += part * own.iter().sum::<f32>();
                reference += part * others.iter().sum::<f32>();
                for (delta, ((own, other), sum)) in deltas.iter_mut().zip(own.iter().zip(others).zip(&found.sums)) {
                    *delta += share * (sum - (own - other));
                }
            }
            delta = deltas.iter().fold(delta, |delta, found| delta.max(found.abs()));
        }
        let (prediction, slope) = self.tangent(codes, output)?;
        let line = slope * self.readout().line.slope() as f32;
        let mut hypothetical = vec![[0.0; 4]; codes.len()];
        add(&mut hypothetical, &network, line);
        let mut difference = line * (output - reference);
        if self.readout().ridge.is_some() {
            let (shares, change) = self.ridge_shares(&Pairs { codes, references: &all })?;
            add(&mut hypothetical, &shares, slope);
            difference += slope * change;
        }
        Ok(Contributions { prediction, reference: prediction - difference, hypothetical, delta: delta * line.abs() })
    }

    /// What one pass through the network says of each reference.
    fn multipliers(&self, pairs: &Pairs, row: u64, pass: (bool, i64), rule: Rule) -> Result<Multipliers, Error> {
        let n = pairs.references.len() as i64;
        let of = |sequences: &[&[u8]]| self.encoded(&self.codes(sequences.iter().copied(), row)?, pass);
        let others = of(&pairs.references.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
        let own = torch("pairing", of(&[pairs.codes])?.f_expand_as(&others))?;
        let both = torch("pairing", Tensor::f_cat(&[&own, &others], 0))?;
        let change = torch("pairing", own.f_sub(&others))?;
        let (outputs, slopes) = match rule {
            Rule::DeepLift => secant::paired(|| self.slopes(&both, n))?,
            Rule::IntegratedGradients { steps } => {
                let outputs = tch::no_grad(|| self.expression(&both))?;
                let mut sum = torch("integrating", others.f_zeros_like())?;
                for step in 0..steps {
                    let at = (step as f64 + 0.5) / steps as f64;
                    let x = torch("integrating", change.f_mul_scalar(at).and_then(|way| others.f_add(&way)))?;
                    sum = torch("integrating", sum.f_add(&self.slopes(&x, n)?.1))?;
                }
                (outputs, torch("integrating", sum.f_div_scalar(steps as f64))?)
            }
        };
        let collected = || -> Result<Multipliers, TchError> {
            let sums = slopes.f_mul(&change)?.f_sum_dim_intlist(&[1i64, 2][..], false, Kind::Double)?;
            let list = |x: Tensor| Vec::try_from(x.f_to_kind(Kind::Float)?.f_to_device(Device::Cpu)?);
            let halves = [list(outputs.f_narrow(0, 0, n)?)?, list(outputs.f_narrow(0, n, n)?)?];
            Ok(Multipliers { outputs: halves, sums: list(sums)?, slopes: slopes.f_detach()? })
        };
        torch("collecting contributions", collected())
    }

    fn expression(&self, x: &Tensor) -> Result<Tensor, Error> {
        self.expression_of(&self.network.forward(x, Mode::Evaluate)?)
    }

    /// What the network gives for inputs, and the gradients of the first `n` outputs by their inputs.
    pub(super) fn slopes(&self, x: &Tensor, n: i64) -> Result<(Tensor, Tensor), Error> {
        let leaf = torch("following the input", x.f_detach().and_then(|x| x.f_set_requires_grad(true)))?;
        let outputs = self.expression(&leaf)?;
        let backward = || -> Result<Tensor, TchError> {
            let sum = outputs.f_narrow(0, 0, n)?.f_sum(Kind::Float)?;
            Tensor::f_run_backward(&[&sum], &[&leaf], false, false)?.remove(0).f_narrow(0, 0, n)
        };
        let gradients = torch("taking gradients", backward())?;
        Ok((torch("taking gradients", outputs.f_detach())?, gradients))
    }

    /// The contributions of the bases, summed over the references.
    fn shares(&self, pairs: &Pairs, row: u64, pass: (bool, i64), slopes: &Tensor) -> Result<Vec<[f32; 4]>, Error> {
        let _guard = tch::no_grad_guard();
        // What sequences add up to beside each reference, (sequences, R).
        let values = |sequences: &[Vec<u8>], slopes: &Tensor| -> Result<Tensor, Error> {
            let x = self.encoded(&self.codes(sequences.iter().map(Vec::as_slice), row)?, pass)?;
            let products = || x.f_flatten(1, 2)?.f_matmul(&slopes.f_flatten(1, 2)?.f_transpose(0, 1)?);
            torch("collecting contributions", products())
        };
        let list = |x: Tensor| torch("collecting contributions", x.f_flatten(0, 1).and_then(Vec::<f32>::try_from));
        if self.description.encoding.kmers().is_none() {
            let letters = letters(pairs.codes);
            return Ok(one_by_one(pairs, &letters, &list(values(&replaced(pairs.codes, &letters), slopes)?)?));
        }
        let mut sum = vec![[0.0; 4]; pairs.codes.len()];
        let each = torch("collecting contributions", slopes.f_split(1, 0))?;
        for (reference, slopes) in pairs.references.iter().zip(each) {
            let found = list(values(&in_turn(pairs.codes, reference), &slopes)?)?;
            add(&mut sum, &of_turns(&found), 1.0);
        }
        Ok(sum)
    }

    /// What bases contribute to the share of ridge regression, the mean over the references, and the mean difference.
    fn ridge_shares(&self, pairs: &Pairs) -> Result<(Vec<[f32; 4]>, f32), Error> {
        let values = |sequences: &[Vec<u8>]| self.readout().apply(&vec![0.0; sequences.len()], sequences);
        let part = 1.0 / pairs.references.len() as f32;
        let (own, others) = (values(&[pairs.codes.to_vec()])?[0], values(pairs.references)?);
        let mut mean = vec![[0.0; 4]; pairs.codes.len()];
        for reference in pairs.references {
            add(&mut mean, &of_turns(&values(&in_turn(pairs.codes, reference))?), part);
        }
        Ok((mean, own - part * others.iter().sum::<f32>()))
    }
}

impl Ensemble {
    /// As [`Predictor::attributions`], for the mean of the members; the delta is the largest of theirs.
    ///
    /// # Errors
    /// As [`Predictor::attributions`].
    pub fn attributions(
        &self,
        table: &Table,
        averaging: Option<Averaging>,
        how: Attribution,
    ) -> Result<Vec<Contributions>, Error> {
        let share = 1.0 / self.members().len() as f32;
        let empty = |(codes, _): (&[u8], f32)| Contributions {
            prediction: 0.0,
            reference: 0.0,
            hypothetical: vec![[0.0; 4]; codes.len()],
            delta: 0.0,
        };
        let mut means: Vec<Contributions> = table.rows().map(empty).collect();
        for member in self.members() {
            for (mean, found) in means.iter_mut().zip(member.attributions(table, averaging, how)?) {
                mean.prediction += share * found.prediction;
                mean.reference += share * found.reference;
                mean.delta = mean.delta.max(found.delta);
                add(&mut mean.hypothetical, &found.hypothetical, share);
            }
        }
        Ok(means)
    }
}

fn add(sum: &mut [[f32; 4]], values: &[[f32; 4]], share: f32) {
    let values = values.as_flattened().iter();
    sum.as_flattened_mut().iter_mut().zip(values).for_each(|(sum, value)| *sum += share * value);
}

/// A, C, G, T and the ambiguous letters that a sequence has, and its shuffles with it.
fn letters(codes: &[u8]) -> Vec<u8> {
    let mut letters = vec![0, 1, 2, 3];
    for &code in codes {
        if !letters.contains(&code) {
            letters.push(code);
        }
    }
    letters
}

/// The sequence with each letter at each position.
fn replaced(codes: &[u8], letters: &[u8]) -> Vec<Vec<u8>> {
    let with = |position: usize, letter: u8| {
        let mut codes = codes.to_vec();
        codes[position] = letter;
        codes
    };
    (0..codes.len()).flat_map(|position| letters.iter().map(move |&letter| with(position, letter))).collect()
}

/// Contributions where each base's part does not depend on the others: its value less that of the reference's letter.
///
/// # Shapes
/// `values` are those of [`replaced`] for each reference, (L letters, R).
fn one_by_one(pairs: &Pairs, letters: &[u8], values: &[f32]) -> Vec<[f32; 4]> {
    let n = pairs.references.len();
    let value = |position: usize, letter: usize, of: usize| values[(letters.len() * position + letter) * n + of];
    let other = |position: usize, of: usize| {
        letters.iter().position(|&letter| letter == pairs.references[of][position]).unwrap_or_default()
    };
    let at = |position: usize, base: usize| {
        (0..n).map(|of| value(position, base, of) - value(position, other(position, of), of)).sum()
    };
    (0..pairs.codes.len()).map(|position| std::array::from_fn(|base| at(position, base))).collect()
}

/// The sequences on the way from the reference to the sequence, from the left and from the right: for each way and
/// position those with A, C, G, T and the reference's base there.
fn in_turn(codes: &[u8], reference: &[u8]) -> Vec<Vec<u8>> {
    let with = |first: &[u8], last: &[u8], position: usize, base: u8| {
        let mut mixed = first.to_vec();
        mixed[position] = base;
        mixed[position + 1..].copy_from_slice(&last[position + 1..]);
        mixed
    };
    let mut sequences = Vec::with_capacity(10 * codes.len());
    for (first, last) in [(codes, reference), (reference, codes)] {
        for (position, &other) in reference.iter().enumerate() {
            sequences.extend([0, 1, 2, 3, other].map(|base| with(first, last, position, base)));
        }
    }
    sequences
}

/// Contributions from the values of the sequences of [`in_turn`].
fn of_turns(values: &[f32]) -> Vec<[f32; 4]> {
    let (left, right) = values.split_at(values.len() / 2);
    let change = |values: &[f32], base: usize| 0.5 * (values[base] - values[4]);
    let both = |(left, right): (&[f32], &[f32])| std::array::from_fn(|base| change(left, base) + change(right, base));
    left.chunks_exact(5).zip(right.chunks_exact(5)).map(both).collect()
}
