//! Which label is predicted, and what brings the network's outputs to it.

use promoter_label::Fitted;
use promoter_train::Readout;
use tch::Tensor;

use super::{Averaging, Predictor, torch};
use crate::Error;

impl Predictor {
    /// The names of the labels; empty where there is one only.
    pub fn names(&self) -> &[String] {
        &self.description.names
    }

    /// Chooses the label that is predicted, explained and designed for; at first it is the first one.
    ///
    /// # Errors
    /// [`Error::Setting`] for a name that the predictor does not have.
    pub fn choose(&mut self, name: &str) -> Result<(), Error> {
        let refuse = || {
            let expected = match self.names() {
                [] => "none: the model has one label only".to_owned(),
                names => format!("one of {}", names.join(", ")),
            };
            Error::Setting { name: "label", value: name.to_owned(), expected }
        };
        self.chosen = self.names().iter().position(|known| known == name).ok_or_else(refuse)?;
        Ok(())
    }

    /// Predictions of a few sequences by every label; `first` came before them.
    pub(super) fn predict_labels<'a>(
        &self,
        sequences: impl ExactSizeIterator<Item = &'a [u8]>,
        averaging: Option<Averaging>,
        first: u64,
    ) -> Result<Vec<Vec<f32>>, Error> {
        let sequences: Vec<&[u8]> = sequences.collect();
        let all = |output: &Tensor| {
            let of = |label| Ok(self.network.expression(&self.output_of(output, label)?)?);
            let labels = (0..self.labels.len()).map(of).collect::<Result<Vec<_>, Error>>()?;
            torch("collecting predictions", Tensor::f_stack(&labels, 0))
        };
        let outputs = torch("collecting predictions", self.outputs(&sequences, averaging, first, all)?.f_unbind(0))?;
        let in_units = |(output, (label, readout)): (Tensor, &(Fitted, Readout))| {
            let values: Vec<f32> = torch("collecting predictions", output.f_contiguous().and_then(Vec::try_from))?;
            Ok(readout.in_units(label, &readout.apply(&values, &sequences)?)?)
        };
        outputs.into_iter().zip(&self.labels).map(in_units).collect()
    }

    /// What brings outputs to the chosen label.
    pub(super) fn readout(&self) -> &Readout {
        &self.labels[self.chosen].1
    }

    /// The part of the network's output that is a label's.
    pub(super) fn output_of(&self, output: &Tensor, label: usize) -> Result<Tensor, Error> {
        if self.labels.len() == 1 {
            return Ok(output.shallow_clone());
        }
        Ok(self.network.of_label(output, label as i64)?)
    }

    /// Expression by the chosen label, in units of the transformed label.
    pub(super) fn expression_of(&self, output: &Tensor) -> Result<Tensor, Error> {
        Ok(self.network.expression(&self.output_of(output, self.chosen)?)?)
    }

    /// Transformed labels in the units of the training labels.
    pub(super) fn in_units(&self, values: &[f32]) -> Result<Vec<f32>, Error> {
        let (label, readout) = &self.labels[self.chosen];
        Ok(readout.in_units(label, values)?)
    }
}
