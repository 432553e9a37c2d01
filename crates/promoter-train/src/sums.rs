//! Metrics of the training steps, without keeping their outputs: sums in f64 that stay on the device.

use tch::{Device, Kind, TchError, Tensor};

/// Sums over the rows of an epoch so far: rows, y, p, yy, pp, yp, squared error, loss; then over its steps: steps, norm
/// of the gradient, and the largest norm.
#[derive(Debug)]
pub(crate) struct StepSums(Tensor);

/// Numbers that are summed over rows.
const SUMS: i64 = 8;
/// Place of the loss among them.
const LOSS: i64 = 7;
/// Place of the summed norm; the number of steps is before it, the largest norm after it.
const NORM: i64 = 9;

/// What the sums say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepMetrics {
    /// Mean loss.
    pub(crate) loss: f64,
    /// Pearson's r; NaN when one side is constant.
    pub(crate) pearson: f64,
    /// Mean squared error.
    pub(crate) mse: f64,
    /// Mean norm of the steps' gradients.
    pub(crate) mean_norm: f64,
    /// Largest norm.
    pub(crate) largest_norm: f64,
}

impl StepSums {
    /// All zero.
    pub(crate) fn new(device: Device) -> Result<Self, TchError> {
        Ok(Self(Tensor::f_zeros([SUMS + 3], (Kind::Double, device))?))
    }

    /// The tensor, for checkpoints.
    pub(crate) fn tensor(&self) -> &Tensor {
        &self.0
    }

    /// Back to zero.
    pub(crate) fn reset(&mut self) {
        let _ = self.0.zero_();
    }

    /// Adds a batch, of several labels those that are not NaN. Nothing waits for the device.
    pub(crate) fn add(&mut self, prediction: &Tensor, labels: &Tensor, loss: &Tensor) -> Result<(), TchError> {
        let (mut p, mut y) = (prediction.f_to_kind(Kind::Double)?, labels.f_to_kind(Kind::Double)?);
        let mut n = y.f_ones_like()?;
        let mut loss = loss.f_detach()?.f_to_kind(Kind::Double)?.f_expand_as(&y)?;
        if labels.dim() > 1 {
            let missing = y.f_isnan()?;
            [&mut p, &mut y, &mut n, &mut loss].into_iter().try_for_each(|values| -> Result<(), TchError> {
                *values = values.f_masked_fill(&missing, 0.0)?.f_flatten(0, -1)?;
                Ok(())
            })?;
        }
        let (yy, pp, yp, error) = (y.f_square()?, p.f_square()?, y.f_mul(&p)?, p.f_sub(&y)?.f_square()?);
        let columns = Tensor::f_stack(&[&n, &y, &p, &yy, &pp, &yp, &error, &loss], 0)?;
        let _ = self.0.f_narrow(0, 0, SUMS)?.f_add_(&columns.f_sum_dim_intlist(1, false, Kind::Double)?)?;
        Ok(())
    }

    /// Adds the loss of a batch that predicts no labels. Nothing waits for the device.
    pub(crate) fn add_loss(&mut self, rows: usize, loss: &Tensor) -> Result<(), TchError> {
        let loss = loss.f_detach()?.f_to_kind(Kind::Double)?.f_mul_scalar(rows as f64)?;
        let _ = self.0.f_narrow(0, 0, 1)?.f_add_scalar_(rows as f64)?;
        let _ = self.0.f_narrow(0, LOSS, 1)?.f_add_(&loss)?;
        Ok(())
    }

    /// The sums over rows, a part of the tensor.
    pub(crate) fn over_rows(&self) -> Result<Tensor, TchError> {
        self.0.f_narrow(0, 0, SUMS)
    }

    /// Adds the sums over the rows of others.
    pub(crate) fn add_rows(&mut self, others: &Self) -> Result<(), TchError> {
        let _ = self.over_rows()?.f_add_(&others.over_rows()?)?;
        Ok(())
    }

