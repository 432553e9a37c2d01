//! Rows of one length: resident on the device, or streamed to it in shards.

use std::sync::Arc;

use promoter_encode::one_hot::Flag;
use promoter_label::Fitted;
use tch::{Device, Tensor};

use super::host::HostRows;
use crate::Error;
use crate::encoding::{Encoding, Fitter};
use crate::error::Doing;
use crate::prepared::Part;

/// Rows of one length: their labels on the device, (rows,), or (rows, columns) with NaN for those that are missing;
/// their base codes there as well or, when they are too many, on the host, from where they are sent in the order they
/// are needed.
#[derive(Debug)]
pub struct Rows {
    codes: Codes,
    labels: Tensor,
    /// Which rows were measured by a single cell, (rows,) u8, where the encoding has a channel for it.
    singleton: Option<Tensor>,
}

#[derive(Debug)]
enum Codes {
    /// (rows, length) u8.
    Resident(Tensor),
    Host(HostRows),
}

impl Rows {
    /// Rows whose codes lie on the device.
    ///
    /// # Errors
    /// [`Error::Row`] for a sequence that the encoding refuses, [`Error::Label`], [`Error::Torch`].
    pub fn resident(part: &Part, encoding: &Encoding, labels: &[Fitted], device: Device) -> Result<Self, Error> {
        let host = HostRows { table: part.table().clone(), fitter: Arc::new(Fitter::new(encoding)), device };
        Self::new(Codes::Resident(host.send(0..part.len())?), part, encoding, labels, device)
    }

    /// Rows whose codes stay on the host. Each is checked now.
    ///
    /// # Errors
    /// As [`resident`](Self::resident).
    pub fn streamed(part: &Part, encoding: &Encoding, labels: &[Fitted], device: Device) -> Result<Self, Error> {
        let fitter = Fitter::new(encoding);
        let mut fitted = vec![0; fitter.length()];
        for (row, (codes, _)) in part.rows().enumerate() {
            fitter.codes_into(codes, &mut fitted).map_err(|source| Error::Row { row, source })?;
        }
        let host = HostRows { table: part.table().clone(), fitter: Arc::new(fitter), device };
        Self::new(Codes::Host(host), part, encoding, labels, device)
    }

    fn new(codes: Codes, part: &Part, encoding: &Encoding, labels: &[Fitted], device: Device) -> Result<Self, Error> {
        let send =
            |tensor: Result<Tensor, _>| tensor.and_then(|t: Tensor| t.f_to_device(device)).doing("sending labels");
        let singleton = encoding.flags().contains(&Flag::IsSingleton).then(|| {
            let singleton: Vec<u8> = part.table().labels().iter().map(|label| u8::from(label.fract() == 0.0)).collect();
            send(Tensor::f_from_slice(&singleton))
        });
        let values = Tensor::f_from_slice(&part.transformed(labels)?);
        let labels = send(match part.columns() {
            1 => values,
            columns => values.and_then(|values| values.f_view([-1, columns as i64])),
        })?;
        Ok(Self { codes, labels, singleton: singleton.transpose()? })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.labels.size().first().map_or(0, |&rows| rows as usize)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Base codes of rows `from..from + n`, (n, length) u8.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn codes(&self, from: usize, n: usize) -> Result<Tensor, Error> {
        match &self.codes {
            Codes::Resident(codes) => codes.f_narrow(0, from as i64, n as i64).doing("taking rows"),
            Codes::Host(host) => host.send(from..from + n),
        }
    }

    /// The same rows with other labels, row by row: those of an epoch with noise.
    pub(crate) fn with_labels(&self, labels: &[f32]) -> Result<Self, Error> {
        let labels = Tensor::f_from_slice(labels).and_then(|t| t.f_view(&self.labels.size()[..]));
        let labels = labels.and_then(|t| t.f_to_device(self.labels.device()));
        let codes = match &self.codes {
            Codes::Resident(codes) => Codes::Resident(codes.shallow_clone()),
            Codes::Host(host) => Codes::Host(host.clone()),
        };
        let singleton = self.singleton.as_ref().map(Tensor::shallow_clone);
        Ok(Self { codes, labels: labels.doing("sending labels to the device")?, singleton })
    }

    /// Transformed labels of all rows, (rows,) or (rows, columns) f32.
    pub fn labels(&self) -> &Tensor {
        &self.labels
    }

    /// Which rows were measured by a single cell, (rows,) u8, where the encoding has a channel for it.
    pub fn singleton(&self) -> Option<&Tensor> {
        self.singleton.as_ref()
    }

    /// Base codes of chosen rows, (n,) i64, on the device; `None` where the codes are on the host.
    pub(super) fn gather(&self, rows: &Tensor) -> Result<Option<Tensor>, Error> {
        match &self.codes {
            Codes::Resident(codes) => Ok(Some(codes.f_index_select(0, rows).doing("gathering a batch")?)),
            Codes::Host(_) => Ok(None),
        }
    }

    /// The rows that are on the host, if they are.
    pub(super) fn host(&self) -> Option<&HostRows> {
        match &self.codes {
            Codes::Resident(_) => None,
            Codes::Host(host) => Some(host),
        }
    }
}
