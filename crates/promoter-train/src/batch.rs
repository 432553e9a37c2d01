//! Batches: rows kept as base codes, gathered, varied and encoded on the device.

mod augment;
mod averaging;
pub(crate) mod draws;
mod encoder;
mod feed;
mod mutation;
mod rows;

use promoter_encode::random::Stream;
use tch::{Device, TchError, Tensor};

pub use self::augment::{Augment, ReverseComplement, Shifts};
pub use self::averaging::Averaging;
pub use self::encoder::{Encoder, View};
use self::feed::Feed;
pub use self::rows::DeviceRows;
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
    /// Of rows that are not on the device.
    feed: Option<Feed>,
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
        Ok(Self { items, rows: rows as i64, augment: *augment, key, masks, feed: None })
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.items.numel()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Input and labels of items `from..from + n`.
    ///
    /// # Shapes
    /// (n, L, C) f32 and (n,) f32.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn batch(
        &mut self,
        from: usize,
        n: usize,
        rows: &DeviceRows,
        encoder: &Encoder,
    ) -> Result<(Tensor, Tensor), Error> {
        let items = self.items.f_narrow(0, from as i64, n as i64).doing("gathering a batch")?;
        let row = items.f_remainder(self.rows).doing("gathering a batch")?;
        let host_rows = || -> Result<Vec<i64>, Error> {
            let rows = self.items.f_remainder(self.rows).and_then(|rows| rows.f_to_device(Device::Cpu));
            rows.and_then(Vec::try_from).doing("gathering a batch")
        };
        let mut codes = rows.gather(&row, from, &mut self.feed, host_rows)?;
        if self.augment.mutate > 0.0 {
            codes = mutation::mutate(&codes, &items, self.key, self.augment.mutate).doing("mutating a batch")?;
        }
        let view = self.view(&items, &row, rows).doing("gathering a batch")?;
        let labels = rows.labels().f_index_select(0, &row).doing("gathering a batch")?;
        Ok((encoder.encode(&codes, &view)?, labels))
    }

    /// Uniform numbers in 0..1 for items `from..from + n`, `draws` each, from which their masks follow.
    ///
    /// # Shapes
    /// (n, draws) f32.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn masks(&self, from: usize, n: usize, draws: i64) -> Result<Tensor, Error> {
        let items = self.items.f_narrow(0, from as i64, n as i64);
        items.and_then(|items| draws::uniform(&items, draws, self.masks)).doing("drawing masks")
    }

    fn view(&self, items: &Tensor, row: &Tensor, rows: &DeviceRows) -> Result<View, TchError> {
        let copy = items.f_floor_divide_scalar(self.rows)?;
        let (shift, choices) = (self.augment.shift as i64, self.augment.choices() as i64);
        let moves = (shift > 0).then(|| copy.f_remainder(choices)?.f_sub_scalar(shift));
        let turns = (self.augment.reverse_complement != ReverseComplement::None).then(|| copy.f_ge(choices));
        let singleton = rows.singleton().map(|singleton| singleton.f_index_select(0, row));
        Ok(View { shift: moves.transpose()?, reverse: turns.transpose()?, singleton: singleton.transpose()? })
    }
}
