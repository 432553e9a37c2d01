//! Rows on the host, fitted when they are sent to the device.

use std::sync::Arc;

use promoter_seq::Table;
use tch::{Device, Tensor};

use crate::Error;
use crate::encoding::Fitter;
use crate::error::Doing;

/// Rows on the host, fitted when they are sent to the device.
#[derive(Debug, Clone)]
pub(super) struct HostRows {
    pub(super) table: Arc<Table>,
    pub(super) fitter: Arc<Fitter>,
    pub(super) device: Device,
}

impl HostRows {
    /// Sends the given rows, (n, length) u8.
    pub(super) fn send(&self, rows: impl ExactSizeIterator<Item = usize>) -> Result<Tensor, Error> {
        let (n, length) = (rows.len(), self.fitter.length());
        let mut codes = vec![0u8; n * length];
        for (row, out) in rows.zip(codes.chunks_exact_mut(length)) {
            self.fitter.codes_into(self.table.codes(row), out).map_err(|source| Error::Row { row, source })?;
        }
        let codes = Tensor::f_from_slice(&codes).and_then(|codes| codes.f_view([n as i64, length as i64]));
        codes.and_then(|codes| codes.f_to_device(self.device)).doing("sending rows to the device")
    }
}
