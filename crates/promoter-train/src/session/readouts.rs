//! What brings outputs of the kept network to labels, and its scores, label by label.

use promoter_label::{Affine, Fitted};
use promoter_metrics::Ridge;

use super::Session;
use super::evaluate::Evaluation;
use crate::prepared::Part;
use crate::{Error, Readout, Scores};

impl Session {
    /// What brings outputs of the kept network to each label, as the experiment wants it, from what it makes of
    /// training rows, evenly taken, and of the validation rows.
    pub(super) fn readouts(&self, of_sample: &Evaluation, of_validation: &Evaluation) -> Result<Vec<Readout>, Error> {
        let labels = self.prepared.labels.iter().enumerate();
        labels.map(|(i, label)| self.readout(i, label, of_sample, of_validation)).collect()
    }

    /// A line with a slope below 0 would turn the order of the predictions and is refused.
    fn readout(
        &self,
        label: usize,
        transform: &Fitted,
        of_sample: &Evaluation,
        of_validation: &Evaluation,
    ) -> Result<Readout, Error> {
        let training = &self.experiment.training;
        if !training.with_ridge && !training.calibrate {
            return Ok(Readout::IDENTITY);
        }
        let (codes, labels) = self.prepared.validation.labelled(label);
        let (truth, outputs) = of_validation.of_label(label);
        let readout = if training.with_ridge {
            // Of the training rows; it has not seen those that line and weight are fitted to.
            let (rows, labels) = self.prepared.train.labelled(label);
            let failed = |source| Error::Metric { what: "ridge regression", source };
            let ridge = Ridge::fit(&rows, &transform.apply(&labels)?).map_err(failed)?;
            match self.experiment.network.is_ridge() {
                true => Readout { line: Affine::new(0.0, 0.0)?, ridge: Some((ridge, 1.0)), ..Readout::IDENTITY },
                false => Readout::fit(ridge, &codes, &outputs, &truth)?,
            }
        } else {
            let (truth, outputs) = of_sample.of_label(label);
            // Of rows that are few, none may have the label.
            let line = if truth.is_empty() { Affine::IDENTITY } else { Affine::fit(&outputs, &truth)? };
            if line.slope() > 0.0 { Readout { line, ..Readout::IDENTITY } } else { Readout::IDENTITY }
        };
        let values = readout.apply(&outputs, &codes)?;
        readout.with_line_of_label(transform, &values, &labels)
    }

    /// Scores of rows by each label, and all predictions, row by row; in the units of the labels where their transform
    /// can be inverted.
    pub(super) fn score(
        &self,
        part: &Part,
        found: &Evaluation,
        readouts: &[Readout],
    ) -> Result<(Vec<Scores>, Vec<f32>), Error> {
        let rows: Vec<&[u8]> = part.rows().map(|(codes, _)| codes).collect();
        let (mut scores, mut predictions) = (Vec::new(), vec![0.0; found.prediction.len()]);
        for (label, (readout, transform)) in readouts.iter().zip(&self.prepared.labels).enumerate() {
            let outputs: Vec<f32> = found.prediction.iter().skip(label).step_by(readouts.len()).copied().collect();
            let own = readout.in_units(transform, &readout.apply(&outputs, &rows)?)?;
            let truth = found.truth.iter().skip(label).step_by(readouts.len());
            let is_there = |(_, truth): &(&f32, &f32)| readouts.len() == 1 || !truth.is_nan();
            let (predicted, truth): (Vec<f32>, Vec<f32>) = own.iter().zip(truth).filter(is_there).unzip();
            scores.push(match truth.len() {
                // Of training rows that are evenly taken, few may have the label.
                rows @ (0 | 1) => Scores::none(rows as u64),
                _ => Scores::of(&Readout::IDENTITY.in_units(transform, &truth)?, &predicted)?,
            });
            predictions.iter_mut().skip(label).step_by(readouts.len()).zip(own).for_each(|(all, own)| *all = own);
        }
        Ok((scores, predictions))
    }
}
