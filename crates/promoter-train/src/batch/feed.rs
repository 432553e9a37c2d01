//! Shards of rows, prepared and sent by a thread while the device works on the one before.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use tch::Tensor;

use super::rows::HostRows;
use crate::Error;
use crate::error::Doing;

/// Rows of a shard, about: 64 Ki rows of 110 bases are 7 MB.
const ROWS: usize = 1 << 16;

/// The shards of one order, from one of its items on.
#[derive(Debug)]
pub(super) struct Feed {
    shards: Receiver<Result<Tensor, Error>>,
    /// The shard at hand, (n, length) u8; none before the first.
    shard: Option<Tensor>,
    /// Item of the order that the shard at hand begins with, or the first of all.
    start: usize,
    /// Items of all shards but the last.
    size: usize,
}

impl Feed {
    /// Sends the rows of the items from `from` on, in shards of whole batches of `batch`.
    pub(super) fn start(host: HostRows, rows: Vec<i64>, from: usize, batch: usize) -> Self {
        let size = (ROWS / batch).max(1) * batch;
        // One shard waits while another is being made: three are in memory at most.
        let (sender, shards) = sync_channel(1);
        thread::spawn(move || {
            for rows in rows.get(from..).unwrap_or_default().chunks(size) {
                // Nobody listens any more when the epoch was left.
                if sender.send(host.send(rows.iter().map(|&row| row as usize))).is_err() {
                    return;
                }
            }
        });
        Self { shards, shard: None, start: from, size }
    }

    /// Whether items `from..from + n` are within the shard at hand or the next.
    pub(super) fn reaches(&self, from: usize, n: usize) -> bool {
        let next = self.start + if self.shard.is_some() { self.size } else { 0 };
        let within = self.shard.as_ref().is_some_and(|shard| from + n <= self.start + shard.size()[0] as usize);
        from >= self.start && within || from == next && n <= self.size
    }

    /// Base codes of items that it [`reaches`](Self::reaches), (n, length) u8.
    pub(super) fn take(&mut self, from: usize, n: usize) -> Result<Tensor, Error> {
        let shard = match self.shard.take().filter(|shard| from + n <= self.start + shard.size()[0] as usize) {
            Some(shard) => shard,
            None => {
                self.start = from;
                let ended = || Error::Feed { item: from };
                self.shards.recv().map_err(|_| ended())??
            }
        };
        let codes = shard.f_narrow(0, (from - self.start) as i64, n as i64).doing("taking rows of a shard");
        self.shard = Some(shard);
        codes
    }
}
