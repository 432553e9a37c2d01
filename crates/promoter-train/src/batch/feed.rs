//! Shards of rows, prepared and sent by a thread while the device works on the one before.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use tch::Tensor;

use super::host::HostRows;
use crate::Error;
use crate::error::Doing;

/// Rows of a shard, about: 64 Ki rows of 110 bases are 7 MB.
const ROWS: usize = 1 << 16;

/// The base codes of an order's rows, batch after batch.
#[derive(Debug)]
pub(super) struct Feed {
    shards: Receiver<Result<Tensor, Error>>,
    /// Rows of the shard at hand that have not been taken, (n, length) u8.
    rest: Option<Tensor>,
    /// Rows taken.
    taken: usize,
}

impl Feed {
    /// Sends `rows` in shards of whole batches of `batch`.
    pub(super) fn start(host: HostRows, rows: Vec<i64>, batch: usize) -> Self {
        let size = (ROWS / batch).max(1) * batch;
        // One shard waits while another is being made: three are in memory at most.
        let (sender, shards) = sync_channel(1);
        thread::spawn(move || {
            for rows in rows.chunks(size) {
                // Nobody listens any more when the epoch was left.
                if sender.send(host.send(rows.iter().map(|&row| row as usize))).is_err() {
                    return;
                }
            }
        });
        Self { shards, rest: None, taken: 0 }
    }

    /// The next `n` rows, (n, length) u8: a batch, or what is left at the end.
    pub(super) fn take(&mut self, n: usize) -> Result<Tensor, Error> {
        let shard = match self.rest.take() {
            Some(shard) => shard,
            None => self.shards.recv().map_err(|_| Error::Feed { item: self.taken })??,
        };
        let left = shard.size()[0] - n as i64;
        self.taken += n;
        if left > 0 {
            self.rest = Some(shard.f_narrow(0, n as i64, left).doing("taking rows of a shard")?);
        }
        shard.f_narrow(0, 0, n as i64).doing("taking rows of a shard")
    }
}
