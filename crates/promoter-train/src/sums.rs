//! Metrics of the training steps, without keeping their outputs: sums in f64 that stay on the device.

use tch::{Device, Kind, TchError, Tensor};

/// Sums over the rows of an epoch so far: rows, y, p, yy, pp, yp, squared error, loss.
#[derive(Debug)]
pub(crate) struct StepSums(Tensor);

/// Numbers that are summed.
const SUMS: i64 = 8;
/// Place of the loss among them.
const LOSS: i64 = 7;

/// What the sums say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepMetrics {
    /// Mean loss.
    pub(crate) loss: f64,
    /// Pearson's r; NaN when one side is constant.
    pub(crate) pearson: f64,
    /// Mean squared error.
    pub(crate) mse: f64,
}

impl StepSums {
    /// All zero.
    pub(crate) fn new(device: Device) -> Result<Self, TchError> {
        Ok(Self(Tensor::f_zeros([SUMS], (Kind::Double, device))?))
    }

    /// The tensor, for checkpoints.
    pub(crate) fn tensor(&self) -> &Tensor {
        &self.0
    }

    /// Back to zero.
    pub(crate) fn reset(&mut self) {
        let _ = self.0.zero_();
    }

    /// Adds a batch. Nothing waits for the device.
    pub(crate) fn add(&mut self, prediction: &Tensor, labels: &Tensor, loss: &Tensor) -> Result<(), TchError> {
        let (p, y) = (prediction.f_to_kind(Kind::Double)?, labels.f_to_kind(Kind::Double)?);
        let n = y.f_ones_like()?;
        let loss = loss.f_detach()?.f_to_kind(Kind::Double)?.f_expand_as(&y)?;
        let (yy, pp, yp, error) = (y.f_square()?, p.f_square()?, y.f_mul(&p)?, p.f_sub(&y)?.f_square()?);
        let columns = Tensor::f_stack(&[&n, &y, &p, &yy, &pp, &yp, &error, &loss], 0)?;
        let _ = self.0.f_add_(&columns.f_sum_dim_intlist(1, false, Kind::Double)?)?;
        Ok(())
    }

    /// The summed loss; waits for the device.
    pub(crate) fn loss(&self) -> Result<f64, TchError> {
        self.0.f_double_value(&[LOSS])
    }

    /// Metrics of all rows so far.
    pub(crate) fn metrics(&self) -> Result<StepMetrics, TchError> {
        let at = |i| self.0.f_double_value(&[i]);
        let n = at(0)?;
        let mean = |i| Ok::<f64, TchError>(at(i)? / n);
        let (y, p, yy, pp, yp) = (mean(1)?, mean(2)?, mean(3)?, mean(4)?, mean(5)?);
        let spread = ((yy - y * y) * (pp - p * p)).sqrt();
        Ok(StepMetrics { loss: mean(LOSS)?, pearson: (yp - y * p) / spread, mse: mean(6)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        sums.reset();
        assert_eq!(sums.loss().unwrap(), 0.0);
    }
}
