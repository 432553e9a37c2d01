//! An ensemble as explanations and designs take it.

use promoter_explain::{Failure, Predict};
use promoter_seq::Table;

use super::{Averaging, Ensemble};
use crate::Error;

/// An ensemble as [`promoter_explain`] and [`promoter_design`] take it, with what each prediction is averaged over.
///
/// Its spread is the standard deviation of its networks' predictions (of a sample: n - 1); a predictor whose network is
/// an ensemble itself counts as its networks, and a single network has no spread. Its gradient is the first-order effect
/// of each substitution, for k-mers too.
///
/// The same sequence may get predictions that differ by rounding in batches of different sizes, as LibTorch sums in
/// another order there; the same list of sequences gets the same ones.
///
/// ```no_run
/// use promoter::explain::Effects;
/// use promoter::predictor::{Averaged, Averaging, Ensemble, Predictor};
/// use tch::Device;
/// let ensemble = Ensemble::new(vec![Predictor::load("yeast.safetensors".as_ref(), Device::Cpu)?])?;
/// let averaging = Some(Averaging { strands: true, shift: 0 });
/// let effects = Effects::of(&mut Averaged { ensemble: &ensemble, averaging }, &[[0, 1, 2, 3]])?;
/// println!("T for the first base, A, changes the expression by {}", effects[0].changes[0][3]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Averaged<'a> {
    /// The predictors.
    pub ensemble: &'a Ensemble,
    /// Strands and shifts; `None`: as each network was evaluated in training.
    pub averaging: Option<Averaging>,
}

impl Averaged<'_> {
    /// The predictions of each member.
    fn columns(&self, sequences: &[Vec<u8>]) -> impl ExactSizeIterator<Item = Result<Vec<f32>, Error>> {
        self.ensemble.members().iter().map(|member| member.predict_sequences(sequences, self.averaging))
    }
}

impl Predict for Averaged<'_> {
    fn predict(&mut self, sequences: &[Vec<u8>]) -> Result<Vec<f32>, Failure> {
        Ok(super::ensemble::mean(sequences.len(), self.columns(sequences))?)
    }

    fn predict_with_spread(&mut self, sequences: &[Vec<u8>]) -> Result<Option<promoter_explain::Ensemble>, Failure> {
        let (mut predictions, mut networks) = (Vec::new(), Vec::new());
        for member in self.ensemble.members() {
            let mut columns = member.predict_members(sequences, self.averaging)?.into_iter();
            let prediction = columns.next().unwrap_or_default();
            match columns.len() {
                0 => networks.push(prediction.clone()),
                _ => networks.extend(columns),
            }
            predictions.push(Ok(prediction));
        }
        if networks.len() < 2 {
            return Ok(None);
        }
        let spreads = (0..sequences.len()).map(|row| deviation(&networks, row)).collect();
        let predictions = super::ensemble::mean(sequences.len(), predictions.into_iter())?;
        Ok(Some(promoter_explain::Ensemble { predictions, spreads }))
    }

    fn gradient(&mut self, sequence: &[u8]) -> Result<Option<Vec<[f32; 4]>>, Failure> {
        let mut table = Table::default();
        table.push(sequence, f32::NAN);
        Ok(self.ensemble.gradients(&table, self.averaging)?.pop().map(|effects| effects.changes))
    }
}

/// As each network was evaluated in training.
impl Predict for Ensemble {
    fn predict(&mut self, sequences: &[Vec<u8>]) -> Result<Vec<f32>, Failure> {
        Averaged { ensemble: self, averaging: None }.predict(sequences)
    }

    fn predict_with_spread(&mut self, sequences: &[Vec<u8>]) -> Result<Option<promoter_explain::Ensemble>, Failure> {
        Averaged { ensemble: self, averaging: None }.predict_with_spread(sequences)
    }

    fn gradient(&mut self, sequence: &[u8]) -> Result<Option<Vec<[f32; 4]>>, Failure> {
        Averaged { ensemble: self, averaging: None }.gradient(sequence)
    }
}

/// The standard deviation of one row of several columns, in f64.
fn deviation(columns: &[Vec<f32>], row: usize) -> f32 {
    let values = || columns.iter().map(|column| f64::from(column[row]));
    let mean = values().sum::<f64>() / columns.len() as f64;
    let squares: f64 = values().map(|value| (value - mean).powi(2)).sum();
    (squares / (columns.len() - 1) as f64).sqrt() as f32
}
