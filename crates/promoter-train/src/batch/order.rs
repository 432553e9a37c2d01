//! In which order an epoch takes its rows, and which copy of a row each item is.

use promoter_encode::random::Stream;
use tch::{Device, TchError, Tensor};

use super::augment::{Augment, ReverseComplement, Shifts};
use crate::Error;
use crate::error::Doing;

/// The order of one epoch: every copy of every row once, an index on the device.
#[derive(Debug)]
pub struct Order {
    /// Strand, shift and row of each item in one number, (copies * rows,) i64: (strand * shifts + shift) * rows + row.
    items: Tensor,
    rows: i64,
    augment: Augment,
    /// Of the mutations of the epoch.
    key: i64,
    /// Of what is masked in it.
    masks: i64,
}

impl Order {
    /// Draws the order of `epoch`.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn new(seed: u64, epoch: u64, rows: usize, augment: &Augment, device: Device) -> Result<Self, Error> {
        let mut items: Vec<i64> = (0..(rows * augment.copies()) as i64).collect();
        let choices = augment.choices() as i64;
        if (augment.shifts, augment.reverse_complement) == (Shifts::Random, ReverseComplement::Stacked) {
            // The second half is of the reverse strand, whose numbers begin after all shifts of the forward one.
            items[rows..].iter_mut().for_each(|item| *item += rows as i64 * (choices - 1));
        }
        Stream::new(seed, "order", epoch).shuffle(&mut items);
        if augment.shifts == Shifts::Random {
            let mut shifts = Stream::new(seed, "shift", epoch);
            items.iter_mut().for_each(|item| *item += rows as i64 * shifts.below(choices as u64) as i64);
        }
        if augment.reverse_complement == ReverseComplement::Random {
            let mut strands = Stream::new(seed, "strand", epoch);
            items.iter_mut().for_each(|item| *item += rows as i64 * choices * strands.below(2) as i64);
        }
        let items = Tensor::f_from_slice(&items).and_then(|t| t.f_to_device(device)).doing("drawing an order")?;
        let key = |purpose| Stream::new(seed, purpose, epoch).next_u64() as i64;
        let (key, masks) = (key("mutate"), key("mask"));
        Ok(Self { items, rows: rows as i64, augment: *augment, key, masks })
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.items.numel()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows of the items from `from` on, on the host.
    pub(super) fn host_rows(&self, from: usize) -> Result<Vec<i64>, Error> {
        let n = self.len().saturating_sub(from) as i64;
        let rows = self.items.f_narrow(0, from as i64, n).and_then(|items| items.f_remainder(self.rows));
        rows.and_then(|rows| rows.f_to_device(Device::Cpu)).and_then(Vec::try_from).doing("gathering a batch")
    }

    /// The copies of rows that items `from..from + n` are, (n,) i64.
    pub(super) fn items(&self, from: usize, n: usize) -> Result<Tensor, TchError> {
        self.items.f_narrow(0, from as i64, n as i64)
    }

    /// The rows of some items, (n,) i64.
    pub(super) fn rows(&self, items: &Tensor) -> Result<Tensor, TchError> {
        items.f_remainder(self.rows)
    }

    /// The bases by which the windows of some items move, and which windows are turned; `None` where none is.
    pub(super) fn moves(&self, items: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>), TchError> {
        let copy = items.f_floor_divide_scalar(self.rows)?;
        let (shift, choices) = (self.augment.shift as i64, self.augment.choices() as i64);
        let shifts = (shift > 0).then(|| copy.f_remainder(choices)?.f_sub_scalar(shift));
        let turns = (self.augment.reverse_complement != ReverseComplement::None).then(|| copy.f_ge(choices));
        Ok((shifts.transpose()?, turns.transpose()?))
    }

    /// Share of the bases that are mutated, and the key of the draws.
    pub(super) fn mutation(&self) -> (f64, i64) {
        (self.augment.mutate, self.key)
    }

    /// Key of what is masked.
    pub(super) fn mask_key(&self) -> i64 {
        self.masks
    }
}
