//! Z-scores by group, for labels of several sources.

use std::collections::BTreeMap;

use crate::error::{Error, finite};
use crate::transform::Scale;

/// A z-score for each group: labels that were measured in different assays have different means and scales, and pooled
/// they would teach the assay rather than the sequence.
///
/// ```
/// use promoter_label::PerGroup;
/// let groups = ["native", "native", "random", "random"];
/// let labels = [5.0, 9.0, 11.0, 12.0];
/// let scales = PerGroup::fit(&labels, &groups)?;
/// let scaled = scales.apply(&labels, &groups)?;
/// assert_eq!(scaled, [-1.0, 1.0, -1.0, 1.0]);
/// assert_eq!(scales.invert(&scaled, &groups)?, labels);
/// # Ok::<(), promoter_label::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct PerGroup {
    scales: BTreeMap<String, Scale>,
}

impl PerGroup {
    /// Fits mean and population standard deviation of each group.
    ///
    /// # Shapes
    /// `labels` and `groups`: the same length, the group of each label.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Length`], [`Error::NotFinite`]; [`Error::ConstantGroup`] for a group of equal labels.
    pub fn fit(labels: &[f32], groups: &[impl AsRef<str>]) -> Result<Self, Error> {
        same_length(labels, groups)?;
        if finite(labels)?.is_empty() {
            return Err(Error::Empty);
        }
        let mut of_group: BTreeMap<&str, Vec<f32>> = BTreeMap::new();
        for (&label, group) in labels.iter().zip(groups) {
            of_group.entry(group.as_ref()).or_default().push(label);
        }
        let scale = |(group, labels): (&str, Vec<f32>)| match Scale::fit(&labels) {
            Ok(scale) => Ok((group.to_owned(), scale)),
            Err(Error::Constant { rows, value, .. }) => {
                Err(Error::ConstantGroup { group: group.to_owned(), rows, value })
            }
            Err(error) => Err(error),
        };
        Ok(Self { scales: of_group.into_iter().map(scale).collect::<Result<_, _>>()? })
    }

    /// The groups and their scales, in alphabetical order.
    pub fn scales(&self) -> impl Iterator<Item = (&str, Scale)> {
        self.scales.iter().map(|(group, scale)| (group.as_str(), *scale))
    }

    /// Labels to z-scores, in the same order.
    ///
    /// # Shapes
    /// `labels` and `groups`: the same length.
    ///
    /// # Errors
    /// [`Error::Length`], [`Error::NotFinite`]; [`Error::UnknownGroup`] for a group that was not fitted.
    pub fn apply(&self, labels: &[f32], groups: &[impl AsRef<str>]) -> Result<Vec<f32>, Error> {
        self.map(labels, groups, |y, scale| (y - scale.mean()) / scale.sd())
    }

    /// Z-scores back to labels, in the same order.
    ///
    /// # Shapes
    /// `values` and `groups`: the same length.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub fn invert(&self, values: &[f32], groups: &[impl AsRef<str>]) -> Result<Vec<f32>, Error> {
        self.map(values, groups, |z, scale| z * scale.sd() + scale.mean())
    }

    fn map(
        &self,
        values: &[f32],
        groups: &[impl AsRef<str>],
        f: impl Fn(f64, Scale) -> f64,
    ) -> Result<Vec<f32>, Error> {
        same_length(values, groups)?;
        let value = |(row, (&value, group)): (usize, (&f32, _))| {
            let group: &str = AsRef::<str>::as_ref(group);
            let unknown = || Error::UnknownGroup { row, group: group.to_owned() };
            Ok(f(f64::from(value), *self.scales.get(group).ok_or_else(unknown)?) as f32)
        };
        finite(values)?.iter().zip(groups).enumerate().map(value).collect()
    }
}

fn same_length(values: &[f32], groups: &[impl AsRef<str>]) -> Result<(), Error> {
    if values.len() == groups.len() {
        Ok(())
    } else {
        Err(Error::Length { what: "groups", expected: values.len(), found: groups.len() })
    }
}
