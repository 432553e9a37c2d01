//! From what a network gives to the label.

use promoter_label::{Affine, Fitted};
use promoter_metrics::Ridge;
use promoter_torch::file::Tensors;
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::Error;
use crate::error::Doing;

/// Tensor of a weight file that holds ridge regression of the first label; those of others have their number behind it.
const RIDGE: &str = "readout.ridge";

fn ridge_name(label: usize) -> String {
    match label {
        0 => RIDGE.to_owned(),
        other => format!("{RIDGE}.{other}"),
    }
}

/// Whether a tensor of this name holds ridge regression.
pub(crate) fn is_ridge(name: &str) -> bool {
    name.starts_with(RIDGE)
}

/// What a file of weights says of a label beside its tensors: the fitted transform, and the [`Readout`] but its ridge
/// regression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfLabel {
    /// The transform, fitted to the training labels.
    pub label: Fitted,
    /// The line to the transformed label.
    pub calibration: Affine,
    /// Weight of ridge regression.
    #[serde(default)]
    pub ridge: f64,
    /// The line in units of the label.
    pub of_label: Affine,
}

impl OfLabel {
    /// What a file says.
    pub fn new(label: Fitted, readout: &Readout) -> Self {
        Self { label, calibration: readout.line, ridge: readout.ridge_weight(), of_label: readout.of_label }
    }
}

/// From what a network gives to the label: a line, a share of ridge regression on k-mer counts, the inverse of the
/// label's transform, and a line in units of the label.
///
/// `slope * output + intercept + weight * ridge(sequence)` is the transformed label. On a few thousand rows a network
/// and ridge regression err differently, so that both together predict better than either.
///
/// Where the transform is a curve, what its inverse makes of a mean is not the mean: the exponential of a mean
/// logarithm lies below the mean label. The second line mends that.
#[derive(Debug, Clone, PartialEq)]
pub struct Readout {
    /// The line.
    pub line: Affine,
    /// Ridge regression of the transformed label, and its weight.
    pub ridge: Option<(Ridge, f64)>,
    /// The line in units of the label.
    pub of_label: Affine,
}

impl Readout {
    /// The outputs as they are.
    pub const IDENTITY: Self = Self { line: Affine::IDENTITY, ridge: None, of_label: Affine::IDENTITY };

    /// Line and weight with the least squared error of the labels, where neither the network nor ridge regression
    /// counts against its own prediction: a weight below 0 becomes 0, and the rest is fitted again.
    ///
    /// # Shapes
    /// One output and one label for each row of base codes, none of which ridge regression was fitted to.
    ///
    /// # Errors
    /// [`Error::Label`] for values that are not finite.
    pub(crate) fn fit<R: AsRef<[u8]> + Sync>(
        ridge: Ridge,
        rows: &[R],
        outputs: &[f32],
        labels: &[f32],
    ) -> Result<Self, Error> {
        let floor = ridge.predict(rows);
        let [x, z, y] = [outputs, &floor, labels].map(centred);
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let (xx, xz, zz, xy, zy) = (dot(&x, &x), dot(&x, &z), dot(&z, &z), dot(&x, &y), dot(&z, &y));
        let determinant = xx * zz - xz * xz;
        let weight = if determinant > 1e-9 * xx * zz { (xx * zy - xz * xy) / determinant } else { 0.0 };
        let weight = if xy > xz * weight { weight.max(0.0) } else { zy / zz };
        if weight <= 0.0 || !weight.is_finite() {
            return Ok(Self { line: Affine::fit(outputs, labels)?, ..Self::IDENTITY });
        }
        let rest: Vec<f32> =
            labels.iter().zip(&floor).map(|(y, z)| (f64::from(*y) - weight * f64::from(*z)) as f32).collect();
        let line = Affine::fit(outputs, &rest)?;
        let line = if line.slope() > 0.0 { line } else { Affine::new(0.0, mean(&rest))? };
        Ok(Self { line, ridge: Some((ridge, weight)), ..Self::IDENTITY })
    }

    /// The same with the line in units of the label that has the least squared error, where the transform is a curve.
    /// One that would turn the order of the predictions is refused.
    ///
    /// # Shapes
    /// One value, as [`apply`](Self::apply) gives it, and one label for each row.
    ///
    /// # Errors
    /// [`Error::Label`] for values that are not finite.
    pub(crate) fn with_line_of_label(self, transform: &Fitted, values: &[f32], labels: &[f32]) -> Result<Self, Error> {
        if !transform.transform().is_curved() {
            return Ok(self);
        }
        let line = Affine::fit(&self.in_units(transform, values)?, labels)?;
        Ok(if line.slope() > 0.0 { Self { of_label: line, ..self } } else { self })
    }