    /// Adds the norm of a step's gradient. Nothing waits for the device.
    pub(crate) fn add_norm(&mut self, norm: &Tensor) -> Result<(), TchError> {
        let norm = norm.f_to_kind(Kind::Double)?;
        let _ = self.0.f_narrow(0, NORM - 1, 2)?.f_add_(&Tensor::f_stack(&[&norm.f_ones_like()?, &norm], 0)?)?;
        let mut largest = self.0.f_select(0, NORM + 1)?;
        largest.f_copy_(&largest.f_maximum(&norm)?)
    }

    /// The summed loss and the summed norm; waits for the device.
    pub(crate) fn loss_and_norm(&self) -> Result<(f64, f64), TchError> {
        Ok((self.0.f_double_value(&[LOSS])?, self.0.f_double_value(&[NORM])?))
    }

    /// Metrics of all rows so far.
    pub(crate) fn metrics(&self) -> Result<StepMetrics, TchError> {
        let at = |i| self.0.f_double_value(&[i]);
        let n = at(0)?;
        let mean = |i| Ok::<f64, TchError>(at(i)? / n);
        let (y, p, yy, pp, yp) = (mean(1)?, mean(2)?, mean(3)?, mean(4)?, mean(5)?);
        let spread = ((yy - y * y) * (pp - p * p)).sqrt();
        let (mean_norm, largest_norm) = (at(NORM)? / at(NORM - 1)?, at(NORM + 1)?);
        Ok(StepMetrics { loss: mean(LOSS)?, pearson: (yp - y * p) / spread, mse: mean(6)?, mean_norm, largest_norm })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_are_missing_do_not_count() {
        let mut sums = StepSums::new(Device::Cpu).unwrap();
        let prediction = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 5.0]).view([2, 2]);
        let labels = Tensor::from_slice(&[2.0f32, f32::NAN, 3.0, 4.0]).view([2, 2]);
        sums.add(&prediction, &labels, &Tensor::from(0.5f32)).unwrap();
        let found = sums.metrics().unwrap();
        let expected = promoter_metrics::Regression::of(&[2.0, 3.0, 4.0], &[1.0, 3.0, 5.0]).unwrap();
        assert!((found.pearson - expected.pearson).abs() < 1e-12 && (found.mse - expected.mse).abs() < 1e-12);
        assert!((found.loss - 0.5).abs() < 1e-12);
    }

    #[test]
    fn batches_add_up_to_the_metrics_of_all_rows() {
        let (truth, prediction) = ([11.0f32, 3.0, 8.5, 16.0, 9.0], [10.0f32, 5.0, 8.0, 14.0, 11.0]);
        let mut sums = StepSums::new(Device::Cpu).unwrap();
        for range in [0..2, 2..5] {
            let slice = |values: &[f32]| Tensor::from_slice(&values[range.clone()]);
            sums.add(&slice(&prediction), &slice(&truth), &Tensor::from(range.len() as f32)).unwrap();
        }
        let found = sums.metrics().unwrap();
        let expected = promoter_metrics::Regression::of(&truth, &prediction).unwrap();
        assert!((found.pearson - expected.pearson).abs() < 1e-12 && (found.mse - expected.mse).abs() < 1e-12);
        // Batches of 2 and 3 rows with losses 2 and 3.
        assert!((found.loss - 13.0 / 5.0).abs() < 1e-12);
        for norm in [3.0, 5.0, 1.0] {
            sums.add_norm(&Tensor::from(norm as f32)).unwrap();
        }
        let found = sums.metrics().unwrap();
        assert_eq!((found.mean_norm, found.largest_norm), (3.0, 5.0));
        sums.add_loss(15, &Tensor::from(4.0f32)).unwrap();
        assert!((sums.metrics().unwrap().loss - (13.0 + 60.0) / 20.0).abs() < 1e-12);
        sums.reset();
        assert_eq!(sums.loss_and_norm().unwrap(), (0.0, 0.0));
    }
}