    /// The transformed labels of outputs.
    ///
    /// # Shapes
    /// One output for each sequence of base codes.
    ///
    /// # Errors
    /// [`Error::Label`] for an output that is not finite.
    pub fn apply<R: AsRef<[u8]> + Sync>(&self, outputs: &[f32], sequences: &[R]) -> Result<Vec<f32>, Error> {
        let mut values = self.line.apply(outputs)?;
        if let Some((ridge, weight)) = &self.ridge {
            let floor = ridge.predict(sequences);
            values.iter_mut().zip(floor).for_each(|(value, floor)| *value += (weight * f64::from(floor)) as f32);
        }
        Ok(values)
    }

    /// The labels of transformed ones; ranks stay ranks.
    ///
    /// # Errors
    /// [`Error::Label`] for a value that is not finite.
    pub fn in_units(&self, transform: &Fitted, values: &[f32]) -> Result<Vec<f32>, Error> {
        match transform.invert(values) {
            Err(promoter_label::Error::NotInvertible { .. }) => Ok(values.to_vec()),
            labels if self.of_label == Affine::IDENTITY => Ok(labels?),
            labels => Ok(self.of_label.apply(&labels?)?),
        }
    }

    /// The weight of ridge regression; 0 where there is none.
    pub fn ridge_weight(&self) -> f64 {
        self.ridge.as_ref().map_or(0.0, |(_, weight)| *weight)
    }

    /// Whether lines and weight are those of another.
    pub(crate) fn is_weighed_as(&self, other: &Self) -> bool {
        let weights = |readout: &Self| (readout.line, readout.ridge_weight(), readout.of_label);
        weights(self) == weights(other)
    }

    /// Puts ridge regression of a label, counted from 0, beside a network's weights.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn store(&self, label: usize, tensors: &mut Tensors) -> Result<(), Error> {
        if let Some((ridge, _)) = &self.ridge {
            let numbers = Tensor::f_from_slice(&ridge.to_numbers()).doing("storing ridge regression")?;
            tensors.insert(&ridge_name(label), &numbers)?;
        }
        Ok(())
    }

    /// Takes from a network's weights what [`store`](Self::store) has put there of a label, counted from 0.
    ///
    /// # Errors
    /// [`Error::Readout`] where the weight says otherwise than the tensors; [`Error::Metric`] for a damaged one.
    pub fn take(said: &OfLabel, label: usize, tensors: &mut Tensors) -> Result<Self, Error> {
        let OfLabel { calibration: line, ridge: weight, of_label, .. } = *said;
        let ridge = match tensors.tensors.remove(&ridge_name(label)) {
            None if weight == 0.0 => None,
            Some(numbers) if weight != 0.0 && weight.is_finite() => {
                let numbers = numbers.f_to_kind(Kind::Double).and_then(Vec::<f64>::try_from);
                let ridge = Ridge::from_numbers(numbers.doing("reading ridge regression")?);
                Some((ridge.map_err(|source| Error::Metric { what: "ridge regression", source })?, weight))
            }
            found => return Err(Error::Readout { weight, is_there: found.is_some() }),
        };
        Ok(Self { line, ridge, of_label })
    }
}

fn mean(values: &[f32]) -> f64 {
    values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len() as f64
}

fn centred(values: &[f32]) -> Vec<f64> {
    let mean = mean(values);
    values.iter().map(|&value| f64::from(value) - mean).collect()
}

#[cfg(test)]
mod tests {
    use promoter_label::Transform;

    use super::*;

    /// Rows of 20 bases with the number of G less the number of T.
    fn rows() -> (Vec<Vec<u8>>, Vec<f32>) {
        let code = |i: u32, j: u32| ((i * 31 + j * 17 + i * j) % 97 % 4) as u8;
        let rows: Vec<Vec<u8>> = (0..600).map(|i| (0..20).map(|j| code(i, j)).collect()).collect();
        let label = |row: &Vec<u8>| row.iter().map(|&b| [0.0, 0.0, 1.0, -1.0][usize::from(b)]).sum();
        let labels = rows.iter().map(label).collect();
        (rows, labels)
    }

    fn wave(i: usize) -> f32 {
        (i as f32 * 0.7).sin()
    }

    #[test]
    fn line_and_weight_are_those_of_least_squares() {
        let (rows, labels) = rows();
        let ridge = Ridge::fit(&rows, &labels).unwrap();
        let outputs: Vec<f32> = (0..rows.len()).map(wave).collect();
        let floor = ridge.predict(&rows);
        let target: Vec<f32> = outputs.iter().zip(&floor).map(|(x, z)| 3.0 * x + 0.5 * z - 2.0).collect();
        let readout = Readout::fit(ridge, &rows, &outputs, &target).unwrap();
        assert!((readout.ridge_weight() - 0.5).abs() < 1e-4, "{}", readout.ridge_weight());
        assert!((readout.line.slope() - 3.0).abs() < 1e-4 && (readout.line.intercept() + 2.0).abs() < 1e-3);
        let predicted = readout.apply(&outputs, &rows).unwrap();
        assert!(predicted.iter().zip(&target).all(|(a, b)| (a - b).abs() < 1e-3));
    }

    #[test]
    fn neither_counts_against_its_own_prediction() {
        let (rows, labels) = rows();
        let ridge = Ridge::fit(&rows, &labels).unwrap();
        let outputs: Vec<f32> = (0..rows.len()).map(wave).collect();
        let floor = ridge.predict(&rows);
        let against_ridge: Vec<f32> = outputs.iter().zip(&floor).map(|(x, z)| x - 0.5 * z).collect();
        let readout = Readout::fit(ridge.clone(), &rows, &outputs, &against_ridge).unwrap();
        assert!(readout.ridge.is_none() && readout.line.slope() > 0.0);
        let against_network: Vec<f32> = outputs.iter().zip(&floor).map(|(x, z)| z - 0.5 * x).collect();
        let readout = Readout::fit(ridge, &rows, &outputs, &against_network).unwrap();
        assert_eq!(readout.line.slope(), 0.0);
        assert!((readout.ridge_weight() - 1.0).abs() < 0.2);
    }

    #[test]
    fn labels_learnt_along_a_curve_get_back_their_mean_and_their_order() {
        // What can be predicted of ln(1 + label), and what cannot, as large again.
        let predicted: Vec<f32> = (0..500).map(|i| 3.0 + wave(i)).collect();
        let logs = predicted.iter().enumerate().map(|(i, value)| value + (i as f32 * 1.3).cos());
        let labels = Fitted::Log1p.invert(&logs.collect::<Vec<_>>()).unwrap();
        let error = |readout: &Readout| -> f64 {
            let found = readout.in_units(&Fitted::Log1p, &predicted).unwrap();
            found.iter().zip(&labels).map(|(a, b)| f64::from(a - b).powi(2)).sum()
        };
        let plain = Readout::IDENTITY;
        let mended = plain.clone().with_line_of_label(&Fitted::Log1p, &predicted, &labels).unwrap();
        assert!(error(&mended) < 0.95 * error(&plain), "{} {}", error(&mended), error(&plain));
        let found = mended.in_units(&Fitted::Log1p, &predicted).unwrap();
        assert!((mean(&found) / mean(&labels) - 1.0).abs() < 1e-4);
        let turned: Vec<f32> = predicted.iter().map(|value| -value).collect();
        let refused = plain.clone().with_line_of_label(&Fitted::Log1p, &turned, &labels).unwrap();
        assert_eq!(refused, plain, "a line that turns the order");
        let scores = Transform::ZScore.fit(&labels).unwrap();
        for transform in [Fitted::Identity, Fitted::Rank, scores] {
            let same = plain.clone().with_line_of_label(&transform, &predicted, &labels).unwrap();
            assert_eq!(same, plain, "{transform:?} is not a curve");
        }
    }

    #[test]
    fn what_is_stored_comes_back_and_fits_or_is_refused() {
        let (rows, labels) = rows();
        let ridge = Ridge::fit(&rows, &labels).unwrap();
        let (line, of_label) = (Affine::new(2.0, 1.0).unwrap(), Affine::new(3.0, -1.0).unwrap());
        let readout = Readout { line, ridge: Some((ridge, 0.25)), of_label };
        let mut tensors = Tensors::default();
        readout.store(1, &mut tensors).unwrap();
        let said = OfLabel::new(Fitted::Identity, &readout);
        let mut again = Tensors {
            tensors: tensors.tensors.iter().map(|(n, t)| (n.clone(), t.copy())).collect(),
            ..Tensors::default()
        };
        let back = Readout::take(&said, 1, &mut again).unwrap();
        assert_eq!(back.of_label, of_label);
        let outputs = vec![0.5; rows.len()];
        assert_eq!(back.apply(&outputs, &rows).unwrap(), readout.apply(&outputs, &rows).unwrap());
        assert!(again.tensors.is_empty());
        assert!(Readout::take(&said, 1, &mut again).is_err());
        assert!(Readout::take(&OfLabel { ridge: 0.0, ..said }, 1, &mut tensors).is_err());
    }
}
